"""Rows of the list as people write them, and what the tables keep of them."""

from dataclasses import dataclass
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _

from responsibility import clock, directory
from responsibility.models import Duty
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Invalid

# The roles that the list tells; the others follow from the point, the object register and the loop of a case.
LISTED = [role for role in DutyRole if role not in (DutyRole.TERRITORY, DutyRole.MAIN_BODY, DutyRole.COMMAND)]
COPIED = [
    "domain", "category_id", "scenario_id", "stage", "territory_id", "role", "unit_id", "basis", "basis_en", "valid",
    "source", "note",
]  # fmt: skip


@dataclass
class Row:
    """A matrix row as people write it: codes instead of keys, ``valid_from`` and ``valid_to`` as instants.

    ``category`` or ``domain`` is needed; an empty ``unit`` on a lead row declares a gap.
    """

    role: str
    category: str = ""
    domain: str = ""
    scenario: str = ""
    stage: str = ""
    territory: str = ""
    unit: str = ""
    basis: str = ""
    basis_en: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    source: str = ""
    note: str = ""


def content(duty: Duty) -> tuple:
    """All that a row says, without the edition in which it stands."""
    return tuple(getattr(duty, name) for name in COPIED)


def words(duty: Duty, known: directory.Directory) -> str:
    """A row for the ledger, in codes."""
    codes = [
        next((c.code for c in known.categories.values() if c.pk == duty.category_id), duty.domain),
        next((s.code for s in known.scenarios.values() if s.pk == duty.scenario_id), ""),
        duty.stage,
        next((t.code for t in known.territories.values() if t.pk == duty.territory_id), ""),
        str(duty.role),
        known.units[duty.unit_id].code if duty.unit_id else "",
        duty.basis[:80],
    ]
    return "|".join(codes)


def fields(row: Row, known: directory.Directory) -> dict:
    """The row with keys for codes; ``Invalid`` names the field that cannot be used."""
    if row.role not in LISTED:
        raise Invalid("bad_choice", _("没有这个责任角色。"), "role")
    if bool(row.category) == bool(row.domain):
        raise Invalid("required", _("请填写风险类别或领域，只填其一。"), "category")
    if not row.unit and row.role != DutyRole.LEAD:
        raise Invalid("required", _("请填写责任单位；只有牵头可以留空，表示空白。"), "unit")
    for name, size in (("stage", 40), ("domain", 50)):
        if len(getattr(row, name)) > size:
            raise Invalid("too_long", _("此项最多 %(size)d 个字。") % {"size": size}, name)
    for name in ("domain", "stage", "basis", "basis_en", "source", "note"):
        if "\x00" in getattr(row, name):
            raise Invalid("bad_text", _("含有不能保存的字符。"), name)
    start = row.valid_from or clock.now()
    if row.valid_to and row.valid_to <= start:
        raise Invalid("bad_time", _("止日须晚于起日。"), "valid_to")
    return {
        "domain": row.domain,
        "category": _known(known.categories, row.category, "category"),
        "scenario": _known(known.scenarios, row.scenario, "scenario"),
        "stage": row.stage,
        "territory": _known(known.territories, row.territory, "territory"),
        "role": row.role,
        "unit": _known(known.units_by_code, row.unit, "unit"),
        "basis": row.basis.strip(),
        "basis_en": row.basis_en.strip(),
        "valid": DateTimeTZRange(start, row.valid_to),
        "source": row.source,
        "note": row.note,
    }


def _known(by_code: dict, code: str, name: str):
    if not code:
        return None
    if code not in by_code:
        raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": code}, name)
    return by_code[code]
