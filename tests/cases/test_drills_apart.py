"""A drill changes no figure of the real work and takes nothing from it."""

import re
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from alerts import intake, scenarios
from alerts.formats import item
from cases import arbitration, audit, dispatching, drills, fivefold, orders, requests, sensors, whatif
from cases.models import Case, Dispatch, State
from cases.sweeping import sweep
from config.demo import simulate
from config.demo.mix import Mix
from notices import addressing, inbox
from resources.models import Resource
from responsibility import clock, directory, loading
from responsibility.models import Category, Duty
from responsibility.refusals import Refused
from tests.cases.conftest import alert, hold

pytestmark = pytest.mark.django_db
PLACE = {"lat": 31.1144, "lon": 121.2683}
GAS = {"category": "LL-GAS-LEAK", "scenario": None, "grade": "red", "object": "GAS-T", "location": PLACE}
PLACED = ("object", "category", "scenario", "location")
OF_WORK = re.compile(r"^bihuan_(?!sweep_lag).*$", re.MULTILINE)


def step(after: float = 0, **fields) -> dict:
    """A step of a scenario: the example of the contract with other fields."""
    kept = alert(**fields)
    return {"after": after, "alert": {name: kept[name] for name in kept if name not in ("external_id", "observed_at")}}


def scenario(*steps: dict) -> dict:
    return {"title": "甲", "alerts": list(steps)}


@pytest.fixture
def people_of(people):
    """A client signed in as one of the people."""

    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(people[name])
        return client

    return sign_in


def figures(people_of, numbers: list[str]) -> dict:
    """Every figure of the real work that the product shows anywhere."""
    known, now = directory.current(), clock.now()
    rows = list(Duty.objects.filter(live=True).select_related("edition"))
    board = people_of("yingji-office").get("/board/").context
    desk = people_of("anwei-office").get("/arbitration/").context
    worklist = people_of("chengyun-lead").get("/").context
    return {
        "metrics": OF_WORK.findall(Client().get("/metrics").content.decode()),
        "board": [(name, len(found), more) for _label, name, found, more in board["columns"] if name != "drill"],
        "unreached": (board["unreached"], inbox.count_unreached(), inbox.behind()),
        "triage": worklist["triage"],
        "worklist": [row.case.number for row in worklist["rows"]],
        "disputes": desk["waiting"],
        "gaps": [(one.gap.category.code, one.alerts, one.waiting) for one in whatif.open_gaps(rows, known, now)],
        "returns": whatif.returns(now - whatif.QUARTER),
        "vacancies": fivefold.standing(),
        "moved": [(m.category.code, m.count) for m in whatif.would_move([], known, now + timedelta(seconds=1))],
        "unregistered": list(intake.unregistered().values_list("object_code", "count")),
        "simulate": simulate.standing(numbers),
        "stock": list(Resource.objects.order_by("code").values_list("code", "stock", "reserved")),
        "proposed": _proposals(now),
    }


def _proposals(now) -> int:
    """How many open cases a new edition would propose to move."""
    with transaction.atomic():
        count = arbitration.propose_redispatch(now, now)
        transaction.set_rollback(True)
    return count


def test_no_figure_changes_by_a_drill(send, open_case, press, people, people_of):
    Category.objects.create(code="DRILL-GAP", name="新业态", domain="新", operator="event", unit="")
    real = [open_case(), open_case(object="A", grade="red", location=PLACE)]
    press(real[0], "sijing-duty acknowledge")
    send(alert(object="A", category="NO-SUCH-CATEGORY"), alert(object="NEW", category="DRILL-GAP", location=PLACE))
    numbers = [case.number for case in real]
    addressing.address()
    before = figures(people_of, numbers)
    assert before["triage"] == 1
    now = clock.now()
    drill = drills.start(
        scenario(
            step(), step(object="A", category="NO-SUCH-CATEGORY"), step(**GAS),
            step(object="NEW", category="DRILL-GAP", location=PLACE),
            step(object="OTHER", location=PLACE, grade="orange"),
        ),
        by=people["yingji-office"], speed=600,
    )  # fmt: skip
    ours = {case.category_code: case for case in Case.objects.filter(drill=drill)}
    assert len(ours) >= 4
    water = Case.objects.get(drill=drill, object_code="OTHER")
    gas = ours["LL-GAS-LEAK"]
    dispatching.send(gas.pk, by=people["yingji-office"], wanted={"R-E055": 1})
    orders.give(gas.pk, by=people["jianguan-head"], unit="SJ-GA", text="封路", minutes=30)
    requests.ask(water.pk, by=people["shuiwu-head"], kind="return", reason="不属", code="source_elsewhere")
    with clock.as_if(now + timedelta(seconds=30)):
        sweep()
    addressing.address()
    assert figures(people_of, numbers) == before
    drills.end(drill.pk, by=people["yingji-office"])
    assert figures(people_of, numbers) == before
    assert list(audit.mismatches()) == []


def test_what_simulate_sends_comes_to_the_same_during_a_drill(source, people):
    data = loading.read(settings.DISTRICT_FILE)
    start = timezone.localtime(clock.now()) - timedelta(hours=3)

    def outcomes() -> tuple[Counter, dict]:
        posts = Mix(data, Random(7), "t").plan(60, start, 3)
        answers = [answer for post in posts for answer in intake.receive(source, post.items, item.read)]
        numbers = sorted({answer.case for answer in answers if answer.case})
        return Counter(answer.outcome for answer in answers), simulate.standing(numbers)

    with transaction.atomic():
        alone = outcomes()
        objects = [
            {name: raw[name] for name in ("object", "category", "scenario", "location") if name in raw}
            | {"grade": "red"}
            for post in Mix(data, Random(7), "t").plan(60, start, 3)
            for raw in post.items
        ]
        transaction.set_rollback(True)
    drills.start(
        scenario(*({"after": 0, "alert": raw} for raw in objects[: scenarios.MOST_ALERTS])), by=people["anwei-office"]
    )
    assert Case.objects.drills().count() > 5
    assert outcomes() == alone


# --- virtual stock ----------------------------------------------------------------------
def test_a_drill_takes_nothing_that_a_real_case_needs_and_nothing_twice(open_case, people):
    drill = drills.start(scenario(step(**GAS), step(**GAS | {"object": "GAS-U"})), by=people["yingji-office"])
    first, second = Case.objects.filter(drill=drill).order_by("pk")
    pumps = list(
        Resource.objects.filter(station__code="ST-DRAIN-NORTH", capabilities__code="pump").values_list(
            "code", flat=True
        )
    )
    wanted, office = dict.fromkeys(pumps, 1), people["yingji-office"]
    dispatching.send(first.pk, by=office, wanted=wanted)
    with pytest.raises(Refused) as refused:
        dispatching.send(second.pk, by=office, wanted=wanted)
    assert refused.value.code == "not_free"
    other = drills.start(scenario(step(**GAS)), by=office)
    dispatching.send(Case.objects.get(drill=other).pk, by=office, wanted=wanted)
    real = open_case(**GAS)
    (sent,) = dispatching.send(real.pk, by=office, wanted=wanted)
    assert Resource.objects.filter(code__in=pumps, reserved=1).count() == len(pumps)
    drills.end(drill.pk, by=office)
    assert Dispatch.objects.filter(case=first).get().state == "released"
    assert Resource.objects.filter(code__in=pumps, reserved=1).count() == len(pumps)
    third = drills.start(scenario(step(**GAS)), by=office)
    with pytest.raises(Refused):
        # What is really out cannot be practised with.
        dispatching.send(Case.objects.get(drill=third).pk, by=office, wanted=wanted)
    assert list(audit.mismatches()) == []


def test_the_kit_of_a_drill_counts_what_the_drill_has_sent(people, people_of, open_case):
    drill = drills.start(scenario(step(**GAS)), by=people["yingji-office"])
    ours, real = Case.objects.get(drill=drill), open_case(**GAS)
    heap = Resource.objects.filter(kind="material", stock__gte=10).first()
    dispatching.send(ours.pk, by=people["yingji-office"], wanted={heap.code: heap.stock})
    assert dispatching.sent_in_drill(ours) == {heap.pk: heap.stock}
    assert dispatching.sent_in_drill(real) == {}
    heap.refresh_from_db()
    assert heap.reserved == 0
    page = people_of("yingji-office").get(f"/cases/{ours.number}/resources/").content.decode()
    assert "真实库存不变" in page


def test_what_a_drill_uses_up_is_used_up_in_it_and_there_in_truth(people):
    heap = Resource.objects.filter(kind="material", stock__gte=10).select_related("station__unit").first()
    hold(people["sijing-handler"], heap.station.unit, "handler")
    drill = drills.start(scenario(step(**GAS)), by=people["yingji-office"])
    case = Case.objects.get(drill=drill)
    (sent,) = dispatching.send(case.pk, by=people["yingji-office"], wanted={heap.code: 5})
    dispatching.act(sent.pk, "arrive", by=people["sijing-handler"])
    dispatching.act(sent.pk, "release", by=people["sijing-handler"], data={"used": {heap.code: 3}})
    assert dispatching.sent_in_drill(case) == {heap.pk: 3}
    stock = heap.stock
    heap.refresh_from_db()
    assert (heap.stock, heap.reserved) == (stock, 0)
    assert list(audit.mismatches()) == []


# --- sensors --------------------------------------------------------------------------------
def test_neither_says_of_the_other_that_the_danger_is_over(open_case, send, people):
    real = open_case(value=16.0, unit="mg/m3")
    drill = drills.start(scenario(step(value=24.0, unit="mg/m3", grade=None)), by=people["yingji-office"])
    ours = Case.objects.get(drill=drill)
    calm = [step(n, value=2.0, unit="mg/m3", grade=None) for n in range(3)]
    other = drills.start(scenario(*calm), by=people["yingji-office"], speed=600)
    with clock.as_if(clock.now() + timedelta(seconds=1)):
        drills.tick()
    assert not other.cases.exists()
    assert sensors.quiet(real, 3) == 0
    assert sensors.quiet(ours, 3) == 0
    assert ours.state != State.TRIAGE


def test_a_second_owner_in_a_drill_has_a_case_of_the_drill(people):
    drill = drills.start(scenario(step(grade="orange")), by=people["yingji-office"], speed=60)
    case = Case.objects.get(drill=drill)
    asked = requests.ask(case.pk, by=people["shuiwu-head"], kind="return", reason="不属", code="source_elsewhere")
    requests.decide(asked.pk, by=people["yingji-office"], approve=False, answer="不退", second="SJ-HJ")
    second = case.linked.get()
    assert (second.drill_id, second.speed) == (drill.pk, 60)
    drills.end(drill.pk, by=people["yingji-office"])
    second.refresh_from_db()
    assert second.state == "void"
    assert list(audit.mismatches()) == []
