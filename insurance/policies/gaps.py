"""应保未保: what must be insured by law and has no safety liability policy in force now. A query, never a stored list.

Only a policy whose insured is the enterprise itself counts: the duty to insure is that of the main body.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import xlsxwriter
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from alerts.models import RiskObject
from insurance.policies.models import Covered, Line, Policy
from insurance.policies.sectors import SECTORS, Sector, compulsory, of
from responsibility import access
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import Duty
from responsibility.models.matrix import DutyRole

ACT = "policy.gaps"
# Who answers for an industry: 管行业必须管安全.
INDUSTRY = (DutyRole.LEAD, DutyRole.BUSINESS, DutyRole.SUPERVISION)


@dataclass(frozen=True)
class Figure:
    """How many objects of a sector must be insured, and how many are not."""

    sector: Sector
    must: int
    missing: int

    @property
    def share(self) -> int:
        """The insured in whole percent, rounded down; 100 where none must be."""
        return 100 * (self.must - self.missing) // self.must if self.must else 100


def must(actor: Actor, known: Directory, at: datetime) -> QuerySet[RiskObject]:
    """The objects of the eight sectors that ``actor`` may look at: all, or those of the own industry."""
    found = RiskObject.objects.filter(compulsory())
    if access.everywhere(actor, ACT):
        return found
    mine = access.units(actor, ACT, known.units)
    own = Duty.objects.filter(
        live=True, unit__in=mine, role__in=INDUSTRY, valid__contains=at, edition__valid__contains=at
    )
    of_category = own.filter(category=OuterRef("category"))
    of_domain = own.filter(category__isnull=True, domain=OuterRef("category__domain"))
    return found.filter(Exists(of_category) | Exists(of_domain))


def missing(found: QuerySet[RiskObject], at: datetime) -> QuerySet[RiskObject]:
    """Those of ``found`` without a safety liability policy of their main body in force at ``at``."""
    return found.filter(~_insured(at))


def _insured(at: datetime) -> Q:
    # What the main body itself denies insures nobody.
    denied = Q(declined_at__isnull=False, confirmed_until__isnull=True)
    in_force = Policy.objects.in_force(at).filter(~denied, line=Line.SAFETY, insured=OuterRef("main_body"))
    listed = Covered.objects.filter(
        risk_object=OuterRef("pk"), since__lte=at, until__gt=at, policy__line=Line.SAFETY,
        policy__insured=OuterRef("main_body"), policy__in=Policy.objects.in_force(at).filter(~denied).values("pk"),
    )  # fmt: skip
    return Q(Exists(in_force.filter(whole=True))) | Q(Exists(listed))


def counts(found: QuerySet[RiskObject], at: datetime) -> list[Figure]:
    """One line for each of the eight sectors, also for those of which there is nothing. One statement."""
    figures = found.aggregate(
        **{f"{sector.code}_must": Count("pk", filter=sector.objects) for sector in SECTORS},
        **{f"{sector.code}_missing": Count("pk", filter=sector.objects & ~_insured(at)) for sector in SECTORS},
    )
    return [Figure(sector, figures[f"{sector.code}_must"], figures[f"{sector.code}_missing"]) for sector in SECTORS]


def page(found: QuerySet[RiskObject], after: str, most: int) -> tuple[list[RiskObject], str]:
    """Up to ``most`` objects by code and the code to go on after, empty on the last page."""
    rest = found.filter(code__gt=after) if after else found
    rows = list(rest.select_related("category", "scenario", "territory", "main_body").order_by("code")[: most + 1])
    return rows[:most], rows[most - 1].code if len(rows) > most else ""


def sector_of(thing: RiskObject) -> Sector | None:
    """The sector of ``thing``; its category and scenario must have been read."""
    return of(thing.category.code if thing.category else "", thing.scenario.code if thing.scenario else "")


def export(found: QuerySet[RiskObject], file: IO[bytes]) -> None:
    """``found`` as XLSX in the reader's language, row by row, in constant memory."""
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet(_("应保未保"))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, 6, 24)
        for line, cells in enumerate(_lines(found)):
            for at, cell in enumerate(cells):
                # As a text: nothing that is written here is ever a formula.
                sheet.write_string(line, at, cell, None if line else bold)


def _lines(found: QuerySet[RiskObject]) -> Iterator[tuple[str, ...]]:
    yield _("监测对象代码"), _("名称"), _("行业"), _("风险类别"), _("属地"), _("单位代码"), _("主体责任单位")
    rows = found.select_related("category", "scenario", "territory", "main_body").order_by("code")
    for thing in rows.iterator(chunk_size=2000):
        sector, unit = sector_of(thing), thing.main_body
        yield (
            thing.code, thing.label, str(sector.label) if sector else "",
            thing.category.label if thing.category else "", thing.territory.label,
            unit.code if unit else "", unit.label if unit else "",
        )  # fmt: skip
