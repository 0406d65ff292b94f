"""An insurer's own policies as a spreadsheet. New ones are brought in; what stands is changed by endorsement."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import CharField, F, Q, TextChoices, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from insurance import money
from insurance.policies import registering
from insurance.policies.drafting import AMOUNTS, LONGEST_TAIL, Draft, Rejected, read, resolved, told
from insurance.policies.models import Line, Policy
from responsibility import access, directory
from responsibility.acting import Actor
from responsibility.exchange.faults import SENTENCES, Faults
from responsibility.exchange.kinds import Choice, Code, Kind, Moment, Number
from responsibility.exchange.references import UNIT
from responsibility.exchange.tables import Change, Column, Row, Table
from responsibility.models import User
from responsibility.models.district import UnitKind
from responsibility.refusals import Forbidden, Invalid

SENTENCES["policy_stands"] = _("该保单号已登记，内容不同；变更请用批单。")
SENTENCES["policy_refused"] = _("%(why)s")
MOST = 10 ** (money.DIGITS - money.PLACES) - 1
LONGEST_LIST = 30_000


class Whether(TextChoices):
    """Whether all objects of the insured are covered."""

    YES = "yes", _("是")
    NO = "no", _("否")


class Yuan(Number):
    """An amount in yuan, two places."""

    zh, en = "金额（元），两位小数", "yuan, two places"
    empty: Any = None

    def __init__(self) -> None:
        super().__init__(0, MOST)

    def read(self, raw: object) -> Any:
        """To the fen: a spreadsheet keeps fractions of its own."""
        found = super().read(raw)
        return None if found is None else money.rounded(Decimal(repr(found)))

    def show(self, value: Any) -> float | None:
        """As a number."""
        return None if value is None else float(value)


class Policies(Table):
    """The policies that one insurer leads: ``insurers`` are the ids of the actor's units; none is seen without."""

    name, zh, en = "policies", "风控保单", "Policies"
    about = (
        "登记本公司首席承保的保单。已登记的保单不在这里改动：批改、续保、解除在保单页面办理。"
        "保险期间止为不承保的第一个时刻：保到 12 月 31 日 24 时，填次年 1 月 1 日。",
        "Registers policies that your company leads. What is registered already is not changed here but endorsed, "
        "renewed or cancelled on its page. The end is the first instant not covered: for 31 December 24:00 write "
        "1 January.",
    )
    key = ("number",)
    model = Policy
    whole = False
    columns = (
        Column("number", "保单号", "Policy number", Code(64), True),
        Column("line", "险种", "Line", Choice(Line), True),
        Column("insured", "被保险人", "Insured", UNIT, True, ("单位代码。", "Code of the unit.")),
        Column("broker", "保险经纪", "Broker", UNIT, help=("单位代码；没有则留空。", "Code; empty for none.")),
        Column("shares", "共保份额", "Shares", Kind(2000), help=(
            "如 X-INS 70, X-INS-B 30；独家承保留空。", "As X-INS 70, X-INS-B 30; empty where you carry all.")),
        Column("whole", "承保全部监测对象", "All objects", Choice(Whether)),
        Column("objects", "承保监测对象", "Objects", Kind(LONGEST_LIST), help=(
            "代码，用逗号或空格分开。", "Codes, parted by commas or blanks.")),
        Column("territories", "承保属地", "Territories", Kind(2000), help=(
            "被保险人为街镇时可填。", "Where the insured is a street or town.")),
        Column("starts_at", "保险期间起", "From", Moment(), True),
        Column("ends_at", "保险期间止", "Until", Moment(), True, ("不含这一时刻。", "Without this instant.")),
        Column("tail_days", "索赔期（天）", "Claim tail, days", Number(0, LONGEST_TAIL), help=(
            "留空为 730 天。", "Empty means 730.")),
        Column("premium", "签单保费", "Premium", Yuan(), True),
        Column("limit_total", "累计责任限额", "Limit in total", Yuan(), True),
        Column("limit_each", "每次事故责任限额", "Limit for each accident", Yuan(), True),
        Column("deductible", "每次事故免赔额", "Deductible", Yuan()),
        Column("fast_limit", "快赔限额", "Fast track up to", Yuan()),
        Column("cancelled_at", "解除时间", "Cancelled", Moment(), shown=True),
    )  # fmt: skip

    def __init__(self, insurers: frozenset[int] = frozenset()):
        self.insurers = insurers

    def kept_by(self, actor: Actor) -> "Policies":
        """Those that the insurers of ``actor`` lead."""
        return Policies(frozenset(pk for pk in actor.unit_ids if access.post_for(actor, registering.ACT, named={pk})))

    def brought(self, actor: Actor) -> Q:
        """One's own files: they tell of policies that concern nobody else."""
        return super().brought(actor) & Q(brought_by=actor.user)

    def lock(self, scope: str) -> None:
        """Nothing: what comes in between is found by the database's own rule, and other insurers go on."""

    def records(self, scope: str, keys: Collection[tuple] | None = None) -> Iterator[dict[str, Any]]:
        """As the parent."""
        found = Policy.objects.filter(insurer__in=self.insurers).order_by("number")
        if keys is not None:
            found = found.filter(number__in=[number for (number,) in keys if number])
        for row in found.values(*PLAIN, "insured__code", "broker__code", **LISTS).iterator(chunk_size=2000):
            lists = {name: _sorted(row.pop(f"all_{name}")) for name in ("shares", "objects", "territories")}
            yield row | lists | {
                "insured": row.pop("insured__code"), "broker": row.pop("broker__code") or "",
                "whole": "yes" if row["whole"] else "no",
                "shares": lists["shares"] if ", " in lists["shares"] else "",
            }  # fmt: skip

    def judge(self, rows: Iterator[Row], scope: str, actor: Actor, faults: Faults) -> Iterator[list[Change]]:
        """As the parent, against the actor's own policies."""
        yield from super(Policies, self.kept_by(actor)).judge(rows, scope, actor, faults)

    def check(self, rows: list[Row], have: dict[tuple, dict], actor: Actor, faults: Faults) -> None:
        """As the API judges them; and what stands already stays as it is."""
        known = directory.current()
        lead = next((known.units[p] for p in self.insurers if known.units[p].kind == UnitKind.INSURER), None)
        drafts = [(row, None if row.faulty else read(_given(row.values))) for row in rows]
        objects = registering.named_objects(c for _row, d in drafts if isinstance(d, Draft) for c in d.objects)
        for row, draft in drafts:
            record = have.get(self.key_of(row.values))
            if isinstance(draft, Draft):
                _tidy(row, draft)
                if record is not None:
                    if any(self._differs(column, row, record) for column in self.read_columns):
                        faults.at(row, "number", "policy_stands")
                    continue
                try:
                    if lead is None:
                        raise Forbidden("wrong_role", _("保单由首席承保的保险公司登记。"))
                    resolved(draft, lead, known, objects)
                except (Invalid, Forbidden) as refused:
                    draft = Rejected(None, [told(refused)])
            if isinstance(draft, Rejected):
                for error in draft.errors:
                    faults.at(row, error["attr"] or "number", "policy_refused", why=error["detail"])

    def write(self, changes: list[Change], scope: str, by: User) -> None:
        """Through the one pen of policies; the outcome was judged in the same transaction."""
        drafts = [read(_given(change.after)) for change in changes if change.kind == "created"]
        if not drafts:
            return
        actor, post = registering.office(by)
        for answer in registering.settle(drafts, actor, post):
            if answer.outcome == "rejected":
                raise Invalid(answer.errors[0]["code"], answer.errors[0]["detail"])


PLAIN = ["number", "line", "whole", "starts_at", "ends_at", "tail_days", "cancelled_at", *AMOUNTS]
# What an endorsement has ended is covered no longer.
TO_THE_END = Q(covered__until__gte=F("ends_at"))
LISTS = {
    "all_shares": StringAgg(
        Concat("shares__insurer__code", Value(" "), Cast("shares__percent", CharField()), output_field=CharField()),
        ", ", distinct=True,
    ),
    "all_objects": StringAgg("covered__risk_object__code", ", ", distinct=True, filter=TO_THE_END),
    "all_territories": StringAgg("covered__territory__code", ", ", distinct=True, filter=TO_THE_END),
}  # fmt: skip


def _sorted(listed: str | None) -> str:
    """Codes in one order, whatever the database's collation thinks."""
    return ", ".join(sorted((listed or "").split(", ")))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"whole": values.get("whole") == "yes", "tail_days": _whole(values.get("tail_days"))}


def _whole(days: float | None) -> float | int | None:
    return int(days) if days is not None and days == int(days) else days


def _tidy(row: Row, draft: Draft) -> None:
    """Write lists, days and empty cells as an export does, so that what was taken out comes back unchanged."""
    shares = sorted(f"{code} {percent}" for code, percent in draft.shares.items())
    row.values |= {
        "shares": ", ".join(shares) if len(shares) > 1 else "", "objects": ", ".join(sorted(draft.objects)),
        "territories": ", ".join(sorted(draft.territories)), "whole": "yes" if draft.whole else "no",
        "tail_days": draft.tail_days, **draft.amounts,
    }  # fmt: skip
