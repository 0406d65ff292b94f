"""A month of the demo that is over: cases that were closed in it, its seal, and the draw of those looked at again.

Nothing is put in place: the seal is made before the month begins, the cases are worked by the real actions, and the
draw is opened by what the beat calls, each at its own time. A past cannot be put behind what has been signed already.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from django.db import transaction
from django.utils.timezone import localdate, make_aware

from accountability import drawing, rechecking, seeding
from accountability.models import Outcome
from config import progress
from config.demo import people
from config.demo.doors import Inside
from config.demo.drive import Crew, Staff, Temper
from config.demo.history import lived, streets, tick_through
from config.demo.mix import Mix
from config.demo.timeline import Timeline
from notary import checkpoints
from notary.models import Checkpoint
from responsibility.models import Role, User

# On every third day three alerts in a morning: of so few dozen cases the draw names two.
DAYS, A_DAY, MORNING, OPEN_HOURS = range(1, 24, 3), 3, timedelta(hours=9), 10
AN_HOUR = timedelta(hours=1)
FOUND = "现场复核：处置到位，凭证与现场一致。"


def write(data: dict, now: datetime, say: Callable[[float], None] = lambda done: None) -> str:
    """Live through the last month whose draw can be known by ``now``; the month as ``2026-10``.

    All of it or nothing. An empty text where it cannot be done: something is signed already, or nobody was in office.
    ``say`` is told the share done, 0 to 1.
    """
    month = _last_drawn(now)
    since, until = drawing.bounds(month)
    if Checkpoint.objects.exists() or localdate(since) <= date.fromisoformat(people.SINCE):
        return ""
    with progress.quiet("cases.sweeping"), transaction.atomic():
        _sign(since - AN_HOUR, seal=True)
        _work(data, since, until, say)
        _sign(until + timedelta(minutes=1))
        _sign(_opening(until), seal=True)
        _look_again(data, month, _opening(until) + timedelta(days=1) + MORNING, now)
    return month


def _last_drawn(now: datetime) -> str:
    first = localdate(now).replace(day=1)
    while True:
        first = (first - timedelta(days=1)).replace(day=1)
        month = f"{first:%Y-%m}"
        if _opening(drawing.bounds(month)[1]) < now:
            return month


def _opening(until: datetime) -> datetime:
    return until + seeding.WAIT + AN_HOUR


def _sign(at: datetime, *, seal: bool = False) -> None:
    with lived(at):
        if seal:
            seeding.keep()
        checkpoints.make()


def _work(data: dict, since: datetime, until: datetime, say: Callable[[float], None]) -> None:
    """Every case is at a place of its own and at no registered object: what comes later must not reopen it."""
    rng = Random(data["demo"]["seed"])
    timeline = Timeline(since, lambda at: lived(at, lambda: say((at - since) / (until - since))))
    crew = Crew(Inside(), timeline, data, rng)
    mix = Mix(data | {"demo": data["demo"] | {"objects": []}}, rng, "demo-month")
    for number, day in enumerate(DAYS):
        morning = _morning(localdate(since) + timedelta(days=day))
        for nth in range(A_DAY):
            at = morning + timedelta(minutes=rng.randint(5, 200))
            item = mix.alert(at, grade="yellow", territory=streets(data)[nth % 2])
            timeline.at(at, partial(crew.take, [item], Temper(rework=nth == 0 and number % 3 == 0)))
        tick_through(timeline, crew, morning, OPEN_HOURS, timedelta(minutes=20))
    timeline.run(until)


def _morning(day: date) -> datetime:
    return make_aware(datetime.combine(day, datetime.min.time())) + MORNING


def _look_again(data: dict, month: str, at: datetime, now: datetime) -> None:
    """The first of those drawn has been looked at, where there was time for it; the others wait."""
    draw, who = drawing.of_month(month), Staff(data).holding(Role.COMMITTEE_OFFICE)
    if draw is None or not draw.numbers or not who or at >= now:
        return
    with lived(at):
        by = User.objects.get(username=who)
        rechecking.record(draw.numbers[0], by=by, month=month, outcome=Outcome.SOUND, note=FOUND)
