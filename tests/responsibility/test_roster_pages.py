"""The roster on the screen: every person at every door, and nothing typed that fails."""

from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from responsibility import clock, rostering
from responsibility.models import HandOver, Post, Shift
from responsibility.rostering import Row
from tests.test_access import EVERYBODY, undone

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SIJING = "310117102"
READ_ALL = {"chengyun-lead", "chengyun-check", "yingji-office", "anwei-office", "auditor", "admin"}
OWN = {"sijing-duty", "sijing-handler", "sijing-head"}
ELSEWHERE = {"jiuting-duty", "jianguan-head", "shuiwu-duty", "shuiwu-head"}


def expected(own: int, **others: int) -> dict[str, int]:
    """Outsiders 403, other units 404, district desks 403 unless named, the unit's own people ``own``."""
    found = dict.fromkeys(EVERYBODY, 403) | dict.fromkeys(ELSEWHERE, 404) | dict.fromkeys(OWN, own)
    return found | {name.replace("_", "-"): status for name, status in others.items()}


@pytest.fixture
def now():
    return clock.now()


@pytest.fixture
def shifts(people, now):
    """The duty officer now, the handler afterwards."""
    rows = [
        Row(SIJING, "sijing-duty", now - HOUR, now + 8 * HOUR),
        Row(SIJING, "sijing-handler", now + 8 * HOUR, now + 16 * HOUR),
    ]
    with clock.as_if(now - HOUR):
        return rostering.plan(rows, by=people["sijing-head"])


@pytest.fixture
def everybody(client, people):
    """What each person is answered; afterwards it has not happened."""

    def ask(method: str, address: str, data=None) -> dict[str, int]:
        found = {}
        for name in EVERYBODY:
            with undone():
                client.force_login(people[name])
                found[name] = getattr(client, method)(address, data or {}).status_code
        return found

    return ask


def form(now, since: float, until: float, **fields) -> dict:
    def typed(hours: float) -> str:
        return localtime(now + hours * HOUR).strftime("%Y-%m-%dT%H:%M")

    return {"unit": SIJING, "person": "sijing-duty", "since": typed(since), "until": typed(until)} | fields


def test_a_roster_is_read_by_its_unit_and_the_districts_desks_alone(everybody, shifts):
    assert everybody("get", f"/roster/?unit={SIJING}") == expected(200, **{n: 200 for n in READ_ALL})
    assert everybody("get", "/roster/") == expected(200, **dict.fromkeys(READ_ALL | ELSEWHERE, 200))


def test_a_roster_is_planned_by_the_head_and_the_administrator(everybody, now):
    asked = everybody("post", "/roster/plan/", form(now, 20, 28))
    assert asked == expected(403, **{"sijing-head": 303, "admin": 303})


def test_a_coming_shift_is_taken_off_by_the_same(everybody, shifts):
    asked = everybody("post", f"/roster/{shifts[1].pk}/drop/")
    assert asked == expected(403, **{"sijing-head": 303, "admin": 303})


def test_the_duty_is_handed_over_by_the_one_on_duty_the_head_and_the_administrator(everybody, shifts):
    asked = everybody("post", f"/roster/{shifts[0].pk}/hand-over/", {"to": shifts[1].post_id})
    assert asked == expected(303, **{"sijing-handler": 403, "admin": 303})


def test_the_duty_is_taken_by_the_one_named_alone(everybody, shifts, people):
    handed = rostering.hand_over(shifts[0].pk, by=people["sijing-duty"], to=shifts[1].post_id)
    asked = everybody("post", f"/roster/hand-overs/{handed.pk}/take/")
    assert asked == expected(403, **{"sijing-handler": 303})


def test_what_is_not_there_is_not_found(client, people):
    client.force_login(people["sijing-head"])
    for address in ("/roster/999999/drop/", "/roster/999999/hand-over/", "/roster/hand-overs/999999/take/"):
        assert client.post(address).status_code == 404
        assert client.get(address).status_code == 405
    assert client.get("/roster/?unit=NOWHERE").status_code == 404
    assert client.get("/roster/?unit=%00").status_code == 400
    for day in ("nonsense", "0001-01-01", "2026-02-31", "9999-12-31"):
        assert client.get(f"/roster/?from={day}").status_code == 400


@pytest.mark.parametrize(
    "bad",
    [{"since": ""}, {"since": "0001-01-01T00:00"}, {"until": "never"}, {"until": "9999-12-31T23:59"}, {"person": ""},
     {"person": "\x00"}, {"deputy": "auditor"}, {"days": "0"}, {"days": "99999"}, {"days": "x"}],
)  # fmt: skip
def test_what_cannot_be_planned_is_said_and_kept(client, people, now, bad):
    client.force_login(people["sijing-head"])
    answer = client.post("/roster/plan/", form(now, 20, 28) | bad)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert not Shift.objects.exists()


def test_a_head_plans_a_fortnight_of_nights_in_one_go(client, people, now):
    client.force_login(people["sijing-head"])
    answer = client.post("/roster/plan/", form(now, 20, 28, days="14", deputy="sijing-handler"), follow=True)
    assert answer.redirect_chain[-1][0] == f"/roster/?unit={SIJING}"
    assert Shift.objects.filter(deputy__user__username="sijing-handler").count() == 14
    again = client.post("/roster/plan/", form(now, 20, 28))
    assert again.status_code == 409
    assert "喻秋雯" in again.content.decode()


def test_the_duty_is_handed_over_and_taken_on_the_phone(client, people, shifts):
    client.force_login(people["sijing-duty"])
    assert "交班（喻秋雯的班）" in client.get("/roster/").content.decode()
    to = Post.objects.get(user=people["sijing-handler"]).pk
    client.post(f"/roster/{shifts[0].pk}/hand-over/", {"to": to, "note": "88 号井仍在通风"})
    client.force_login(people["sijing-handler"])
    assert "88 号井仍在通风" in client.get("/roster/").content.decode()
    client.post(f"/roster/hand-overs/{HandOver.objects.get().pk}/take/")
    told = client.get("/roster/").content.decode()
    assert "许俊峰值班，至" in told
    assert "交班（许俊峰的班）" in told


def test_the_desks_see_all_units_with_their_holes_first_and_what_each_may_do(client, people, shifts):
    client.force_login(people["yingji-office"])
    told = client.get("/roster/").content.decode()
    assert "24 小时内无人值班" in told
    assert told.count("未排值班表") > 20
    unit = client.get(f"/roster/?unit={SIJING}").content.decode()
    assert "报告、先期处置、劝阻、配合" in unit
    assert "《安全生产法》第九条" in unit


def test_the_page_asks_as_much_for_many_shifts_as_for_few(client, people, now, statements, shifts):
    client.force_login(people["yingji-office"])
    few = statements(lambda: client.get(f"/roster/?unit={SIJING}"))
    rows = [Row(SIJING, "sijing-duty", now + (20 + 2 * n) * HOUR, now + (21 + 2 * n) * HOUR) for n in range(60)]
    rostering.plan(rows, by=people["sijing-head"])
    assert statements(lambda: client.get(f"/roster/?unit={SIJING}")) == few


def test_the_page_speaks_english(client, people, shifts):
    client.force_login(people["yingji-office"])
    told = client.get(f"/roster/?unit={SIJING}", headers={"Accept-Language": "en"}).content.decode()
    assert "Nobody on duty" in told
    assert "Report, First action" in told or "Report、First action" in told
