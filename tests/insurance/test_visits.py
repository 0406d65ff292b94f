"""The record of a visit: taken once with one set of photos however often it comes, signed by both, filed."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from alerts.models import RiskObject
from insurance.firms.models import Inspector, Licence
from insurance.service import assessing, moving, ordering, punctual, record, visiting
from insurance.service.models import OrderState, Photo, SentPhoto, ServiceOrder, Visit
from responsibility import clock, ledger
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import picture
from tests.cases.test_evidence_files import exif
from tests.cases.test_evidence_files import picture as located
from tests.insurance.conftest import FIRM, INSURER, unit
from tests.insurance.test_orders import agreed, ask, events, firms, given  # noqa: F401

pytestmark = pytest.mark.django_db
FOUND = {"severity": "major", "text": "井口无防护栏", "basis": "GB 30871", "advice": "立即围挡", "days": 3}


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def order(given, people):  # noqa: F811
    return agreed(given, people)


def written(sent_as=None, **fields) -> record.Written:
    now = clock.now()
    return record.read(
        {"sent_as": str(sent_as or uuid4()), "arrived_at": now.isoformat(), "left_at": now.isoformat(),
         "people": [Inspector.objects.get(firm__unit__code=FIRM).pk], "work": "逐井排查", "lat": 31.1, "lon": 121.2,
         "readings": [{"what": "硫化氢", "value": "3.5", "unit": "mg/m3"}]} | fields
    )  # fmt: skip


def test_photos_come_first_one_by_one_and_the_record_is_taken_once_with_them(order, people):
    name, by = uuid4(), people["firm"]
    first, second = (visiting.receive(order.pk, name, picture(n), by=by).sha256 for n in (1, 2))
    again = visiting.receive(order.pk, name, picture(1), by=by)
    left_out = visiting.receive(order.pk, name, picture(3), by=by)
    assert again.sha256 == first
    given_photos = [{"sha256": first, "note": "井口"}, {"sha256": second}]
    visit = visiting.record(order.pk, written(name, photos=given_photos, found=[FOUND]), by=by)
    same = visiting.record(order.pk, written(name, photos=given_photos, work="改了"), by=by)
    assert (same.pk, same.work) == (visit.pk, "逐井排查")
    assert Visit.objects.count() == 1
    assert {photo.sha256: photo.note for photo in visit.photos.all()} == {first: "井口", second: ""}
    assert SentPhoto.objects.filter(sha256=left_out.sha256).exists()
    assert Photo.objects.count() == 2
    assert visit.order.state == OrderState.VISITED
    verbs = [entry.verb for entry in ledger.story(order.chain)]
    assert verbs.count("service.photo") == 3
    assert verbs.count("service.visit") == 1


def test_a_photo_may_come_again_after_its_record_and_changes_nothing(order, people):
    name, by = uuid4(), people["firm"]
    sha256 = visiting.receive(order.pk, name, picture(1), by=by).sha256
    visiting.record(order.pk, written(name, photos=[{"sha256": sha256}]), by=by)
    assert visiting.receive(order.pk, name, picture(1), by=by).sha256 == sha256
    assert Photo.objects.count() == 1


def test_a_record_waits_for_all_its_photos(order, people):
    with pytest.raises(Invalid) as why:
        visiting.record(order.pk, written(photos=[{"sha256": "0" * 64}]), by=people["firm"])
    assert why.value.code == "photo_missing"
    assert not Visit.objects.exists()


def test_photos_of_another_record_are_not_taken_for_this_one(order, people):
    sha256 = visiting.receive(order.pk, uuid4(), picture(1), by=people["firm"]).sha256
    with pytest.raises(Invalid):
        visiting.record(order.pk, written(photos=[{"sha256": sha256}]), by=people["firm"])


def test_a_second_record_under_another_name_is_refused(order, people):
    visiting.record(order.pk, written(), by=people["firm"])
    with pytest.raises(Refused) as why:
        visiting.record(order.pk, written(), by=people["firm"])
    assert why.value.code == "visited"


@pytest.mark.django_db(transaction=True)
def test_the_same_record_sent_twice_at_once_is_one(order, people):
    name, got = uuid4(), []
    text = written(name)

    def send():
        try:
            got.append(visiting.record(order.pk, text, by=people["firm"]).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [got[0]] * 4
    assert Visit.objects.count() == 1
    assert [entry.verb for entry in ledger.story(order.chain)].count("service.visit") == 1


def test_only_people_with_a_valid_certificate_visit(order, people):
    other = Inspector.objects.get(firm__unit__code="X-TPF-B")
    for wrong in ([other.pk], [other.pk, Inspector.objects.get(firm__unit__code=FIRM).pk], [2**62]):
        with pytest.raises(Invalid) as why:
            visiting.record(order.pk, written(people=wrong), by=people["firm"])
        assert why.value.code == "invalid_people"


def test_only_the_firm_of_the_order_records_and_only_when_a_time_is_agreed(given, people):  # noqa: F811
    with pytest.raises(Refused) as why:
        visiting.record(given.pk, written(), by=people["firm"])
    assert why.value.code == "no_visit"
    with pytest.raises(Forbidden):
        visiting.record(given.pk, written(), by=people["firm-b"])


BAD = [
    {"arrived_at": "2031-01-01T00:00"}, {"left_at": "0001-01-01T00:00"}, {"arrived_at": "２０２６-01-01"},
    {"work": "a\x00b"}, {"work": "x" * 5000}, {"work": ""}, {"lat": "NaN", "lon": "1"}, {"lat": 91, "lon": 1},
    {"people": []}, {"people": ["１"]}, {"people": [-1]}, {"people": {"a": 1}}, {"sent_as": "x"},
    {"readings": "x"}, {"readings": [1]}, {"readings": [{"what": "a", "value": ""}]},
    {"found": [FOUND | {"severity": "huge"}]}, {"found": [FOUND | {"days": 0}]}, {"found": [FOUND | {"text": ""}]},
    {"photos": [{"sha256": "\ud800"}]}, {"photos": [{}] * 100},
]  # fmt: skip


@pytest.mark.parametrize("wrong", BAD, ids=str)
def test_what_is_no_record_is_refused_with_its_field(order, people, wrong):
    with pytest.raises(Invalid):
        visiting.record(order.pk, written(**wrong), by=people["firm"])


def test_the_insured_signs_and_it_is_filed(order, people):
    visiting.record(order.pk, written(), by=people["firm"])
    with pytest.raises(Forbidden):
        visiting.confirm(order.pk, "", by=people["firm"])
    visit = visiting.confirm(order.pk, "属实", by=people["enterprise"])
    order.refresh_from_db()
    assert (order.state, visit.confirmed_by, visit.remark) == (OrderState.DONE, people["enterprise"], "属实")
    assert order.ended_at is not None
    assert events(INSURER)[-1] == "service.confirm"
    with pytest.raises(Refused):
        visiting.dispute(order.pk, "不属实", by=people["enterprise"])


def test_the_insured_may_refuse_with_a_reason_and_who_ordered_settles_it(order, people):
    visiting.record(order.pk, written(), by=people["firm"])
    visiting.dispute(order.pk, "没有到场", by=people["enterprise"])
    assert ServiceOrder.objects.get(pk=order.pk).state == OrderState.DISPUTED
    ended = moving.withdraw(order.pk, "记录不实", by=people["insurer"])
    assert ended.state == OrderState.WITHDRAWN


def test_what_was_found_is_told_on_in_the_same_breath(order, people, monkeypatch):
    heard = []
    monkeypatch.setattr(visiting, "FOUND", [lambda visit, lines, actor: heard.append((visit.pk, lines, actor.user))])
    visit = visiting.record(order.pk, written(found=[FOUND]), by=people["firm"])
    assert heard == [(visit.pk, [FOUND], people["firm"])]
    assert visit.found == [FOUND]


def test_arrivals_within_half_an_hour_of_the_agreed_time_are_in_time(order, people, settings):
    settings.DEMO = True
    with clock.as_if(order.appointed_at + timedelta(minutes=29)):
        visiting.record(order.pk, written(), by=people["firm"])
    since, until = clock.now() - timedelta(days=1), clock.now() + timedelta(days=1)
    pk = unit(FIRM).pk
    assert punctual.on_time({pk}, since, until) == {pk: (1, 1)}
    assert punctual.on_time({unit("X-TPF-B").pk}, since, until) == {}


def test_a_year_in_figures(order, people):
    visiting.record(order.pk, written(found=[FOUND]), by=people["firm"])
    visiting.confirm(order.pk, "", by=people["enterprise"])
    year = clock.now().astimezone().year
    told = assessing.figures(order.policy, year)
    assert (told["done"], told["found"], told["major"], told["planned"]) == (1, 1, 1, 0)
    with pytest.raises(Refused) as why:
        assessing.sign(order.policy_id, year, "良好", by=people["insurer"])
    assert why.value.code == "too_early"
    with pytest.raises(Forbidden):
        assessing.sign(order.policy_id, year, "良好", by=people["insurer-b"])


# --- the doors ------------------------------------------------------------------------
@pytest.fixture
def door(people):
    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(people[name])
        return client

    return sign_in


def form(**more) -> dict:
    now = clock.now().isoformat()
    inspector = Inspector.objects.get(firm__unit__code=FIRM).pk
    return {
        "sent_as": str(uuid4()),
        "arrived_at": now,
        "left_at": now,
        "people": [inspector],
        "work": "逐井排查",
    } | more


def test_the_plain_form_takes_the_record_with_its_photos_and_keeps_what_was_typed(order, door):
    client, page = door("firm"), f"/insurance/orders/{order.number}/visit/"
    assert client.get(page).status_code == 200
    wrong = client.post(page, form(work="", text_1="无护栏", what_1="硫化氢", value_1="3"))
    assert wrong.status_code == 400
    assert "无护栏" in wrong.content.decode()
    lines = {"text_1": "无护栏", "severity_1": "general", "days_1": "5", "what_1": "硫化氢", "value_1": "3"}
    whole = form(**lines, photo=[picture(1), picture(2)])
    assert client.post(page, whole).status_code == 303
    visit = Visit.objects.get()
    assert visit.photos.count() == 2
    assert visit.found[0]["days"] == 5
    shown = door("enterprise").get(f"/insurance/orders/{order.number}/").content.decode()
    assert "无护栏" in shown
    assert client.get(page).status_code == 200


def test_photos_and_record_over_the_api_as_a_program_sends_them(order, door):
    client, base = door("firm"), f"/api/v1/insurance/orders/{order.number}"
    name = str(uuid4())
    sent = client.post(f"{base}/photos/", {"sent_as": name, "photo": picture(1)})
    assert sent.status_code == 201
    body = form(sent_as=name, photos=[{"sha256": sent.json()["sha256"], "note": "井口"}])
    for _again in range(2):
        answer = client.post(f"{base}/visit/", body, content_type="application/json")
        assert answer.status_code == 200
        assert answer.json()["visit"]["sent_as"] == name
    confirmed = door("enterprise").post(f"{base}/confirm/", {"remark": "属实"}, content_type="application/json")
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "done")
    photo = Photo.objects.get()
    for name in ("firm", "enterprise", "auditor"):
        assert door(name).get(f"/insurance/photos/{photo.pk}/thumb/").status_code == 200
    for name in ("insurer", "broker", "insurer-b", "firm-b"):
        assert door(name).get(f"/insurance/photos/{photo.pk}/thumb/").status_code == 404


def test_insurers_are_told_neither_faces_nor_where_a_secret_object_is(policy, firms, people, door):  # noqa: F811
    thing = RiskObject.objects.get(code="MH-SIJING-0088")
    taken_here = SimpleUploadedFile("a.jpg", located(exif=exif()), content_type="image/jpeg")
    given = ordering.give(ask(policy(), risk_object=thing), by=people["insurer"])  # noqa: F811
    order = agreed(given, people)
    visiting.record(order.pk, written(), by=people["firm"], uploads=[taken_here])
    photo = Photo.objects.get()
    page = f"/insurance/orders/{order.number}/"

    def told(name: str) -> tuple[dict, str]:
        client = door(name)
        return client.get(f"/api/v1{page}").json()["visit"], client.get(page).content.decode()

    visit, shown = told("insurer")
    assert (visit["lat"], [(one["sha256"], one["lat"]) for one in visit["photos"]]) == (31.1, [(photo.sha256, None)])
    assert "31.10000" in shown
    assert photo.sha256[:16] in shown
    assert f"/insurance/photos/{photo.pk}/" not in shown
    thing.attributes |= {"secret": True}
    thing.save()
    visit, shown = told("insurer")
    assert (visit["lat"], visit["lon"]) == (None, None)
    assert "31.10000" not in shown
    for name in ("firm", "enterprise", "auditor"):
        visit, shown = told(name)
        assert visit["lat"] == 31.1
        assert visit["photos"][0]["lat"] == photo.lat is not None
        assert f"/insurance/photos/{photo.pk}/" in shown


def test_a_broker_reads_the_state_over_the_api_and_nothing_of_the_visit(order, door, people):
    visiting.record(order.pk, written(), by=people["firm"])
    told = door("broker").get(f"/api/v1/insurance/orders/{order.number}/").json()
    assert {name for name, value in told.items() if value not in (None, [])} <= {
        "number", "state", "item", "insured", "due_at", "appointed_at", "ordered_at", "ended_at"}  # fmt: skip
    page = door("broker").get(f"/insurance/orders/{order.number}/").content.decode()
    assert "逐井排查" not in page
    assert order.text not in page


def test_a_list_takes_no_more_statements_for_six_orders(
    given,  # noqa: F811
    people,
    door,
    django_assert_max_num_queries,
):
    for _number in range(5):
        ordering.give(ask(given.policy), by=people["insurer"])
    client = door("firm")
    for address in ("/insurance/orders/", "/api/v1/insurance/orders/"):
        client.get(address)
        with django_assert_max_num_queries(30):
            answer = client.get(address)
        assert answer.status_code == 200
    assert len(answer.json()["results"]) == 6


def test_a_licence_that_was_withdrawn_since_is_no_ground_for_a_visit(order, people):
    Licence.objects.filter(firm__unit__code=FIRM).update(withdrawn_at=clock.now())
    with pytest.raises(Refused) as why:
        visiting.record(order.pk, written(), by=people["firm"])
    assert why.value.code == "licence_expired"
    assert not Visit.objects.exists()


def test_a_firm_without_its_licence_takes_no_order(given, people):  # noqa: F811
    Licence.objects.filter(firm__unit__code=FIRM).update(withdrawn_at=clock.now())
    with pytest.raises(Refused) as why:
        moving.accept(given.pk, by=people["firm"])
    assert why.value.code == "licence_expired"


def test_the_name_of_a_record_is_good_for_one_order(order, policy, people):
    name = uuid4()
    visiting.record(order.pk, written(name), by=people["firm"])
    other = agreed(ordering.give(ask(policy("P-9")), by=people["insurer"]), people)
    with pytest.raises(Refused) as why:
        visiting.record(other.pk, written(name), by=people["firm"])
    assert why.value.code == "sent_elsewhere"


def test_no_photo_is_added_to_a_record_that_was_taken(order, people):
    name, by = uuid4(), people["firm"]
    visiting.record(order.pk, written(name), by=by)
    with pytest.raises(Refused) as why:
        visiting.receive(order.pk, name, picture(5), by=by)
    assert why.value.code == "visited"
