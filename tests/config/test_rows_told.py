"""Every table of the database is accounted for: its rows are told or refused, or there is a reason why not."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, transaction

from accountability import stating
from cases import checklist, command, ticking
from cases.models import Case
from config import told_rows
from notary import handing, notes, witnessing
from responsibility import acting, directory, editions, rows_told, tokens
from responsibility.models import Edition, Unit
from tests.access import world
from tests.cases.test_the_database_refuses import age

pytestmark = pytest.mark.django_db
# What of a table no trigger speaks of, and why nothing is lost by it.
FREE = {
    "django_migrations": "which version of the product stands here",
    "django_content_type": "names of tables, written by every migration",
    "auth_permission": "names of Django's rights; who has one is told",
    "django_session": "who is signed in at present; signing in and out are entries",
    "django_admin_log": "the administrator's own list of what he changed; each change is an entry",
    "axes_accessattempt": "counts of failures that lock a name; failures are entries",
    "axes_accessattemptexpiration": "when such a count ends",
    "axes_accessfailurelog": "not written to; failures are entries",
    "axes_accesslog": "who signed in, for the lock; signing in is an entry",
    "responsibility_revision": "a number that tells processes to read anew",
    "responsibility_change": "the notes themselves: none outlives its transaction",
    "responsibility_line": "what the row of another table has become, before it is an entry",
    "responsibility_stand": "the salt of a digest that is told; without it the row does not fit",
    "responsibility_repeat": "what happened again within the minute, before it is an entry",
    "notices_message": "what is on its way to people; the act that it tells of is an entry",
    "notices_line": "what is on its way to people",
    "notices_delivery": "what is on its way to people",
    "notices_notice": "what is on its way; what it says cannot be changed (notice_said)",
    "notary_tile": "the tree: proved by what is signed",
    "notary_leaf": "the tree: proved by what is signed",
    "notary_checkpoint": "signed, append-only, and witnessed outside",
    "notary_signingkey": "compared with the key folder and with what was signed",
    "notary_cosignature": "a signature, kept and checked again",
    "notary_sighting": "append-only; what was seen is an entry, and checked with the tree",
    "responsibility_volume": "changes with an entry that tells of it only (volume_told)",
    "responsibility_archivedchain": "changes with an entry that tells of it only",
    "responsibility_archivedblock": "changes with an entry that tells of it only",
    "policies_judgement": "which cases were asked about; what was found is a cover, told on the chain of its policy",
    "desk_indexed": "made anew from the ledger at any time",
    "desk_taken": "how far that has come",
    "responsibility_ledgerentry": "the ledger itself, append-only",
    "service_removedfile": "a file that went: each row is compared with the entry that tells of it (retention.audit)",
    "portals_told": "how far the systems of insurers have been told; without it they are told again",
    "portals_reminded": "of which clocks somebody was reminded; without it he is reminded again",
    "portals_delivery": "what is on its way to the systems of insurers; what it tells of is an entry",
}
# Functions that refuse at commit, or note, what has no entry.
ASKING = ("accounted", "row_changed", "born", "loaded", "kept", "told")
ACCOUNTING = """
    SELECT c.relname, coalesce(array_agg(p.proname) FILTER (WHERE p.proname IS NOT NULL), '{}'),
        coalesce(bool_or(t.tgtype & 32 > 0), false)
    FROM pg_class c LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
    LEFT JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition GROUP BY 1
"""


def asked(question: str, *values):
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchall()


def refusal(statement: str) -> str:
    """Why the database does not take ``statement``, now or at commit; empty when it does."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            if not cursor.rowcount:
                return "no row"
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    finally:
        connection.cursor().execute("SET CONSTRAINTS ALL DEFERRED")
    return ""


def accounted() -> set[str]:
    return {table for table, functions, _emptied in asked(ACCOUNTING) if any("accounted" in f or f in (
        "bihuan_row_changed", "bihuan_resource_kept") for f in functions)}  # fmt: skip


def test_each_table_is_accounted_for_or_has_a_reason():
    tables = {table for table, *_rest in asked(ACCOUNTING)}
    kept = {"alerts_reading"}  # append-only, and compared with nothing: what a sensor said
    assert tables - accounted() - set(FREE) - kept == set()
    assert set(FREE) - tables <= {"responsibility_repeat"}
    assert accounted() & set(FREE) == set()


def test_no_table_of_the_record_can_be_emptied():
    without = {table for table, _functions, emptied in asked(ACCOUNTING) if not emptied}
    assert without & accounted() == set()


def test_the_columns_that_are_compared_are_those_that_are_noted():
    noted = asked(
        "SELECT c.relname, encode(t.tgargs, 'escape') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE t.tgname = 'row_changed'"
    )
    assert {table: tuple(args.split("\\000")[:2]) for table, args in noted} == told_rows.TOLD


# --- by hand ---------------------------------------------------------------------------
CHANGED = {
    "text": "reverse({0}) || 'x'",
    "character varying": "left('z' || {0}, greatest(length({0}), 1))",
    "boolean": "NOT coalesce({0}, false)",
    **dict.fromkeys(["integer", "bigint", "smallint", "double precision", "numeric"], "coalesce({0}, 0) + 1"),
    "jsonb": "'{{\"x\": 1}}'",
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 minute'",
    "date": "coalesce({0}, now()::date) + 1",
    "time without time zone": "coalesce({0}, '1:00') + interval '1 hour'",
    "bytea": "'x'",
    "tstzrange": "tstzrange(now(), NULL)",
    "ARRAY": "'{{x}}'",
}
# Columns that may be written without a word, and why.
LOOSE = {
    "alerts_source.heartbeat_at": "when a sub-platform was last heard of",
    "responsibility_user.last_login": "signing in is an entry of its own",
    "cases_deadline.retry_at": "a sweep sets a row aside after a failure, for a minute at most",
    "notary_outlet.size": "how far an outlet has been served",
    "notary_outlet.sent_at": "when", "notary_outlet.next_at": "when next",
    "notary_outlet.failures": "how often in vain", "notary_outlet.error": "and why",
    **{f"responsibility_upload.{name}": "the dry run of a file, which is no act" for name in (
        "lines", "state", "stale", "counts", "faults", "fault_count", "shown", "plan", "applied_by_id")},
}  # fmt: skip
# Filled by no short way; the first of each is written by the tests of their own rooms.
UNFILLED = {
    "accountability_recheck", "accountability_answer", "accountability_drawseed", "cases_order_proof", "cases_pause",
    "desk_sealed", "desk_question", "retention_hold", "retention_period",
}  # fmt: skip
COLUMNS = """
    SELECT c.column_name, c.data_type FROM information_schema.columns c
    WHERE c.table_schema = 'public' AND c.table_name = %s AND c.is_generated = 'NEVER' AND c.is_identity = 'NO'
"""


@pytest.fixture
def stood(people, source, settings, tmp_path):
    """Something in every table, in transactions that are over as far as the ledger is concerned."""
    settings.EVIDENCE_ROOT, settings.EXCHANGE_ROOT = tmp_path / "evidence", tmp_path / "exchange"
    values = world.build(people, source).values
    tokens.issue(people["admin"])
    with rows_told.told(acting.of(people["admin"])):
        group = Group.objects.create(name="nobody")
        people["admin"].groups.add(group)
        right = Permission.objects.earliest("pk")
        group.permissions.add(right)
        people["admin"].user_permissions.add(right)
    key = notes.Key("insurer.example/witness", notes.COSIGNATURE, notes.raw(Ed25519PrivateKey.generate()))
    witnessing.register(Unit.objects.get(code="X-INS").pk, str(key), by=people["anwei-office"])
    handing.add("纪委", "office@example.org", 60, by=people["anwei-office"])
    case = Case.objects.get(number=values["street"])
    stating.state(case.pk, by=people["sijing-head"], about="territory", text="桥断了")
    step = checklist.lines(case, directory.current())[0].step
    ticking.mark(case.pk, step.pk, by=people["sijing-duty"])
    command.report(values["command"], by=people["yingji-office"], situation="已关阀")
    editions.opine(Edition.objects.get(number=values["draft"]).pk, "accept", [values["row"]], by=people["shuiwu-head"])
    age()


def test_no_column_of_the_record_is_changed_by_hand_without_a_word(stood):
    taken, empty = set(), set()
    for table in accounted():
        if not asked(f"SELECT 1 FROM {table} LIMIT 1"):
            empty.add(table)
        for column, kind in asked(COLUMNS, table):
            changed = CHANGED[kind].format(f'"{column}"')
            if not refusal(f'UPDATE {table} SET "{column}" = {changed}'):
                taken.add(f"{table}.{column}")
    assert empty == UNFILLED
    assert taken == set(LOOSE)


def test_nothing_of_the_record_is_deleted_or_emptied_by_hand_without_a_word(stood):
    # A file that was brought and never imported is not kept for nothing; that it was brought stays told.
    for table in accounted() - UNFILLED - {"responsibility_upload"}:
        assert refusal(f"DELETE FROM {table}"), table
        assert refusal(f"TRUNCATE {table} CASCADE"), table
