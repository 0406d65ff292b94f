"""Over every table and every column of the record: what is altered behind the triggers is named, with table and row."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from cases import audit, audit_clocks, audit_joint
from cases.models import Case
from config import stands, told_rows
from responsibility import acting, rows_told
from responsibility import stands as telling
from responsibility.models import LedgerEntry, Unit
from tests.cases.test_the_audit import behind_the_triggers
from tests.config.test_rows_told import CHANGED, COLUMNS, FREE, LOOSE, asked, stood  # noqa: F401

pytestmark = pytest.mark.django_db
# Of these there are too many for a line each: acts tell of them.
BY_CASE = {"cases_case": "number", "cases_party": "id", "cases_deadline": "id", "cases_clockevent": "id"}
# Tables that stand by no comparison of rows, beside those that are no part of the record (``FREE``).
APART = {
    "alerts_reading": "what a sensor said, millions of them; no act, and gone when its time is over",
}
# In FREE because no trigger asks for their entry; here they are compared all the same.
SIGNED = {"notary_signingkey", "notary_checkpoint", "notary_cosignature", "notary_sighting"}
# Columns that are compared with what cases have used and promised.
COUNTED = {
    "resources_resource.stock": "resource.stock", "resources_resource.ready": "resource.stock",
    "resources_resource.reserved": "resource.reserved",
}  # fmt: skip
# Columns that may be altered unnoticed, and why.
UNNOTICED = {
    **LOOSE,
    "cases_case.id": "an inner number, nothing of the record refers to it but the parts of the case",
    "cases_party.id": "an inner number that nothing refers to",
}  # fmt: skip
FILLING = dict.fromkeys(("text", "character varying"), "'filled'") | dict.fromkeys(("jsonb", "ARRAY"), "'{}'")
FILLING |= {"bytea": "'filled'"}
LIMITS = """
    SELECT format('ALTER TABLE %%I DROP CONSTRAINT %%I', c.conrelid::regclass, c.conname)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE c.contype IN ('c', 'u', 'x') AND t.relname = %s
        AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.conindid)
    UNION ALL
    SELECT format('DROP INDEX %%I', i.indexrelid::regclass) FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    WHERE i.indisunique AND t.relname = %s
        AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""


def tables() -> dict[str, str]:
    """Every table of the record with its key."""
    listed = asked(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        " AND NOT c.relispartition"
    )
    keys = {table: how[0] for table, how in (stands.WATCHED | told_rows.TOLD).items()} | dict.fromkeys(BY_CASE, "id")
    return {name: keys[name] for (name,) in listed if name in SIGNED or name not in FREE.keys() | APART.keys()}


def found() -> set[str]:
    faults = [*stands.mismatches(), *told_rows.mismatches()]
    return {fault.field for fault in faults}


def named(table: str, row: str, number: str, chain=None) -> bool:
    """Whether the audits of cases name the case, and the row or its table."""
    for of in (audit, audit_clocks, audit_joint):
        for fault in of.mismatches(chain):
            if fault.number == number and (table == "cases_case" or table.partition("_")[2] in fault.field):
                return True
            if f"{table}.{row}" in fault.field:
                return True
    return False


@pytest.fixture(autouse=True)
def taken_back(db):
    """What was altered is never committed, nor asked whether it could be."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def filled(stood):  # noqa: F811
    """A row in every watched table, and no limit of a column in the way of who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        for table in tables():
            for (statement,) in asked(LIMITS, table, table):
                cursor.execute(statement)
        for table in stands.WATCHED:
            if not asked(f"SELECT 1 FROM {table} LIMIT 1"):
                _fill(cursor, table)


def _fill(cursor, table: str) -> None:
    columns = asked(COLUMNS, table)
    names = ", ".join(f'"{name}"' for name, _kind in columns)
    values = ", ".join(FILLING.get(kind) or CHANGED[kind].format("NULL") for _name, kind in columns)
    cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({values})")


def one(table: str, key: str) -> str:
    return asked(f'SELECT "{key}"::text FROM {table} ORDER BY "{key}" LIMIT 1')[0][0]


def changes(table: str, key: str) -> list[tuple[str, str]]:
    """Each column that must not be altered, and what it is altered to."""
    listed = [(name, kind) for name, kind in asked(COLUMNS, table) if name != key]
    return [(n, CHANGED[kind].format(f'"{n}"')) for n, kind in listed if f"{table}.{n}" not in UNNOTICED]


def emptied(table: str) -> list[tuple[str, str]]:
    """Each column that may be without a value and has one somewhere."""
    nullable = asked(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_nullable = 'YES'", table
    )
    return [
        (name, "NULL")
        for (name,) in nullable
        if f"{table}.{name}" not in UNNOTICED and asked(f'SELECT 1 FROM {table} WHERE "{name}" IS NOT NULL LIMIT 1')
    ]


def test_every_table_of_the_record_is_compared():
    assert tables().keys() == stands.WATCHED.keys() | told_rows.TOLD.keys() | BY_CASE.keys()


def test_the_rows_that_are_compared_are_those_whose_tables_leave_lines():
    noted = asked(
        "SELECT c.relname, t.tgname, encode(t.tgargs, 'escape') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE t.tgname IN ('row_born', 'row_moved')"
    )
    for trigger in ("row_born", "row_moved"):
        args = {table: tuple(told.split("\\000")[:2]) for table, name, told in noted if name == trigger}
        # Of a token that is given out there is no entry of its own; what becomes of it is told as of any other row.
        assert args == stands.WATCHED | ({"responsibility_token": ("id", "")} if trigger == "row_born" else {})


def test_what_was_done_honestly_agrees(stood):  # noqa: F811
    assert found() == set()
    assert telling.tell() > 0
    assert telling.tell() == 0
    assert found() == set()
    assert list(audit_clocks.mismatches()) == []
    assert audit_clocks.untold() == 0


def test_no_column_of_a_row_is_altered_unnoticed(filled):
    telling.tell()
    assert found() == set()
    left = {
        table: (key, one(table, key), changes(table, key))
        for table, key in tables().items()
        if table not in BY_CASE
    }  # fmt: skip
    unseen = set()
    for place in range(max(len(columns) for *_where, columns in left.values())):
        with transaction.atomic():
            tried = []
            for table, (key, row, columns) in left.items():
                if place < len(columns):
                    name, value = columns[place]
                    behind_the_triggers(f'UPDATE {table} SET "{name}" = {value} WHERE "{key}" = \'{row}\'')
                    tried.append((f"{table}.{row}", f"{table}.{name}"))
            seen = found()
            seen |= {fault.field for fault in audit_joint.mismatches()} | {fault.field for fault in audit.mismatches()}
            unseen |= {column for where, column in tried if COUNTED.get(column, where) not in seen}
            transaction.set_rollback(True)
    assert unseen == set()


def test_no_row_is_removed_or_slipped_in_unnoticed(filled):
    telling.tell()
    rows = {table: (key, one(table, key)) for table, key in tables().items() if table not in BY_CASE}
    with transaction.atomic():
        for table, (key, row) in rows.items():
            behind_the_triggers(f"DELETE FROM {table} WHERE \"{key}\" = '{row}'")
        assert {f"{table}.{row}" for table, (_key, row) in rows.items()} - found() == set()
        transaction.set_rollback(True)
    known = found()
    for table, (key, row) in rows.items():
        kind = dict(asked(COLUMNS, table)).get(key) or "bigint"
        other = {"uuid": "gen_random_uuid()", "date": "'2099-01-01'", "smallint": "32000"}.get(kind, "999999")
        behind_the_triggers(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(r, jsonb_build_object('{key}', {other}))).*"
            f" FROM {table} r WHERE \"{key}\" = '{row}'"
        )
    slipped = {field.partition(".")[0] for field in found() - known}
    assert rows.keys() - slipped == set()


def test_no_column_of_a_case_its_parties_and_clocks_is_altered_unnoticed(filled):
    unseen = set()
    for table in BY_CASE:
        for name, value in [*changes(table, "id"), *emptied(table)]:
            with transaction.atomic():
                row, number = _of_case(table, name)
                chain = None if name == "chain" else Case.objects.get(number=number).chain
                behind_the_triggers(f'UPDATE {table} SET "{name}" = {value} WHERE id = {row}')
                if not named(table, row, number, chain):
                    unseen.add(f"{table}.{name} = {value}")
                transaction.set_rollback(True)
    assert unseen == set()


@pytest.mark.parametrize("table", ["cases_party", "cases_deadline", "cases_clockevent"])
def test_no_part_of_a_case_is_removed_unnoticed(filled, table):
    row, number = _of_case(table, "id")
    behind_the_triggers(f"DELETE FROM {table} WHERE id = {row}")
    assert named(table, row, number)


def test_no_whole_case_is_removed_unnoticed(filled):
    row, number = _of_case("cases_case", "id")
    of_clocks = f"(SELECT id FROM cases_deadline WHERE case_id = {row})"
    behind_the_triggers(
        f"DELETE FROM cases_clockevent WHERE deadline_id IN {of_clocks};"
        f"DELETE FROM cases_deadline WHERE case_id = {row}; DELETE FROM cases_party WHERE case_id = {row};"
        f"DELETE FROM cases_case WHERE id = {row}"
    )
    assert [one for one in audit.mismatches() if (one.kind, one.number) == ("gone", number)]


def _of_case(table: str, column: str) -> tuple[str, str]:
    """A row in which ``column`` has a value where some have, and the number of its case."""
    case = {
        "cases_case": "p.id",
        "cases_clockevent": "(SELECT d.case_id FROM cases_deadline d WHERE d.id = p.deadline_id)",
    }
    row, case_id = asked(
        f'SELECT p.id, {case.get(table, "p.case_id")} FROM {table} p ORDER BY p."{column}" IS NULL, p.id LIMIT 1'
    )[0]
    return str(row), Case.objects.get(pk=case_id).number


# --- what the lines are for --------------------------------------------------------------------
def test_what_was_altered_before_an_honest_change_stays_to_be_seen(stood):  # noqa: F811
    telling.tell()
    behind_the_triggers("UPDATE cases_request SET answer = '从未说过' WHERE id = (SELECT min(id) FROM cases_request)")
    connection.cursor().execute("UPDATE cases_request SET minutes = 7 WHERE id = (SELECT min(id) FROM cases_request)")
    row = f"cases_request.{one('cases_request', 'id')}"
    assert row in found()
    telling.tell()
    assert row in found()


def test_nothing_that_was_erased_can_be_guessed_from_what_was_told(stood):  # noqa: F811
    telling.tell()
    row = one("cases_request", "id")
    ((before,),) = asked("SELECT salt FROM responsibility_stand WHERE of_table = 'cases_request' AND of_row = %s", row)
    connection.cursor().execute("UPDATE cases_request SET reason = '〔已删除〕' WHERE id = %s", [row])
    ((after,),) = asked("SELECT salt FROM responsibility_stand WHERE of_table = 'cases_request' AND of_row = %s", row)
    assert before != after
    telling.tell()
    assert found() == set()


def test_a_checkpoint_alone_makes_no_entry_and_so_no_further_checkpoint(stood):  # noqa: F811
    telling.tell()
    with connection.cursor() as cursor:
        _fill(cursor, "notary_checkpoint")
    assert telling.tell() == 0
    assert found() == set()


def test_the_command_names_the_row(stood):  # noqa: F811
    telling.tell()
    row = one("cases_evidence", "id")
    behind_the_triggers(f"UPDATE cases_evidence SET original_name = 'x' WHERE id = {row}")
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", "--skip-files", stdout=said)
    assert f"cases_evidence.{row}" in said.getvalue()


# --- installations from before -------------------------------------------------------------------
def test_rows_from_before_are_told_as_they_stand_and_then_compared(stood):  # noqa: F811
    """An older installation has rows of reference data and of cases of which no entry tells how they stood."""
    behind_the_triggers("DELETE FROM responsibility_stand")
    behind_the_triggers("DELETE FROM responsibility_line")
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE verb LIKE 'row.%' OR verb = 'rows.stand'")
    assert stands.begin() > 100
    assert stands.begin() == 0
    assert telling.tell() > 0
    assert found() == set()
    entries = LedgerEntry.objects.filter(verb="rows.stand").count()
    assert stands.begin() == telling.tell() == 0
    assert LedgerEntry.objects.filter(verb="rows.stand").count() == entries
    for table in ("responsibility_unit", "responsibility_category", "cases_request"):
        key = {**stands.WATCHED, **told_rows.TOLD}[table][0]
        row, (name, value) = one(table, key), changes(table, key)[0]
        behind_the_triggers(f"UPDATE {table} SET {name} = {value} WHERE id = {row}")
        assert f"{table}.{row}" in found()


def test_a_column_that_is_added_and_filled_is_told_by_its_migration(stood):  # noqa: F811
    telling.tell()
    behind_the_triggers("UPDATE cases_request SET answer = 'x' WHERE id = (SELECT max(id) FROM cases_request)")
    altered = found()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("ALTER TABLE cases_request ADD COLUMN weight integer NOT NULL DEFAULT 1")
        assert len(found()) > len(altered) == 1
        cursor.execute("SELECT bihuan_rows_stand('cases_request', 'id', '', '{weight}')")
    assert found() == altered
    telling.tell()
    assert found() == altered


def test_a_row_from_before_that_changes_since_is_compared_with_what_was_told_of_the_change(stood, people):  # noqa: F811
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE verb LIKE 'row.%'")
    stands.begin()
    telling.tell()
    with rows_told.told(acting.of(people["admin"])):
        Unit.objects.filter(code="SJ-SW").update(short_name="水务改")
    assert found() == set()
    row = str(Unit.objects.get(code="SJ-SW").pk)
    assert asked("SELECT 1 FROM responsibility_stand WHERE of_table = 'responsibility_unit' AND of_row = %s", row) == []
    behind_the_triggers(f"UPDATE responsibility_unit SET short_name = 'x' WHERE id = {row}")
    assert f"responsibility_unit.{row}" in found()


def test_cases_from_before_are_counted_and_not_called_altered(stood):  # noqa: F811
    behind_the_triggers("UPDATE responsibility_ledgerentry SET after = after - 'clocks' - 'parties' - 'left'")
    assert list(audit_clocks.mismatches()) == []
    assert audit_clocks.untold() > 10
    said = io.StringIO()
    # The entries themselves were altered here to be what they had been before.
    with pytest.raises(CommandError):
        call_command("verify_ledger", "--case", Case.objects.latest("pk").number, "--skip-files", stdout=said)
    assert "not compared" in said.getvalue()
