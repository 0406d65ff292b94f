"""The duty roster as a spreadsheet: a file speaks for the time that it covers, of every unit that it names.

Within that time, of each unit named, coming shifts stand afterwards as in the file. What has begun is never touched.
Everything is written by ``rostering.plan``, as from the page.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q, QuerySet
from django.utils.timezone import localtime

from responsibility import access, clock, directory, rostering
from responsibility.acting import Actor
from responsibility.exchange.faults import Faults
from responsibility.exchange.kinds import Choice, Code, Kind, Moment
from responsibility.exchange.references import UNIT
from responsibility.exchange.tables import Change, Column, Row, Table, paired
from responsibility.models import Role, Shift, User

PATHS = {
    "unit": "unit__code", "unit_name": "unit__name", "person": "user__username", "person_name": "user__full_name",
    "role": "role", "deputy": "deputy__user__username", "deputy_name": "deputy__user__full_name",
}  # fmt: skip
SEAT, PLACE = ("unit", "person", "role", "since"), ("unit", "role", "since")
WHOLE = (*SEAT, "until", "deputy")
# Which sentence tells that a name cannot be used, by its column.
UNUSABLE = {"person": "not_on_post", "deputy": "not_a_deputy"}


class Rosters(Table):
    """Who is on duty when. ``units`` are the ids of those it is narrowed to, ``None`` for all."""

    name, zh, en = "roster", "值班表", "Duty roster"
    about = (
        "导出的是正在值和将要值的班。文件中出现的单位，在文件最早起至最晚止之间尚未开始的班以文件为准，文件里没有的会被撤下；"
        "已经开始的班不动，请办理交接班。同一人任多个岗位时须填角色。",
        "Exported are the shifts that run or are to come. Of each unit named, coming shifts between the earliest since "
        "and the latest until of the file will be exactly those of the file. Shifts that have begun are not touched. "
        "The role is needed where a person holds several posts.",
    )
    key = SEAT
    model = Shift
    columns = (
        Column("unit", "单位", "Unit", UNIT, True, ("单位代码。", "Code of the unit.")),
        Column("unit_name", "单位名称", "Unit name", Kind(), shown=True),
        Column("person", "账号", "Account", Code(150), True, ("值班人的登录名。", "The sign-in name.")),
        Column("person_name", "姓名", "Name", Kind(), shown=True),
        Column("role", "角色", "Role", Choice(Role), help=(
            "留空为此人在本单位的岗位。", "Empty: the post held in the unit.")),
        Column("since", "起", "Since", Moment(), True),
        Column("until", "止", "Until", Moment(), True),
        Column("deputy", "副班账号", "Deputy", Code(150), help=(
            "本单位的另一人；可不填。", "Another person of the unit, or empty.")),
        Column("deputy_name", "副班姓名", "Deputy's name", Kind(), shown=True),
    )  # fmt: skip

    def __init__(self, units: set[int] | None = None):
        self.units = units

    def kept_by(self, actor: Actor) -> "Rosters":
        """The rosters that ``actor`` draws up."""
        return Rosters(access.units(actor, "roster.plan", directory.current().units))

    def brought(self, actor: Actor) -> Q:
        """One's own files; all for who keeps every roster."""
        own = Q() if access.everywhere(actor, "roster.plan") else Q(brought_by=actor.user)
        return super().brought(actor) & own

    def lock(self, scope: str) -> None:
        """As the parent: by the units, as every writer of a roster does, for another order would be a ring."""
        rostering.lock(directory.current().units.keys())

    def records(self, scope: str, keys: Collection[tuple] | None = None) -> Iterator[dict[str, Any]]:
        """The shifts that have not ended."""
        found = Shift.objects.filter(during__endswith__gt=clock.now())
        return _records(found if self.units is None else found.filter(unit__in=self.units))

    def check(self, rows: list[Row], have: dict[tuple, dict], actor: Actor, faults: Faults) -> None:
        """What each row must be by itself."""
        super().check(rows, have, actor, faults)
        known = directory.current()
        kept = {known.units[pk].code for pk in access.units(actor, "roster.plan", known.units)}
        for row in rows:
            if row.faulty:
                continue
            since, until = row.values["since"], row.values["until"]
            if row.values["unit"] not in kept:
                faults.at(row, "unit", "not_keeper")
            elif until <= since:
                faults.at(row, "until", "ends_before")
            elif until - since > rostering.LONGEST:
                faults.at(row, "until", "shift_too_long", most=rostering.LONGEST.days)

    def judge(self, rows: Iterator[Row], scope: str, actor: Actor, faults: Faults) -> Iterator[list[Change]]:
        """As the parent, by whole units."""
        told = self.gather(rows, faults)
        self.check(told, {}, actor, faults)
        # Nothing is said to go because its row could not be read.
        doubtful = {row.values["unit"] for row in told if row.faulty}
        sound = [row for row in told if not row.faulty]
        there = _there(sound)
        _same_role(sound, there)
        yield list(self._compare(sound, there, doubtful, actor, faults))

    def _compare(
        self, rows: list[Row], there: list[dict], doubtful: set[str], actor: Actor, faults: Faults
    ) -> Iterator[Change]:
        """Equal rows, then the same person from the same time, then the same seat; what is left is new, or goes."""
        now, spans, left = clock.now(), _spans(rows), there
        rows, left, unchanged = paired(rows, left, _by(WHOLE))
        for row, record in unchanged:
            yield Change("unchanged", row.line, self.key_of(row.values), record, row.values)
        pairs: list[tuple[Row, dict]] = []
        for same in (_by(SEAT), _by(PLACE)):
            rows, left, found = paired(rows, left, same)
            pairs += found
        _refuse_what_has_begun(rows, pairs, now, faults)
        _find_people([*rows, *(row for row, _record in pairs)], actor, faults)
        gone = [
            record
            for record in left
            if record["unit"] not in doubtful and record["since"] > now and _within(record, spans)
        ]
        dropped = {id(record) for record in [*gone, *(record for _row, record in pairs)]}
        _refuse_twice(
            [*rows, *(row for row, _record in pairs)], [one for one in there if id(one) not in dropped], faults
        )
        for row, record in pairs:
            names = [name for name in WHOLE if row.values[name] != record[name]]
            yield Change("changed", row.line, self.key_of(row.values), record, row.values, names)
        for row in rows:
            yield Change("created", row.line, self.key_of(row.values), {}, row.values, list(row.values))
        for record in gone:
            yield Change("removed", 0, self.key_of(record), record)

    def write(self, changes: list[Change], scope: str, by: User) -> None:
        """Through the one pen of the roster."""
        rows = [_planned(change.after) for change in changes if change.after]
        gone = [change.before["pk"] for change in changes if change.before]
        if rows or gone:
            rostering.plan(rows, by=by, instead_of=gone)


def _records(shifts: QuerySet[Shift]) -> Iterator[dict[str, Any]]:
    ordered = shifts.order_by("unit__code", "during", "pk")
    for row in ordered.values("pk", "during", *PATHS.values()).iterator():
        during = row.pop("during")
        yield {name: row[path] or "" for name, path in PATHS.items()} | {
            "pk": row["pk"], "since": during.lower, "until": during.upper,
        }  # fmt: skip


def _there(rows: list[Row]) -> list[dict]:
    """Every shift that the rows could be, replace or collide with."""
    if not rows:
        return []
    window = DateTimeTZRange(min(row.values["since"] for row in rows), max(row.values["until"] for row in rows))
    units = {row.values["unit"] for row in rows}
    return list(_records(Shift.objects.filter(unit__code__in=units, during__overlap=window)))


def _same_role(rows: list[Row], there: list[dict]) -> None:
    """A row without a role means the shift that its person has from that time on, if there is one."""
    roles = {(one["unit"], one["person"], one["since"]): one["role"] for one in there}
    for row in rows:
        values = row.values
        values["role"] = values["role"] or roles.get((values["unit"], values["person"], values["since"]), "")


def _by(names: tuple[str, ...]):
    return lambda values: tuple(values[name] for name in names)


def _spans(rows: list[Row]) -> dict[str, tuple[datetime, datetime]]:
    """From when to when the file speaks for each unit."""
    times: dict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        times[row.values["unit"]] += [row.values["since"], row.values["until"]]
    return {unit: (min(found), max(found)) for unit, found in times.items()}


def _within(record: dict, spans: dict[str, tuple[datetime, datetime]]) -> bool:
    since, until = spans[record["unit"]]
    return since <= record["since"] < until


def _refuse_what_has_begun(new: list[Row], pairs: list[tuple[Row, dict]], now: datetime, faults: Faults) -> None:
    for row, record in pairs:
        if record["since"] <= now:
            changed = next(name for name in WHOLE if row.values[name] != record[name])
            faults.at(row, changed, "shift_begun")
    for row in new:
        if row.values["since"] < now:
            faults.at(row, "since", "shift_past")


def _find_people(rows: list[Row], actor: Actor, faults: Faults) -> None:
    """Everybody named holds a post of the unit all the time; an empty role becomes that of the post."""
    asked = [row for row in rows if not row.faulty]
    if actor.user is None:
        return
    weighed = rostering.weigh([_planned(row.values) for row in asked], by=actor.user)
    for row, found in zip(asked, weighed, strict=True):
        if isinstance(found, Shift):
            row.values["role"] = str(found.role)
            continue
        column = (found.attr or "").rpartition(".")[2]
        faults.at(row, column, UNUSABLE.get(column, "shift_past"), found=row.values[column])


def _refuse_twice(rows: list[Row], standing: list[dict], faults: Faults) -> None:
    """One person twice at once in one post: each row is told of the shift before or after it that is in its way."""
    kept: dict[tuple, list[tuple[dict, Row | None]]] = defaultdict(list)
    for row in rows:
        if not row.faulty:
            kept[_by(SEAT[:3])(row.values)].append((row.values, row))
    for record in standing:
        kept[_by(SEAT[:3])(record)].append((record, None))
    for shifts in kept.values():
        shifts.sort(key=lambda shift: shift[0]["since"])
        for (one, first), (other, second) in zip(shifts, shifts[1:], strict=False):
            late, way = second or first, one if second else other
            if late and other["since"] < one["until"] and not late.faulty:
                faults.at(late, "since", "twice_on_duty", found=localtime(way["since"]).strftime("%m-%d %H:%M"))


def _planned(values: dict[str, Any]) -> rostering.Row:
    names = ("unit", "person", "since", "until", "role", "deputy")
    return rostering.Row(**{name: values[name] for name in names})
