"""Forget a person who is no official everywhere at once: in the ledger, and wherever his words stand beside it."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from alerts.models import Alert, RiskObject
from cases.changes import locked
from cases.models import Advice, Case, Command, Grant, Order, Pause, SituationReport, Urging
from cases.models.checklist import ChecklistMark
from cases.models.work import Evidence, Request
from notary.archiving import altering
from notices.models import Notice
from responsibility import access, acting, chains, erasing, ledger, looking, rows_told
from responsibility.erasing import Person
from responsibility.models import HandOver, LedgerEntry, Opinion, Post, Upload, User, Volume
from responsibility.refusals import Forbidden, Invalid

# One at a time over all processes; the number is only ours.
LOCK = "SELECT pg_advisory_xact_lock(7306)"
REASON = 500


class Basis(models.TextChoices):
    """On which ground of art. 47 of the Personal Information Protection Law (个人信息保护法) it is done."""

    PURPOSE = "purpose", _("处理目的已实现或不再必要")
    EXPIRED = "expired", _("保存期限已届满")
    CONSENT = "consent", _("个人撤回同意")
    UNLAWFUL = "unlawful", _("违法或违约处理")
    OTHER = "other", _("法律、行政法规规定的其他情形")


# Each column in which the words of the public are kept, with the way from its row to a case (its number), or to the
# chain on which it must be told that the row changes. Higher floors add theirs.
PLACES: list[tuple[type[models.Model], tuple[str, ...], str]] = [
    (Alert, ("title", "payload", "stated"), ""),
    (Case, ("title",), "number"),
    (Evidence, ("note", "original_name"), "case__number"),
    (Request, ("reason", "note", "answer"), "case__number"),
    (Order, ("text", "answer"), "case__number"),
    (Advice, ("expert", "text"), "case__number"),
    (Urging, ("text", "reply", "lift_note"), "case__number"),
    (ChecklistMark, ("note",), "case__number"),
    (Command, ("objectives", "conclusion", "summary"), "case__number"),
    (SituationReport, ("situation", "done", "forces", "ahead", "needs"), "command__case__number"),
    (Grant, ("reason",), "case__number"),
    (Notice, ("title", "words"), ""),
    (Pause, ("reason",), "deadline__case__number"),
    (RiskObject, ("name", "name_en", "attributes"), ""),
    (Opinion, ("text",), ""),
    (HandOver, ("note",), ""),
    (Upload, ("file_name", "faults", "shown"), ""),
]
COLUMNS = """
    SELECT c.table_name, array_agg(c.column_name::text) FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
        AND c.data_type IN ('text', 'character varying', 'jsonb', 'json', 'ARRAY')
        AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = quote_ident(c.table_name)::regclass)
    GROUP BY 1 ORDER BY 1
"""


@dataclass
class Erased:
    """What was, or would be, forgotten: parts and entries of the ledger, rows by table, and the cases concerned.

    ``left``: rows by table, or by file of the archive, in which the person still stands: who acts in office, reference
    data, what was not sealed.
    """

    entries: int = 0
    parts: int = 0
    rows: Counter = field(default_factory=Counter)
    cases: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)


@dataclass
class _Found:
    """Entries with the parts that are to go, rows with the columns, and what they belong to."""

    entries: list[tuple[LedgerEntry, set[str]]]
    archived: list[tuple[Volume, LedgerEntry, set[str]]] = field(default_factory=list)
    rows: list[tuple[type[models.Model], int | UUID, tuple[str, ...]]] = field(default_factory=list)
    chains: set[UUID] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    roots: set[UUID] = field(default_factory=set)

    @property
    def told(self) -> list[tuple[LedgerEntry, set[str]]]:
        """The entries in the database and in files."""
        return self.entries + [(entry, parts) for _volume, entry, parts in self.archived]


def erase(
    person: Person, *, by: User | None, basis: str, reason: str, officials: str = "", dry_run: bool = False
) -> Erased:
    """Forget ``person``; ``by`` is the office that orders it, ``None`` whoever rules the server.

    ``officials``: why the name of somebody who acts in office is to go too; empty leaves it. ``dry_run`` counts and
    changes nothing. Raises ``Forbidden``, or ``Invalid`` with the field that cannot be used.
    """
    _judge(person, basis, reason, officials)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK)
        actor, post = _office(by)
        if not dry_run:
            # What came again within the minute waits to become an entry, in which it can be emptied.
            looking.sum_up(minutes=0)
        found = _find(person, officials=bool(officials))
        cases = list(locked(chain__in=found.chains)) + list(locked(number__in=found.numbers))
        cases = sorted({case.pk: case for case in cases}.values(), key=lambda case: case.pk)
        done = Erased(len(found.told), sum(len(parts) for _entry, parts in found.told))
        done.rows = Counter(model._meta.db_table for model, _pk, _columns in found.rows)
        done.cases = [case.number for case in cases]
        if not dry_run and (found.told or found.rows or officials):
            told = {"basis": basis, "officials": bool(officials), "entries": done.entries, "parts": done.parts}
            note = "；".join(filter(None, [reason.strip(), officials.strip()]))
            whole = ledger.Act(chains.dated(), "privacy.erase", "privacy", "", "", after=told, note=note)
            acts = [whole, *(_of_case(case, person, told) for case in cases)]
            acts += [_of_root(chain, told) for chain in sorted(found.roots - {case.chain for case in cases})]
            ledger.record(acts, by=actor, post=post)
            _write(found, person, officials=bool(officials))
        done.left = standing(person)
    return done


def standing(person: Person) -> dict[str, int]:
    """In how many rows of each table of the database ``person`` is named, whatever the column. Reads everything."""
    counts = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, columns in cursor.fetchall():
            words = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in columns)
            query = sql.SQL("SELECT count(*) FROM {} WHERE concat_ws(chr(10), {}) ~ %s")
            cursor.execute(query.format(sql.Identifier(table), words), [person.pattern])
            if count := cursor.fetchone()[0]:
                counts[table] = count
    for volume, _row in erasing.mentioning(person):
        counts[volume.name] = counts.get(volume.name, 0) + 1
    return counts


def _judge(person: Person, basis: str, reason: str, officials: str) -> None:
    if basis not in Basis.values:
        raise Invalid("bad_choice", _("请选择法定事由。"), "basis")
    for name, text in (("reason", reason), ("officials", officials)):
        if name == "reason" and not text.strip() or len(text) > REASON or "\x00" in text:
            raise Invalid("required", _("请填写理由（500 字以内）。"), name)
        if person.stands_in(text):
            raise Invalid("names_the_person", _("理由会记入台账，不得写明所删除的姓名或电话。"), name)


def _office(by: User | None) -> tuple[acting.Actor, Post | None]:
    if by is None:
        return acting.SYSTEM, None
    actor = acting.of(by)
    post = access.post_for(actor, "privacy.erase")
    if post is None:
        raise Forbidden("wrong_role", _("个人信息删除由区安委办办理。"))
    return actor, post


def _find(person: Person, *, officials: bool) -> _Found:
    found = _Found(list(erasing.holding(person, officials=officials)))
    found.archived = list(erasing.archived(person, officials=officials))
    found.chains = {entry.chain for entry, _parts in found.told}
    for model, columns, way in PLACES:
        if model is Request and "after.posts" not in erasing.spared(person, officials=officials):
            columns = (*columns, "answers_for")
        for pk, of in _naming(model, columns, way, person):
            found.rows.append((model, pk, columns))
            found.roots |= {of} if isinstance(of, UUID) else set()
            found.numbers |= {of} if isinstance(of, str) else set()
    return found


def _naming(model: type[models.Model], columns: tuple[str, ...], way: str, person: Person) -> list[tuple]:
    """``(pk, case number, chain or None)`` of the rows that name ``person`` in ``columns``."""
    words = [part for column in columns for part in (Cast(column, models.TextField()), Value("\n"))]
    rows = model._default_manager.annotate(all_said=Concat(*words, output_field=models.TextField()))
    number = F(way) if way else Value(None, output_field=models.TextField())
    return list(rows.filter(all_said__regex=person.pattern).values_list("pk", number))


def _of_case(case: Case, person: Person, told: dict) -> ledger.Act:
    # The title as it will be: this entry must not say again what is being erased.
    title = person.emptied(case.title)
    return ledger.Act(case.chain, "privacy.erase", "case", case.number, title, after={"basis": told["basis"]})


def _of_root(chain: UUID, told: dict) -> ledger.Act:
    return ledger.Act(chain, "privacy.erase", "privacy", "", "", after={"basis": told["basis"]})


def _write(found: _Found, person: Person, *, officials: bool) -> None:
    for entry, parts in found.entries:
        erasing.empty(entry, parts, person)
    for volume, changes in _by_volume(found, person).items():
        altering.rewrite(volume, changes)
        erasing.emptied_in_file(changes)
    with rows_told.told():
        for model, pk, columns in found.rows:
            # Read again under the lock of its case.
            row = model._default_manager.filter(pk=pk)
            row.update(**{name: person.emptied(value) for name, value in row.values(*columns).get().items()})
    erasing.person_forgotten.send(sender=None, person=person)
    if officials and person.name:
        with rows_told.told():
            User.objects.filter(full_name=person.name).update(full_name=erasing.MARK)


def _by_volume(found: _Found, person: Person) -> dict[Volume, dict[int, dict]]:
    changes: dict[Volume, dict[int, dict]] = {}
    for volume, entry, parts in found.archived:
        changes.setdefault(volume, {})[entry.pk] = erasing.emptied(vars(entry), parts, person)
    return changes
