"""A district from its data file. Nothing here knows which district; loading twice changes nothing."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from responsibility import district_file, editions, geometry, rows_told
from responsibility.district_file import BadDistrictFile
from responsibility.models import (
    Authority,
    CalendarDay,
    CalendarYear,
    Category,
    District,
    Edition,
    Power,
    Scenario,
    Territory,
    Unit,
)


@dataclass
class Tally:
    """What happened to the rows of one table."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def __str__(self) -> str:
        return f"新增 created {self.created} · 更新 changed {self.changed} · 未变 unchanged {self.unchanged}"


def read(path: Path) -> dict:
    """The content of a district file; ``BadDistrictFile`` when it is missing, not JSON or lacks a part."""
    try:
        # Editors of one system put a byte order mark first; it says nothing about the district.
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadDistrictFile(f"无法读取 / cannot read {path.name}: {error}") from None
    if not isinstance(data, dict):
        raise BadDistrictFile(f"{path.name} 不是区数据文件 / is no district file: a JSON object is expected")
    parts = ["district", "units", "authority", "territories", "scenarios", "categories", "matrix", "calendar"]
    missing = [part for part in parts if part not in data]
    if missing:
        raise BadDistrictFile(f"{path.name} 缺少 / lacks: {', '.join(missing)}")
    return data


def sync(model: type[models.Model], key: Iterable[str], rows: Iterable[dict]) -> Tally:
    """Make the table hold ``rows`` (field values), told apart by the fields in ``key``; write only what differs."""
    key, tally = list(key), Tally()
    table = model._default_manager
    have = {tuple(getattr(o, _attname(model, k)) for k in key): o for o in table.all()}
    new, changed, fields = [], [], set()
    for row in rows:
        wanted = model(**row)
        kept = have.get(tuple(getattr(wanted, _attname(model, k)) for k in key))
        if kept is None:
            new.append(wanted)
            continue
        names = [n for n in row if getattr(kept, _attname(model, n)) != getattr(wanted, _attname(model, n))]
        if not names:
            tally.unchanged += 1
            continue
        for name in names:
            setattr(kept, name, row[name])
        fields.update(names)
        changed.append(kept)
    if new:
        table.bulk_create(new)
    if changed:
        table.bulk_update(changed, sorted(fields))
    tally.created, tally.changed = len(new), len(changed)
    return tally


def _attname(model: type[models.Model], name: str) -> str:
    return getattr(model._meta.get_field(name), "attname", name)


def load(data: dict, boundaries: dict | None = None, say: Callable[[str, Tally], None] = lambda *_: None) -> None:
    """Load ``data`` (see ``read``) in one transaction; ``boundaries`` is a real GeoJSON FeatureCollection or ``None``.

    ``say`` is told each table's name and tally. Raises ``BadDistrictFile`` or ``geometry.BoundaryError``.
    """
    district_file.judge(data)
    try:
        with rows_told.told():
            _load(data, boundaries, say)
            _refuse_faults()
    except (KeyError, TypeError) as error:
        raise BadDistrictFile(f"区数据文件有误 / the district file is wrong at: {error}") from error


def _load(data: dict, boundaries: dict | None, say) -> None:
    district = data["district"]
    names = ["code", "name", "name_en", "prefix", "lat", "lon", "area_km2"]
    row = {n: district[n] for n in names} | {"levels": data.get("levels", []), "meta": data.get("meta", {})}
    say("区 district", sync(District, ["code"], [row]))
    say("单位 units", sync(Unit, ["code"], [_unit(u) for u in data["units"]]))
    units = Unit.objects.in_bulk(field_name="code")
    _parents(data["units"], units)
    say("责权 authority", sync(Authority, ["kind", "function"], [_authority(a) for a in data["authority"]]))
    say("属地 territories", sync(Territory, ["code"], _territories(data, units, boundaries)))
    scenarios = [{n: s[n] for n in ("code", "name", "name_en")} for s in data["scenarios"]]
    say("场景 scenarios", sync(Scenario, ["code"], scenarios))
    unowned = data.get("undetermined", [])
    categories = [*map(_category, data["categories"]), *map(_new_business, unowned)]
    say("风险类别 categories", sync(Category, ["code"], categories))
    say("职责 matrix", _matrix([*data["matrix"], *unowned], units, district["name"]))
    say("日历 calendar", _calendar(data["calendar"]))


def _refuse_faults() -> None:
    for model in (District, Unit, Territory, Category):
        for row in model._default_manager.all():
            for name, detail in row.faults().items():
                raise BadDistrictFile(f"{row.code} · {name}: {detail}")


def _unit(unit: dict) -> dict:
    plain = ["code", "name", "short_name", "name_en", "kind", "functions", "demo", "source"]
    return {name: unit[name] for name in plain}


def _authority(row: dict) -> dict:
    _powers(row["verbs"])
    return {name: row[name] for name in ("kind", "function", "verbs", "name", "name_en", "basis", "basis_en", "source")}


def _powers(verbs: list[str]) -> None:
    unknown = set(verbs) - set(Power.values)
    if unknown:
        raise BadDistrictFile(f"没有这样的权限 / no such power: {', '.join(sorted(unknown))}")


def _parents(rows: list[dict], units: dict[str, Unit]) -> None:
    for row in rows:
        unit, parent = units[row["code"]], units[row["parent"]] if row.get("parent") else None
        if unit.parent_id != (parent.pk if parent else None):
            unit.parent = parent
            unit.save(update_fields=["parent"])


def _territories(data: dict, units: dict[str, Unit], boundaries: dict | None) -> list[dict]:
    """Real boundaries where they are given or already loaded, else one derived cell for each seat."""
    rows = data["territories"]
    codes = [row["code"] for row in rows]
    real = {} if boundaries is None else geometry.read_boundaries(boundaries, codes)
    if not real:
        real = {t.code: t.boundary for t in Territory.objects.filter(approximate=False)}
    cells = real or geometry.derive_cells(
        [(row["code"], row["lat"], row["lon"]) for row in rows], data["district"]["area_km2"]
    )
    return [
        {
            **{n: row[n] for n in ("code", "name", "name_en", "kind", "lat", "lon", "accuracy_m", "source")},
            "unit": units[row["unit"]],
            "boundary": json.loads(json.dumps(cells[row["code"]])),
            "approximate": row["code"] not in real,
        }
        for row in rows
    ]


def _category(category: dict) -> dict:
    plain = [
        "code", "name", "name_en", "domain", "domain_en", "metric", "metric_en", "operator", "unit", "thresholds",
        "minutes", "clear_readings", "evidence", "cap_category",
    ]  # fmt: skip
    row = {name: category[name] for name in plain}
    row["rectify_days"] = category["rectify_working_days"]["value"]
    _powers(category.get("lead_needs", []))
    # The handbook is a room of its own, and reads its part of the file itself.
    row["details"] = {name: value for name, value in category.items() if name not in (*plain, "handbook")}
    return row


def _new_business(row: dict) -> dict:
    """A danger that is known by name and nothing else: no thresholds, nobody who leads (art. 10)."""
    names = {name: row[name] for name in ("code", "name", "name_en") if name in row}
    details = {name: row[name] for name in ("basis", "source", "note") if name in row}
    return names | {
        "code": row["category"],
        "domain": "新业态",
        "domain_en": "New business",
        "operator": "event",
        "details": details,
    }


def _matrix(rows: list[dict], units: dict[str, Unit], district: str) -> Tally:
    """The first rows become the first edition; rows that differ from those read before become a draft for people."""
    origin = hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    if Edition.objects.filter(origin=origin).exists():
        return Tally(unchanged=len(rows))
    title, duties = f"{district}安全生产责任清单", _duties(rows, units)
    if Edition.objects.exists():
        editions.draft_file(title, duties, origin)
    elif duties:
        since = min(duty["valid"].lower for duty in duties)
        editions.publish_file(title, duties, origin, since)
    return Tally(created=len(duties))


def _duties(rows: list[dict], units: dict[str, Unit]) -> list[dict]:
    categories, scenarios = Category.objects.in_bulk(field_name="code"), Scenario.objects.in_bulk(field_name="code")
    territories = Territory.objects.in_bulk(field_name="code")
    return [
        {
            "category": categories[row["category"]] if row["category"] else None,
            "domain": row.get("domain") or "",
            "scenario": scenarios[row["scenario"]] if row["scenario"] else None,
            "stage": row.get("stage") or "",
            "territory": territories[row["territory"]] if row["territory"] else None,
            "role": row["role"],
            "unit": units[row["unit"]] if row["unit"] else None,
            "basis": row["basis"],
            "basis_en": row["basis_en"],
            "valid": DateTimeTZRange(_midnight(row["valid_from"]), _midnight(row["valid_to"])),
            "source": row["source"],
            "note": row["note"],
        }
        for row in rows
    ]


def _midnight(day: str | None) -> datetime | None:
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(settings.TIME_ZONE)) if day else None


def _calendar(calendar: dict) -> Tally:
    years = [{"year": int(year), "source": calendar["source"]} for year in calendar["holidays"]]
    sync(CalendarYear, ["year"], years)
    by_year = CalendarYear.objects.in_bulk()
    days = [
        {"date": date.fromisoformat(day), "year": by_year[int(year)], "working": working}
        for part, working in (("holidays", False), ("adjusted_workdays", True))
        for year, listed in calendar[part].items()
        for day in listed
    ]
    return sync(CalendarDay, ["date"], days)
