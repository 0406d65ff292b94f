"""What the walk finds: real cases, requests, an edition, a roster, a grant, an upload, brought about by the actions."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.timezone import localdate

from accountability import following, ordering
from alerts import intake, scenarios
from alerts.formats import item
from cases import actions, advising, command, dispatching, drills, orders, proof, requests, sharing, urging
from cases.changes import Changes, locked
from cases.models import Case, Deadline, Request, RequestKind
from handbook import versions
from handbook.models import Step
from notary import checkpoints
from notices import channels
from responsibility import acting, clock, directory, editions, rostering
from responsibility.exchange import importing
from responsibility.exchange.tables import TABLES
from responsibility.models import Category, Duty, LedgerEntry, Role, Unit, User
from tests.access import things_claims, things_firms, things_policies, things_portals, things_service
from tests.cases.conftest import alert, hold, picture
from tests.exchange.conftest import text

SIJING, WATER, JIANGUAN = "310117102", "SJ-SW", "SJ-JGW"
COMMITTEE = "SJ-COMMITTEE"
HOUR = timedelta(hours=1)


@dataclass
class Thing:
    """What is acted on: the act of seeing it, and the units (codes) and people that each scope means there.

    An empty ``sees``: nothing is told of whether it is there, so that whoever may not is told no more than that.
    """

    sees: str
    places: dict[str, set[str]] = field(default_factory=dict)
    # Whoever may see none of its kind is told 403, who may see others of the kind 404.
    room: bool = False


@dataclass
class World:
    """``values`` fill the addresses; ``things`` are what the rules speak of."""

    values: dict[str, Any] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)


def build(people: dict[str, User], source) -> World:
    """Bring it all about. In the caller's transaction."""
    world = World()
    _cases(world, people, source)
    _requests(world, people, source)
    _joint(world, people, source)
    _consequence(world, people)
    _own(world, source)
    _disputes(world, people, source)
    _edition(world, people)
    _handbooks(world)
    _roster(world, people)
    _upload(world, people)
    _channel(world, people)
    _drill(world, people)
    things_policies.build(world, people)
    # The firm is in the register before anybody orders something of it.
    things_firms.build(world, people)
    things_service.service(world, people)
    things_portals.portals(world, people, Thing)
    _deciders(world)
    things_claims.build(world, people)
    _insurance(world, people)
    checkpoints.make()
    world.values["entry"] = LedgerEntry.objects.earliest("id").pk
    now = clock.now()
    world.values |= {"since": (now + 2 * HOUR).isoformat(), "until": (now + 9 * HOUR).isoformat()}
    world.values["day"] = localdate(now + 48 * HOUR).isoformat()
    return world


def _insurance(world: World, people) -> None:
    # Each part's file speaks of ``World``.
    from tests.access import things_findings

    things_findings.findings(world, people)
    things_findings.self_control(world, people)


def _channel(world: World, people) -> None:
    unit = Unit.objects.get(code=SIJING)
    channel = channels.add(unit.pk, channels.Wish(label="值班", url="duty@example.org"), by=people["sijing-head"])
    world.values["channel"] = channel.pk
    world.things["channels"] = Thing("channel.manage", {"own": {SIJING}}, room=True)


def _drill(world: World, people) -> None:
    """A drill that the town of Sijing has begun within its bounds; the lead of its case sees it too."""
    drill = drills.start(scenarios.shipped()["h2s-manhole"], by=people["sijing-head"], speed=60)
    world.values["drill"] = drill.pk
    world.things["drill"] = Thing("drill.read", {"own": {SIJING, WATER}, "named": {SIJING}}, room=True)
    world.things["bounds"] = Thing("", {"own": {SIJING}})


def _open(source, name: str, **fields) -> Case:
    """A case of its own in the town of Sijing."""
    place = {"lat": 31.1144, "lon": 121.2683}
    raw = alert(**({"external_id": f"walk-{name}", "object": f"WALK-{name}", "location": place} | fields))
    return Case.objects.get(number=intake.receive(source, [raw], item.read)[0].case)


def _case(world: World, name: str, case: Case, **places: set[str]) -> Case:
    """Enter ``case`` under ``name``; the parties are the units to which it is shown besides the lead."""
    units = {"party": {SIJING}, "holder": {SIJING}, "lead": {WATER}, "centre": {"SJ-CYZX"}} | places
    units["owner"] = (units["lead"] | units["holder"]) & units["party"]
    units.setdefault("own", units["party"] | units["lead"])
    world.values[name] = case.number
    world.things[name] = Thing("case.read", units)
    return case


def _press(case: Case, people, *steps: str) -> None:
    for number, step in enumerate(steps):
        name, verb = step.split()
        if verb == "prove":
            proof.add(case.pk, picture(number + case.pk), by=people[name])
        else:
            actions.perform(case.pk, verb, by=people[name])


def _ask(world: World, case: Case, people, kind: str, name: str = "", **more) -> None:
    who = people["shuiwu-duty" if name == "escalate_large" else "sijing-head"]
    asked = requests.ask(case.pk, by=who, kind=kind, reason="缺人手", **more)
    world.values[name or kind] = asked.pk


def _cases(world: World, people, source) -> None:
    street = _case(world, "street", _open(source, "street"), granted={"X-INS-B"})
    _press(street, people, "sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove")
    world.values["photo"] = street.evidence.get().pk
    until = clock.now() + timedelta(days=3)
    grant = sharing.share(street.pk, by=people["anwei-office"], until=until, reason="理赔", unit="X-INS-B")
    world.values["grant"] = grant.pk
    for kind, more in {"escalate": {}, "void": {}, "extend": {"minutes": 30}}.items():
        _ask(world, street, people, kind, **more)
    _ask(world, street, people, "return", code="source_elsewhere")
    _ask(world, street, people, "share", proposed="X-TPF", minutes=60)
    fresh = _case(world, "fresh", _open(source, "fresh"))
    # What the record says of the lead concerns it before it is a party.
    world.values["concerned"] = fresh.number
    world.things["concerned"] = Thing("case.read", world.things["fresh"].places | {"party": {SIJING, WATER}})
    desks = {"party": set(), "holder": set(), "lead": set()}
    _case(world, "triage", _open(source, "triage", category="NO-SUCH-CATEGORY"), **desks)
    repair = _case(world, "repair", _open(source, "repair"))
    works = ["acknowledge", "arrive", "prove", "contain", "rectify"]
    _press(repair, people, *(f"sijing-handler {verb}" for verb in works))
    _ask(world, repair, people, "suspend", minutes=60)
    both = {SIJING, WATER}
    wide = _case(world, "wide", _open(source, "wide", grade="orange"), party=both, holder={WATER})
    _ask(world, wide, people, "escalate", "escalate_large")


def _requests(world: World, people, source) -> None:
    """Those that climb: a second extension, long suspensions, what the district alone decides, and an appeal."""
    again = _case(world, "again", _open(source, "again"))
    first = requests.ask(again.pk, by=people["sijing-head"], kind="extend", reason="缺人手", minutes=30)
    requests.decide(first.pk, by=people["chengyun-lead"], approve=True)
    _ask(world, again, people, "extend", "extend_again", minutes=30)
    for kind, by in {"void": "chengyun-lead", "escalate": "shuiwu-head"}.items():
        _ask(world, again, people, kind, "refused")
        requests.decide(world.values["refused"], by=people[by], approve=False, answer="不必")
        if kind == "void":
            world.values["appeal"] = requests.appeal(
                world.values["refused"], by=people["sijing-head"], reason="再请"
            ).pk
    for name, days in {"suspend_long": 8, "suspend_district": 31}.items():
        case = _case(world, name, _open(source, name))
        _press(case, people, *(f"sijing-handler {v}" for v in ("acknowledge", "arrive", "prove", "contain", "rectify")))
        world.values[f"{name}_case"] = world.values.pop(name)
        _ask(world, case, people, "suspend", name, minutes=days * 24 * 60)
    office = {"party": {SIJING, WATER, COMMITTEE}, "holder": {WATER, COMMITTEE}}
    district = _case(world, "district", _open(source, "district", grade="red"), **office)
    _press(district, people, "sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove",
           "shuiwu-duty contain")  # fmt: skip
    _ask(world, district, people, "void", "void_wide")
    asked = requests.ask(
        district.pk, by=people["shuiwu-head"], kind="stand_down", reason="已受控", code="under_control"
    )  # fmt: skip
    world.values["stand_down"] = asked.pk


def _joint(world: World, people, source) -> None:
    """A case in the medium loop, with an order to a third department and a recommendation to be signed."""
    places = {"party": {SIJING, WATER, JIANGUAN}, "holder": {WATER}, "named": {JIANGUAN}}
    joint = _case(world, "joint", _open(source, "joint", grade="orange"), **places)
    lead = people["shuiwu-head"]
    order = orders.give(joint.pk, by=lead, unit=JIANGUAN, text="查明管线", minutes=30)
    advising.record(joint.pk, by=lead, kind="advice", expert="陆工", text="通风")
    advice = advising.record(joint.pk, by=lead, kind="recommendation", expert="陆工、沈工", text="通风")
    (sent,) = dispatching.send(joint.pk, by=people["yingji-office"], wanted={"R-E056": 1})
    office = people["yingji-office"]
    large = _open(source, "large", grade="red")
    headquarters = directory.current().unit_with("large_loop_command").code
    engaged = {SIJING, WATER, headquarters}
    _case(world, "large", large, party=engaged, holder={WATER, headquarters})
    world.values["command"] = command.open_command(large.pk, by=office, objectives="止漏").pk
    listed = urging.issue(joint.pk, by=people["anwei-office"], kind="supervision", unit=JIANGUAN, text="未查明管线")
    world.values |= {"dispatch": sent.pk, "order": order.pk, "advice": advice.pk, "urging": listed.pk}
    pump = sent.lines.get().resource
    keeper = pump.station.unit.code
    world.values |= {"resource": pump.pk, "resource_code": pump.code}
    world.things["resource"] = Thing("resources.read", {"own": {keeper}, "named": {keeper}})
    world.things["urging"] = Thing("urge.read", {"own": {JIANGUAN, "SJ-ANWEI"}, "named": {JIANGUAN}})


def _consequence(world: World, people) -> None:
    """A department was summoned to a talk on a case, which has been held."""
    by, now = people["anwei-office"], clock.now()
    asked = ordering.Asked("talk", "case", JIANGUAN, "未查明管线", number=world.values["joint"], basis="第十条",
                           place="301", chair="周主任", meets_at=now - HOUR)  # fmt: skip
    with clock.as_if(now - 2 * HOUR):
        made = ordering.order(asked, by=by)
    following.hold(made.pk, by=by, outcome="已查明", file=picture(200))
    world.values["summoned"] = made.pk
    world.things["summoned"] = Thing("consequence.read", {"own": {JIANGUAN}, "named": {JIANGUAN}})
    world.things["summoning"] = Thing("consequence.read", {"own": {JIANGUAN}, "named": {"SJ-ANWEI"}})


def _own(world: World, source) -> None:
    """A case at an object of the enterprise that walks."""
    owned = _open(source, "owned", object="MH-SIJING-0088")
    world.values["owned"] = owned.number
    world.things["owned"] = Thing("statement.own", {"own": {owned.risk_object.main_body.code}}, room=True)


def _deciders(world: World) -> None:
    """A unit that was asked to decide on a case sees it."""
    for name, thing in world.things.items():
        if thing.sees == "case.read":
            number = world.values.get(f"{name}_case") or world.values[name]
            owed = Deadline.objects.filter(case__number=number, kind="decide")
            thing.places["own"] = thing.places["own"] | set(owed.values_list("unit__code", flat=True))


def _disputes(world: World, people, source) -> None:
    Category.objects.create(code="WALK-NEW", name="新业态", domain="新", operator="event", unit="")
    gap = _case(world, "gap", _open(source, "gap", category="WALK-NEW", scenario=None), lead=set())
    world.values["determine"] = gap.requests.get().pk
    moved = _case(world, "moved", _open(source, "moved"))
    changes = Changes(directory.current(), clock.now())
    for case in locked(pk=moved.pk):
        changes.ask(case, RequestKind.REDISPATCH, proposed=changes.known.units_by_code[JIANGUAN], reason="edition")
        changes.touch(case)
    changes.write(by=acting.SYSTEM)
    world.values["redispatch"] = Request.objects.get(case=moved).pk


def _edition(world: World, people) -> None:
    """Drawn up by somebody who does not walk, so that everybody else may approve as far as the post goes."""
    drafter = User.objects.create_user("walk-drafter")
    hold(drafter, Unit.objects.get(code="SJ-ANWEI"), Role.COMMITTEE_OFFICE)
    draft = editions.draft(by=drafter, title="待议")
    editions.send(draft.pk, by=drafter)
    row = Duty.objects.filter(edition=draft, unit__code=WATER).order_by("pk")[0]
    world.values |= {"draft": draft.number, "row": row.pk}
    world.things["draft"] = Thing("edition.read", {"named": {WATER}})
    # The page of opinions, which every unit's head may open though none of its rows stands there.
    world.things["unnamed"] = Thing("edition.read", {"named": set(directory.current().units_by_code)})


def _handbooks(world: World) -> None:
    """One draft and one before the committee, both of somebody who does not walk; a step of the case in the street."""
    keeper = User.objects.create_user("walk-keeper")
    hold(keeper, Unit.objects.get(code=WATER), Role.MANAGER)
    draft, laid = (versions.draft(code, by=keeper) for code in ("LL-CONF-CH4", "LL-CONF-O2"))
    versions.submit(laid.pk, by=keeper)
    street = Case.objects.get(number=world.values["street"])
    tick = Step.objects.filter(version=street.policy["handbook"]).first()
    world.values |= {"handbook": draft.number, "laid": laid.number, "step": draft.steps.first().pk, "tick": tick.pk}
    world.things["handbook"] = Thing("handbook.read", {"own": {WATER}})
    world.things["keeping"] = Thing("", {"own": {WATER}})


def _roster(world: World, people) -> None:
    now = clock.now()
    rows = [
        rostering.Row(SIJING, "sijing-duty", now - HOUR, now + 8 * HOUR),
        rostering.Row(SIJING, "sijing-duty", now + 10 * HOUR, now + 18 * HOUR),
    ]
    with clock.as_if(now - HOUR):
        running, coming = rostering.plan(rows, by=people["sijing-head"])
    taker = people["sijing-handler"].posts.get()
    handed = rostering.hand_over(running.pk, by=people["sijing-duty"], to=taker.pk)
    world.values |= {"running": running.pk, "coming": coming.pk, "taker": taker.pk, "handed": handed.pk}
    world.things["roster"] = Thing("roster.read", {"own": {SIJING}}, room=True)
    world.things["officer"] = Thing("", {"named": {"sijing-duty"}})
    world.things["planned"] = Thing("", {"own": {SIJING}})
    world.things["shift"] = Thing("roster.read", {"own": {SIJING}, "named": {"sijing-duty"}}, room=True)
    world.things["handed"] = Thing("roster.read", {"own": {SIJING}, "named": {"sijing-handler"}}, room=True)


def _upload(world: World, people) -> None:
    """A file that changes nothing: whoever may import it is told that there is nothing to do."""
    columns = TABLES["units"].read_columns
    unit = next(iter(TABLES["units"].records("")))
    cells = TABLES["units"].texts(unit, [column.name for column in columns])
    lines = [",".join(column.label for column in columns), ",".join(f'"{cell}"' for cell in cells)]
    file = text("\n".join(lines))
    upload = importing.receive(TABLES["units"], file, file.name, by=people["anwei-office"])
    importing.judge(upload.pk)
    world.values["upload"] = upload.chain
    world.things["upload"] = Thing("exchange.units")
