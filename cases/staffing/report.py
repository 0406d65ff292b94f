"""The answer: one column for each variant, what differs from the first, and why, told from the figures themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import fmean, stdev

from cases.staffing.tally import Tally
from responsibility.models import Unit
from responsibility.models.district import by_language

# Of Student's t, two-sided 95 %, by degrees of freedom; beyond them the normal's.
STUDENT = [
    12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09,
    2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04,
]  # fmt: skip
COUNT, MINUTES, SHARE = "count", "minutes", "share"
ROWS: list[tuple[str, str, str, str]] = [
    ("worked", "处置次数", "dangers worked", COUNT),
    ("cases", "  立案", "  cases opened", COUNT),
    ("reopened", "  重开", "  reopened", COUNT),
    ("joined", "并入的预警", "alerts joined", COUNT),
    ("small", "留在小闭环", "stayed small", COUNT),
    ("wide", "重开时已在更高闭环", "wider before", COUNT),
    ("medium", "升中闭环", "rose to medium", COUNT),
    ("medium_contain", "  因受控超时", "  containment missed", COUNT),
    ("medium_grade", "  因颜色（橙）", "  colour (orange)", COUNT),
    ("medium_request", "  因街镇请示", "  the street asked", COUNT),
    ("large", "升大闭环", "rose to large", COUNT),
    ("large_grade", "  因颜色（红）", "  colour (red)", COUNT),
    ("large_medium_limit", "  因中闭环超时", "  medium limit missed", COUNT),
    ("missed_acknowledge", "签收超时", "acknowledgement missed", COUNT),
    ("missed_arrive", "到场超时", "arrival missed", COUNT),
    ("missed_contain", "受控超时", "containment missed", COUNT),
    ("spared", "  只因等人", "  only for want of people", COUNT),
    ("missed_medium", "中闭环超时", "medium limit missed", COUNT),
    ("answer_50", "签收用时，中位，分", "to answer, median, min", MINUTES),
    ("answer_90", "  九成以内", "  nine in ten within", MINUTES),
    ("arrive_50", "到场用时，中位，分", "to arrive, median, min", MINUTES),
    ("arrive_90", "  九成以内", "  nine in ten within", MINUTES),
    ("contain_50", "受控用时，中位，分", "to contain, median, min", MINUTES),
    ("contain_90", "  九成以内", "  nine in ten within", MINUTES),
    ("wait_90", "等人，九成以内", "wait for a person, nine in ten", MINUTES),
    ("use", "最忙单位占用", "busiest unit in use", SHARE),
    ("queue", "最长排队", "longest queue", COUNT),
    ("helped", "部门到场", "crews of departments", COUNT),
    ("teams", "增援队伍", "teams sent", COUNT),
    ("unfinished", "期末未受控", "not contained at the end", COUNT),
]
KINDS = {name: kind for name, _zh, _en, kind in ROWS}


@dataclass(frozen=True)
class Figure:
    """A mean over runs with half its 95 % interval; nothing for a single run."""

    mean: float
    half: float = 0.0

    def told(self, kind: str, *, signed: bool = False) -> str:
        """As the table shows it; ``signed`` for a difference."""
        exact = kind == COUNT and not self.half
        scale, digits = (100, 1) if kind == SHARE else (1, 0 if exact and self.mean == int(self.mean) else 1)
        text = f"{self.mean * scale:{'+' if signed else ''},.{digits}f}"
        text += f" ±{self.half * scale:,.{digits}f}" if self.half else ""
        return text.replace("-", "−") + (" %" if kind == SHARE and not signed else "")


def figure(values: Sequence[float]) -> Figure:
    """The mean of the runs and its half-width."""
    if len(values) < 2:
        return Figure(values[0])
    student = STUDENT[len(values) - 2] if len(values) - 2 < len(STUDENT) else 1.96
    return Figure(fmean(values), student * stdev(values) / sqrt(len(values)))


@dataclass
class Column:
    """What came of one variant: a dict of figures and a tally for each run."""

    label: str
    runs: list[dict[str, float]] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)

    def of(self, name: str) -> Figure:
        """One figure over the runs."""
        return figure([run[name] for run in self.runs])

    def against(self, other: "Column", name: str) -> Figure:
        """How much more than ``other`` it is, run against run, for both had the same luck."""
        return figure([run[name] - theirs[name] for run, theirs in zip(self.runs, other.runs, strict=True)])

    @property
    def busiest(self) -> Unit | None:
        """The busiest unit of the first run."""
        return self.tallies[0].busiest

    @property
    def crowded(self) -> Unit | None:
        """The unit at which most cases waited at once in the first run."""
        return self.tallies[0].crowded


def cells(columns: list[Column]) -> list[list[str]]:
    """The table's rows in the language in use: label, then for each column its figure, with the difference to the
    first in brackets."""
    first, found = columns[0], []
    for name, zh, en, kind in ROWS:
        row = [by_language(zh, en), first.of(name).told(kind)]
        for column in columns[1:]:
            change = column.against(first, name)
            tell = f" ({change.told(kind, signed=True)})" if abs(change.mean) > 0.0005 else ""
            row.append(column.of(name).told(kind) + tell)
        found.append(row)
    for label, units in (
        (by_language("最忙单位", "busiest unit"), [column.busiest for column in columns]),
        (by_language("排队最长的单位", "where it queued"), [column.crowded for column in columns]),
    ):
        found.append([label, *(named(unit) if unit else "—" for unit in units)])
    return found


def named(unit: Unit) -> str:
    """Its shortest name in the language in use."""
    return by_language(unit.short_name or unit.name, unit.name_en)


def as_json(columns: list[Column], sentences: list[tuple[str, str]]) -> list[dict]:
    """The columns for a program: ``{"label", "figures": {name: {"mean", "half_width"}}, "difference", …}``."""
    return [
        {
            "label": column.label,
            "figures": {name: _plain(column.of(name)) for name in KINDS},
            "difference": {name: _plain(column.against(columns[0], name)) for name in KINDS},
            "busiest": column.busiest and column.busiest.code,
            "crowded": column.crowded and column.crowded.code,
            "why": {"zh": zh, "en": en},
        }
        for column, (zh, en) in zip(columns, sentences, strict=True)
    ]


def _plain(figure: Figure) -> dict[str, float]:
    return {"mean": round(figure.mean, 4), "half_width": round(figure.half, 4)}
