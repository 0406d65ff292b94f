"""How long people take: measured from the district's own cases where there are enough, else defaults that are told."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import NormalDist, fmean, stdev

from django.db.models import F

from cases.models import Case, Deadline, Request, RequestKind, State
from cases.models.work import Decided, RequestState

YEAR = timedelta(days=365)
# Fewer say little about a spread.
ENOUGH = 20
# Of so many cases a share is taken that happens to a few in a hundred.
ENOUGH_FOR_A_SHARE = 200
# What took less was written down afterwards, or sent by a simulator that does not wait.
SHORTEST_MINUTES = 1.0
NORMAL = NormalDist()


@dataclass(frozen=True)
class Spread:
    """A lognormal spread of minutes: half are below ``median``. ``cases`` is on how many it rests, 0 for a default."""

    median: float
    sigma: float
    cases: int = 0

    def at(self, share: float) -> float:
        """The minutes below which ``share`` (0 to 1, both excluded) of all lie."""
        return self.median * math.exp(self.sigma * NORMAL.inv_cdf(share))


@dataclass(frozen=True)
class Share:
    """How many of one happen, 0 to 1, and on how many it rests."""

    value: float
    cases: int = 0


# Defaults of ours; the client must confirm them. Work of one crew from its arrival to containment, by colour.
WORK = {
    "red": Spread(90, 0.8), "orange": Spread(75, 0.8), "yellow": Spread(55, 0.8), "blue": Spread(35, 0.8),
}  # fmt: skip
# From the call to the answer of somebody who is free, on the phone as at the screen.
ANSWER = Spread(2, 0.6)
CLOSING = Spread(180, 0.8)
DECIDING = Spread(12, 0.6)
SETTING_OUT_MINUTES = 5.0
ASKING, APPROVING, HEARD = Share(0.03), Share(0.8), Share(0.8)
# When a street sees that it is beyond its power: after so much of the work.
ASK_AFTER = 0.25


@dataclass
class Habits:
    """How people are at work, times in minutes.

    ``work`` of one crew by category where measured, ``by_grade`` for the others; ``closing`` from containment to the
    end; ``asking``: cases on which the street asks for help; ``heard``: calls of the ladder that are answered.
    """

    work: dict[str, Spread] = field(default_factory=dict)
    by_grade: dict[str, Spread] = field(default_factory=lambda: dict(WORK))
    answer: Spread = ANSWER
    closing: Spread = CLOSING
    deciding: Spread = DECIDING
    setting_out: float = SETTING_OUT_MINUTES
    asking: Share = ASKING
    approving: Share = APPROVING
    heard: Share = HEARD
    too_short: int = 0

    def working(self, category: str, grade: str) -> Spread:
        """How long one crew takes."""
        return self.work.get(category) or self.by_grade[grade]


def worked_cases():
    """The real cases: not the void ones."""
    return Case.objects.filter(drill__isnull=True).exclude(state=State.VOID)


def measured(now: datetime) -> Habits:
    """The habits of the year before ``now``. Six statements.

    The time from a call to its answer is not measured: what is on record holds the wait for a free person as well.
    """
    cases = worked_cases().filter(opened_at__gte=now - YEAR)
    work, too_short = _work(cases)
    ended = cases.filter(closed_at__gt=F("contained_at")).values_list("contained_at", "closed_at")
    return Habits(
        work=work,
        closing=fitted(_minutes(ended)) or CLOSING,
        too_short=too_short,
        **_requests(cases),
        heard=_heard(cases),
    )


def _work(cases) -> tuple[dict[str, Spread], int]:
    """By category, from the arrival to containment; and how many were left out as too short."""
    done = Deadline.objects.filter(kind="arrive", case__in=cases, case__contained_at__gt=F("stopped_at"))
    spans: dict[str, list] = defaultdict(list)
    for category, *span in done.values_list("case__category_code", "stopped_at", "case__contained_at"):
        spans[category].append(span)
    minutes = {category: _minutes(found) for category, found in spans.items()}
    spreads = {category: fitted(found) for category, found in minutes.items()}
    too_short = sum(len(spans[category]) - len(found) for category, found in minutes.items())
    return {category: spread for category, spread in spreads.items() if spread}, too_short


def _minutes(spans: Iterable[tuple[datetime | None, datetime | None]]) -> list[float]:
    found = ((until - since).total_seconds() / 60 for since, until in spans if since and until)
    return [minutes for minutes in found if minutes >= SHORTEST_MINUTES]


def fitted(minutes: list[float]) -> Spread | None:
    """The lognormal spread of ``minutes``, each above nothing; ``None`` for fewer than ``ENOUGH``."""
    if len(minutes) < ENOUGH:
        return None
    logs = [math.log(each) for each in minutes]
    return Spread(math.exp(fmean(logs)), max(0.05, stdev(logs)), len(logs))


def _requests(cases) -> dict:
    asked = Request.objects.filter(case__in=cases, kind=RequestKind.ESCALATE, appeal_of__isnull=True)
    filed = cases.filter(filed_at__isnull=False).count()
    rows = list(asked.values_list("state", "decided_how", "asked_at", "decided_at"))
    by_people = [row for row in rows if row[1] in (Decided.PERSON, Decided.DEPUTY) and row[3]]
    approved = sum(state == RequestState.APPROVED for state, *_rest in by_people)
    spread = fitted(_minutes((asked_at, decided_at) for _state, _how, asked_at, decided_at in by_people))
    return {
        "asking": _share(len(rows), filed, ENOUGH_FOR_A_SHARE) or ASKING,
        "approving": _share(approved, len(by_people), ENOUGH) or APPROVING,
        "deciding": spread or DECIDING,
    }


def _heard(cases) -> Share:
    """Of the calls of the ladder that are over, those that somebody answered."""
    rungs = Deadline.objects.filter(kind="rung", case__in=cases, stopped_at__isnull=False)
    over = list(rungs.values_list("missed_at", flat=True))
    return _share(over.count(None), len(over), ENOUGH) or HEARD


def _share(some: int, all_: int, enough: int) -> Share | None:
    return Share(some / all_, all_) if all_ >= enough else None
