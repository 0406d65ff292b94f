"""Matrix rows of an open draft as a spreadsheet; what is published is never touched.

A matrix row has no code, so a file speaks for whole subjects: of every category or domain that it names, the draft
holds afterwards what the file holds. Subjects that the file does not name stay as they are.
"""

from collections.abc import Collection, Iterator
from typing import Any

from django.utils.translation import gettext as _

from responsibility import directory, editions
from responsibility.acting import Actor
from responsibility.exchange.faults import Faults
from responsibility.exchange.kinds import Allowed, Choice, Kind, Moment, OneOf
from responsibility.exchange.references import CATEGORY, SCENARIO, TERRITORY, UNIT
from responsibility.exchange.tables import Change, Column, Row, Table, paired
from responsibility.models import Duty, Edition, EditionState, User
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Refused
from responsibility.rows import LISTED

CODES = ["category", "scenario", "territory", "unit"]
PLAIN = ["domain", "stage", "role", "basis", "basis_en", "source", "note"]
PUBLISHED = EditionState.PUBLISHED
OPEN = [EditionState.DRAFT, EditionState.COMMENT]


def _domains() -> list[Allowed]:
    found = {category.domain: category.domain_en for category in directory.current().categories.values()}
    return [Allowed(zh, zh, en) for zh, en in sorted(found.items())]


class Matrix(Table):
    """Who answers for what, in one edition. The scope is the number of the edition."""

    name, zh, en = "matrix", "责任清单", "Matrix"
    about = (
        "只能导入起草中或征求意见中的清单。文件中出现的类别（领域），其全部条目以文件为准，文件里没有的条目会被删去；没有出现的类别不动。",
        "Only an edition that is a draft or out for comment takes a file. Of each category (or domain) named in the "
        "file, the draft will hold exactly the rows of the file; other categories stay as they are.",
    )
    key = ("category", "domain", "scenario", "stage", "territory", "role", "unit", "valid_from")
    model = Duty
    columns = (
        Column("category", "风险类别", "Category", CATEGORY, help=(
            "类别代码；与领域只填一项。", "Code of the category; this or the domain, not both.")),
        Column("category_name", "类别名称", "Category name", Kind(), shown=True),
        Column("domain", "领域", "Domain", OneOf(_domains), help=(
            "整个领域适用时填写。", "For a row that speaks of a whole domain.")),
        Column("scenario", "场景", "Scenario", SCENARIO, help=(
            "场景代码；留空为任何场景。", "Code of the scenario; empty means any.")),
        Column("stage", "生命周期阶段", "Stage", Kind(40), help=("留空为任何阶段。", "Empty means any.")),
        Column("territory", "属地", "Territory", TERRITORY, help=(
            "属地代码；留空为全区。", "Code of the territory; empty means the whole district.")),
        Column("role", "责任角色", "Role", Choice(LISTED), True),
        Column("unit", "责任单位", "Unit", UNIT, help=(
            "单位代码；只有牵头可以留空，表示空白。", "Code of the unit; empty only for a lead: a gap.")),
        Column("unit_name", "单位名称", "Unit name", Kind(), shown=True),
        Column("basis", "法律依据", "Legal basis", Kind(), help=("发布前必须填写。", "Needed before publication.")),
        Column("basis_en", "法律依据（英文）", "Legal basis in English", Kind()),
        Column("valid_from", "有效期起", "Valid from", Moment(), True),
        Column("valid_to", "有效期止", "Valid to", Moment(), help=(
            "该日零时失效；留空为长期。", "Ends at midnight when that day begins; empty means without end.")),
        Column("source", "来源", "Source", Kind()),
        Column("note", "备注", "Note", Kind()),
    )  # fmt: skip

    def scopes(self) -> list[tuple[str, str]]:
        """The editions that may still be changed."""
        return [(str(edition.number), str(edition)) for edition in Edition.objects.filter(state__in=OPEN)]

    def lock(self, scope: str) -> None:
        """As the parent: the edition. ``Refused`` when it is not open."""
        edition = Edition.objects.select_for_update().filter(number=scope).first() if scope.isdecimal() else None
        if edition is None or not edition.is_open:
            raise Refused("closed", _("本版清单已不能修改，请另起一版。"))

    def records(self, scope: str, keys: Collection[tuple] | None = None) -> Iterator[dict[str, Any]]:
        """The rows of edition ``scope``; of the newest published one when none is named."""
        editions_there = Edition.objects.filter(number=scope) if scope else Edition.objects.filter(state=PUBLISHED)
        edition = editions_there.order_by("-number").first()
        found = Duty.objects.filter(edition=edition).order_by("category__code", "domain", "pk")
        coded = {name: f"{name}__code" for name in CODES}
        names = {"category_name": "category__name", "unit_name": "unit__name"}
        for row in found.values(*PLAIN, "pk", "valid", *coded.values(), *names.values()).iterator():
            codes = {name: row.pop(path) or "" for name, path in (coded | names).items()}
            valid = row.pop("valid")
            yield row | codes | {"valid_from": valid.lower, "valid_to": valid.upper}

    def check(self, rows: list[Row], have: dict[tuple, dict], actor: Actor, faults: Faults) -> None:
        """The rules that ``editions.put`` holds, each told at its cell."""
        super().check(rows, have, actor, faults)
        for row in rows:
            values = row.values.get
            if bool(values("category")) == bool(values("domain")):
                faults.at(row, "category", "one_of_two")
            if not values("unit") and values("role") and values("role") != DutyRole.LEAD:
                faults.at(row, "unit", "unit_needed")
            since, until = values("valid_from"), values("valid_to")
            if since and until and until <= since:
                faults.at(row, "valid_to", "ends_before")

    def judge(self, rows: Iterator[Row], scope: str, actor: Actor, faults: Faults) -> Iterator[list[Change]]:
        """As the parent, by whole subjects."""
        told = self.gather(rows, faults)
        self.check(told, {}, actor, faults)
        # Nothing is said to go because its row could not be read.
        doubtful = {_subject(row.values) for row in told if row.faulty}
        there = [record for record in self.records(scope) if _subject(record) not in doubtful]
        yield list(self._compare([row for row in told if _subject(row.values) not in doubtful], there))

    def _compare(self, rows: list[Row], there: list[dict]) -> Iterator[Change]:
        """Pair what the file says with what is there: equal rows, then the same unit in the same place, then the
        same place; what is left over is new, or goes."""
        named = {_subject(row.values) for row in rows}
        left = [record for record in there if _subject(record) in named]
        for same in (self._whole, self._seat, _place):
            rows, left, pairs = paired(rows, left, same)
            for row, record in pairs:
                names = [column.name for column in self.read_columns if row.values[column.name] != record[column.name]]
                kind = "changed" if names else "unchanged"
                yield Change(kind, row.line, self.key_of(row.values), record, row.values, names)
        for row in rows:
            yield Change("created", row.line, self.key_of(row.values), {}, row.values, list(row.values))
        for record in left:
            yield Change("removed", 0, self.key_of(record), record)

    def _whole(self, values: dict) -> tuple:
        return tuple(values[column.name] for column in self.read_columns)

    def _seat(self, values: dict) -> tuple:
        return (*_place(values), values["unit"])

    def write(self, changes: list[Change], scope: str, by: User) -> None:
        """Through the one writer of editions."""
        fields = [column.name for column in self.read_columns]
        rows = [editions.Row(**{name: change.after[name] for name in fields}) for change in changes if change.after]
        gone = [change.before["pk"] for change in changes if change.before]
        if rows or gone:
            editions.put(Edition.objects.get(number=scope).pk, rows, by=by, instead_of=gone)


def _subject(values: dict) -> tuple:
    return (values["category"], values["domain"])


def _place(values: dict) -> tuple:
    return (*_subject(values), values["scenario"], values["stage"], values["territory"], values["role"])
