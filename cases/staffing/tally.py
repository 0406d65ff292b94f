"""What happened in one run, and the figures that are told of it."""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median, quantiles

from cases.models import Loop
from cases.staffing.rooms import Room
from responsibility.models import Unit


@dataclass(frozen=True)
class Rise:
    """A case that rose: the number of the alert that opened it, the minute, the loop and the trigger."""

    case: int
    minute: float
    to: str
    why: str


@dataclass
class Tally:
    """Counted while it happens. A case that is opened again is worked as often as that.

    ``wide``: the numbers of the alerts that opened a case again which had risen before. ``spared``: limits of
    containment missed by work that, without waiting for a free person, would have kept them. ``helped``: crews of
    others than the street that came. ``answer``, ``arrive``, ``contain``: minutes from the danger's beginning.
    """

    cases: int = 0
    joined: int = 0
    reopened: int = 0
    wide: set[int] = field(default_factory=set)
    helped: int = 0
    missed: Counter = field(default_factory=Counter)
    spared: int = 0
    rises: list[Rise] = field(default_factory=list)
    unfinished: int = 0
    teams: int = 0
    answer: list[float] = field(default_factory=list)
    arrive: list[float] = field(default_factory=list)
    contain: list[float] = field(default_factory=list)
    wait: list[float] = field(default_factory=list)
    busiest: Unit | None = None
    crowded: Unit | None = None

    def figures(self, rooms: list[tuple[Unit, Room]]) -> dict[str, float]:
        """The figures by name: counts, minutes, and ``use`` as a share; see ``report.ROWS``."""
        to_medium = [rise for rise in self.rises if rise.to == Loop.MEDIUM]
        to_large = [rise for rise in self.rises if rise.to == Loop.LARGE]
        widened = len({rise.case for rise in self.rises} | self.wide)
        worked = self.cases + self.reopened
        why_medium, why_large = Counter(map(_why, to_medium)), Counter(map(_why, to_large))
        found: dict[str, float] = {
            "worked": worked, "cases": self.cases, "joined": self.joined - self.reopened, "reopened": self.reopened,
            "small": worked - widened, "wide": len(self.wide), "helped": self.helped,
            "medium": len(to_medium), "large": len(to_large), "unfinished": self.unfinished, "teams": self.teams,
            "missed_acknowledge": self.missed["acknowledge"], "missed_arrive": self.missed["arrive"],
            "missed_contain": self.missed["contain"], "spared": self.spared,
            "missed_medium": self.missed["medium_limit"],
            "wait_90": _tenth(self.wait),
        }  # fmt: skip
        found |= {f"medium_{why}": why_medium[why] for why in ("contain", "grade", "request")}
        found |= {f"large_{why}": why_large[why] for why in ("grade", "medium_limit")}
        for name in ("answer", "arrive", "contain"):
            minutes = getattr(self, name)
            found |= {f"{name}_50": median(minutes) if minutes else 0.0, f"{name}_90": _tenth(minutes)}
        return found | self._pressed(rooms)

    def _pressed(self, rooms: list[tuple[Unit, Room]]) -> dict[str, float]:
        manned = [pair for pair in rooms if pair[1].on_duty]
        busiest = max(manned, key=lambda pair: pair[1].utilisation, default=None)
        crowded = max(rooms, key=lambda pair: pair[1].longest, default=None)
        self.busiest = busiest[0] if busiest else None
        self.crowded = crowded[0] if crowded and crowded[1].longest else None
        return {
            "use": busiest[1].utilisation if busiest else 0.0,
            "queue": crowded[1].longest if crowded else 0,
        }


def _why(rise: Rise) -> str:
    """``contain``, ``medium_limit``, ``grade`` or ``request``, by whom or what it was raised."""
    if rise.why.startswith("grade:"):
        return "grade"
    return "request" if rise.why == "lapse" else rise.why


def _tenth(minutes: list[float]) -> float:
    """The minutes that only a tenth exceed."""
    if len(minutes) < 2:
        return minutes[0] if minutes else 0.0
    return quantiles(minutes, n=10, method="inclusive")[8]
