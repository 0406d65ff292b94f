"""One case is shown to one outsider, until a date, and taken back; everything else stays shut."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from cases import sharing
from cases.models import Grant
from responsibility import clock, ledger
from responsibility.refusals import Forbidden, Invalid, Refused
from retention import holds

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(open_case):
    open_case(object="OTHER", location={"lat": 31.1144, "lon": 121.2683})
    return open_case()


@pytest.fixture
def share(people, case):
    def run(name="yingji-office", days=7, **whom) -> Grant:
        until = clock.now() + timedelta(days=days)
        return sharing.share(case.pk, by=people[name], until=until, reason="请专家研判", **whom)

    return run


@pytest.fixture
def sees(client, people, case):
    """The statuses of page and API for a person, and how many cases the API lists."""

    def ask(name: str) -> tuple[int, int, int]:
        client.force_login(people[name])
        listed = client.get("/api/v1/cases/").json()["results"]
        page = client.get(f"/cases/{case.number}/").status_code
        return page, client.get(f"/api/v1/cases/{case.number}/").status_code, len(listed)

    return ask


@pytest.mark.parametrize("whom", [{"unit": "X-INS"}, {"username": "insurer"}])
def test_the_case_is_seen_by_whom_it_was_shown_and_by_nobody_else(share, sees, people, whom):
    if "unit" in whom:
        whom = {"unit": people["insurer"].posts.get().unit.code}
    assert sees("insurer") == (404, 404, 0)
    share(**whom)
    assert sees("insurer") == (200, 200, 1)
    assert sees("insurer-b") == (404, 404, 0)


def test_it_is_on_the_outsiders_worklist_without_any_button(share, client, people, case):
    share(username="insurer")
    client.force_login(people["insurer"])
    assert case.number in client.get("/", follow=True).content.decode()
    assert client.get(f"/api/v1/cases/{case.number}/").json()["allowed"] == []
    assert client.post(f"/api/v1/cases/{case.number}/acknowledge/", {}, "application/json").status_code == 403


def test_it_closes_when_it_is_taken_back_and_when_its_time_is_over(share, sees, people):
    grant = share(username="insurer", days=1)
    sharing.revoke(grant.pk, by=people["anwei-office"])
    assert sees("insurer")[0] == 404
    with pytest.raises(Refused, match="already_over"):
        sharing.revoke(grant.pk, by=people["anwei-office"])
    share(username="insurer", days=1)
    assert sees("insurer")[0] == 200
    with clock.as_if(clock.now() + timedelta(days=1, seconds=1)):
        assert sees("insurer")[0] == 404


def test_granting_and_taking_back_stand_in_the_ledger(share, people, case):
    grant = share(username="insurer")
    sharing.revoke(grant.pk, by=people["yingji-office"])
    verbs = [entry.verb for entry in ledger.story(case.chain)][-2:]
    assert verbs == ["case.share", "case.unshare"]
    assert ledger.story(case.chain).get(verb="case.share").after["person"] == str(people["insurer"])


@pytest.mark.parametrize("name", ["sijing-duty", "shuiwu-head", "chengyun-lead", "auditor", "insurer", "admin"])
def test_only_the_district_s_offices_grant(share, name):
    with pytest.raises(Forbidden):
        share(name=name, username="insurer-b")


@pytest.mark.parametrize(
    ("fields", "attr"),
    [({}, "unit"), ({"unit": "X", "username": "insurer"}, "unit"), ({"unit": "NOBODY"}, "unit"),
     ({"username": "nobody"}, "username"), ({"username": "\x00"}, "username"),
     ({"username": "insurer", "days": 91}, "until"), ({"username": "insurer", "days": -1}, "until")],
)  # fmt: skip
def test_what_cannot_be_granted_is_refused(share, fields, attr):
    with pytest.raises(Invalid) as refused:
        share(**fields)
    assert refused.value.attr == attr
    assert not Grant.objects.exists()


def test_a_raw_grant_is_refused_by_the_database(share, case):
    share(username="insurer")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE responsibility_ledgerentry SET xact = 1")
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(IntegrityError, match="without a ledger entry"), transaction.atomic():  # noqa: PT012, asked at commit
        Grant.objects.update(until=clock.now() + timedelta(days=900))
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_same_is_not_granted_twice(share):
    share(username="insurer")
    with pytest.raises(Refused, match="already_shared"):
        share(username="insurer")


def test_it_works_from_the_page_and_through_the_api(client, people, case, sees):
    client.force_login(people["anwei-office"])
    day = (clock.now() + timedelta(days=3)).date().isoformat()
    client.post(f"/cases/{case.number}/shares/", {"username": "firm", "until": day, "reason": "检测"})
    body = {"username": "insurer", "until": (clock.now() + timedelta(days=3)).isoformat(), "reason": "定损"}
    answer = client.post(f"/api/v1/cases/{case.number}/shares/", body, "application/json")
    assert answer.status_code == 201
    assert sees("firm")[:2] == sees("insurer")[:2] == (200, 200)
    client.force_login(people["anwei-office"])
    assert client.post(f"/api/v1/shares/{answer.json()['id']}/revoke/").status_code == 200
    client.post(f"/shares/{Grant.objects.get(user=people['firm']).pk}/revoke/")
    assert sees("firm")[:2] == sees("insurer")[:2] == (404, 404)
    for until in ("", "nonsense", "2000-01-01"):
        client.force_login(people["anwei-office"])
        client.post(f"/cases/{case.number}/shares/", {"username": "firm", "until": until, "reason": "x"})
    assert Grant.objects.count() == 2


def test_that_a_case_is_held_is_told_to_nobody_who_reads_by_a_grant(share, people, case, client):
    share(username="insurer")
    holds.lay(holds.read({"case": case.number}), "诉讼", by=people["anwei-office"])
    told = {}
    for name in ("insurer", "anwei-office"):
        client.force_login(people[name])
        told[name] = {entry["verb"] for entry in client.get(f"/api/v1/cases/{case.number}/timeline/").json()}
    assert told["anwei-office"] - told["insurer"] >= {"retention.hold"}
