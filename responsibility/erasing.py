"""Forget one person: in the ledger his name and telephone go with their salts, and the digests of both stay.

PIPL (个人信息保护法) art. 47 orders it when the purpose is reached or consent withdrawn. Who acted in office is still
named: whoever acts for the state answers for it by name (Work Safety Law art. 16; facts 2.1).
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db import connection, transaction
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

from responsibility import sealing, shelf, volumes
from responsibility.models import LedgerEntry, User, Volume
from responsibility.refusals import Invalid, Refused

# Higher floors keep copies: told of each entry that was emptied, and of a person who is forgotten, in the transaction.
entry_emptied, person_forgotten = Signal(), Signal()
# What stands where something was erased; the database lets words become this and nothing else.
MARK = "〔已依法删除〕"
# Parts that name those who act in office; in all others a person of the public may stand.
OF_OFFICE = frozenset({"actor"}) | {
    f"{side}.{name}"
    for side in ("before", "after")
    for name in (
        "answerer", "called", "commander", "deputy_of", "leader", "name", "person", "posts", "recipient", "user",
        "users", "who", "with", "full_name", "username", "first_name", "last_name", "email",
    )
}  # fmt: skip
SHORTEST_NAME, LONGEST_NAME = 2, 100
PHONE = re.compile(r"[0-9]{7,15}")
CHUNK = 500
# The columns in which a person may stand.
WORDS = ("note", "subject_label", "actor_label", "before", "after")
HOLDING = """
    SELECT id FROM responsibility_ledgerentry
    WHERE concat_ws(chr(10), note, subject_label, actor_label, before::text, after::text) ~ %s ORDER BY id
"""
EMPTY = """
    UPDATE responsibility_ledgerentry SET subject_label = %s, actor_label = %s, note = %s, before = %s, after = %s,
        salt = NULL, salts = %s, erased = %s
    WHERE id = %s AND chain = %s
"""


@dataclass(frozen=True)
class Person:
    """Whom to forget: a name, a telephone number, or both. ``Invalid`` for what cannot be looked for safely."""

    name: str = ""
    phone: str = ""

    def __post_init__(self) -> None:
        if not self.name and not self.phone:
            raise Invalid("required", _("请填写姓名或电话。"), "name")
        if self.name and not (
            SHORTEST_NAME <= len(self.name) <= LONGEST_NAME
            and self.name.isprintable()
            and not set(self.name) & set('"\\')
        ):
            raise Invalid("bad_name", _("姓名至少两个字，不含引号、斜线和控制字符。"), "name")
        if self.phone and not PHONE.fullmatch(self._digits):
            raise Invalid("bad_phone", _("电话应为 7 至 15 位数字。"), "phone")

    @property
    def _digits(self) -> str:
        return self.phone.translate(str.maketrans("", "", " -")).removeprefix("+86")

    @property
    def pattern(self) -> str:
        """A regular expression that Python and PostgreSQL read alike; digits may be set apart."""
        ways = [re.escape(self.name)] if self.name else []
        if self.phone:
            ways.append("(?<![0-9])(?:0?086|86)?[ -]?" + "[ -]?".join(self._digits) + "(?![0-9])")
        return "|".join(f"(?:{way})" for way in ways)

    @cached_property
    def _compiled(self) -> re.Pattern:
        return re.compile(self.pattern)

    def stands_in(self, value: object) -> bool:
        """Whether the person is named anywhere in a value as JSON holds it."""
        return self.emptied(value) != value

    def emptied(self, value: object):
        """``value`` with each text that names the person become the mark, each such number null."""
        if isinstance(value, str):
            return MARK if self._compiled.search(value) else value
        if isinstance(value, dict):
            return {key: self.emptied(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.emptied(inner) for inner in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return None if self._compiled.search(str(value)) else value
        return value


def is_empty(value: object) -> bool:
    """Whether something was erased of ``value``: of a list or mapping at least one text or number in it."""
    if isinstance(value, dict | list):
        return any(is_empty(inner) for inner in (value.values() if isinstance(value, dict) else value))
    return value in ("", MARK, None)


def holding(person: Person, *, officials: bool) -> Iterator[tuple[LedgerEntry, set[str]]]:
    """The entries that name ``person`` in sealed parts, each with the names of these parts. Constant memory.

    Where people are named as acting in office, a name that an account bears is passed by, unless ``officials``.
    """
    left = spared(person, officials=officials)
    with connection.cursor() as cursor:
        cursor.execute(HOLDING, [person.pattern])
        ids = [pk for (pk,) in cursor.fetchall()]
    for start in range(0, len(ids), CHUNK):
        for entry in LedgerEntry.objects.filter(pk__in=ids[start : start + CHUNK]).order_by("pk"):
            if parts := _named(vars(entry), person) - left:
                yield entry, parts


def archived(person: Person, *, officials: bool) -> Iterator[tuple[Volume, LedgerEntry, set[str]]]:
    """As ``holding``, of the entries in files, each with its volume. Reads the whole archive; constant memory.

    ``Refused`` (``archive_missing``) when a file cannot be read: what may stand in it cannot be erased.
    """
    left = spared(person, officials=officials)
    for volume, row in mentioning(person):
        if parts := _named(row, person) - left:
            yield volume, shelf.entry(row), parts


def mentioning(person: Person) -> Iterator[tuple[Volume, dict]]:
    """The archived entries in which the person stands anywhere, as rows."""
    try:
        for volume, row in shelf.everything():
            if any(person.stands_in(row[column]) for column in WORDS):
                yield volume, row
    except volumes.Damaged as error:
        detail = _("归档文件无法读取，其中的个人信息无法删除：%(why)s") % {"why": error}
        raise Refused("archive_missing", detail) from error


def _named(row: Mapping, person: Person) -> set[str]:
    kept = sealing.salts(row).keys()
    return {part for part, value in sealing.inner(row).items() if part in kept and person.stands_in(value)}


def spared(person: Person, *, officials: bool) -> frozenset[str]:
    """The parts that are left alone: where officials are named, when an account bears the name."""
    if officials:
        return frozenset()
    return OF_OFFICE if User.objects.filter(full_name=person.name).exists() else frozenset({"actor"})


def empty(entry: LedgerEntry, parts: set[str], person: Person) -> None:
    """Take ``parts`` out of ``entry``: words and salts go, digests stay, and ``ledger.digest`` is what it was.

    An entry ``privacy.erase`` stands in the present transaction already, or the database refuses.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an erasure belongs in the transaction of its entry")
    made = emptied(vars(entry), parts, person)
    sides = [_json(made[name]) for name in ("before", "after", "salts", "erased")]
    with connection.cursor() as cursor:
        words = [made["subject_label"], made["actor_label"], made["note"]]
        cursor.execute(EMPTY, [*words, *sides, entry.pk, entry.chain])
    entry_emptied.send(sender=None, entry=entry.pk)


def emptied_in_file(entries: Collection[int]) -> None:
    """Tell the higher floors of ``entries`` (ids) whose words are gone from their file, in the transaction of that."""
    for entry in entries:
        entry_emptied.send(sender=None, entry=entry)


def emptied(row: Mapping, parts: set[str], person: Person) -> dict:
    """The columns of an entry without ``parts``, as ``empty`` writes them."""
    salts, seals = sealing.salts(row), sealing.seals(row)
    erased = (row["erased"] or {}) | {part: seals[part] for part in parts}
    return {
        "subject_label": MARK if "subject" in parts else row["subject_label"],
        "actor_label": MARK if "actor" in parts else row["actor_label"],
        "note": MARK if "note" in parts else row["note"],
        "before": _emptied("before", row["before"], parts, person),
        "after": _emptied("after", row["after"], parts, person),
        "salt": None,
        "salts": {part: salt for part, salt in salts.items() if part not in erased},
        "erased": erased,
    }


def _emptied(side: str, told: dict, parts: set[str], person: Person) -> dict:
    return {key: person.emptied(value) if f"{side}.{key}" in parts else value for key, value in told.items()}


def _json(value: dict) -> str:
    return json.dumps(value, ensure_ascii=False)
