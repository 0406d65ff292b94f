"""Risk objects as a spreadsheet: tens of thousands of them, so in batches, and written by COPY."""

from collections.abc import Collection, Iterator
from typing import Any

import pgbulk

from alerts.coordinates import to_wgs84
from alerts.models import RiskObject
from responsibility import directory
from responsibility.acting import Actor
from responsibility.copying import copy
from responsibility.exchange.faults import Faults
from responsibility.exchange.kinds import Allowed, Attributes, Code, Kind, Number, OneOf
from responsibility.exchange.references import CATEGORY, SCENARIO, UNIT
from responsibility.exchange.tables import Change, Column, Row, Table
from responsibility.models import User

PLAIN = ["code", "name", "name_en", "lat", "lon", "attributes"]
CODES = ["category", "scenario", "main_body"]
CHANGED = [*PLAIN[1:], "category", "scenario", "main_body", "territory"]
WGS84 = "WGS84"


def _systems() -> list[Allowed]:
    return [
        Allowed(WGS84, "GPS、北斗、天地图", "GPS, BeiDou"),
        Allowed("GCJ02", "高德、腾讯地图", "AMap, Tencent"),
        Allowed("BD09", "百度地图", "Baidu"),
    ]


class Objects(Table):
    """What is watched."""

    name, zh, en = "objects", "监测对象", "Risk objects"
    about = (
        "按代码增改，不会删除。属地由坐标算出，不用填写。"
        "坐标系留空为 WGS84；高德、腾讯填 GCJ02，百度填 BD09，导入时换算。",
        "Rows are added or changed by code, never removed. The territory is found from the point. An empty coordinate "
        "system means WGS84; GCJ02 and BD09 are converted.",
    )
    key = ("code",)
    model = RiskObject
    whole = False
    columns = (
        Column("code", "代码", "Code", Code(64), True, (
            "唯一，与子平台上报的一致。", "Unique; what the sources call it.")),
        Column("name", "名称", "Name", Kind(200), True),
        Column("name_en", "英文名称", "English name", Kind(200)),
        Column("category", "风险类别", "Category", CATEGORY, help=(
            "类别代码。", "Code of the category.")),
        Column("scenario", "场景", "Scenario", SCENARIO, help=(
            "场景代码。", "Code of the scenario.")),
        Column("main_body", "主体责任单位", "Main body", UNIT, help=(
            "单位代码。", "Code of the unit that runs it.")),
        Column("lat", "纬度", "Latitude", Number(-90, 90), True, ("十进制度。", "Decimal degrees.")),
        Column("lon", "经度", "Longitude", Number(-180, 180), True, ("十进制度。", "Decimal degrees.")),
        Column("crs", "坐标系", "CRS", OneOf(_systems), help=("留空为 WGS84。", "Empty means WGS84.")),
        Column("territory", "属地", "Territory", Kind(), shown=True),
        Column("attributes", "属性", "Attributes", Attributes(10_000)),
    )  # fmt: skip

    def records(self, scope: str, keys: Collection[tuple] | None = None) -> Iterator[dict[str, Any]]:
        """As the parent; points are WGS84."""
        found = RiskObject.objects.order_by("code")
        if keys is not None:
            found = found.filter(code__in=[code for (code,) in keys if code])
        paths = {name: f"{name}__code" for name in CODES} | {"territory": "territory__name"}
        for row in found.values(*PLAIN, *paths.values()).iterator():
            yield row | {name: row.pop(path) or "" for name, path in paths.items()} | {"crs": WGS84}

    def check(self, rows: list[Row], have: dict[tuple, dict], actor: Actor, faults: Faults) -> None:
        """Points become WGS84 and must lie in the district."""
        super().check(rows, have, actor, faults)
        placed = [row for row in rows if not row.faulty]
        for row in placed:
            lat, lon = to_wgs84(row.values["lat"], row.values["lon"], row.values.get("crs") or WGS84)
            row.values |= {"lat": lat, "lon": lon, "crs": WGS84}
        found = directory.current().territories_of([(row.values["lat"], row.values["lon"]) for row in placed])
        for row, territory in zip(placed, found, strict=True):
            if territory is None:
                point = f"{row.values['lat']:.6f}, {row.values['lon']:.6f}"
                faults.at(row, "lat", "outside_district", found=point)

    def write(self, changes: list[Change], scope: str, by: User) -> None:
        """As the parent: new ones by COPY, the others in one statement."""
        known = directory.current()
        places = known.territories_of([(change.after["lat"], change.after["lon"]) for change in changes])
        rows = [_fields(change.after, known, place) for change, place in zip(changes, places, strict=True)]
        kinds = [change.kind for change in changes]
        made = [row for row, kind in zip(rows, kinds, strict=True) if kind == "created"]
        copy(RiskObject, made, leave_out=["id"])
        changed = {row["code"]: row for row, kind in zip(rows, kinds, strict=True) if kind == "changed"}
        kept = list(RiskObject.objects.filter(code__in=changed))
        for thing in kept:
            for name, value in changed[thing.code].items():
                if name != "demo":
                    setattr(thing, name, value)
        if kept:
            pgbulk.update(RiskObject, kept, CHANGED)


def _fields(values: dict[str, Any], known: directory.Directory, territory) -> dict[str, Any]:
    """The row by attribute names; a territory was found, or the row would not be here."""
    things = {
        "category_id": known.categories.get(values["category"]),
        "scenario_id": known.scenarios.get(values["scenario"]),
        "main_body_id": known.units_by_code.get(values["main_body"]),
        "territory_id": territory,
    }
    keys = {name: thing.pk if thing else None for name, thing in things.items()}
    plain = {name: values[name] for name in PLAIN}
    return plain | keys | {"attributes": values["attributes"] or {}, "demo": False}
