"""演练: from the scenario to the score, on the real screens and clocks, told nobody outside."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from alerts import scenarios
from alerts.audit import mismatches as alert_mismatches
from alerts.models import Alert, Drill, DrillAlert
from cases import (
    arbitration,
    audit,
    checklist,
    dispatching,
    drills,
    proof,
    recomputing,
    requests,
    sharing,
    ticking,
    urging,
)
from cases.models import Case, Deadline, Dispatch
from cases.sweeping import sweep
from notices import addressing, channels
from notices.models import Delivery, Line, Notice
from responsibility import acting, clock, ledger
from responsibility.models import Category, LedgerEntry, Unit
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import alert, picture

pytestmark = pytest.mark.django_db
H2S = scenarios.shipped()["h2s-manhole"]
GAS = scenarios.shipped()["gas-leak"]
PLACE = {"lat": 31.1144, "lon": 121.2683}


@pytest.fixture
def begun(people):
    """Begin a drill: ``begun(H2S, speed=60)``; the drill and the instant from which its seconds are counted."""

    def start(scenario=H2S, speed=60, by="yingji-office"):
        now = clock.now()
        with clock.as_if(now):
            return drills.start(scenario, by=people[by], speed=speed), now

    return start


def one(drill: Drill) -> Case:
    return Case.objects.get(drill=drill)


def sound() -> None:
    """Ledger, rows and clocks agree, drills or not."""
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    assert list(audit.mismatches()) == []
    assert list(alert_mismatches()) == []
    assert list(recomputing.differences()) == []


def tick_off(case: Case, by, *numbers: int) -> None:
    """Say of the steps of the handbook with these numbers that they are done."""
    case.refresh_from_db()
    for step in checklist.steps(case):
        if step.position in numbers:
            ticking.mark(case.pk, step.pk, by=by)


# --- the example -------------------------------------------------------------------
def test_the_h2s_example_at_sixty_times_is_worked_to_its_end_and_scored(begun, press, client, people):
    drill, t0 = begun()
    case = one(drill)
    assert (case.lead.code, case.territory.unit.code, case.loop, case.speed) == ("SJ-SW", "310117102", "medium", 60)
    steps = {
        2: ["sijing-duty acknowledge"], 4: ["shuiwu-duty acknowledge"], 15: ["sijing-handler arrive"],
        25: ["sijing-handler prove"], 95: ["shuiwu-duty contain"], 100: ["shuiwu-duty report"],
        110: ["chengyun-check close"],
    }  # fmt: skip
    # The photo is the guarded opening (4), the reading the three measurements (5); red steps (9) do not hold.
    ticks = {
        8: ("sijing-duty", 1, 2, 3), 28: ("shuiwu-duty", 6, 7), 91: ("shuiwu-duty", 8), 93: ("sijing-handler", 10),
    }  # fmt: skip
    for second in range(0, 120, 5):
        with clock.as_if(t0 + timedelta(seconds=second)):
            drills.tick()
            sweep()
        for at in [at for at in steps if second <= at < second + 5]:
            with clock.as_if(t0 + timedelta(seconds=at)):
                press(case, *steps[at])
        for at in [at for at in ticks if second <= at < second + 5]:
            with clock.as_if(t0 + timedelta(seconds=at)):
                tick_off(case, people[ticks[at][0]], *ticks[at][1:])
        if second == 35:
            with clock.as_if(t0 + timedelta(seconds=second)):
                proof.add(case.pk, picture(7), by=people["sijing-handler"], kind="reading")
    case.refresh_from_db()
    assert (case.state, case.alert_count) == ("closed", 2)
    assert list(drill.script.values_list("outcome", flat=True)) == ["opened", "joined", *["observed"] * 3]
    client.force_login(people["anwei-office"])
    with clock.as_if(t0 + timedelta(seconds=120)):
        told = client.post(f"/api/v1/drills/{drill.pk}/end/").json()
    assert told == client.get(f"/api/v1/drills/{drill.pk}/").json()
    report = told["report"]
    assert (report["score"], report["met"]) == (100, report["judged"])
    assert report["parts"]["answered"] == {"score": 100, "met": 2, "judged": 2}
    assert report["parts"]["owned"] == {"score": 100, "met": 2, "judged": 2}
    assert report["parts"]["proved"]["judged"] == 1
    book = report["parts"]["by_the_book"]
    assert book["met"] == book["judged"] == 9
    limits = [line["wanted"] for line in report["cases"][0]["lines"] if line["part"] == "by_the_book"]
    assert all(limits)
    assert {line["what"] for line in report["cases"][0]["lines"]} >= {"arrive", "contain", "lead", "street", "photo"}
    answers = [line["got"] for line in report["cases"][0]["lines"] if line["part"] == "answered"]
    assert answers == [2.0, 4.0]
    sound()


def test_what_nobody_does_is_missed_and_scored_so(begun, people):
    drill, t0 = begun()
    for second in (6, 12, 21, 250, 485):
        with clock.as_if(t0 + timedelta(seconds=second)):
            drills.tick()
            sweep()
    drill.refresh_from_db()
    # The scenario lasts 480 minutes, and nobody had to end it.
    assert drill.ended_at == t0 + timedelta(seconds=485)
    assert drill.ended_by is None
    parts = drill.report["parts"]
    assert parts["answered"]["met"] == 0
    assert parts["answered"]["judged"] >= 2
    assert parts["proved"] == {"score": 0, "met": 0, "judged": 1}
    assert parts["owned"]["score"] == 100
    assert parts["by_the_book"]["score"] == 0
    assert parts["in_time"]["met"] == 0
    assert one(drill).state == "void"
    sound()


def test_the_wrong_owner_is_told(begun):
    wrong = json.loads(json.dumps(H2S))
    wrong["alerts"][0]["expect"] = {"lead": "SJ-JGW", "street": "310117107"}
    drill, t0 = begun(wrong)
    with clock.as_if(t0 + timedelta(seconds=1)):
        report = drills.end(drill.pk, by=drill.started_by).report
    owned = [line for line in report["cases"][0]["lines"] if line["part"] == "owned"]
    assert [(line["wanted"], line["got"], line["met"]) for line in owned] == [
        ("SJ-JGW", "SJ-SW", False), ("310117107", "310117102", False),
    ]  # fmt: skip


def test_the_gas_leak_is_large_and_wants_its_kit_within_twenty_minutes(begun, people):
    drill, t0 = begun(GAS, speed=10)
    with clock.as_if(t0 + timedelta(seconds=91)):
        drills.tick()
    case = one(drill)
    assert (case.grade, case.loop) == ("red", "large")
    with clock.as_if(t0 + timedelta(seconds=95)):
        (sent,) = dispatching.send(case.pk, by=people["yingji-office"], wanted={"R-E055": 1})
        assert sent.clock.due_at - sent.sent_at == timedelta(minutes=2)
    with clock.as_if(t0 + timedelta(seconds=100)):
        report = drills.end(drill.pk, by=people["yingji-office"]).report
    kit = [line for line in report["cases"][0]["lines"] if line["part"] == "equipped"]
    assert kit
    assert {line["met"] for line in kit} <= {True, False}
    assert Dispatch.objects.get(pk=sent.pk).state == "released"
    sound()


# --- the clocks ----------------------------------------------------------------------
def test_minutes_and_working_days_run_as_fast_as_the_drill(begun, open_case, press, people):
    drill, t0 = begun(speed=60)
    with clock.as_if(t0):
        real = open_case(grade="orange", object="REAL-1", location=PLACE)
    ours = one(drill)
    for kind in ("acknowledge", "arrive", "contain", "medium_limit"):
        long, short = (
            c.deadlines.filter(kind=kind).order_by("pk").values_list("due_at", "started_at")[0] for c in (real, ours)
        )
        assert (short[0] - short[1]) * 60 == long[0] - long[1]
    work = ["sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove", "shuiwu-duty contain"]
    with clock.as_if(t0 + timedelta(seconds=30)):
        for case in (real, ours):
            press(case, *work)
    rectify = [c.deadlines.get(kind="rectify") for c in (real, ours)]
    long, short = (one.due_at - one.started_at for one in rectify)
    assert abs(short * 60 - long) < timedelta(milliseconds=1)
    with clock.as_if(t0 + timedelta(seconds=40)):
        press(ours, "shuiwu-duty rectify")
        asked = requests.ask(ours.pk, by=people["shuiwu-head"], kind="extend", reason="缺人手", minutes=30)
        before = rectify[1].due_at
        requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
        rectify[1].refresh_from_db()
        assert rectify[1].due_at - before == timedelta(seconds=30)
        asked = requests.ask(ours.pk, by=people["shuiwu-head"], kind="suspend", reason="待料", minutes=60)
        requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
        review = ours.deadlines.get(kind="review")
        assert review.due_at - review.started_at == timedelta(seconds=60)
    sound()


# --- the alerts --------------------------------------------------------------------------
def test_alerts_come_when_they_are_due_and_once(begun):
    drill, t0 = begun()
    assert [bool(row.fed_at) for row in drill.script.all()] == [True, *[False] * 4]
    with clock.as_if(t0 + timedelta(seconds=11)):
        drills.tick()
        drills.tick()
        assert drills.feed(drill.pk) == 0
    assert Alert.objects.filter(drill=drill).count() == 2
    assert Alert.objects.filter(drill=drill, source__active=False).count() == 2


def test_a_feed_that_dies_leaves_its_alerts_for_the_next(begun, monkeypatch):
    drill, t0 = begun()
    with clock.as_if(t0 + timedelta(seconds=11)):
        with monkeypatch.context() as broken:
            broken.setattr(DrillAlert.objects, "bulk_update", None)
            drills.tick()
        assert Alert.objects.filter(drill=drill).count() == 1
        drills.tick()
    assert Alert.objects.filter(drill=drill).count() == 2


def test_nothing_comes_after_the_end(begun, people):
    drill, t0 = begun()
    drills.end(drill.pk, by=people["yingji-office"])
    with clock.as_if(t0 + timedelta(hours=2)):
        drills.tick()
    assert Alert.objects.filter(drill=drill).count() == 1
    with pytest.raises(Refused) as refused:
        drills.end(drill.pk, by=people["yingji-office"])
    assert refused.value.code == "ended"


def test_what_is_reopened_after_the_end_ends_again(begun, people, press):
    drill, t0 = begun()
    case = one(drill)
    work = ["sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove", "shuiwu-duty contain"]
    with clock.as_if(t0 + timedelta(seconds=95)):
        drills.tick()
        press(case, *work, "shuiwu-duty report", "chengyun-check close")
    drills.end(drill.pk, by=people["yingji-office"])
    press(case, "chengyun-check reopen", reason="再看")
    drills.tick()
    case.refresh_from_db()
    assert case.state == "void"
    assert not Deadline.objects.running().filter(case=case).exists()


# --- marked, and told nobody outside ------------------------------------------------------
def test_every_entry_and_every_notice_of_it_is_marked(begun, press, people):
    drill, t0 = begun()
    case = one(drill)
    with clock.as_if(t0 + timedelta(seconds=6)):
        sweep()
        press(case, "sijing-duty acknowledge")
    assert {entry.after.get("drill") for entry in ledger.story(case.chain)} == {drill.pk}
    assert {entry.verb for entry in ledger.story(drill.chain)} == {"drill.start", "drill.feed"}
    assert set(Notice.objects.filter(subject=case.number).values_list("drill", flat=True)) == {True}


def test_no_message_leaves_the_house_and_none_is_bundled_with_a_real_one(begun, open_case, people):
    unit = Unit.objects.get(code="310117102")
    channels.add(unit.pk, channels.Wish(label="值班", url="duty@example.org"), by=people["sijing-head"])
    open_case(object="REAL-1", location=PLACE)
    begun()
    addressing.address()
    assert {
        message.drill for message in Delivery.objects.all().select_related("message") for message in [message.message]
    } == {False}

    mixed = {(line.message.drill, line.notice.drill) for line in Line.objects.select_related("message", "notice")}
    assert mixed == {(True, True), (False, False)}


def test_screens_and_api_say_that_it_is_a_drill(begun, client, people):
    drill, _t0 = begun()
    case = one(drill)
    addressing.address()
    marked = {"/": "演练 60×", f"/cases/{case.number}/": "演练 60×", "/board/": "演练 60×", "/inbox/": "state drill"}
    client.force_login(people["sijing-duty"])
    for page, word in marked.items():
        assert word in client.get(page).content.decode(), page
    asked = requests.ask(case.pk, by=people["shuiwu-duty"], kind="escalate", reason="缺人手")
    client.force_login(people["yingji-office"])
    desk = client.get("/requests/")
    assert asked.pk in [request.pk for request, _row in desk.context["to_decide"]]
    assert "演练 60×" in desk.content.decode()
    read = client.get(f"/api/v1/cases/{case.number}/").json()
    assert (read["drill"], read["speed"]) == (drill.pk, 60)
    assert client.get("/api/v1/cases/?drill=false").json()["results"] == []
    assert len(client.get("/api/v1/cases/?drill=true").json()["results"]) == 1
    client.cookies["django_language"] = "en"
    assert "Drill 60×" in client.get(f"/cases/{case.number}/").content.decode()


def test_the_worklist_shows_it_below_real_work_and_a_filter_takes_it_away(begun, open_case, client, people):
    drill, _t0 = begun()
    real = open_case(object="REAL-1", location=PLACE)
    client.force_login(people["sijing-duty"])
    page = client.get("/")
    assert [row.case.pk for row in page.context["rows"]] == [real.pk]
    assert [row.case.pk for row in page.context["drilled"]] == [one(drill).pk]
    text = page.content.decode()
    assert text.index(real.number) < text.index(one(drill).number)
    assert client.get("/?drill=false").context["drilled"] == []
    alone = client.get("/?drill=true")
    assert [row.case.pk for row in alone.context["rows"]] == [one(drill).pk]
    assert alone.context["drilled"] == []
    assert client.get("/?overdue=true").context["drilled"] == []


# --- who -------------------------------------------------------------------------------------
def test_a_street_drills_within_its_own_bounds_only(people):
    assert drills.start(H2S, by=people["sijing-head"]).unit.code == "310117102"
    elsewhere = json.loads(json.dumps(H2S))
    elsewhere["alerts"][0]["alert"] |= {"object": "X", "location": {"lat": 31.0303, "lon": 121.2277}}
    with pytest.raises(Forbidden) as refused:
        drills.start(elsewhere, by=people["sijing-head"])
    assert refused.value.code == "not_your_street"
    for name in ("sijing-duty", "shuiwu-head", "chengyun-lead", "auditor", "insurer"):
        with pytest.raises(Forbidden):
            drills.start(H2S, by=people[name])


def test_a_drill_is_ended_by_whose_it_is(people, begun):
    drill, _t0 = begun(by="anwei-office")
    with pytest.raises(Forbidden):
        drills.end(drill.pk, by=people["sijing-head"])
    assert drills.end(drill.pk, by=people["yingji-office"]).ended_by == people["yingji-office"]


def test_who_sees_a_drill(begun, people, district):
    drill, _t0 = begun()
    seen = {
        name: drills.visible(acting.of(people[name]), district).filter(pk=drill.pk).exists()
        for name in ("sijing-handler", "shuiwu-duty", "jiuting-duty", "auditor", "insurer", "admin")
    }
    assert seen == {
        "sijing-handler": True, "shuiwu-duty": True, "jiuting-duty": False, "auditor": True, "insurer": False,
        "admin": False,
    }  # fmt: skip
    sharing.share(
        one(drill).pk, by=people["anwei-office"], until=clock.now() + timedelta(days=1), reason="看", unit="X-INS"
    )
    assert not drills.visible(acting.of(people["insurer"]), district).exists()


# --- the file -------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(scenarios.shipped()))
def test_the_shipped_scenarios_are_sound(name, district):
    assert scenarios.judge(scenarios.shipped()[name], district, clock.now())


def changed(**fields) -> dict:
    return json.loads(json.dumps(H2S)) | fields


DEEP: list = []
for _n in range(3000):
    DEEP = [DEEP]
ALERT = H2S["alerts"][0]["alert"]
WRONG = {
    "a text": "h2s", "nothing": None, "a list": [H2S], "no title": {"alerts": H2S["alerts"]},
    "no alerts": changed(alerts=[]),
    "nul": changed(title="a\x00b"), "a surrogate": changed(title="\ud800"), "a number": changed(title=7),
    "too long": changed(title="长" * 201), "many": changed(alerts=H2S["alerts"] * 30),
    "large": changed(alerts=[{"after": 0, "alert": ALERT | {"payload": {"x": "x" * 70_000}}}]),
    "deep": changed(alerts=[{"after": 0, "alert": ALERT | {"payload": DEEP}}]),
    "huge": changed(minutes=10**400), "negative": changed(alerts=[{"after": -1, "alert": ALERT}]),
    "not an alert": changed(alerts=[{"after": 0, "alert": 5}]), "not a step": changed(alerts=[5]),
    "nan": changed(alerts=[{"after": float("nan"), "alert": ALERT}]),
    "no grade": changed(alerts=[{"after": 0, "alert": {"category": "LL-CONF-H2S", "object": "X"}}]),
    "its own id": changed(alerts=[{"after": 0, "alert": ALERT | {"external_id": "x"}}]),
    "a slip": changed(alerts=[{"after": 0, "alert": ALERT, "expekt": {}}]),
    "no such unit": changed(alerts=[{"after": 0, "alert": ALERT, "expect": {"lead": "NO"}}]),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_scenario_is_refused_in_words_and_begins_nothing(name, people):
    with pytest.raises(Invalid) as refused:
        drills.start(WRONG[name], by=people["yingji-office"])
    assert str(refused.value.detail)
    assert not Drill.objects.exists()


@pytest.mark.parametrize("speed", [0, -1, 601, 10**30, True, 1.5, "60", None])
def test_a_wrong_speed_is_refused(speed, people):
    with pytest.raises(Invalid):
        drills.start(H2S, by=people["yingji-office"], speed=speed)


# --- held by the database ------------------------------------------------------------------
def test_a_case_is_a_drill_or_real_from_birth_to_end(begun, open_case):
    drill, _t0 = begun()
    real = open_case(object="REAL-1", location=PLACE)
    for case, fields in (
        (real, {"drill": drill}),
        (one(drill), {"drill": None, "speed": 1}),
        (one(drill), {"speed": 2}),
    ):
        with pytest.raises(IntegrityError, match="drill"), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(**fields)


def test_a_drill_is_ended_once_and_never_rewritten(begun, people):
    drill, _t0 = begun()
    for fields in ({"speed": 2}, {"title": "x"}, {"scenario": {}}):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Drill.objects.filter(pk=drill.pk).update(**fields)
    drills.end(drill.pk, by=people["yingji-office"])
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Drill.objects.filter(pk=drill.pk).update(report={"score": 100})
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        DrillAlert.objects.filter(drill=drill, number=1).update(case_number="")


def test_a_real_alert_on_the_same_object_opens_its_own_case_and_the_other_way_round(begun, send, people):
    first, _t0 = begun()
    (answer,) = send(alert())
    assert answer.outcome == "opened"
    second, _t0 = begun()
    third, _t0 = begun()
    assert len({one(first).pk, one(second).pk, one(third).pk, Case.objects.get(number=answer.case).pk}) == 4
    assert send(alert())[0].case == answer.case
    assert one(first).alert_count == 1
    drills.end(first.pk, by=people["yingji-office"])
    assert send(alert())[0].case == answer.case
    sound()


def test_a_supervision_ends_with_its_drill(begun, people):
    drill, t0 = begun()
    case = one(drill)
    with clock.as_if(t0 + timedelta(seconds=2)):
        listed = urging.issue(
            case.pk, by=people["anwei-office"], kind="supervision", unit=case.territory.unit.code, text="试"
        )
        drills.end(drill.pk, by=people["anwei-office"])
        assert not type(listed).objects.listed().exists()
        with pytest.raises(Refused):
            urging.reply(listed.pk, by=people["sijing-duty"], text="收到")
    sound()


def test_a_unit_has_so_many_drills_running_and_no_more(begun, monkeypatch):
    monkeypatch.setattr(drills, "MOST_RUNNING", 1)
    begun()
    with pytest.raises(Refused) as refused:
        begun()
    assert refused.value.code == "too_many"


def test_what_is_typed_around_a_scenario_is_read_as_it_is_meant(begun, people):
    drill, _t0 = begun(H2S | {"title": "   硫化氢   "})
    assert drill.title == "硫化氢"


def test_what_a_drill_determines_does_not_enter_the_matrix(begun, people):
    Category.objects.create(code="NEW-TRY", name="新业态", domain="新", operator="event", unit="")
    alert = {"category": "NEW-TRY", "object": "TRY-1", "location": PLACE, "grade": "yellow"}
    drill, t0 = begun({"title": "空白", "alerts": [{"after": 0, "alert": alert}]}, speed=1)
    asked = one(drill).requests.get(kind="determine")
    with clock.as_if(t0 + timedelta(seconds=5)):
        requests.decide(asked.pk, by=people["anwei-office"], approve=True, designate="SJ-JGW")
        with pytest.raises(Refused) as refused:
            arbitration.propose_row(asked.pk, by=people["anwei-office"])
    assert refused.value.code == "drill"
