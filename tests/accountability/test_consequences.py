"""提醒, 约谈, 移交: recorded and handed over, answered and withdrawn, never deleted; the software decides no guilt."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from PIL import Image

from accountability import following, ordering
from accountability.models import Answer, Consequence
from accountability.ordering import Asked
from cases import requests
from cases.bundle import exporting
from notary import checkpoints
from notices.models import Notice
from responsibility import clock, ledger, sealing
from responsibility.models import LedgerEntry, Role
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import CLOSED, leave

pytestmark = pytest.mark.django_db
NOWHERE = {"category": "NEW-DRONE", "scenario": "low-altitude delivery", "object": "N-1",
           "location": {"lat": 31.1144, "lon": 121.2683}}  # fmt: skip
TOWN = "310117102"


@pytest.fixture
def case(open_case, press):
    return press(open_case(), *CLOSED)


def asked(case, **more) -> Asked:
    return Asked(**({"kind": "reminder", "ground": "case", "unit": TOWN, "text": "请查明签收为何迟缓",
                     "number": case.number} | more))  # fmt: skip


def talk(case, **more) -> Asked:
    given = {"kind": "talk", "basis": "《安全生产法》第十条", "place": "区安委办 301", "chair": "周主任",
             "meets_at": clock.now() + timedelta(days=2)}  # fmt: skip
    return asked(case, **(given | more))


# --- who, on what ---------------------------------------------------------------------------------
def test_a_reminder_is_recorded_told_and_answered(case, people):
    made = ordering.order(asked(case, person="sijing-head"), by=people["anwei-office"])
    entry = ledger.story(case.chain).last()
    assert (entry.verb, entry.after["unit"], entry.actor) == ("consequence.reminder", TOWN, people["anwei-office"])
    assert {"after.person", "after.text"} <= set(sealing.inner(vars(entry)))
    assert Notice.objects.filter(event="consequence.reminder", unit=made.unit).count() == 2
    following.answer(made.pk, by=people["sijing-head"], text="当时道路中断，已另报")
    assert ledger.story(case.chain).last().verb == "consequence.answer"
    with pytest.raises(Forbidden):
        following.answer(made.pk, by=people["jiuting-duty"], text="与我无关")
    assert Answer.objects.get().unit_id == made.unit_id
    assert not list(ledger.verify(ledger.story(case.chain)))


def test_whoever_has_left_still_says_his_part(case, people):
    made = ordering.order(asked(case, person="sijing-head"), by=people["anwei-office"])
    leave(people["sijing-head"])
    following.answer(made.pk, by=people["sijing-head"], text="我当日已报告")
    assert Answer.objects.get().by == people["sijing-head"]


def test_only_the_offices_that_may_order_each_rung(case, people):
    for name in ("sijing-head", "chengyun-lead", "auditor", "admin", "insurer", "enterprise"):
        with pytest.raises(Forbidden):
            ordering.order(asked(case), by=people[name])
    ordering.order(asked(case), by=people["yingji-office"])
    with pytest.raises(Forbidden):
        ordering.order(talk(case), by=people["yingji-office"])


def test_what_cannot_be_ordered_is_refused_with_its_reason(case, people):
    by = people["anwei-office"]
    for given, code in [
        (asked(case, kind="x"), "bad_choice"),
        (asked(case, ground="x"), "bad_choice"),
        (asked(case, text=""), "required"),
        (asked(case, text="\x00"), "bad_character"),
        (asked(case, text="该员构成犯罪"), "verdict"),
        (asked(case, unit="nothing"), "unknown_code"),
        (asked(case, unit="310117001"), "not_engaged"),
        (asked(case, person="jiuting-duty"), "unknown_person"),
        (asked(case, ground="collective"), "not_found_so"),
        (asked(case, ground="endless", risk="MH-SIJING-0088"), "not_found_so"),
        (talk(case, basis=""), "required"),
        (talk(case, place=""), "required"),
        (talk(case, meets_at=clock.now() - timedelta(days=1)), "bad_time"),
        (asked(case, kind="handover", basis="第十条", body="区纪委监委", purpose="核查"), "required"),
        (asked(case, kind="handover", basis="第十条", body="区纪委监委", purpose="核查", bundles=["ab" * 32]),
         "unknown_bundle"),
    ]:  # fmt: skip
        with pytest.raises(Refused) as refused:
            ordering.order(given, by=by)
        assert refused.value.code == code, given
    assert not Consequence.objects.exists()


def test_a_risk_that_never_ends_is_ground_enough_and_has_a_chain_of_its_own(open_case, people):
    case = open_case()
    for _again in range(2):
        pending = requests.ask(case.pk, by=people["sijing-head"], kind="extend", reason="等阀门", minutes=30)
        decider = people["chengyun-lead"] if _again == 0 else people["chengyun-head"]
        requests.decide(pending.pk, by=decider, approve=True, answer="同意")
    made = ordering.order(asked(case, ground="endless", risk=case.object_code, number=""), by=people["anwei-office"])
    assert (made.case, made.subject) == (None, case.object_code)
    (entry,) = ledger.story(made.chain)
    assert (entry.subject_type, entry.after["risk"]) == ("risk", case.object_code)
    following.withdraw(made.pk, by=people["anwei-office"], note="对象已拆除")
    assert ledger.story(made.chain).count() == 2


def test_five_failed_duties_are_ground_enough(open_case, people, at):
    from tests.accountability.test_across_cases import late

    case = late(open_case(**NOWHERE), at)
    made = ordering.order(asked(case, ground="collective"), by=people["anwei-office"])
    assert made.get_ground_display() == "集体失职"


# --- a talk, and handing over ------------------------------------------------------------------------
def test_a_talk_is_recorded_once_with_words_or_a_file(case, people, at):
    by, made = people["anwei-office"], ordering.order(talk(case), by=people["anwei-office"])
    with pytest.raises(Refused, match="too_early"):
        following.hold(made.pk, by=by, outcome="已说明", minutes="到会三人")
    at(made.meets_at + timedelta(hours=1))
    with pytest.raises(Invalid, match="required"):
        following.hold(made.pk, by=by, outcome="已说明")
    with pytest.raises(Forbidden):
        following.hold(made.pk, by=people["yingji-office"], outcome="已说明", minutes="到会三人")
    with pytest.raises(Invalid):
        following.hold(made.pk, by=by, outcome="已说明", file=SimpleUploadedFile("x.exe", b"MZ" + b"\0" * 99))
    held = following.hold(made.pk, by=by, outcome="一周内补齐值班", minutes="到会三人", file=paper())
    entry = ledger.story(case.chain).last()
    assert (entry.verb, entry.after["sha256"], entry.note) == ("consequence.minute", held.sha256, "到会三人")
    with pytest.raises(Refused, match="wrong_state"):
        following.hold(made.pk, by=by, outcome="再记", minutes="再记")


def paper() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (32, 24), (9, 80, 120)).save(content, "PNG")
    return SimpleUploadedFile("minutes.png", content.getvalue())


@pytest.mark.django_db(transaction=True)
def test_a_handing_over_names_the_bundles_that_went(case, people, settings, tmp_path):
    settings.LEDGER_KEYS = tmp_path / "keys"
    for _again in range(3):
        checkpoints.make()
    exporting.export(case.pk, by=people["anwei-office"]).close()
    digest = LedgerEntry.objects.get(verb="case.export").after["sha256"]
    given = asked(case, kind="handover", basis="《安全生产法》第十条", body="区纪委监委", purpose="请核查履职情况",
                  bundles=[digest, digest])  # fmt: skip
    made = ordering.order(given, by=people["anwei-office"])
    assert made.bundles == [digest]
    assert ledger.story(case.chain).last().after["bundles"] == [digest]


# --- kept ------------------------------------------------------------------------------------------
def test_it_is_withdrawn_with_a_reason_by_the_office_that_ordered_it_and_stays(case, people):
    made = ordering.order(asked(case), by=people["anwei-office"])
    with pytest.raises(Forbidden):
        following.withdraw(made.pk, by=people["yingji-office"], note="不当")
    with pytest.raises(Invalid):
        following.withdraw(made.pk, by=people["anwei-office"], note=" ")
    following.withdraw(made.pk, by=people["anwei-office"], note="查明并非该镇之责")
    with pytest.raises(Refused, match="wrong_state"):
        following.withdraw(made.pk, by=people["anwei-office"], note="再撤")
    assert Consequence.objects.get().withdraw_note == "查明并非该镇之责"


def test_the_database_keeps_it_and_asks_for_an_entry(case, people):
    made = ordering.order(asked(case), by=people["anwei-office"])
    said = following.answer(made.pk, by=people["sijing-head"], text="说明")
    for change in ({"text": "改"}, {"unit_id": case.lead_id}, {"withdraw_note": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Consequence.objects.filter(pk=made.pk).update(**change)
    for row in (made, said):
        with pytest.raises(DatabaseError), transaction.atomic():
            type(row).objects.filter(pk=row.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Answer.objects.filter(pk=said.pk).update(text="改")


@pytest.mark.django_db(transaction=True)
def test_a_row_without_an_entry_is_refused_at_commit(case, people):
    made = ordering.order(asked(case), by=people["anwei-office"])
    for row in (made, following.answer(made.pk, by=people["sijing-head"], text="说明")):
        row.pk = None
        with pytest.raises(DatabaseError), transaction.atomic():
            row.save(force_insert=True)


def test_no_field_says_who_is_guilty():
    words = re.compile("guilt|verdict|culpab|blame|fault|punish|sanction|过错|处分|处罚|定性")
    for model in (Consequence, Answer):
        for column in model._meta.concrete_fields:
            assert not words.search(f"{column.name} {column.verbose_name}"), column


# --- pages ------------------------------------------------------------------------------------------
DOOR = "/accountability/consequences/"


def test_it_is_ordered_followed_and_answered_on_pages(case, people, client, at):
    client.force_login(people["anwei-office"])
    new = f"{DOOR}new/?case={case.number}&kind=talk"
    assert case.title in client.get(new).content.decode()
    meets = clock.now() + timedelta(days=2)
    given = {"unit": TOWN, "text": "签收迟缓", "ground": "case", "basis": "第十条", "place": "301", "chair": "周主任",
             "meets_at": meets.strftime("%Y-%m-%dT%H:%M")}  # fmt: skip
    wrong = client.post(new, given | {"text": ""})
    assert wrong.status_code == 400
    assert "周主任" in wrong.content.decode()
    answer = client.post(new, given, follow=True)
    made = Consequence.objects.get()
    assert "督办、通报" in answer.content.decode(), "the rungs passed over are told, not forced"
    at(made.meets_at + timedelta(hours=1))
    page = client.get(f"{DOOR}{made.pk}/").content.decode()
    assert "周主任" in page
    held = client.post(f"{DOOR}{made.pk}/hold/", {"outcome": "补齐值班", "minutes": "三人到会", "file": paper()})
    assert held.status_code == 303
    client.force_login(people["sijing-head"])
    assert client.post(f"{DOOR}{made.pk}/answer/", {"text": "已补齐"}).status_code == 303
    file = client.get(f"{DOOR}{made.pk}/minutes/")
    assert file.status_code == 200
    assert client.post(f"{DOOR}{made.pk}/answer/", {"text": ""}).status_code == 400
    assert client.post(f"{DOOR}{made.pk}/withdraw/", {"note": "x"}).status_code == 403
    assert client.post(f"{DOOR}{made.pk}/nothing/").status_code == 404
    page = client.get(f"/cases/{case.number}/accountability/").content.decode()
    assert "已补齐" in page
    assert "补齐值班" in page
    client.force_login(people["anwei-office"])
    assert client.post(f"{DOOR}{made.pk}/withdraw/", {"note": "查明非其责"}).status_code == 303
    listed = client.get(DOOR, {"unit": TOWN}).content.decode()
    assert "查明非其责" in listed
    assert client.get(DOOR, {"unit": "310117001"}).content.decode().count("签收迟缓") == 0


def test_everybody_sees_what_concerns_his_own_unit_and_nothing_else(case, people, client):
    made = ordering.order(asked(case), by=people["anwei-office"])
    for name, sees in {"anwei-office": True, "auditor": True, "sijing-duty": True, "jiuting-duty": False,
                       "shuiwu-head": False, "insurer": False, "enterprise": False}.items():  # fmt: skip
        client.force_login(people[name])
        page = client.get(DOOR)
        assert page.status_code == 200, name
        assert ("请查明签收为何迟缓" in page.content.decode()) is sees, name
        assert client.get(f"{DOOR}{made.pk}/").status_code == (200 if sees else 404), name


def test_wrong_addresses_are_refused(case, people, client):
    client.force_login(people["anwei-office"])
    for wrong, status in [("new/", 404), ("new/?case=x", 404), (f"new/?case={case.number}&kind=x", 400),
                          ("new/?risk=%00", 400), ("?kind=x", 400), ("?before=x", 400), ("999999/", 404),
                          ("999999/minutes/", 404)]:  # fmt: skip
        assert client.get(f"{DOOR}{wrong}").status_code == status, wrong
    client.force_login(people["sijing-duty"])
    assert client.get(f"{DOOR}new/?case={case.number}").status_code == 403


def test_the_list_takes_the_same_statements_however_long_it_is(case, people, client, statements):
    client.force_login(people["anwei-office"])
    ordering.order(asked(case), by=people["anwei-office"])
    client.get(DOOR)
    one = statements(lambda: client.get(DOOR))
    for _n in range(5):
        ordering.order(asked(case), by=people["anwei-office"])
    assert statements(lambda: client.get(DOOR)) == one


def test_every_role_but_none_outside_its_own_matters_may_answer():
    from responsibility.acts import ACTS

    assert set(ACTS["consequence.answer"].cells) == {str(role) for role in Role}
