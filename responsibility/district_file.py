"""What a district file must look like. Judged before anything is written, so that a slip of the pen is named by its
row instead of failing at three in the morning, when the first alert of that category comes.
"""

from collections import Counter
from datetime import date

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from responsibility.models import Grade
from responsibility.models.district import UnitKind
from responsibility.models.matrix import DutyRole, EvidenceKind
from responsibility.soundness import MINUTES, TRIGGERS

OPERATORS = [">=", "<=", "event", "external_signal"]
A_YEAR = 366 * 24 * 60
SHOWN = 3


class BadDistrictFile(Exception):
    """The file cannot be used; the text says what is wrong with it."""


class Number(serializers.FloatField):
    """A finite JSON number; a text is none."""

    def to_internal_value(self, data):
        # A whole number beyond the reach of a float is none either.
        if isinstance(data, bool) or not isinstance(data, int | float) or not -1e300 < data < 1e300:
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole JSON number; a text is none."""

    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON text that is not empty."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Code(Text):
    """The code of a row of ``part`` in the same file."""

    default_error_messages = {"unknown": _("文件中没有这个代码：{code}。")}

    def __init__(self, part: str, **kwargs):
        self.part = part
        super().__init__(**kwargs)

    def to_internal_value(self, data):
        code = super().to_internal_value(data)
        if code not in self.context["codes"][self.part]:
            self.fail("unknown", code=code[:64])
        return code


def named(length: int = 200) -> dict:
    """The fields of a name in both languages."""
    return {"name": Text(max_length=length), "name_en": Text(max_length=length, allow_blank=True)}


def place() -> dict:
    """The fields of a point in WGS84 degrees."""
    return {"lat": Number(min_value=-90, max_value=90), "lon": Number(min_value=-180, max_value=180)}


def row_of(called: str, /, **fields) -> type[serializers.Serializer]:
    """A row called ``called`` with these fields."""
    return type(called, (serializers.Serializer,), fields)


District = row_of(
    "District",
    code=Text(max_length=64),
    prefix=Text(max_length=8),
    area_km2=Number(min_value=0.01),
    **named(),
    **place(),
)
UnitRow = row_of(
    "UnitRow",
    code=Text(max_length=64),
    short_name=Text(max_length=100, allow_blank=True),
    kind=serializers.ChoiceField(UnitKind.choices),
    functions=serializers.ListField(child=Text()),
    parent=Code("units", allow_null=True, required=False),
    demo=serializers.BooleanField(),
    source=Text(allow_blank=True),
    **named(),
)
TerritoryRow = row_of(
    "TerritoryRow",
    code=Text(max_length=64),
    kind=Text(max_length=30),
    unit=Code("units"),
    accuracy_m=Whole(min_value=0, max_value=10**6),
    source=Text(allow_blank=True),
    **named(),
    **place(),
)
ScenarioRow = row_of("ScenarioRow", code=Text(max_length=64), **named())
Threshold = row_of("Threshold", value=Number(allow_null=True))
Minutes = row_of(
    "Minutes",
    **{n: Whole(min_value=1, max_value=A_YEAR) for n in ("acknowledge", "arrive", "contain", "small_loop")},
    **{
        n: Whole(min_value=1, max_value=A_YEAR, required=False)
        for n in MINUTES
        if n not in ("acknowledge", "arrive", "contain", "small_loop")
    },
)
Limit = row_of("Limit", value=Whole(min_value=1, max_value=1000, allow_null=True))


class CategoryRow(serializers.Serializer):
    """One risk category with what intake and clocks read from it."""

    code = Text(max_length=64)
    name = Text(max_length=200)
    name_en = Text(max_length=200, allow_blank=True)
    domain = Text(max_length=50)
    domain_en = Text(max_length=50, allow_blank=True)
    metric = Text(max_length=200, allow_blank=True)
    metric_en = Text(max_length=200, allow_blank=True)
    operator = serializers.ChoiceField(OPERATORS)
    unit = Text(max_length=40, allow_blank=True)
    thresholds = serializers.DictField(child=Threshold())
    minutes = Minutes()
    rectify_working_days = Limit()
    clear_readings = Whole(min_value=0, max_value=1000)
    evidence = serializers.ListField(child=serializers.ChoiceField(EvidenceKind.choices))
    cap_category = Text(max_length=20, allow_blank=True)
    rises = serializers.DictField(child=serializers.ChoiceField(["medium", "large"], allow_null=True), required=False)

    def validate_rises(self, value):
        """Named by trigger."""
        if set(value) - set(TRIGGERS):
            raise serializers.ValidationError(", ".join(sorted(set(value) - set(TRIGGERS))))
        return value

    def validate_thresholds(self, value):
        """Named by colour."""
        unknown = set(value) - set(Grade.values)
        if unknown:
            raise serializers.ValidationError(_("颜色应为 red、orange、yellow 或 blue。"))
        return value


class DutyRow(serializers.Serializer):
    """One matrix row. A row without category is for a whole ``domain``."""

    category = Code("categories", allow_null=True)
    domain = Text(max_length=50, allow_blank=True, allow_null=True, required=False)
    scenario = Code("scenarios", allow_null=True)
    stage = Text(max_length=40, allow_blank=True, allow_null=True)
    territory = Code("territories", allow_null=True)
    role = serializers.ChoiceField(DutyRole.choices)
    unit = Code("units", allow_null=True)
    basis = Text()
    basis_en = Text(allow_blank=True)
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True)
    source = Text(allow_blank=True)  # type: ignore[assignment]
    note = Text(allow_blank=True)

    def validate(self, row):
        """Of something, and in the right order."""
        if not row["category"] and not row.get("domain"):
            raise serializers.ValidationError({"category": [_("缺少必填字段。")]})
        if row["valid_from"] and row["valid_to"] and row["valid_to"] <= row["valid_from"]:
            raise serializers.ValidationError({"valid_to": [_("应晚于起始日期。")]})
        return row


class Calendar(serializers.Serializer):
    """Days by year; each stands under its own."""

    source = Text(allow_blank=True)  # type: ignore[assignment]
    holidays = serializers.DictField(child=serializers.ListField(child=serializers.DateField()))
    adjusted_workdays = serializers.DictField(child=serializers.ListField(child=serializers.DateField()))

    def validate(self, calendar):
        """No working day of a year without its holidays."""
        for part in ("holidays", "adjusted_workdays"):
            for year, days in calendar[part].items():
                _year(part, year, days, calendar["holidays"])
        return calendar


def _year(part: str, year: str, days: list[date], known: dict) -> None:
    strays = [str(day) for day in days if str(day.year) != year]
    if strays or year not in known or not year.isdigit():
        raise serializers.ValidationError(
            {part: {year: [_("日期应列在其所属年份之下。")] if strays else [_("没有这一年。")]}}
        )


ROWS: dict[str, type[serializers.Serializer]] = {
    "units": UnitRow,
    "territories": TerritoryRow,
    "scenarios": ScenarioRow,
    "categories": CategoryRow,
    "matrix": DutyRow,
}


def judge(data: dict) -> None:
    """``BadDistrictFile`` with the first faults of ``data``, each with its row, its field and what is wrong with it."""
    faults = _faults("district", District(data=data["district"])) + _faults("calendar", Calendar(data=data["calendar"]))
    known = {part: codes(data[part]) for part in ROWS}
    for part, row in ROWS.items():
        faults += _of_rows(part, row, data[part], known)
    _refuse(faults)


def judge_rows(part: str, row: type[serializers.Serializer], rows: object, known: dict[str, list[str]]) -> None:
    """The same for ``rows`` of a part that another floor reads; ``known``: the codes by part that they may name."""
    _refuse(_of_rows(part, row, rows, known))


def codes(rows: object) -> list[str]:
    """The codes of ``rows``, as far as they are any."""
    found = [row.get("code") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [code for code in found if isinstance(code, str)]


def _of_rows(part: str, row: type[serializers.Serializer], rows: object, known: dict[str, list[str]]) -> list[str]:
    context = {"codes": {name: set(found) for name, found in known.items()}}
    doubles = [code for code, n in Counter(codes(rows)).items() if n > 1]
    faults = [f"{part} {code}: 重复的代码 / this code stands twice" for code in doubles]
    return faults + _faults(part, row(data=rows, many=True, context=context))


def _refuse(faults: list[str]) -> None:
    if not faults:
        return
    more = f" …（共 {len(faults)} 处 / {len(faults)} in all）" if len(faults) > SHOWN else ""
    raise BadDistrictFile("区数据文件有误 / the district file is wrong: " + "; ".join(faults[:SHOWN]) + more)


def _faults(part: str, row: serializers.BaseSerializer) -> list[str]:
    with translation.override("zh-hans"):
        if row.is_valid():
            return []
    return list(_told(part, row.errors, row.initial_data))


def _told(where: str, errors, given):
    if isinstance(errors, list) and errors and not isinstance(errors[0], dict):
        value = "" if isinstance(given, dict | list) else f" ({given!r})"
        yield f"{where}{value[:60]}: {' '.join(map(str, errors))}"
        return
    for name, inner in errors.items() if isinstance(errors, dict) else enumerate(errors):
        if not inner:
            continue
        below = _below(given, name)
        label = below["code"] if isinstance(below, dict) and isinstance(below.get("code"), str) else None
        step = f"[{name}]" if isinstance(name, int) else f".{name}" if name != "non_field_errors" else ""
        yield from _told(f"{where}{step}{f' {label}' if label else ''}", inner, below if step else given)


def _below(given, name):
    try:
        return given[name]
    except (KeyError, IndexError, TypeError):
        return {}
