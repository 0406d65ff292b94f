"""The resources of a district file: capabilities, kits, stations and what stands there."""

import hashlib
from uuid import UUID

from rest_framework import serializers

from resources.models import Capability, KitLine, Offer, Resource, ResourceKind, Station, Third
from responsibility import acting, clock, district_file, ledger, rows_told
from responsibility.district_file import BadDistrictFile, Code, Text, Whole
from responsibility.loading import Tally, sync
from responsibility.models import Category, Unit

MOST = 10**6
# The chain on which kits, stations and offers are told of; the database derives it likewise.
LOADED = UUID(hashlib.md5(b"resources", usedforsecurity=False).hexdigest())
Gives = district_file.row_of("Gives", capability=Code("capabilities"), number=Whole(min_value=1, max_value=MOST))
ROWS = {
    "capabilities": district_file.row_of(
        "CapabilityRow",
        code=Text(max_length=64),
        third=serializers.ChoiceField(Third.choices),
        measure=Text(max_length=20),
        measure_en=Text(max_length=20, allow_blank=True),
        **district_file.named(),
    ),
    "kits": district_file.row_of(
        "KitRow",
        category=Code("categories"),
        capability=Code("capabilities"),
        quantity=Whole(min_value=1, max_value=MOST),
        source=Text(allow_blank=True),
    ),
    "stations": district_file.row_of(
        "StationRow",
        code=Text(max_length=64),
        unit=Code("units"),
        phone=Text(max_length=40, allow_blank=True),
        demo=serializers.BooleanField(),
        source=Text(allow_blank=True),
        **district_file.named(),
        **district_file.place(),
    ),
    "resources": district_file.row_of(
        "ResourceRow",
        code=Text(max_length=64),
        station=Code("stations"),
        kind=serializers.ChoiceField(ResourceKind.choices),
        stock=Whole(min_value=0, max_value=MOST),
        offers=Gives(many=True, allow_empty=False),
        demo=serializers.BooleanField(),
        source=Text(allow_blank=True),
        **district_file.named(),
    ),
}


def load_resources(data: dict) -> dict[str, Tally]:
    """Load ``data["resources"]`` (absent: nothing to load); a wrong row is refused by its code.

    What stands in the store is not set back: ``stock`` is taken for new rows only, because material is used up.
    """
    parts = {name: data.get("resources", {}).get(name, []) for name in ROWS}
    codes = {name: district_file.codes(parts[name]) for name in ("capabilities", "stations")}
    codes |= {"units": list(Unit.objects.values_list("code", flat=True))}
    codes |= {"categories": list(Category.objects.values_list("code", flat=True))}
    for name, row in ROWS.items():
        district_file.judge_rows(f"resources.{name}", row, parts[name], codes)
    with rows_told.told():
        capabilities = sync(Capability, ["code"], parts["capabilities"])
        kits, stations = _kits(parts["kits"]), _stations(parts["stations"])
        resources, offers = _resources(parts["resources"])
        _tell({"kits": kits, "stations": stations, "offers": offers})
        return {
            "应急能力 capabilities": capabilities,
            "资源配置 kits": kits,
            "站点 stations": stations,
            "应急资源 resources": resources,
        }


def _tell(tallies: dict[str, Tally]) -> None:
    """The ledger knows of what was loaded; without a word in it the database refuses kits, stations and offers."""
    changed = {name: tally.created + tally.changed for name, tally in tallies.items()}
    if any(changed.values()):
        act = ledger.Act(LOADED, "resource.load", "resources", "resources", "应急资源", {}, changed)
        ledger.record([act], by=acting.SYSTEM, at=clock.now())


def _kits(rows: list[dict]) -> Tally:
    categories, capabilities = (
        Category.objects.in_bulk(field_name="code"),
        Capability.objects.in_bulk(field_name="code"),
    )
    wanted = [
        row | {"category": categories[row["category"]], "capability": capabilities[row["capability"]]} for row in rows
    ]
    return sync(KitLine, ["category", "capability"], wanted)


def _stations(rows: list[dict]) -> Tally:
    units = Unit.objects.in_bulk(field_name="code")
    return sync(Station, ["code"], [row | {"unit": units[row["unit"]]} for row in rows])


def _resources(rows: list[dict]) -> tuple[Tally, Tally]:
    stations, have = Station.objects.in_bulk(field_name="code"), set(Resource.objects.values_list("code", flat=True))
    plain = ["code", "name", "name_en", "kind", "demo", "source"]
    wanted = []
    for row in rows:
        if row["kind"] != ResourceKind.MATERIAL and row["stock"] != 1:
            raise BadDistrictFile(f"{row['code']} · stock: 队伍和装备逐一登记 / teams and equipment are one each")
        kept = {name: row[name] for name in plain} | {"station": stations[row["station"]]}
        wanted.append(kept if row["code"] in have else kept | {"stock": row["stock"]})
    told = Tally()
    for part in ([w for w in wanted if "stock" in w], [w for w in wanted if "stock" not in w]):
        done = sync(Resource, ["code"], part)
        told = Tally(told.created + done.created, told.changed + done.changed, told.unchanged + done.unchanged)
    known, capabilities = Resource.objects.in_bulk(field_name="code"), Capability.objects.in_bulk(field_name="code")
    offers = [
        {"resource": known[row["code"]], "capability": capabilities[gives["capability"]], "number": gives["number"]}
        for row in rows
        for gives in row["offers"]
    ]
    return told, sync(Offer, ["resource", "capability"], offers)
