"""The chart of alerts by month: where everything on it stands, so that a page can draw it without a script."""

from dataclasses import dataclass
from math import ceil

from insurance.portals.history import GRADES, Month
from responsibility.models import Grade

HEIGHT, LEFT, TOP, GAP = 160, 34, 12, 8
# A column with its gap: wide where a year or less is drawn, with each month named; narrow, and every third named, else.
YEAR, ROOMY, NARROW = 12, 60, 30


@dataclass(frozen=True)
class Bar:
    """A piece of a column: units of the picture; ``grade`` is its class."""

    x: int
    y: float
    height: float
    grade: str


@dataclass(frozen=True)
class Chart:
    """Columns by month, what the class had as points, and the words along the foot."""

    width: int
    height: int
    bars: list[Bar]
    points: list[tuple[float, float]]
    feet: list[tuple[int, str]]
    lines: list[tuple[float, int]]
    wide: int
    empty: bool

    @property
    def right(self) -> int:
        return self.width - GAP


def drawn(months: list[Month]) -> Chart:
    """``months`` as columns, the lowest grade at the foot."""
    most = max([month.total for month in months] + [month.elsewhere or 0 for month in months] + [4])
    top = 4 * ceil(most / 4)
    high = HEIGHT / top
    step, every = (ROOMY, 1) if len(months) <= YEAR else (NARROW, 3)
    wide = step - GAP
    bars, points, feet = [], [], []
    for place, month in enumerate(months):
        x, y = LEFT + place * step, float(TOP + HEIGHT)
        for grade in reversed(GRADES):
            tall = month.grades[grade] * high
            y -= tall
            if tall:
                bars.append(Bar(x, round(y, 1), round(tall, 1), grade))
        if month.elsewhere is not None:
            points.append((x + wide / 2, round(TOP + HEIGHT - month.elsewhere * high, 1)))
        if place % every == 0:
            feet.append((x, month.first))
    lines = [(round(TOP + HEIGHT - n * top / 4 * high, 1), n * top // 4) for n in range(5)]
    # Room for the last of the words at the foot.
    width, empty = LEFT + len(months) * step + 40, not bars and not points
    return Chart(width, TOP + HEIGHT + 24, bars, points, feet, lines, wide, empty)


def grade_words() -> list[tuple[str, str]]:
    """The grades with their words, as the legend has them."""
    return [(grade, str(Grade(grade).label)) for grade in GRADES]
