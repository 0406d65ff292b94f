"""Demo people at work: they look at a case, do the next thing after a human while, and now and then do not."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from cases.models import Loop, RequestKind, State
from config.demo import photo
from config.demo.doors import Declined, Door, Seen
from config.demo.timeline import Timeline
from responsibility.models import Role

ANSWERS = (Role.DUTY_OFFICER, Role.MANAGER, Role.HEAD, Role.HANDLER, Role.EMERGENCY_OFFICE)
GOES = (Role.HANDLER, Role.DUTY_OFFICER, Role.MANAGER, Role.HEAD, Role.EMERGENCY_OFFICE)
OVER = (State.CLOSED, State.VOID, State.SUSPENDED)
# How long people take for a verb: minutes from – to.
TAKES = {
    "file": (4, 12), "void": (4, 12), "acknowledge": (1, 4), "arrive": (5, 15), "contain": (15, 55),
    "rectify": (5, 15), "report": (15, 60), "rework": (8, 40), "close": (8, 40), "ask": (3, 8), "decide": (5, 20),
}  # fmt: skip
NOTES = {
    "acknowledge": ["收到，已通知处置员前往。", "已签收，人员正在集结。", "收到，马上处理。"],
    "arrive": ["已到现场，先行警戒。", "到场，周边已疏散。", "已到达，正在复测。"],
    "contain": ["强制通风后复测正常，现场已围挡。", "险情已受控，留一人值守。", "已切断来源，浓度下降。"],
    "rectify": ["已联系养护单位更换部件。", "需停用检修，今日完成。"],
    "report": ["处置完毕，请核查。", "已恢复正常，附现场照片。"],
    "close": ["电话回访并核对照片，情况属实。", "现场抽查，已恢复。"],
    "file": ["经核实确有险情，立案派遣。"],
}
REWORK = "照片未显示井盖复位，请补充处置。"
OUTSIDE = "点位不在本区，已通报相邻区。"
UNPEOPLED = "nobody"


@dataclass(frozen=True)
class Wish:
    """What the people on a case ask for when they come to rest; ``approve`` empty leaves it undecided."""

    kind: str
    reason: str
    minutes: int | None = None
    approve: bool | None = None
    answer: str = ""


SUPPORT = Wish(RequestKind.ESCALATE, "需要行业主管部门的专业队伍支援。", approve=True, answer="同意增援。")


@dataclass(frozen=True)
class Temper:
    """How a case goes. People rest at state ``stop``; ``rescued``: once it has risen, the others go on."""

    stop: str = ""
    rescued: bool = True
    pace: float = 1.0
    rectify: bool = False
    rework: bool = False
    wish: Wish | None = None


@dataclass
class Work:
    """One case as its people know it. ``proof_due``: a photograph must be taken before it goes on."""

    number: str
    temper: Temper
    pending: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    proof_due: bool = True
    shots: int = 0
    setbacks: int = 0


@dataclass
class Tally:
    """What was sent and done, and what was refused, by name."""

    outcomes: Counter = field(default_factory=Counter)
    acts: Counter = field(default_factory=Counter)
    refusals: Counter = field(default_factory=Counter)


class Staff:
    """The demo people of a district file by unit and role."""

    def __init__(self, data: dict):
        self.people = data["demo"]["people"]

    def of(self, unit: str, roles: tuple[str, ...]) -> str:
        """Somebody of ``unit``, by preference of ``roles``; an empty text when there is nobody."""
        mine = {row["role"]: row["username"] for row in reversed(self.people) if row["unit"] == unit}
        return next((mine[role] for role in roles if role in mine), "")

    def holding(self, role: str) -> str:
        """The first person with ``role``."""
        return next((row["username"] for row in self.people if row["role"] == role), "")


class Crew:
    """All demo people of a district, on one timeline, at one door."""

    def __init__(self, door: Door, timeline: Timeline, data: dict, rng: Random):
        self.door, self.timeline, self.rng = door, timeline, rng
        self.staff, self.tally = Staff(data), Tally()
        self.categories = {row["code"]: row for row in data["categories"]}
        self.works: dict[str, Work] = {}

    def take(self, items: list[dict], temper: Temper | None = None) -> list[dict]:
        """Send ``items`` and let people follow what comes of them; ``temper`` when it is not left to chance."""
        answers = self.door.post(items)
        for answer in answers:
            self.tally.outcomes[str(answer["outcome"])] += 1
            self.tally.refusals.update(error["code"] for error in answer["errors"])
            if answer["case"] and str(answer["outcome"]) in ("opened", "triage", "joined"):
                self._follow(answer["case"], temper)
        return answers

    def wake(self) -> None:
        """Something happened by itself: whoever rests looks up."""
        for work in list(self.works.values()):
            if not work.pending:
                self._next(work)

    def _follow(self, number: str, temper: Temper | None) -> None:
        work = self.works.get(number)
        if work is None:
            work = self.works[number] = Work(number, temper or self._temper())
        elif work.pending or work.temper.stop:
            return
        else:
            # It was over and has begun again: everybody answers anew, and proof is given anew.
            work.called.clear()
            work.proof_due = True
        self._next(work)

    def _temper(self) -> Temper:
        chance, pace = self.rng.random(), self.rng.uniform(0.6, 1.6)
        if chance < 0.08:
            stop = self.rng.choice([State.DISPATCHED, State.ACKNOWLEDGED, State.ON_SITE, State.TRIAGE])
            return Temper(stop=stop, rescued=self.rng.random() < 0.85, pace=pace)
        if chance < 0.11:
            return Temper(stop=State.ON_SITE, pace=pace, wish=SUPPORT)
        return Temper(pace=pace, rectify=chance > 0.7, rework=0.4 < chance < 0.48)

    # --- one case ------------------------------------------------------------
    def _next(self, work: Work) -> None:
        try:
            seen = self.door.look(work.number)
        except Declined as declined:
            self.tally.refusals[declined.code] += 1
            return
        if seen.state in OVER or work.setbacks > 3:
            return
        if seen.state == work.temper.stop and not (work.temper.rescued and seen.loop != Loop.SMALL):
            self._rest(work, seen)
            return
        for unit in seen.waiting:
            if unit not in work.called and seen.state != State.TRIAGE:
                work.called.add(unit)
                self._plan(work, seen, "acknowledge", unit, ANSWERS, {})
        verb, data = self._verb(work, seen)
        if verb in ("file", "void"):
            self._plan(work, seen, verb, "", (Role.SHIFT_LEADER,), data)
        elif verb in ("close", "rework"):
            self._plan(work, seen, verb, "", (Role.CHECKER,), data)
        elif verb:
            # First action stays with the street however far the case has risen; the holder commands the rest.
            self._plan(work, seen, verb, seen.street if verb == "arrive" else seen.holder, GOES, data)

    def _verb(self, work: Work, seen: Seen) -> tuple[str, dict]:
        temper = work.temper
        if seen.state == State.TRIAGE and not seen.at_home:
            return "void", {"reason": OUTSIDE}
        if seen.state == State.TRIAGE:
            known = seen.category in self.categories
            return "file", {} if known else {"category": self.rng.choice(sorted(self.categories))}
        if seen.state == State.ACKNOWLEDGED:
            return "arrive", {"location": {"lat": seen.lat, "lon": seen.lon}} if seen.lat is not None else {}
        if seen.state == State.VERIFYING and temper.rework:
            return "rework", {"reason": REWORK}
        if seen.state == State.CONTAINED and temper.rectify:
            return "rectify", {}
        follows = {State.ON_SITE: "contain", State.VERIFYING: "close"}
        reports = (State.CONTAINED, State.RECTIFYING)
        return follows.get(State(seen.state), "report" if seen.state in reports else ""), {}

    def _plan(self, work: Work, seen: Seen, verb: str, unit: str, roles: tuple[str, ...], data: dict) -> None:
        """Let somebody press ``verb`` after a while, unless that is on its way already."""
        who = self.staff.of(unit, roles) if unit else self.staff.holding(roles[0])
        # Every unit answers for itself; everything else is done once.
        key = f"{verb} {unit}" if verb == "acknowledge" else verb
        if key in work.pending:
            return
        if not who:
            self.tally.refusals[UNPEOPLED] += 1
            return
        work.pending.add(key)
        note = {"note": self.rng.choice(NOTES[verb])} if verb in NOTES else {}
        self._later(verb, work, lambda: self._act(work, seen, key, who, verb, note | data))

    def _later(self, what: str, work: Work, act) -> None:
        minutes = self.rng.uniform(*TAKES[what]) * work.temper.pace
        self.timeline.at(self.timeline.now + timedelta(minutes=minutes), act)

    def _act(self, work: Work, seen: Seen, key: str, who: str, verb: str, data: dict) -> None:
        work.pending.discard(key)
        try:
            if verb in ("contain", "report") and work.proof_due:
                self._prove(work, seen, who)
            self.door.press(who, work.number, verb, data)
            self.tally.acts[verb] += 1
        except Declined as declined:
            self.tally.refusals[declined.code] += 1
            work.setbacks += 1
            work.proof_due = work.proof_due or declined.code == "no_evidence"
        else:
            if verb == "rework":
                work.proof_due, work.temper = True, replace(work.temper, rework=False)
        self._next(work)

    def _prove(self, work: Work, seen: Seen, who: str) -> None:
        kinds = self.categories.get(seen.category, {}).get("evidence") or ["photo"]
        for kind in kinds:
            work.shots += 1
            taken = photo.take(work.number, seen.category, self.timeline.now, seen.lat, seen.lon, work.shots)
            name = f"{work.number}-{work.shots}.jpg"
            self.door.prove(who, work.number, taken, name, kind, "现场处置后拍摄")
            self.tally.acts["evidence"] += 1
        work.proof_due = False

    # --- requests ------------------------------------------------------------
    def _rest(self, work: Work, seen: Seen) -> None:
        wish = work.temper.wish
        if wish:
            work.temper = replace(work.temper, wish=None)
            work.pending.add("ask")
            self._later("ask", work, lambda: self._ask(work, seen, wish))

    def _ask(self, work: Work, seen: Seen, wish: Wish) -> None:
        work.pending.discard("ask")
        who = self.staff.of(seen.holder, ANSWERS)
        try:
            asked = self.door.ask(who, work.number, wish.kind, wish.reason, wish.minutes)
            self.tally.acts[f"ask {wish.kind}"] += 1
        except Declined as declined:
            self.tally.refusals[declined.code] += 1
            return
        if wish.approve is not None:
            work.pending.add("decide")
            self._later("decide", work, lambda: self._decide(work, seen, wish, asked))

    def _decide(self, work: Work, seen: Seen, wish: Wish, request: int) -> None:
        work.pending.discard("decide")
        if wish.kind != RequestKind.ESCALATE:
            who = self.staff.holding(Role.SHIFT_LEADER)
        elif seen.lead and seen.loop == Loop.SMALL:
            who = self.staff.of(seen.lead, (Role.MANAGER,))
        else:
            who = self.staff.holding(Role.EMERGENCY_OFFICE)
        try:
            self.door.decide(who, request, bool(wish.approve), wish.answer)
            self.tally.acts["approve" if wish.approve else "refuse"] += 1
        except Declined as declined:
            self.tally.refusals[declined.code] += 1
        work.temper = replace(work.temper, stop="")
        self._next(work)
