"""全区汇总数: how many cases of each category each street had in a month; small numbers hidden (facts 3.5).

One table for each month that is over, and no other: tables of overlapping periods could be subtracted from each other.
Counts are exact or not shown; shares are rounded to the whole percent.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count
from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases import typed
from cases.models import Case, State
from insurance.portals import hiding
from responsibility import directory
from responsibility.refusals import Invalid

MONTHS = 12
NONE = ""


@dataclass(frozen=True)
class Line:
    """A street, or the district (``code`` empty in the last line): ``counts`` by category and in total, ``None`` where
    hidden; ``share`` of the district in whole percent."""

    code: str
    name: str
    counts: list[int | None]
    share: int | None

    @property
    def told(self) -> bool:
        """Whether any number of it is shown."""
        return any(count is not None for count in self.counts)


@dataclass(frozen=True)
class Table:
    """The figures of one month, its first day. ``columns``: code and name of each category, without the total."""

    month: date
    columns: list[tuple[str, str]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def shown(self) -> int:
        """How many entries are shown."""
        return sum(count is not None for line in self.lines for count in line.counts)


def months(now: datetime) -> list[date]:
    """The first days of the months that are over, the last first; twelve of them."""
    found, day = [], localdate(now).replace(day=1)
    for _number in range(MONTHS):
        day = (day - timedelta(days=1)).replace(day=1)
        found.append(day)
    return found


def read(text: object, now: datetime) -> date:
    """The month ``2026-10`` that is asked for; the last one without. ``Invalid`` for another that is no such month."""
    asked = typed.text(text, "month", limit=7, needed=False)
    known = months(now)
    found = {f"{day:%Y-%m}": day for day in known} | {"": known[0]}
    if asked not in found:
        raise Invalid("bad_month", gettext_lazy("请选择已结束的十二个月之一。"), "month")
    return found[asked]


def of(month: date) -> Table:
    """The table of ``month``: every street; categories with few cases are one column, so that not even their being
    there tells of a case. One statement."""
    known, counted = directory.current(), _counted(month)
    totals: Counter[str] = Counter()
    for (_street, category), count in counted.items():
        totals[category] += count
    own = [code for code in sorted(totals) if code in known.categories and totals[code] >= hiding.LEAST]
    columns = [*((code, known.categories[code].label) for code in own), (NONE, _("其他类别"))]
    rows = [(each.code, each.label) for each in sorted(known.territories.values(), key=lambda each: each.code)]
    rows.append((NONE, _("位置未定")))
    cells: Counter[tuple[str, str]] = Counter()
    for (street, category), count in counted.items():
        cells[street, category if category in own else NONE] += count
    return _told(month, rows, columns, [[cells[row, column] for column, _name in columns] for row, _name in rows])


def _told(month: date, rows, columns, counts: list[list[int]]) -> Table:
    table, gone = hiding.with_totals(counts), hiding.hidden(counts)
    whole = None if (len(table) - 1, len(table[0]) - 1) in gone else table[-1][-1]
    lines = []
    for place, (code, name) in enumerate([*rows, (NONE, _("全区"))]):
        shown = [None if (place, column) in gone else count for column, count in enumerate(table[place])]
        share = round(100 * shown[-1] / whole) if whole and shown[-1] is not None else None
        lines.append(Line(code, name, shown, share))
    return Table(month, columns, lines)


def _counted(month: date) -> dict[tuple[str, str], int]:
    """Real cases that were not void, by street and category; an empty code where there is none."""
    start = make_aware(datetime.combine(month, time.min))
    after = make_aware(datetime.combine((month + timedelta(days=32)).replace(day=1), time.min))
    found = (
        Case.objects.real()  # type: ignore[attr-defined]
        .exclude(state=State.VOID)
        .filter(opened_at__gte=start, opened_at__lt=after)
        .order_by()
        .values_list("territory__code", "category__code")
        .annotate(count=Count("pk"))
    )
    counted: dict[tuple[str, str], int] = {}
    for street, category, count in found:
        key = street or NONE, category or NONE
        counted[key] = counted.get(key, 0) + count
    return counted
