"""Stock and readiness as a spreadsheet, for the day on which a whole store is counted. Written as from the page."""

from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from resources import keeping
from resources.models import Resource, ResourceKind
from responsibility import access, directory
from responsibility.acting import Actor
from responsibility.exchange.faults import Faults
from responsibility.exchange.kinds import Choice, Code, Kind, Number
from responsibility.exchange.tables import Change, Column, Row, Table
from responsibility.models import User


class Readiness(TextChoices):
    """Whether it can go out."""

    YES = "yes", _("可出动")
    NO = "no", _("不可出动")


class Stock(Table):
    """What stands at the stations. ``units`` are the ids of those it is narrowed to, ``None`` for all."""

    name, zh, en = "stock", "应急资源库存", "Stock of resources"
    about = (
        "按代码登记库存与可出动状态；不增删资源，文件中没有的不动。队伍和装备的库存为 0 或 1；库存不能少于已调数量。",
        "Stock and readiness by code. Resources are neither added nor removed; what the file leaves out stays. Teams "
        "and equipment are 0 or 1, and no stock is less than what is out.",
    )
    key = ("code",)
    model = Resource
    columns = (
        Column("code", "代码", "Code", Code(64), True, ("已登记资源的代码。", "Code of a registered resource.")),
        Column("name", "名称", "Name", Kind(), shown=True),
        Column("station", "站点", "Station", Kind(), shown=True),
        Column("kind", "类别", "Kind", Choice(ResourceKind), shown=True),
        Column("stock", "库存", "Stock", Number(0, keeping.MOST), help=("整数；留空不变。", "Whole; empty leaves it.")),
        Column("reserved", "已调", "Out", Number(0, keeping.MOST), shown=True),
        Column("ready", "状态", "State", Choice(Readiness), help=("留空不变。", "Empty leaves it.")),
    )  # fmt: skip

    def __init__(self, units: set[int] | None = None):
        self.units = units

    def kept_by(self, actor: Actor) -> "Stock":
        """What stands at the stations that ``actor`` keeps."""
        return Stock(_kept(actor))

    def brought(self, actor: Actor) -> Q:
        """One's own files; all for who keeps every station."""
        own = Q() if access.everywhere(actor, self.act) else Q(brought_by=actor.user)
        return super().brought(actor) & own

    def lock(self, scope: str) -> None:
        """As the parent, by rows and in the order in which they are sent: no crew waits for a table."""
        list(Resource.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))

    def records(self, scope: str, keys: Collection[tuple] | None = None) -> Iterator[dict[str, Any]]:
        """As the parent."""
        found = Resource.objects.order_by("station__code", "kind", "code")
        if keys is not None:
            found = found.filter(code__in=[code for (code,) in keys if code])
        if self.units is not None:
            found = found.filter(station__unit__in=self.units)
        columns = ("pk", "code", "name", "kind", "stock", "reserved", "ready", "station__name", "station__unit")
        for row in found.values(*columns).iterator():
            yield row | {"station": row["station__name"], "ready": "yes" if row["ready"] else "no"}

    def check(self, rows: list[Row], have: dict[tuple, dict], actor: Actor, faults: Faults) -> None:
        """Of a registered resource, by its keeper, and not below what is out."""
        super().check(rows, have, actor, faults)
        kept = _kept(actor)
        for row in rows:
            record = have.get(self.key_of(row.values))
            if row.faulty:
                continue
            if record is None:
                faults.at(row, "code", "unknown_code", found=row.values["code"])
            elif record["station__unit"] not in kept:
                faults.at(row, "code", "not_stock_keeper")
            else:
                _counted(row, record, faults)

    def write(self, changes: list[Change], scope: str, by: User) -> None:
        """Through the one pen of the stock."""
        wanted = {c.after["pk"]: keeping.Wish(c.after["stock"], c.after["ready"] == "yes") for c in changes}
        keeping.keep_all(wanted, by=by)


def _kept(actor: Actor) -> set[int]:
    units = directory.current().units
    return {pk for pk in units if access.post_for(actor, "resources.keep", named={pk})}


def _counted(row: Row, record: dict, faults: Faults) -> None:
    """The stock of ``row`` as a whole number within its bounds; what was left empty stays as it is."""
    for name in ("stock", "ready"):
        if row.values.get(name) in (None, ""):
            row.values.pop(name, None)
    stock = row.values.get("stock")
    if stock is None:
        return
    most = keeping.MOST if record["kind"] == ResourceKind.MATERIAL else 1
    if stock != int(stock) or stock > most:
        faults.at(row, "stock", "bad_stock", most=most)
    elif stock < record["reserved"]:
        faults.at(row, "stock", "promised_out", out=record["reserved"])
    else:
        row.values["stock"] = int(stock)
