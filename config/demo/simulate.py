"""Hours of a district, sent to a running server as its sub-platforms and people would."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random

from django.db.models import Count, Q
from django.utils import timezone

from cases.models import Case, Loop
from cases.models.machine import ENDED
from config.demo import people
from config.demo.doors import OverHttp
from config.demo.drive import Crew, Staff, Tally
from config.demo.mix import Mix
from config.demo.timeline import Timeline
from responsibility import clock
from responsibility.models import Role


@dataclass
class Result:
    """What came of a run. ``took``: milliseconds of each request by kind; ``seconds`` of wall time."""

    tally: Tally
    sent: int = 0
    seconds: float = 0.0
    took: dict[str, list[float]] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)


def run(
    data: dict,
    *,
    url: str,
    alerts: int,
    hours: float,
    seed: int,
    speed: float,
    say: Callable[[int], None] = lambda sent: None,
) -> Result:
    """Send the ``alerts`` of ``hours`` and let the demo people answer. The server knows one time only: the present.

    ``speed``: simulated seconds a second, 0 for as fast as it goes. ``say`` is told how many alerts are sent.
    The same seed sends the same alerts; their ids differ, so that no run repeats another's. Raises ``Unreachable``.
    """
    began, from_here = timezone.localtime(clock.now()), time.monotonic()
    start = began - timedelta(hours=hours)
    rng = Random(seed)
    door = OverHttp(url, people.source_key(), Staff(data).holding(Role.SHIFT_LEADER))
    timeline = Timeline(start, _pacing(start, speed))
    crew = Crew(door, timeline, data, rng)
    result = Result(crew.tally, took=door.took)

    def send(items: list[dict]) -> None:
        crew.take(items)
        result.sent += len(items)
        say(result.sent)

    for post in Mix(data, rng, f"sim{seed}-{began:%Y%m%d%H%M%S}").plan(alerts, start, hours):
        timeline.at(post.at, partial(send, post.items))
    try:
        timeline.run(began)
    finally:
        door.client.close()
    result.seconds, result.numbers = time.monotonic() - from_here, sorted(crew.works)
    return result


def _pacing(start: datetime, speed: float) -> Callable:
    """Wait in each act until its instant has come, counted from the first moment of the run."""
    began = time.monotonic()

    @contextmanager
    def around(at: datetime) -> Iterator[None]:
        if speed:
            ahead = (at - start).total_seconds() / speed - (time.monotonic() - began)
            time.sleep(max(0.0, ahead))
        yield

    return around


def standing(numbers: list[str]) -> dict[str, int]:
    """How many of the cases are ``closed``, still ``open`` and ``risen`` above the small loop."""
    over = Q(state__in=ENDED)
    return Case.objects.filter(number__in=numbers).aggregate(
        closed=Count("pk", filter=over), open=Count("pk", filter=~over), risen=Count("pk", filter=~Q(loop=Loop.SMALL))
    )
