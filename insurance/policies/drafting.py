"""A policy on its way in: read from what was given, and judged against the register before anything is written."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from insurance.policies import given as fields
from insurance.policies.models import TAIL_DAYS, Line, Policy
from responsibility import clock
from responsibility.directory import Directory
from responsibility.models import Unit
from responsibility.models.district import UnitKind
from responsibility.refusals import Invalid, Refused

WHOLE = Decimal(100)
LONGEST_TAIL = 3650
# A policy for works runs as long as the works do, and no longer than this.
MOST_YEARS = 10
# Whoever may be in danger may be insured: not those who insure, broker, check or oversee.
INSURABLE = {
    UnitKind.ENTERPRISE, UnitKind.STREET, UnitKind.TOWN, UnitKind.ZONE, UnitKind.COMMUNITY, UnitKind.DEPARTMENT,
    UnitKind.DISTRICT_OFFICE,
}  # fmt: skip
AMOUNTS = ("premium", "limit_total", "limit_each", "deductible", "fast_limit")
REQUIRED = {"premium", "limit_total", "limit_each"}


@dataclass
class Draft:
    """A policy as it was given, by codes; amounts in yuan, ``starts_at`` ≤ what is covered < ``ends_at``.

    ``shares``: ``{code of an insurer: percent}``, empty where the lead carries all of it.
    """

    number: str
    line: str
    insured: str
    starts_at: datetime
    ends_at: datetime
    amounts: dict[str, Decimal]
    broker: str = ""
    shares: dict[str, Decimal] = field(default_factory=dict)
    whole: bool = False
    objects: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    tail_days: int = TAIL_DAYS
    renews: Policy | None = None

    def content(self) -> str:
        """SHA-256, hex, of all that was given: the same policy gives the same."""
        told = {
            **vars(self), "amounts": {name: str(value) for name, value in self.amounts.items()},
            "shares": {code: str(percent) for code, percent in sorted(self.shares.items())},
            "objects": sorted(self.objects), "territories": sorted(self.territories),
            "starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat(),
            "renews": self.renews.number if self.renews else None,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass
class Rejected:
    """One that cannot be used, with every fault: ``[{"code", "detail", "attr"}]``."""

    number: str | None
    errors: list[dict]


class _Reading:
    """Reads one field after the other and gathers what is wrong instead of stopping at it."""

    def __init__(self) -> None:
        self.errors: list[dict] = []

    def get(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except Invalid as refused:
            self.errors.append(told(refused))
            return None


def told(refused: Refused) -> dict:
    """A refusal in the shared shape of errors."""
    return {"code": refused.code, "detail": str(refused.detail), "attr": refused.attr}


def read(raw: object, *, local: bool = False) -> Draft | Rejected:
    """A ``Draft`` of the fields of the API, or a ``Rejected`` with all that is wrong with them. No queries.

    ``local``: times without an offset are the district's.
    """
    if not isinstance(raw, Mapping):
        return Rejected(None, [{"code": "not_an_object", "detail": str(_("应为一个 JSON 对象。")), "attr": None}])
    one = _Reading()
    number = one.get(lambda: fields.text(raw, "number"))
    amounts = {name: one.get(partial(_amount, raw, name)) for name in AMOUNTS}
    draft = Draft(
        number=number, line=one.get(lambda: _line(raw)), insured=one.get(lambda: fields.text(raw, "insured")),
        broker=one.get(lambda: fields.text(raw, "broker", needed=False)),
        starts_at=one.get(lambda: fields.instant(raw, "starts_at", local=local)),
        ends_at=one.get(lambda: fields.instant(raw, "ends_at", local=local)),
        amounts=amounts, shares=one.get(lambda: shares_of(raw.get("shares"))),
        whole=one.get(lambda: fields.flag(raw, "whole")),
        objects=one.get(lambda: fields.codes(raw, "objects")),
        territories=one.get(lambda: fields.codes(raw, "territories")),
        tail_days=one.get(lambda: fields.days(raw, "tail_days", most=LONGEST_TAIL, default=TAIL_DAYS)),
    )  # fmt: skip
    if not one.errors:
        one.get(lambda: sensible(draft))
    return Rejected(number, one.errors) if one.errors else draft


def sensible(draft: Draft) -> None:
    """Dates, amounts and places that fit together; ``Invalid``."""
    period(draft.starts_at, draft.ends_at)
    limits(draft.amounts)
    if draft.shares and sum(draft.shares.values()) != WHOLE:
        raise Invalid("shares_not_whole", _("共保份额合计须为 100%。"), "shares")
    if draft.whole and (draft.objects or draft.territories):
        raise Invalid("whole_or_listed", _("承保全部监测对象时不再列出标的。"), "whole")
    if not (draft.whole or draft.objects or draft.territories):
        raise Invalid("nothing_covered", _("请列出承保标的，或承保全部监测对象。"), "objects")


def period(starts_at: datetime, ends_at: datetime) -> None:
    """``Invalid`` for a period that ends before it begins, or that nobody insures."""
    if ends_at <= starts_at:
        raise Invalid("ends_before", _("止须晚于起。"), "ends_at")
    if (ends_at - starts_at).days > 366 * MOST_YEARS:
        raise Invalid("too_long", _("保险期间不超过 %(most)d 年。") % {"most": MOST_YEARS}, "ends_at")


def limits(amounts: Mapping[str, Decimal]) -> None:
    """``Invalid`` for limits that contradict each other."""
    if amounts["limit_total"] <= 0 or amounts["limit_each"] <= 0:
        raise Invalid("no_limit", _("责任限额须大于零。"), "limit_total")
    if amounts["limit_each"] > amounts["limit_total"]:
        raise Invalid("limits_cross", _("每次事故责任限额不得超过累计责任限额。"), "limit_each")
    if amounts["fast_limit"] > amounts["limit_each"]:
        raise Invalid("limits_cross", _("快赔限额不得超过每次事故责任限额。"), "fast_limit")


def shares_of(value: object) -> dict[str, Decimal]:
    """Shares from ``[{"insurer", "percent"}]``, or from a text such as ``X-INS 70, X-INS-B 30``. ``Invalid``."""
    if isinstance(value, str):
        pairs = [part.rstrip("%％ ").rsplit(maxsplit=1) for part in value.replace("，", ",").split(",") if part.strip()]
        value = [{"insurer": p[0], "percent": p[-1]} if p else {} for p in pairs]
    if value is None:
        return {}
    if not isinstance(value, list) or len(value) > 50 or not all(isinstance(each, Mapping) for each in value):
        raise Invalid("bad_list", _("共保份额应写为保险公司代码和百分比。"), "shares")
    found: dict[str, Decimal] = {}
    for each in value:
        code = fields.text({"shares": each.get("insurer")}, "shares")
        if code in found:
            raise Invalid("twice", _("同一家保险公司列了两次。"), "shares")
        found[code] = fields.decimal(each.get("percent"), "shares", least=Decimal("0.01"), most=WHOLE)
    return found


def resolved(draft: Draft, lead: Unit, known: Directory, objects: Mapping[str, RiskObject]) -> None:
    """That all it names is registered, of the right kind and the insured's own; ``Invalid`` for the first that is not.

    ``objects``: those named, by code. Nobody comes to see the dangers of others by naming them in a policy: an object
    is of the insured, or stands in the territory of the insured street or town, and a territory is the insured's.
    """
    insured = unit_of(draft.insured, known, INSURABLE, "insured")
    if draft.broker:
        unit_of(draft.broker, known, {UnitKind.BROKER}, "broker")
    for code in draft.shares:
        unit_of(code, known, {UnitKind.INSURER}, "shares")
    if draft.shares and lead.code not in draft.shares:
        raise Invalid("lead_without_share", _("首席承保人须有份额。"), "shares")
    insured_things(insured, draft.objects, draft.territories, known, objects)


def insured_things(insured: Unit, codes, places, known: Directory, objects: Mapping[str, RiskObject]) -> None:
    """That the objects ``codes`` and the territories ``places`` are registered and the insured's; ``Invalid``."""
    own = {place.pk for place in known.territories.values() if place.unit_id == insured.pk}
    for code in codes:
        thing = objects.get(code)
        # One answer for both: what others have registered is not found out here.
        if thing is None or not (thing.main_body_id == insured.pk or thing.territory_id in own):
            raise Invalid("not_insured", _("“%(code)s”不是该被保险人的监测对象。") % {"code": code}, "objects")
    for code in places:
        place = known.territories.get(code)
        if place is None or place.pk not in own:
            raise Invalid("not_insured", _("“%(code)s”不是该被保险人的属地。") % {"code": code}, "territories")


def unit_of(code: str, known: Directory, kinds: set[UnitKind], name: str) -> Unit:
    """The unit ``code`` of one of ``kinds`` that has not been closed; ``Invalid``."""
    unit = known.units_by_code.get(code)
    if unit is None or unit.kind not in kinds:
        raise Invalid("unknown_unit", _("没有代码为“%(code)s”的此类单位。") % {"code": code}, name)
    if unit.closed_on and unit.closed_on <= localdate(clock.now()):
        raise Invalid("closed_unit", _("单位“%(code)s”已撤销。") % {"code": code}, name)
    return unit


def _amount(raw: Mapping, name: str) -> Decimal:
    return fields.amount(raw, name, default=None if name in REQUIRED else Decimal("0.00"))


def _line(raw: Mapping) -> str:
    line = fields.text(raw, "line")
    if line not in Line.values:
        raise Invalid("bad_choice", _("没有这个险种。"), "line")
    return line
