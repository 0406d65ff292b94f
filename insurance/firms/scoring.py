"""评分: what the facts say of firms, as shares with their counts. Parts above bring in the facts that they keep.

A measure is a function ``f(units, since, until) -> {unit: (part, of_all)}`` over the ids of firms' units, for what
happened in ``[since, until)``, in statements that do not grow with the units; a firm without facts may be left out.
Registered by name, as ``MEASURES[ON_TIME] = f``; the names are those of ``SCORES``. Firms are judged, never people.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Counts = dict[int, tuple[int, int]]
MEASURES: dict[str, Callable[[set[int], datetime, datetime], Counts]] = {}
# Registered by the service part: arrivals not after the agreed time.
ON_TIME = "on_time"
# Registered by the findings part: findings that others confirmed; visits after which others found, within 30 days, a
# danger that it did not; verifications by others that failed; orders in which it met its own work or its own client.
CONFIRMED, MISSED, FAILED, CONFLICTS = "confirmed", "missed", "failed", "conflicts"
# Registered here (``facts.py``).
COMPLAINTS, LICENCES, CERTIFICATES = "complaints", "licences", "certificates"
# Fewer facts than this judge nobody.
FEW = 5
WHOLE = 100
# The last instant of a time that ends before another begins.
INSTANT = timedelta(microseconds=1)


class Verdict(models.TextChoices):
    """Of one share."""

    GOOD = "good", _("良好")
    FAIR = "fair", _("合格")
    POOR = "poor", _("不合格")
    NONE = "none", _("数据不足")


class Grade(models.TextChoices):
    """Of a firm, in the four colours of a province (facts 3.4), each with its word."""

    GOOD = "blue", _("良好")
    FAIR = "yellow", _("合格")
    WATCHED = "orange", _("关注")
    POOR = "red", _("不合格")
    NONE = "", _("暂不评定")


@dataclass(frozen=True)
class Score:
    """How a share is judged: ``good`` and ``fair`` in percent, at least, or at most where ``fewer`` is better.

    ``least``: with fewer facts nothing is said, but where not one is allowed, one speaks. ``work``: of what it did, not
    of its papers; by these alone nobody is graded. The limits are the district's own.
    """

    label: str | Promise
    good: int
    fair: int
    fewer: bool = False
    least: int = FEW
    work: bool = True

    def judge(self, part: int, of_all: int) -> Verdict:
        """The verdict over ``part`` of ``of_all``."""
        if self.fewer and not self.fair and part:
            return Verdict.POOR
        if of_all < self.least or not of_all:
            return Verdict.NONE
        good, fair = (limit * of_all for limit in (self.good, self.fair))
        share = WHOLE * part
        if share <= good if self.fewer else share >= good:
            return Verdict.GOOD
        return Verdict.FAIR if (share <= fair if self.fewer else share >= fair) else Verdict.POOR


SCORES: dict[str, Score] = {
    ON_TIME: Score(_("准时到达"), 95, 85),
    CONFIRMED: Score(_("隐患经他方确认"), 90, 75),
    MISSED: Score(_("服务后 30 天内他方发现漏查"), 5, 15, fewer=True),
    FAILED: Score(_("复查核验不通过"), 5, 15, fewer=True),
    CONFLICTS: Score(_("利益冲突"), 0, 0, fewer=True),
    COMPLAINTS: Score(_("投诉按时答复"), 95, 80),
    LICENCES: Score(_("服务事项资质有效"), 100, 80, least=1, work=False),
    CERTIFICATES: Score(_("人员证书有效"), 100, 80, least=1, work=False),
}


@dataclass(frozen=True)
class Line:
    """One share of a firm: ``part`` of ``of_all``, and its verdict."""

    name: str
    score: Score
    part: int
    of_all: int

    @property
    def verdict(self) -> Verdict:
        return self.score.judge(self.part, self.of_all)

    @property
    def percent(self) -> int | None:
        """Rounded down; ``None`` without facts."""
        return WHOLE * self.part // self.of_all if self.of_all else None


@dataclass(frozen=True)
class Card:
    """The scorecard of one firm."""

    lines: list[Line]

    @property
    def grade(self) -> Grade:
        """Two poor shares, or one conflict of interest: 不合格; one: 关注; none: 良好 where all are good, else 合格."""
        judged = [line for line in self.lines if line.verdict != Verdict.NONE]
        verdicts = [line.verdict for line in judged]
        poor = verdicts.count(Verdict.POOR)
        if poor > 1 or any(line.name == CONFLICTS and line.part for line in judged):
            return Grade.POOR
        if not any(line.score.work for line in judged):
            return Grade.NONE
        if poor:
            return Grade.WATCHED
        return Grade.FAIR if Verdict.FAIR in verdicts else Grade.GOOD


def cards(units: set[int], since: datetime, until: datetime) -> dict[int, Card]:
    """The scorecards of the firms with these units over ``[since, until)``. One call of each measure for all of them.

    ``KeyError`` for a measure that was registered under a name that ``SCORES`` does not have.
    """
    counts = {name: measure(units, since, until) for name, measure in MEASURES.items()}
    lines = {name: SCORES[name] for name in SCORES if name in counts} | {name: SCORES[name] for name in counts}
    return {
        unit: Card([Line(name, score, *counts[name].get(unit, (0, 0))) for name, score in lines.items()])
        for unit in units
    }
