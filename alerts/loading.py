"""The risk objects of a district file."""

from rest_framework import serializers

from alerts.models import RiskObject
from responsibility import directory, district_file, rows_told
from responsibility.district_file import BadDistrictFile, Code, Text
from responsibility.loading import Tally, sync

Row = district_file.row_of(
    "Row",
    code=Text(max_length=64),
    category=Code("categories"),
    scenario=Code("scenarios", allow_null=True),
    main_body=Code("units"),
    attributes=serializers.DictField(),
    demo=serializers.BooleanField(),
    **district_file.named(),
    **district_file.place(),
)


def load_objects(data: dict) -> Tally:
    """Load ``data["demo"]["objects"]``; a wrong one, or one outside the district, is refused by its code."""
    rows = data.get("demo", {}).get("objects", [])
    with rows_told.told():
        known = directory.current()
        named = {"categories": [*known.categories], "scenarios": [*known.scenarios], "units": [*known.units_by_code]}
        district_file.judge_rows("demo.objects", Row, rows, named)
        places = known.territories_of([(row["lat"], row["lon"]) for row in rows])
        outside = [row["code"] for row, place in zip(rows, places, strict=True) if place is None]
        if outside:
            raise BadDistrictFile(f"监测对象在区外 / objects outside the district: {', '.join(outside[:5])}")
        return sync(RiskObject, ["code"], [_object(row, place, known) for row, place in zip(rows, places, strict=True)])


def _object(row: dict, territory, known: directory.Directory) -> dict:
    return {
        **{name: row[name] for name in ("code", "name", "name_en", "lat", "lon", "attributes", "demo")},
        "category": known.categories[row["category"]],
        "scenario": known.scenarios[row["scenario"]] if row["scenario"] else None,
        "main_body": known.units_by_code[row["main_body"]],
        "territory": territory,
    }
