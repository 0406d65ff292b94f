"""Units as a spreadsheet."""

from collections.abc import Collection, Iterator
from typing import Any

from responsibility.acting import Actor
from responsibility.exchange.faults import Faults
from responsibility.exchange.kinds import Allowed, Choice, Code, Day, Kind, Words
from responsibility.exchange.tables import Change, Column, Row, Table
from responsibility.models import Unit, User
from responsibility.models.district import UnitKind

PLAIN = ["code", "name", "short_name", "name_en", "kind", "closed_on", "source"]


def _functions() -> list[Allowed]:
    """The functions that units of this district have: a function gives powers, so a new one comes with the district."""
    lists = Unit.objects.values_list("functions", flat=True)
    return [Allowed(word, "", "") for word in sorted({word for words in lists for word in words})]


class Units(Table):
    """Who works."""

    name, zh, en = "units", "单位", "Units"
    about = (
        "按代码增改，不会删除；不再存在的单位请填撤销日期。上级单位可以在同一文件中新建。",
        "Rows are added or changed by code, never removed; give a unit that is no more its closing date. "
        "A parent may be new in the same file.",
    )
    key = ("code",)
    model = Unit
    columns = (
        Column("code", "代码", "Code", Code(64), True, ("唯一，之后不改。", "Unique, kept for good.")),
        Column("name", "名称", "Name", Kind(200), True),
        Column("short_name", "简称", "Short name", Kind(100)),
        Column("name_en", "英文名称", "English name", Kind(200)),
        Column("kind", "类型", "Type", Choice(UnitKind), True),
        Column("parent", "上级单位", "Parent unit", Code(64), help=("上级单位的代码。", "Code of the parent unit.")),
        Column("functions", "职能", "Functions", Words(_functions), help=("固定职能。", "Standing functions.")),
        Column("closed_on", "撤销日期", "Closed on", Day()),
        Column("source", "来源", "Source", Kind(2000), help=("依据的文件或网址。", "The document it rests on.")),
    )

    def records(self, scope: str, keys: Collection[tuple] | None = None) -> Iterator[dict[str, Any]]:
        """As the parent."""
        found = Unit.objects.order_by("code")
        if keys is not None:
            found = found.filter(code__in=[code for (code,) in keys])
        for row in found.values(*PLAIN, "functions", "parent__code").iterator():
            yield row | {"functions": tuple(sorted(row["functions"])), "parent": row["parent__code"] or ""}

    def check(self, rows: list[Row], have: dict[tuple, dict], actor: Actor, faults: Faults) -> None:
        """A parent must exist, there or in the file, and nobody stands above himself."""
        super().check(rows, have, actor, faults)
        above: dict[Any, Any] = dict(Unit.objects.values_list("code", "parent__code"))
        for row in rows:
            code = row.values.get("code")
            above[code] = row.values["parent"] if "parent" in row.values else above.get(code)
        for row in rows:
            parent = row.values.get("parent")
            if parent and parent not in above:
                faults.at(row, "parent", "unknown_code", found=parent)
            elif parent and (ring := _ring(row.values.get("code"), above)):
                faults.at(row, "parent", "own_parent", found=" → ".join(ring))

    def write(self, changes: list[Change], scope: str, by: User) -> None:
        """As the parent; parents last, when all units are there."""
        kept = Unit.objects.in_bulk([change.after["code"] for change in changes], field_name="code")
        made = [Unit(**_fields(change.after)) for change in changes if change.kind == "created"]
        Unit.objects.bulk_create(made)
        kept |= {unit.code: unit for unit in made}
        codes = {change.after["parent"] for change in changes if change.after["parent"]}
        parents = Unit.objects.in_bulk(list(codes), field_name="code")
        for change in changes:
            unit = kept[change.after["code"]]
            for name, value in _fields(change.after).items():
                setattr(unit, name, value)
            unit.parent = parents.get(change.after["parent"])
        Unit.objects.bulk_update(kept.values(), [*PLAIN[1:], "functions", "parent"])


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in PLAIN} | {"functions": list(values["functions"])}


def _ring(code: Any, above: dict) -> list[str]:
    """The ring of parents that ``code`` is part of; empty when there is none."""
    way, at = [code], above.get(code)
    while at and at not in way:
        way.append(at)
        at = above.get(at)
    return [*way, code] if at == code else []
