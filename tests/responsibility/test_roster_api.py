"""The roster for programs: who is on duty, who is not, and drawing up many shifts in one go."""

from datetime import timedelta

import pytest

from responsibility import clock, ledger, rostering
from responsibility.models import LedgerEntry, Shift
from responsibility.rostering import Row
from tests.test_access import EVERYBODY, undone

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
ADDRESS, SIJING, SHUIWU = "/api/v1/roster/", "310117102", "SJ-SW"
READ_ALL = {"chengyun-lead", "chengyun-check", "yingji-office", "anwei-office", "auditor", "admin"}
OWN = {"sijing-duty", "sijing-handler", "sijing-head"}
ELSEWHERE = {"jiuting-duty", "jianguan-head", "shuiwu-duty", "shuiwu-head"}
IN_COMMAND = {"sijing-head", "jianguan-head", "shuiwu-head", "yingji-office", "admin"}


@pytest.fixture
def now():
    at = clock.now().replace(microsecond=0)
    with clock.as_if(at):
        yield at


@pytest.fixture
def shifts(people, now):
    with clock.as_if(now - HOUR):
        return rostering.plan(
            [
                Row(SIJING, "sijing-duty", now - HOUR, now + 8 * HOUR, deputy="sijing-handler"),
                Row(SIJING, "sijing-handler", now + 9 * HOUR, now + 16 * HOUR),
                Row(SHUIWU, "shuiwu-duty", now + 2 * HOUR, now + 10 * HOUR),
            ],
            by=people["admin"],
        )


@pytest.fixture
def ask(client, people):
    def run(name, method="get", data=None, **query):
        client.force_login(people[name])
        if method == "get":
            return client.get(ADDRESS, query)
        return client.post(ADDRESS, data, "application/json")

    return run


def line(person, since, until, unit=SIJING, **fields) -> dict:
    return {"unit": unit, "person": person, "since": since.isoformat(), "until": until.isoformat()} | fields


def test_it_tells_who_is_on_duty_now_what_is_planned_and_who_has_nobody(ask, shifts, now):
    told = ask("auditor").json()
    watched = {unit["unit"]["code"]: unit for unit in told["units"]}
    assert [shift["person"] for shift in watched[SIJING]["on_duty"]] == ["sijing-duty"]
    assert watched[SIJING]["on_duty"][0]["deputy"] == "sijing-handler"
    assert (watched[SIJING]["keeps_roster"], watched["SJ-JGW"]["keeps_roster"]) == (True, False)
    assert watched[SIJING]["hole"]["since"] == watched[SIJING]["on_duty"][0]["until"]
    assert (watched[SHUIWU]["on_duty"], watched[SHUIWU]["keeps_roster"]) == ([], True)
    assert SIJING not in told["nobody"]
    assert {SHUIWU, "SJ-JGW"} <= set(told["nobody"])
    assert [shift["id"] for shift in told["shifts"]] == [shifts[0].pk, shifts[2].pk, shifts[1].pk]


def test_it_is_narrowed_by_unit_and_by_time(ask, shifts, now):
    def ids(**query) -> list[int]:
        return [shift["id"] for shift in ask("auditor", **query).json()["shifts"]]

    assert ids(unit=SHUIWU) == [shifts[2].pk]
    assert ids(since=(now + 8 * HOUR).isoformat(), until=(now + 9 * HOUR).isoformat()) == [shifts[2].pk]
    assert ids(unit=SIJING, since=(now + 9 * HOUR).isoformat()) == [shifts[1].pk]
    assert [unit["unit"]["code"] for unit in ask("auditor", unit=SIJING).json()["units"]] == [SIJING]


def test_everybody_reads_what_the_page_would_show(ask, shifts):
    for name in EVERYBODY:
        whole, one = ask(name), ask(name, unit=SIJING)
        expected = 200 if name in READ_ALL | OWN else 404 if name in ELSEWHERE else 403
        assert one.status_code == expected, name
        assert whole.status_code == (403 if expected == 403 else 200), name
        if name in OWN:
            assert {unit["unit"]["code"] for unit in whole.json()["units"]} == {SIJING}
            assert {shift["unit"]["code"] for shift in whole.json()["shifts"]} == {SIJING}


def test_a_roster_is_drawn_up_by_who_commands_the_unit_and_the_administrator(ask, now):
    body = {"rows": [line("sijing-duty", now + HOUR, now + 9 * HOUR)]}
    for name in EVERYBODY:
        with undone():
            expected = 201 if name in {"sijing-head", "admin"} else 403
            assert ask(name, "post", body).status_code == expected, name
            empty = ask(name, "post", {}).status_code
            assert empty == (400 if name in IN_COMMAND else 403), name


def test_a_batch_goes_through_the_same_pen_as_the_page(ask, now, people):
    rows = [line("sijing-duty", now + 24 * n * HOUR + HOUR, now + 24 * n * HOUR + 9 * HOUR) for n in range(30)]
    rows[0]["deputy"] = "sijing-handler"
    answer = ask("sijing-head", "post", {"rows": rows})
    assert answer.status_code == 201
    made = answer.json()["shifts"]
    assert [shift["id"] for shift in made] == list(Shift.objects.order_by("during").values_list("pk", flat=True))
    assert (made[0]["deputy"], made[0]["role"], made[0]["unit"]["code"]) == ("sijing-handler", "duty_officer", SIJING)
    entry = LedgerEntry.objects.get(verb="roster.plan")
    assert (entry.actor, len(entry.after["shifts"])) == (people["sijing-head"], 30)
    assert list(ledger.verify(ledger.story(entry.chain))) == []
    instead = ask("sijing-head", "post", {"instead_of": [made[0]["id"]]})
    assert (instead.status_code, instead.json()) == (201, {"shifts": []})
    assert Shift.objects.count() == 29


def test_a_faulty_row_sinks_the_batch_and_is_named(ask, now):
    good = line("sijing-duty", now + HOUR, now + 9 * HOUR)
    bad = {
        "rows.1.person": line("nobody", now + HOUR, now + 9 * HOUR),
        "rows.1.unit": line("sijing-duty", now + HOUR, now + 9 * HOUR, unit="NOWHERE"),
        "rows.1.until": line("sijing-duty", now + 9 * HOUR, now + HOUR),
        "rows.1.deputy": line("sijing-duty", now + 9 * HOUR, now + 10 * HOUR, deputy="sijing-duty"),
        "rows.1.since": good | {"since": "never"},
    }
    for field, row in bad.items():
        answer = ask("sijing-head", "post", {"rows": [good, row]})
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, field)
    twice = ask("sijing-head", "post", {"rows": [good, good]})
    assert (twice.status_code, twice.json()["errors"][0]["code"]) == (409, "twice")
    assert not Shift.objects.exists()


def test_a_shift_that_has_begun_or_is_none_is_not_replaced(ask, shifts):
    begun = ask("sijing-head", "post", {"instead_of": [shifts[0].pk]})
    assert (begun.status_code, begun.json()["errors"][0]["code"]) == (409, "begun")
    gone = ask("admin", "post", {"instead_of": [2**62]})
    assert gone.status_code in (400, 409)
    foreign = ask("sijing-head", "post", {"instead_of": [shifts[2].pk]})
    assert foreign.status_code == 403
    assert Shift.objects.count() == 3


@pytest.mark.parametrize(
    "query",
    [{"since": "x"}, {"until": "0001-01-01T00:00:00+14:00"}, {"since": "9999-12-31T23:00:00Z"}, {"since": "2026-13-01"},
     {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}, {"unit": "\x00"}, {"unit": "x" * 65}],
)  # fmt: skip
def test_nonsense_is_a_bad_request(ask, query):
    assert ask("auditor", **query).status_code == 400


@pytest.mark.parametrize(
    "body",
    [[], "x", {"rows": "x"}, {"rows": [1]}, {"rows": [{}]}, {"rows": [line("a", clock.now(), clock.now())] * 1001},
     {"instead_of": ["x"]}, {"instead_of": [-1]}, {"instead_of": [2**63]}, {"instead_of": None},
     {"rows": [{"unit": "\x00", "person": "x", "since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}]},
     {"rows": [{"unit": SIJING, "person": "sijing-duty", "since": "0001-01-01T00:00:00", "until": "9999-12-31T23:59"}]},
     ],
)  # fmt: skip
def test_a_body_that_is_none_is_a_bad_request(ask, body):
    assert ask("admin", "post", body).status_code == 400


def test_it_costs_as_much_for_many_shifts_as_for_few(ask, shifts, statements, people, now):
    ask("auditor")
    few = statements(lambda: ask("auditor"))
    rows = [Row(SIJING, "sijing-duty", now + (20 + 2 * n) * HOUR, now + (21 + 2 * n) * HOUR) for n in range(60)]
    rostering.plan(rows, by=people["admin"])
    assert statements(lambda: ask("auditor")) == few
