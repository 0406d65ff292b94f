"""A day of work behind a district: made by the real actions, each at its own time, never by rows put in place.

What happens follows from the seed of the district file; when, from the present. At the end there are cases in
every state, with clocks green, amber and red, so that every desk has something real before it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from django.db import transaction

from alerts.models import Alert
from cases import reminding, sweeping
from cases.models import Deadline, RequestKind, State
from config import progress
from config.demo import people
from config.demo.doors import Inside
from config.demo.drive import Crew, Tally, Temper, Wish
from config.demo.mix import Mix
from config.demo.timeline import Timeline
from notices import addressing
from responsibility import clock
from responsibility.models import Role

HOURS = 24
ORDINARY = 50
TICK = timedelta(minutes=5)
# A burst of rain: the warning, then water in many places, all in one batch.
RAIN = ["ND-RAIN"] + ["LL-ROAD-POND"] * 5 + ["LL-UNDERPASS"] * 2 + ["ND-RIVER"]
H2S, GAS = "LL-CONF-H2S", "LL-GAS-LEAK"
# A venue for which the matrix names no lead for e-bikes.
GAP = "delivery riders (platform firms)"

HELP = Wish(RequestKind.ESCALATE, "相邻地下室浓度持续上升，需燃气主管部门牵头。")
WHOSE = Wish(RequestKind.ESCALATE, "涉事车辆属外卖平台，主管部门不明，请指定牵头单位。")
NO_NEED = Wish(RequestKind.ESCALATE, "请水务部门派员。", approve=False, answer="属地养护力量可以处置，请继续。")
MORE_TIME = Wish(RequestKind.EXTEND, "管线产权单位正在赶来，申请延长两小时。", minutes=120)
NO_PART = Wish(
    RequestKind.SUSPEND, "风机部件缺货，已加装临时通风。", minutes=4320, approve=True, answer="同意挂账三日。"
)
MISTAKEN = Wish(RequestKind.VOID, "探头标定引起的误报，厂家已复检。", approve=True, answer="同意作废。")


@dataclass(frozen=True)
class Scene:
    """One alert ``ago`` minutes before now and how it goes; ``street`` indexes ``streets``, ``None`` for any."""

    ago: int
    category: str
    grade: str
    temper: Temper
    street: int | None = 0
    scenario: str = ""


SCENES = [
    Scene(3, H2S, "yellow", Temper(stop=State.DISPATCHED)),
    Scene(13, "PS-EBIKE", "yellow", Temper(stop=State.DISPATCHED)),
    Scene(9, H2S, "blue", Temper(stop=State.ACKNOWLEDGED, pace=0.5)),
    Scene(205, H2S, "yellow", Temper(stop=State.ON_SITE)),
    Scene(290, H2S, "yellow", Temper(stop=State.ON_SITE, rescued=False)),
    Scene(150, H2S, "yellow", Temper(stop=State.VERIFYING)),
    Scene(180, "LL-WATER-BURST", "yellow", Temper(stop=State.RECTIFYING, rectify=True)),
    Scene(95, "LL-ROAD-CAVITY", "yellow", Temper(stop=State.CONTAINED)),
    Scene(310, H2S, "yellow", Temper(stop=State.RECTIFYING, rectify=True, wish=NO_PART), street=None),
    Scene(75, GAS, "yellow", Temper(stop=State.ON_SITE, wish=HELP), street=None),
    Scene(150, GAS, "orange", Temper(stop=State.ON_SITE, rescued=False), street=None),
    Scene(260, "WS-CRANE", "orange", Temper(stop=State.RECTIFYING, rescued=False, rectify=True), street=None),
    Scene(35, GAS, "red", Temper(stop=State.ON_SITE, rescued=False, pace=0.5), street=None),
    Scene(540, "PS-CURTAIN", "yellow", Temper(stop=State.DISPATCHED, rescued=False), street=None),
    Scene(800, "WS-PIT", "yellow", Temper(stop=State.DISPATCHED, rescued=False), street=None),
    Scene(60, "PS-EBIKE", "yellow", Temper(stop=State.ON_SITE, wish=WHOSE), scenario=GAP),
    Scene(100, "LL-BRIDGE", "yellow", Temper(stop=State.ON_SITE, wish=MORE_TIME)),
    Scene(420, H2S, "yellow", Temper(stop=State.ON_SITE, wish=NO_NEED)),
    Scene(220, "PS-LIFT", "yellow", Temper(stop=State.ACKNOWLEDGED, wish=MISTAKEN)),
    Scene(460, H2S, "yellow", Temper(rework=True)),
    Scene(330, H2S, "blue", Temper(rework=True), street=None),
    Scene(40, H2S, "yellow", Temper(stop=State.ON_SITE), street=1),
    Scene(170, GAS, "yellow", Temper(stop=State.VERIFYING), street=1),
    Scene(50, "LL-CONF-CH4", "orange", Temper(stop=State.ON_SITE, rescued=False)),
]


def exists() -> bool:
    """Whether the demo source has sent anything yet: then there is a history, or work that one would disturb."""
    return Alert.objects.filter(source__code=people.SOURCE).exists()


def write(data: dict, now: datetime, say: Callable[[float], None] = lambda done: None) -> Tally:
    """Live through the day before ``now``; all of it or nothing. ``say`` is told the share done, 0 to 1."""
    start = now - timedelta(hours=HOURS)

    rng = Random(data["demo"]["seed"])
    timeline = Timeline(start, lambda at: lived(at, lambda: say((at - start) / (now - start))))
    crew, mix = Crew(Inside(), timeline, data, rng), Mix(data, rng, "demo")
    # The scenes choose their objects first, so that no ordinary alert joins them by chance.
    _stage(timeline, crew, mix, now)
    for post in mix.plan(ORDINARY, start, HOURS - 0.5):
        timeline.at(post.at, partial(crew.take, post.items))
    tick_through(timeline, crew, start, HOURS)
    with progress.quiet("cases.sweeping"), transaction.atomic():
        timeline.run(now)
    return crew.tally


@contextmanager
def lived(at: datetime, say: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let an act happen at ``at``, and whoever it concerns be told at once, as the beat does it."""
    say()
    with clock.as_if(at):
        yield
        # Again, for what reached nobody is told to somebody else.
        while addressing.address():
            pass


def tick_through(timeline: Timeline, crew: Crew, start: datetime, hours: float, every: timedelta = TICK) -> None:
    """Let the clock strike ``every`` few minutes for ``hours`` from ``start`` on."""
    for tick in range(int(hours * 3600 / every.total_seconds())):
        timeline.at(start + (tick + 1) * every, lambda: _sweep(timeline.now, crew))


def _stage(timeline: Timeline, crew: Crew, mix: Mix, now: datetime) -> None:
    """Put the scenes on the timeline, those of categories that the district has."""
    wards = streets(mix.data)
    here = wards[0]

    def ago(minutes: int) -> datetime:
        return now - timedelta(minutes=minutes)

    def at(when: datetime, items: list[dict], temper: Temper | None = None) -> None:
        timeline.at(when, partial(crew.take, items, temper))

    for scene in SCENES:
        if scene.category in mix.categories:
            when, street = ago(scene.ago), "" if scene.street is None else wards[scene.street]
            wanted = {"category": scene.category, "grade": scene.grade, "scenario": scene.scenario}
            at(when, [mix.apart(when, territory=street, **wanted)], scene.temper)
    at(ago(25), [mix.unlisted(ago(25), here)], Temper(stop=State.TRIAGE))
    at(ago(55), [mix.outside(ago(55))], Temper(stop=State.TRIAGE))
    at(ago(240), [mix.unlisted(ago(240))], Temper())
    at(ago(500), [mix.outside(ago(500))], Temper())
    at(ago(45), [mix.unregistered(ago(45), here)], Temper(stop=State.ACKNOWLEDGED))
    rain = [mix.apart(ago(345), category=code, grade="yellow") for code in RAIN if code in mix.categories]
    at(ago(345), rain)
    at(ago(320), [_repeated(item, ago(320)) for item in rain[1:5]])
    # A case long closed, and the same danger at the same place half an hour ago.
    before = mix.apart(ago(1200), grade="yellow")
    at(ago(1200), [before], Temper())
    at(ago(30), [_repeated(before, ago(30))])


def _repeated(item: dict, when: datetime) -> dict:
    return {**item, "external_id": f"{item['external_id']}-again", "observed_at": when.isoformat()}


def streets(data: dict) -> list[str]:
    """The names of the streets of the file's first two duty officers; an empty text, any street, for one missing."""
    names = {row["unit"]: row["name"] for row in data["territories"]}
    officers = (row["unit"] for row in data["demo"]["people"] if row["role"] == Role.DUTY_OFFICER)
    return [*dict.fromkeys(names[unit] for unit in officers if unit in names), "", ""][:2]


def _sweep(now: datetime, crew: Crew) -> None:
    reminding.remind()
    if Deadline.objects.due(now).exists() and sweeping.sweep().escalated:
        crew.wake()
