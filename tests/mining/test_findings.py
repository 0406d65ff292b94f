"""Conformance with the published machine, where time goes, and who may ask."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from cases import requests, sweeping
from cases.changes import Changes, locked
from cases.models import Case, State
from mining import drawing, finding
from mining.conformance import Why
from mining.durations import Lengths, Only
from mining.walking import PUBLISHED
from responsibility import acting, clock, directory
from responsibility.models import LedgerEntry
from tests.cases.conftest import CLOSED, CONTAINED, REPORTED

pytestmark = pytest.mark.django_db
MINUTE, HOUR = 60, 3600
WORDS = {"zh-hans": ("待核查 → 已结案", "流程图"), "en": ("Awaiting verification → Closed", "Process map")}


def place(name: str) -> dict:
    """A place that nobody has registered, in the town."""
    return {"object": name, "location": {"lat": 31.1144, "lon": 121.2683}}


def found(today, loop: str = "", unit: str = "") -> finding.Findings:
    return finding.find(today, Only(loop, unit))


def tell(case: Case, verb: str, before: dict, after: dict) -> None:
    """An entry as nothing of ours would write it."""
    with transaction.atomic():
        changes = Changes(directory.current(), clock.now())
        changes.touch(locked(pk=case.pk).get())
        changes.tell(case, verb, before=before, after=after)
        changes.write(by=acting.SYSTEM)


@pytest.fixture
def stepping(monkeypatch):
    """A clock that goes on by as much as is said."""
    now = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])

    def step(**by) -> None:
        now[0] += timedelta(**by)

    return step


# --- conformance ---------------------------------------------------------------------------
def test_whatever_is_done_by_the_actions_fits(open_case, press, people, today):
    press(open_case(), *CLOSED, "chengyun-check reopen", reason="复发")
    again = ["chengyun-check rework", "sijing-handler prove", "sijing-handler report"]
    press(open_case(**place("O-1")), *REPORTED, *again, reason="未复位")
    press(open_case(category="NO-SUCH", object="X-1"), "chengyun-lead void", reason="误报")
    put_off = press(open_case(**place("O-2")), *CONTAINED, "sijing-handler rectify")
    asked = requests.ask(put_off.pk, by=people["sijing-handler"], kind="suspend", reason="缺件", minutes=60)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True, answer="同意")
    press(put_off, "sijing-handler resume")
    open_case(**place("O-3"), grade="red")
    told = found(today).conformance
    assert (told.cases, told.fitting, told.misfits) == (5, 5, [])
    assert told.fits == told.moves > 15
    assert told.fitness == told.share == 1.0


@pytest.mark.parametrize(
    ("verb", "before", "after", "why"),
    [
        ("case.close", {"state": "dispatched"}, {"state": "closed"}, Why.UNPUBLISHED),
        ("case.close", {"state": "verifying"}, {"state": "closed"}, Why.GAP),
        ("case.arrive", {"state": "dispatched"}, {"state": "acknowledged"}, Why.VERB),
        ("case.escalate", {"loop": "small"}, {"loop": "nowhere"}, Why.UNPUBLISHED),
        ("case.escalate", {"loop": "medium"}, {"loop": "large"}, Why.GAP),
    ],
)
def test_a_step_that_does_not_fit_is_named_with_its_reason(open_case, press, today, verb, before, after, why):
    press(open_case(**place("O-1")), *CLOSED)
    case = open_case()
    tell(case, verb, before, after)
    told = found(today).conformance
    (misfit,) = told.misfits
    assert (misfit.number, misfit.verb, misfit.why) == (case.number, verb, why)
    assert misfit.seq == LedgerEntry.objects.get(chain=case.chain, verb=verb).seq
    assert (told.fitting, told.cases) == (1, 2)
    assert told.fitness == pytest.approx((told.moves - 1) / told.moves)


def test_the_command_names_what_does_not_fit_and_fails(open_case, today):
    case, said = open_case(), io.StringIO()
    call_command("conformance", since=today.first, until=today.last, stdout=said)
    assert "1 / 1" in said.getvalue()
    assert "1.0000" in said.getvalue()
    tell(case, "case.close", {"state": "dispatched"}, {"state": "closed"})
    with pytest.raises(CommandError):
        call_command("conformance", since=today.first, until=today.last, stdout=said)
    assert f"{case.number} #2 case.close: dispatched | dispatched → closed" in said.getvalue()


# --- where time goes -------------------------------------------------------------------------
def test_time_is_told_by_state_step_loop_owner_wait_and_transfer(open_case, press, today, stepping):
    case = open_case()
    stepping(minutes=5)
    press(case, "sijing-duty acknowledge")
    stepping(minutes=15)
    press(case, "sijing-handler arrive", "sijing-handler prove")
    stepping(hours=4)
    sweeping.sweep()
    case.refresh_from_db()
    assert case.loop == "medium"
    stepping(minutes=7)
    press(case, "shuiwu-duty acknowledge")
    stepping(minutes=33)
    press(case, "shuiwu-duty contain")
    spent = found(today).durations
    assert {key: took.values.tolist() for key, took in spent.steps.items()} == {
        ("triage", "dispatched"): [0.0],
        ("dispatched", "acknowledged"): [5 * MINUTE],
        ("acknowledged", "on_site"): [15 * MINUTE],
        ("on_site", "contained"): [4 * HOUR + 40 * MINUTE],
    }
    assert {loop: took.total for loop, took in spent.loops.items()} == {
        "small": 4 * HOUR + 20 * MINUTE, "medium": 40 * MINUTE,
    }  # fmt: skip
    assert {unit: took.total for unit, took in spent.units.items()} == {
        "310117102": 4 * HOUR + 20 * MINUTE, "SJ-SW": 40 * MINUTE,
    }  # fmt: skip
    assert spent.waits["case.arrive", "case.escalate"].values.tolist() == [4 * HOUR]
    assert spent.transfers["310117102", "SJ-SW"].values.tolist() == [7 * MINUTE]
    assert spent.visits["contained"] == 1


def test_an_ended_case_takes_no_more_time(open_case, press, today, stepping):
    case = open_case()
    stepping(hours=1)
    press(case, *CLOSED)
    stepping(hours=5)
    assert sum(took.total for took in found(today).durations.loops.values()) == HOUR
    press(case, "chengyun-check reopen", reason="复发")
    stepping(hours=2)
    spent = found(today).durations
    assert sum(took.total for took in spent.loops.values()) == 3 * HOUR
    assert spent.steps["closed", "rectifying"].values.tolist() == [5 * HOUR]


def test_median_and_ninth_decile_are_those_of_the_textbook():
    took = Lengths()
    assert (took.count, took.median, took.p90, took.total) == (0, 0.0, 0.0, 0)
    for seconds in (10, 1, 9, 2, 8, 3, 7, 4, 6, 5):
        took.add(seconds)
    assert (took.median, took.p90, took.total) == (5.5, 9, 55)


def test_loop_and_unit_narrow_the_cases(open_case, today):
    open_case()
    open_case(**place("O-1"), grade="orange")
    assert found(today).durations.cases == 2
    assert found(today, loop="medium").durations.cases == 1
    assert found(today, loop="large").durations.cases == 0
    assert found(today, unit="310117102").conformance.cases == 2
    assert found(today, unit="SJ-SW").conformance.cases == 1


def test_a_case_of_five_thousand_entries_takes_one_statement_and_one_that_asks_for_the_archive(
    open_case, press, today, statements
):
    from tests.mining.test_exports import chatter

    case = open_case()
    chatter(case, 5000)
    press(case, "sijing-duty acknowledge")
    assert statements(lambda: found(today)) == 2
    assert found(today).conformance.moves == 2


def test_every_published_move_has_its_way_on_the_map():
    from mining.durations import Durations

    spent = Durations()
    for source, target in [*PUBLISHED["state"], ("dispatched", "closed"), ("verifying", "on_site")]:
        spent.steps[source, target].add(60.0)
        spent.acts[source, target]["case.odd"] += 1
    drawn = drawing.draw(spent)
    assert {node.state for node in drawn.nodes} == set(State)
    assert len(drawn.edges) == len(spent.steps)
    assert len({edge.path for edge in drawn.edges}) == len(drawn.edges)
    assert [(e.source, e.target) for e in drawn.edges if not e.published] == [
        ("dispatched", "closed"), ("verifying", "on_site"),
    ]  # fmt: skip
    assert all(0 <= edge.x <= drawn.width and 0 <= edge.y <= drawn.height for edge in drawn.edges)
    places = [(edge.x, edge.y) for edge in drawn.edges]
    assert len(set(places)) == len(places)


# --- pages and API --------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/mining/", "/api/v1/mining/conformance/", "/api/v1/mining/times/"])
@pytest.mark.parametrize("asked", ["?since=2026-02-01&until=2026-01-01", "?since=x", "?loop=x", "?unit=x",
                                   "?since=2020-01-01", "?until=9999-12-31"])  # fmt: skip
def test_what_cannot_be_asked_is_400(client, people, path, asked):
    client.force_login(people["auditor"])
    assert client.get(path + asked).status_code == 400


@pytest.mark.parametrize("form", ["ocel", "xes"])
def test_a_reversed_period_and_a_long_purpose_are_400_and_leave_no_entry(client, people, form):
    client.force_login(people["auditor"])
    for asked in ("?since=2026-02-01&until=2026-01-01", f"?purpose={'长' * 501}"):
        assert client.get(f"/api/v1/mining/{form}/{asked}").status_code == 400
    assert client.post("/mining/export/", {"form": "xls"}).status_code == 400
    assert client.post("/mining/export/", {"form": form, "since": "x"}).status_code == 400
    assert not LedgerEntry.objects.filter(verb="mining.export").exists()


@pytest.mark.parametrize("who", ["sijing-duty", "sijing-head", "shuiwu-head", "chengyun-lead", "insurer", "admin"])
@pytest.mark.parametrize("what", ["ocel", "xes", "conformance", "times"])
def test_streets_departments_and_outsiders_are_refused(client, people, who, what):
    client.force_login(people[who])
    assert client.get(f"/api/v1/mining/{what}/").status_code == 403
    assert client.get("/mining/").status_code == 403
    assert client.post("/mining/export/", {"form": "xes"}).status_code == 403


@pytest.mark.parametrize("who", ["auditor", "anwei-office", "yingji-office"])
def test_those_who_look_across_cases_are_given_the_log(client, people, open_case, who):
    case = open_case()
    client.force_login(people[who])
    for form, ending in (("ocel", "json"), ("xes", "xes")):
        answer = client.get(f"/api/v1/mining/{form}/?purpose=x")
        assert answer.streaming
        assert answer["Content-Disposition"].endswith(f'.{ending}"')
        assert case.number.encode() in answer.getvalue()
        assert case.number.encode() in client.post("/mining/export/", {"form": form}).getvalue()
    entries = LedgerEntry.objects.filter(verb="mining.export", actor=people[who])
    assert sorted(entry.note for entry in entries) == ["", "", "x", "x"]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_says_in_a_table_what_it_draws(client, people, open_case, press, language):
    press(open_case(), *CLOSED)
    open_case(**place("O-1"), grade="orange")
    client.force_login(people["auditor"])
    client.cookies["django_language"] = language
    page = client.get("/mining/").content.decode()
    words = {"zh-hans": ("待核查 → 已结案", "流程图"), "en": ("Awaiting verification → Closed", "Process map")}[
        language
    ]
    assert all(word in page for word in words)
    assert "<svg" in page
    assert "style=" not in page
    told = client.get("/api/v1/mining/times/").json()
    assert {row["of"] for row in told["loops"]} == {"small", "medium"}
    assert client.get("/api/v1/mining/conformance/").json()["fitness"] == 1.0
