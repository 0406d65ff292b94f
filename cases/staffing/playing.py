"""One run: the alerts of a period come in, people answer, go and work, clocks run, cases rise. Minutes throughout."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache

from simpy import Environment, Event

from cases import granting, guards, loops, opening
from cases.models import Loop, State
from cases.models.work import RequestState
from cases.staffing.arrivals import Period
from cases.staffing.chance import Draws
from cases.staffing.habits import ASK_AFTER
from cases.staffing.incident import Incident
from cases.staffing.rooms import Room
from cases.staffing.rosters import changed, levels
from cases.staffing.snapshot import District, Point
from cases.staffing.tally import Rise, Tally
from cases.staffing.variants import Variant
from resources import matching
from responsibility.models import Category, Unit
from responsibility.models.matrix import DutyRole

DAY = 24 * 60
# How long after its last alert a period is played at most, so that the limits can pass.
TAIL = timedelta(days=15)


class Run:
    """``period`` played in ``district`` as ``variant`` would have it. ``say`` is told how many alerts are in."""

    def __init__(
        self,
        district: District,
        variant: Variant,
        period: Period,
        draws: Draws,
        say: Callable[[int], None] = lambda done: None,
    ):
        self.district, self.variant, self.period, self.draws, self.say = district, variant, period, draws, say
        self.env, self.tally, self.habits = Environment(), Tally(), district.habits
        self.promise = lru_cache(maxsize=None)(variant.promise)
        self.offers = variant.offers(district)
        # What the district has not got at all is not waited for.
        self.stock: Counter[int] = Counter()
        for offer in self.offers:
            self.stock[offer.capability_id] += offer.number * offer.resource.free
        self.returned: Event = self.env.event()
        self.cases: dict[object, Incident] = {}
        self.incidents: list[Incident] = []
        self.rooms: dict[int, Room] = {}
        for pk, counts in changed(district.rosters, variant.staff).items():
            self.rooms[pk] = Room(self.env, levels(counts), period.minutes)

    def play(self) -> dict[str, float]:
        """Play it to the end of all limits; the figures."""
        self.env.process(self._alerts())
        self.env.run(until=self.period.minutes + self._tail())
        self.say(len(self.period.arrivals))
        self.tally.unfinished = sum(not incident.contained.triggered for incident in self.incidents)
        units = self.district.known.units
        return self.tally.figures([(units[pk], room) for pk, room in self.rooms.items()])

    def _tail(self) -> float:
        policies = map(self.promise, self.district.known.categories.values())
        longest = max((policy["contain"] + policy["medium"] for policy in policies), default=0)
        return min(longest + DAY, TAIL.total_seconds() / 60)

    @property
    def _now(self) -> datetime:
        return self.period.begins + timedelta(minutes=self.env.now)

    # --- alerts --------------------------------------------------------------
    def _alerts(self):
        for number, arrival in enumerate(self.period.arrivals):
            if arrival.minute > self.env.now:
                yield self.env.timeout(arrival.minute - self.env.now)
            self._take(number, arrival.draft)
            if number % 500 == 0:
                self.say(number)

    def _take(self, number: int, draft) -> None:
        key = opening.key_of(draft)
        found = self.cases.get(key) or self.cases.get(draft.chain)
        if found is not None and opening.joinable(found, self._now):
            self._join(found, draft, number)
        else:
            found = self._open(number, draft)
        self.cases[key] = self.cases[draft.chain] = found

    def _open(self, number: int, draft) -> Incident:
        lead = self.district.owners.lead(draft.category, draft.scenario, draft.territory)
        incident = Incident(number, draft, self.promise(draft.category), lead, self._now)
        self.tally.cases += 1
        self.incidents.append(incident)
        self._begin(incident)
        self._engage(incident, incident.street, DutyRole.TERRITORY)
        self._start(incident, "arrive", incident.policy["arrive"], incident.arrival)
        self._start(incident, "contain", incident.policy["contain"], incident.contained)
        self._by_grade(incident)
        return incident

    def _begin(self, incident: Incident) -> None:
        spread = self.habits.working(incident.draft.category_code, incident.grade)
        incident.begin(self.env, spread.at(self.draws(incident.number, "work")))
        self.env.process(self._conclude(incident))

    def _join(self, incident: Incident, draft, number: int) -> None:
        self.tally.joined += 1
        if opening.is_old_news(incident, draft, self._now):
            return
        if type(incident.grade)(draft.grade).rank < incident.grade.rank:
            incident.grade = type(incident.grade)(draft.grade)
            incident.regraded.succeed()
            incident.regraded = self.env.event()
        if incident.state == State.CLOSED:
            self._begin_again(incident, number)
        self._by_grade(incident)

    def _begin_again(self, incident: Incident, number: int) -> None:
        """Danger again at a closed case: the holder answers anew, and whoever worked there goes again."""
        self.tally.reopened += 1
        incident.number, incident.state, incident.closed_at = number, State.RECTIFYING, None
        if incident.loop != Loop.SMALL:
            self.tally.wide.add(number)
        self._begin(incident)
        crews, incident.crews, incident.answered = incident.crews, [], {}
        if incident.holder is not None:
            self._call(incident, incident.holder)
        for unit in crews:
            self._send(incident, unit)
        if incident.holder not in crews and incident.holder is not None:
            self.env.process(self._answer(incident, incident.holder))
        self._start(incident, "contain", incident.policy["contain"], incident.contained)

    # --- clocks --------------------------------------------------------------
    def _start(self, incident: Incident, kind: str, minutes: float, stopped: Event) -> None:
        self.env.process(self._clock(incident, kind, minutes, stopped))

    def _clock(self, incident: Incident, kind: str, minutes: float, stopped: Event):
        own = self._own(incident) if kind == "contain" else 0.0
        yield self.env.timeout(minutes)
        if stopped.triggered:
            return
        self.tally.missed[kind] += 1
        self.tally.spared += kind == "contain" and own <= minutes
        to = loops.widens(incident.policy, incident.loop, kind)
        if to and incident.is_open:
            self._rise(incident, to, kind)

    def _own(self, incident: Incident) -> float:
        """How long the street would have taken with somebody free at once."""
        return self._answering(incident, incident.street) + self._way(incident, incident.street) + incident.work

    def _by_grade(self, incident: Incident) -> None:
        to = loops.widens(incident.policy, incident.loop, incident.grade)
        if to:
            self._rise(incident, to, f"grade:{incident.grade}")

    def _rise(self, incident: Incident, to: Loop, why: str) -> None:
        command = self.district.command
        incident.holder, joining = loops.taking_over(to, incident.holder, incident.lead, command)
        incident.loop = to
        self.tally.rises.append(Rise(incident.number, self.env.now, str(to), why))
        if to == Loop.MEDIUM:
            self._start(incident, "medium_limit", incident.policy["medium"], incident.contained)
        for unit, role in joining:
            self._engage(incident, unit, role)
        if to == Loop.LARGE:
            self.env.process(self._reinforce(incident))
        incident.widened.succeed()
        incident.widened = self.env.event()

    # --- people --------------------------------------------------------------
    def _engage(self, incident: Incident, unit: Unit | None, role: str) -> None:
        if unit is None or unit.pk in incident.answered:
            return
        self._call(incident, unit)
        if role == DutyRole.COMMAND:
            self.env.process(self._answer(incident, unit))
        else:
            self._send(incident, unit)

    def _call(self, incident: Incident, unit: Unit) -> None:
        incident.answered[unit.pk] = answered = self.env.event()
        self.env.process(self._ladder(incident, unit, answered))

    def _send(self, incident: Incident, unit: Unit) -> None:
        incident.answered.setdefault(unit.pk, self.env.event())
        incident.crews.append(unit)
        self.env.process(self._crew(incident, unit))

    def _answers(self, incident: Incident, answered: Event, unit: Unit) -> None:
        if answered.triggered:
            return
        answered.succeed()
        if unit == incident.street and not incident.answer.triggered:
            incident.answer.succeed()
            self.tally.answer.append(self.env.now - incident.began)

    def _ladder(self, incident: Incident, unit: Unit, answered: Event):
        """While nobody answers: one rung after the other is called, each is waited for, some answer."""
        number = incident.number
        yield self.env.timeout(incident.policy["acknowledge"])
        if answered.triggered:
            return
        self.tally.missed["acknowledge"] += 1
        for rung in self.district.ladders.get(unit.pk, ()):
            wait, purpose = incident.policy["ladder"][rung.to], f"rung {rung.number} {unit.code}"
            heard = rung.peopled and self.draws(number, f"{purpose} heard") < self.habits.heard.value
            takes = self.habits.answer.at(self.draws(number, purpose))
            yield self.env.timeout(min(wait, takes) if heard else wait)
            if answered.triggered:
                return
            if heard and takes < wait:
                self._answers(incident, answered, unit)
                return

    def _answering(self, incident: Incident, unit: Unit) -> float:
        return self.habits.answer.at(self.draws(incident.number, f"answer {unit.code}"))

    def _way(self, incident: Incident, unit: Unit) -> float:
        if incident.place is None:
            return self.habits.setting_out
        return self.habits.setting_out + self.district.way(unit, incident.place)

    def _person(self, incident: Incident, unit: Unit, enough: Event):
        """Somebody of ``unit`` for the case, in the order of colours; nobody once ``enough`` has happened."""
        room = self.rooms[unit.pk]
        while True:
            request, regraded = room.ask(incident.grade.rank), incident.regraded
            if request.triggered:
                return request
            yield self.env.any_of([request, enough, regraded])
            if room.settle(request):
                return request
            if enough.triggered:
                return None

    def _answer(self, incident: Incident, unit: Unit):
        """A command answers for itself and stays where it is."""
        if unit.pk not in self.rooms:
            return
        answered = incident.answered[unit.pk]
        person = yield from self._person(incident, unit, answered)
        if person is not None:
            yield self.env.timeout(self._answering(incident, unit))
            self._answers(incident, answered, unit)
            self.rooms[unit.pk].back(person)

    def _crew(self, incident: Incident, unit: Unit):
        """Somebody answers, goes, and is bound until the danger is contained, by whomever."""
        if unit.pk not in self.rooms:
            return
        asked, contained, answered = self.env.now, incident.contained, incident.answered[unit.pk]
        # A danger contained already needs nobody to go, but still an answer.
        over = answered if contained.triggered else contained
        person = yield from self._person(incident, unit, over)
        if person is None:
            return
        if unit == incident.street:
            self.tally.wait.append(self.env.now - asked)
        yield self.env.timeout(self._answering(incident, unit))
        self._answers(incident, answered, unit)
        if not contained.triggered:
            yield self.env.timeout(self._way(incident, unit)) | contained
        if not contained.triggered:
            self._arrives(incident, unit)
            yield contained
        self.rooms[unit.pk].back(person)

    def _arrives(self, incident: Incident, unit: Unit) -> None:
        self._on_site(incident, 1)
        self.tally.helped += unit != incident.street
        if unit == incident.street and incident.loop == Loop.SMALL:
            self.env.process(self._ask(incident, incident.contained))

    def _on_site(self, incident: Incident, crews: int) -> None:
        if not incident.arrival.triggered:
            incident.arrival.succeed()
            self.tally.arrive.append(self.env.now - incident.began)
        incident.site.join(crews)

    def _ask(self, incident: Incident, contained: Event):
        """A few streets see that it is beyond their power, ask, and wait for the decision or for its clock."""
        if self.draws(incident.number, "ask") >= self.habits.asking.value:
            return
        yield self.env.timeout(incident.work * ASK_AFTER)
        if contained.triggered or incident.loop != Loop.SMALL:
            return
        takes, limit = self.habits.deciding.at(self.draws(incident.number, "decide")), incident.policy["decide"]
        lapses = takes >= limit["escalate"]
        yield self.env.timeout(min(takes, limit["escalate"]))
        if contained.triggered or incident.loop != Loop.SMALL:
            return
        if lapses and granting.DEFAULT["escalate"] == RequestState.APPROVED:
            self._rise(incident, Loop.MEDIUM, "lapse")
        elif not lapses and self.draws(incident.number, "approve") < self.habits.approving.value:
            self._rise(incident, Loop.MEDIUM, "request")

    def _conclude(self, incident: Incident):
        """The work is done and who commands has answered: contained. A while later the case is closed."""
        contained = incident.contained
        yield incident.site.done
        while not (said := self._commanders(incident)) or not any(event.triggered for event in said):
            yield self.env.any_of([*said, incident.widened])
        contained.succeed()
        incident.state = State.CONTAINED
        self.tally.contain.append(self.env.now - incident.began)
        yield self.env.timeout(self.habits.closing.at(self.draws(incident.number, "closing")))
        incident.state, incident.closed_at = State.CLOSED, self._now

    def _commanders(self, incident: Incident) -> list[Event]:
        return [incident.answered[pk] for pk in guards.commanding(incident) if pk in incident.answered]

    # --- the district's resources ---------------------------------------------
    def _reinforce(self, incident: Incident):
        """The kit of the category comes from the nearest stations, whole or not at all, and goes back afterwards."""
        contained = incident.contained
        while not contained.triggered:
            kit = self._kit(incident.draft.category, incident.place)
            if kit is None or kit.lacking:
                yield self.returned | contained
                continue
            sent = {id(s.resource): s for line in kit.lines for s in line.sources if s.take}
            for source in sent.values():
                source.resource.reserved += source.take
            slowest = max((source.leg.minutes for source in sent.values() if source.leg), default=0.0)
            yield self.env.timeout(self.habits.setting_out + slowest) | contained
            teams = sum(source.resource.kind == "team" for source in sent.values())
            if teams and not contained.triggered:
                self.tally.teams += teams
                self._on_site(incident, teams)
                yield contained
            elif not contained.triggered:
                yield contained
            for source in sent.values():
                source.resource.reserved -= source.take
            self.returned.succeed()
            self.returned = self.env.event()

    def _kit(self, category: Category | None, place: Point | None) -> matching.Kit | None:
        """What would go now; ``None`` where the category has no kit."""
        lines = self.district.kits.get(category.pk, []) if category else []
        wanted = [
            matching.Line(line.capability, asked, 0)
            for line in lines
            if (asked := min(line.quantity, self.stock[line.capability_id]))
        ]
        return matching.fill(wanted, self.offers, place) if wanted else None
