"""The event log as OCEL and XES: whole, without persons, escaped, streamed, and written down."""

import io
import json
import tracemalloc
import xml.etree.ElementTree as ElementTree
from datetime import datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accountability.period import Period
from alerts import scenarios
from cases import drills
from cases.models import Case
from mining import exporting, ocel, reading
from responsibility import acting, ledger
from responsibility.models import LedgerEntry, Unit
from tests.cases.conftest import CLOSED, hold

pytestmark = pytest.mark.django_db
XES = "{http://www.xes-standard.org/}"
LONG_AGO = Period("2020-01-01", "2020-01-31")


def ocel_of(asked: Period) -> dict:
    return json.loads(b"".join(exporting.export("ocel", asked, by=None)))


def xes_of(asked: Period) -> ElementTree.Element:
    return ElementTree.fromstring(b"".join(exporting.export("xes", asked, by=None)))


def values(node: ElementTree.Element) -> dict[str, str]:
    return {child.get("key"): child.get("value") for child in node if child.get("key")}


def chatter(case: Case, count: int) -> None:
    """``count`` more entries in the chain of ``case``."""
    act = ledger.Act(case.chain, "alert.joined", "case", case.number, case.title, after={"alert": "again"})
    with transaction.atomic():
        ledger.record([act] * count, by=acting.SYSTEM)


def test_an_ocel_log_holds_every_entry_of_a_case_with_its_objects(open_case, press, today):
    case = press(open_case(), *CLOSED)
    log = ocel_of(today)
    told = LedgerEntry.objects.filter(chain=case.chain).order_by("seq")
    assert [(event["id"], event["type"]) for event in log["events"]] == [
        (f"{case.number}#{entry.seq}", entry.verb) for entry in told
    ]
    assert [e["entry"] for e in map(attributes, log["events"])] == [entry.digest for entry in told]
    assert [e.get("move") for e in map(attributes, log["events"])] == [
        "file", "acknowledge", "arrive", None, "contain", "report", "close",
    ]  # fmt: skip
    things = {thing["id"]: thing for thing in log["objects"]}
    mine = things[case.number]
    parts = {(part["objectId"], part["qualifier"]) for part in mine["relationships"]}
    assert {("unit/310117102", "holder"), ("unit/SJ-SW", "lead"), (f"alert/{case.number}/1", "alert")} <= parts
    states = [told["value"] for told in mine["attributes"] if told["name"] == "state"]
    assert states == ["dispatched", "acknowledged", "on_site", "contained", "verifying", "closed"]


def attributes(event: dict) -> dict:
    return {told["name"]: told["value"] for told in event["attributes"]}


def test_an_ocel_log_names_no_type_attribute_or_object_that_it_does_not_declare(open_case, press, today):
    press(open_case(), *CLOSED)
    open_case(object="MH-SIJING-0009", grade="orange")
    log = ocel_of(today)
    ids = [thing["id"] for thing in log["objects"]]
    assert len(ids) == len(set(ids))
    for things, types in ((log["events"], log["eventTypes"]), (log["objects"], log["objectTypes"])):
        declared = {kind["name"]: {told["name"] for told in kind["attributes"]} for kind in types}
        for thing in things:
            assert {told["name"] for told in thing["attributes"]} <= declared[thing["type"]]
            assert {part["objectId"] for part in thing["relationships"]} <= set(ids)
    assert all(datetime.fromisoformat(event["time"]).utcoffset() is not None for event in log["events"])


def test_a_xes_log_has_a_trace_for_each_case_and_an_event_for_each_entry(open_case, press, today):
    case = press(open_case(), *CLOSED)
    other = open_case(object="MH-SIJING-0009")
    root = xes_of(today)
    assert root.tag == f"{XES}log"
    assert {node.get("prefix") for node in root.iter(f"{XES}extension")} == {"concept", "time", "lifecycle", "org"}
    traces = {values(trace)["concept:name"]: trace for trace in root.iter(f"{XES}trace")}
    assert set(traces) == {case.number, other.number}
    events = [values(event) for event in traces[case.number].iter(f"{XES}event")]
    entries = list(ledger.story(case.chain))
    assert [event["concept:name"] for event in events] == [entry.verb for entry in entries]
    assert [event["bihuan:entry"] for event in events] == [entry.digest for entry in entries]
    assert events[1]["org:group"] == Unit.objects.get(code="310117102").name
    assert datetime.fromisoformat(events[1]["time:timestamp"]) == entries[1].at
    assert values(traces[case.number])["bihuan:grade"] == "yellow"


@pytest.mark.parametrize("form", ["ocel", "xes"])
def test_no_person_and_no_words_of_anybody_are_in_a_log(open_case, press, people, today, form):
    case = press(open_case(title="王小明家的井盖"), *CLOSED, note="电话 13800138000，找王小明")
    text = b"".join(exporting.export(form, today, by=None)).decode()
    assert case.number in text
    names = {str(person) for person in people.values()} | {person.username for person in people.values()}
    said = [word for word in ("王小明", "13800138000", *names) if word in text]
    assert said == []


@pytest.mark.parametrize("form", ["ocel", "xes"])
def test_what_would_break_the_form_is_escaped(open_case, press, people, today, form):
    unit = Unit.objects.get(code="310117102")
    odd = "甲\"<乙>&'\\丙\x0b\u2028</event>]]>"
    hold(people["sijing-duty"], unit, "handler")
    people["sijing-duty"].posts.update(title=odd)
    press(open_case(), "sijing-duty acknowledge")
    if form == "ocel":
        posts = {attributes(event).get("post") for event in ocel_of(today)["events"]}
        assert odd in posts
    else:
        posts = {values(event).get("org:role") for event in xes_of(today).iter(f"{XES}event")}
        assert odd.replace("\x0b", "\ufffd") in posts


def test_an_empty_period_is_an_empty_log(open_case):
    open_case()
    log = ocel_of(LONG_AGO)
    assert (log["events"], log["objects"], log["eventTypes"]) == ([], [], [])
    assert list(xes_of(LONG_AGO).iter(f"{XES}trace")) == []


def test_drills_are_left_out_and_voided_cases_are_not(open_case, press, people, today):
    voided = press(open_case(category="NO-SUCH", object="X-1"), "chengyun-lead void", reason="误报")
    drills.start(scenarios.shipped()["h2s-manhole"], by=people["yingji-office"], speed=60)
    assert Case.objects.drills().exists()
    numbers = {values(trace)["concept:name"] for trace in xes_of(today).iter(f"{XES}trace")}
    assert numbers == {voided.number}


# --- streaming ---------------------------------------------------------------------------
def test_a_log_is_read_by_one_statement_and_memory_does_not_grow_with_a_case(open_case, today, statements):
    case = open_case()

    def peak(form: str) -> int:
        tracemalloc.start()
        try:
            for _piece in exporting.WRITE[form](reading.cases(today)):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    chatter(case, 5000)
    few = {form: (peak(form), statements(lambda form=form: peak(form))) for form in exporting.WRITE}
    chatter(case, 20_000)
    many = {form: (peak(form), statements(lambda form=form: peak(form))) for form in exporting.WRITE}
    for form in exporting.WRITE:
        assert few[form][1] == many[form][1]
        assert many[form][0] < 1.5 * few[form][0] + 2 * ocel.IN_MEMORY, (form, few, many)


def test_the_rows_stay_on_the_server_until_they_are_wanted(open_case, today):
    case = open_case()
    chatter(case, 5000)
    cases = reading.cases(today)
    _number, events = next(iter(cases))
    next(iter(events))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name <> ''")
        assert cursor.fetchone()[0] == 1
    assert sum(1 for _event in events) == LedgerEntry.objects.filter(chain=case.chain).count() - 1


# --- who took it ---------------------------------------------------------------------------
def test_an_export_stands_in_the_ledger_before_its_first_byte(open_case, people, today):
    open_case()
    pieces = exporting.export("xes", today, by=people["auditor"], purpose="年度评估")
    entry = LedgerEntry.objects.get(verb="mining.export")
    assert (entry.actor, entry.note) == (people["auditor"], "年度评估")
    assert entry.after == {"form": "xes", "first": today.first, "last": today.last, "cases": 1}
    assert next(pieces).startswith(b"<?xml")
    assert ledger.holds(vars(entry))


def test_the_command_writes_the_file_and_says_who(open_case, people, today, tmp_path):
    case, out = open_case(), tmp_path / "log.json"
    said = {"since": today.first, "until": today.last, "username": "auditor", "stdout": io.StringIO()}
    call_command("export_log", form="ocel", output=out, **said)
    assert case.number in out.read_text()
    assert LedgerEntry.objects.get(verb="mining.export").actor == people["auditor"]
    with pytest.raises(CommandError):
        call_command("export_log", form="ocel", output=out, **(said | {"username": "sijing-duty"}))
    with pytest.raises(CommandError):
        call_command("export_log", form="ocel", output=tmp_path / "none" / "log.json", **said)
    assert [path.name for path in tmp_path.iterdir() if "log" in path.name] == ["log.json"]
