"""What is changed: options such as ``contain=180,240``, read into variants, one for each column of the answer."""

import re
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import product

from cases import ladder
from cases.policy import promise
from cases.staffing.rosters import GROUPS, MOST_PEOPLE, Staffing
from cases.staffing.snapshot import District
from resources.models import Offer, Resource, ResourceKind
from responsibility.models import Category
from responsibility.roster import WORKING

MOST_VARIANTS = 12
# Longer limits would outlast what is played after the last alert.
LONGEST_MINUTES = 7 * 24 * 60
MOST_STOCK = 1_000_000
# What may be set, and where it stands in what a case is promised.
MINUTES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("acknowledge", "arrive", "contain", "medium")},
    "decide": ("decide", "escalate"),
    **{rung: ("ladder", rung) for rung in ladder.RUNGS},
}
PEOPLE = re.compile(r"[+-]?[0-9]{1,7}")
AS_IS = "as is"


class BadOption(ValueError):
    """An option that cannot be followed; its text is a sentence for the reader."""


@dataclass(frozen=True)
class Stock:
    """``by`` more or fewer of the resource with row id ``resource`` at the station with row id ``station``."""

    station: int
    resource: int
    by: int


@dataclass(frozen=True)
class Variant:
    """One column: other minutes by name, other rosters, other stocks."""

    label: str = AS_IS
    minutes: tuple[tuple[str, int], ...] = ()
    staff: tuple[Staffing, ...] = ()
    stock: tuple[Stock, ...] = ()

    def promise(self, category: Category | None) -> dict:
        """What a case of ``category`` is promised here."""
        policy = promise(category)
        for name, minutes in self.minutes:
            box = policy
            for step in MINUTES[name][:-1]:
                box = box[step]
            box[MINUTES[name][-1]] = minutes
        return policy

    def offers(self, district: District) -> list[Offer]:
        """The resources here: copies, which a run may promise and take back."""
        own: dict[int, Resource] = {}
        for offer in district.offers:
            own.setdefault(offer.resource_id, copy(offer.resource))
        for resource in own.values():
            resource.reserved = 0
        extras = [(change.resource, extra) for change in self.stock for extra in _stocked(change, own, district)]
        found = [_offered(offer, own[offer.resource_id]) for offer in district.offers]
        for number, (of, extra) in enumerate(extras, 1):
            # A row of its own, which no row of the store can be.
            extra.pk = -number
            found += [_offered(offer, extra) for offer in district.offers if offer.resource_id == of]
        return found


def _offered(offer: Offer, resource: Resource) -> Offer:
    own = copy(offer)
    own.resource = resource
    return own


def _stocked(change: Stock, own: dict[int, Resource], district: District) -> list[Resource]:
    """Change what stands there; the answer is what comes besides, one row each."""
    there = own[change.resource]
    if there.station_id == change.station and (there.kind == ResourceKind.MATERIAL or change.by < 0):
        there.stock = max(0, there.stock + change.by)
        return []
    stations = {offer.resource.station_id: offer.resource.station for offer in district.offers}
    extras = []
    for _number in range(1 if there.kind == ResourceKind.MATERIAL else change.by):
        extra = copy(there)
        extra.station, extra.reserved, extra.ready = stations[change.station], 0, True
        extra.stock = change.by if there.kind == ResourceKind.MATERIAL else 1
        extras.append(extra)
    return extras


@dataclass
class Asked:
    """The options as typed."""

    minutes: list[str] = field(default_factory=list)
    staff: list[str] = field(default_factory=list)
    night: list[str] = field(default_factory=list)
    station: list[str] = field(default_factory=list)


Change = Callable[[Variant], Variant]


def variants(asked: Asked, district: District) -> list[Variant]:
    """The columns. Where an option gives several values each has its own, else the first is the district as it is.

    ``BadOption`` with a sentence for what cannot be followed.
    """
    axes = [
        *(_axis(text, "--set", _minutes) for text in asked.minutes),
        *(_axis(text, "--staff", lambda name, value: _staff(name, value, district, False)) for text in asked.staff),
        *(_night(text, district) for text in asked.night),
        *(_axis(text, "--station", lambda name, value: _stock(name, value, district)) for text in asked.station),
    ]
    several = any(len(axis) > 1 for axis in axes)
    found = [] if axes and several else [Variant()]
    if axes:
        found += [_variant(choice) for choice in product(*axes)]
    if len(found) > MOST_VARIANTS:
        raise BadOption(
            f"最多 {MOST_VARIANTS} 列，现有 {len(found)} 列 / at most {MOST_VARIANTS} columns, not {len(found)}"
        )
    return found


def _variant(choice: Iterable[tuple[str, Change]]) -> Variant:
    made = Variant(label=" ".join(label for label, _change in choice))
    for _label, change in choice:
        made = change(made)
    return made


def _axis(text: str, option: str, read: Callable[[str, str], Change]) -> list[tuple[str, Change]]:
    name, sign, values = text.partition("=")
    if not sign or not name or not values:
        raise BadOption(f"{option} {text!r}：应为 名称=值[,值…] / wanted NAME=VALUE[,VALUE…]")
    return [(f"{name}={value}", read(name, value)) for value in values.split(",")]


def _night(text: str, district: District) -> list[tuple[str, Change]]:
    whole = text if "=" in text else f"all={text}"
    axis = _axis(whole, "--night", lambda name, value: _staff(name, value, district, True))
    return [(f"night {label.removeprefix('all=')}", change) for label, change in axis]


def _minutes(name: str, value: str) -> Change:
    if name not in MINUTES:
        raise BadOption(f"--set {name}：只能设置 {'、'.join(MINUTES)} / settable are {', '.join(MINUTES)}")
    if not re.fullmatch("[0-9]{1,6}", value) or not 1 <= int(value) <= LONGEST_MINUTES:
        longest = LONGEST_MINUTES
        raise BadOption(f"--set {name}={value}：应为 1 至 {longest} 的整分钟数 / whole minutes from 1 to {longest}")
    return lambda variant: replace(variant, minutes=(*variant.minutes, (name, int(value))))


def _staff(name: str, value: str, district: District, at_night: bool) -> Change:
    option = "--night" if at_night else "--staff"
    if not PEOPLE.fullmatch(value) or abs(int(value)) > MOST_PEOPLE:
        raise BadOption(f"{option} {name}={value}：应为 +N、-N 或 N，N ≤ {MOST_PEOPLE} / wanted +N, -N or N")
    # At night more or fewer is meant with and without a sign: nobody plans one number for all units.
    exact = value[0] not in "+-" and not at_night
    change = Staffing(
        of=_units(name, option, district),
        by=0 if exact else int(value),
        to=int(value) if exact else None,
        at_night=at_night,
    )
    return lambda variant: replace(variant, staff=(*variant.staff, change))


def _units(name: str, option: str, district: District) -> frozenset[int]:
    if name in GROUPS:
        return frozenset(unit.pk for unit in district.units.values() if GROUPS[name](unit))
    unit = district.units.get(name)
    if unit is None:
        known = district.known.units_by_code.get(name)
        why = "不承办案件 works no cases" if known and known.kind not in WORKING else "没有这个单位 no such unit"
        raise BadOption(f"{option} {name}：{why}；可用单位代码或 {'、'.join(GROUPS)} / a code, or {', '.join(GROUPS)}")
    return frozenset([unit.pk])


def _stock(name: str, value: str, district: District) -> Change:
    station_code, sign, code = name.partition(":")
    if not sign or not re.fullmatch("[+-][0-9]{1,6}", value) or int(value) == 0:
        raise BadOption(f"--station {name}={value}：应为 站点:资源=±N / wanted STATION:RESOURCE=+N or -N")
    stations = {offer.resource.station.code: offer.resource.station for offer in district.offers}
    resources = {offer.resource.code: offer.resource for offer in district.offers}
    if station_code not in stations:
        raise BadOption(f"--station {station_code}：没有这个站点 / no such station")
    if code not in resources:
        raise BadOption(f"--station {code}：没有这个资源 / no such resource")
    station, resource, by = stations[station_code], resources[code], int(value)
    if by < 0 and (resource.station_id != station.pk or resource.stock < -by):
        raise BadOption(f"--station {name}={value}：该站没有这么多 / the station has not so many")
    if by > MOST_PEOPLE and resource.kind != ResourceKind.MATERIAL:
        raise BadOption(f"--station {name}={value}：最多 {MOST_PEOPLE} / at most {MOST_PEOPLE}")
    return lambda variant: replace(variant, stock=(*variant.stock, Stock(station.pk, resource.pk, by)))
