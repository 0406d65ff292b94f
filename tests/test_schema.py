"""What the database refuses by itself, whoever asks; and the published schema of the API."""

import uuid
from datetime import timedelta

import pytest
import yaml
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from alerts.models import Alert
from cases import actions
from cases.models import Case, Deadline, Evidence, Party, Request
from responsibility import acting, ledger
from responsibility.models import Category, Duty, Edition, LedgerEntry, Unit
from tests.cases import conftest as work
from tests.cases.conftest import CLOSED, CONTAINED

open_case, press, send, evidence_folder = work.open_case, work.press, work.send, work._evidence_folder
pytestmark = pytest.mark.django_db


def refused(statement: str, *values, because: str) -> None:
    """The database refuses ``statement``, now or when asked to settle, naming ``because``."""

    def attempt():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError) as refusal:
        attempt()
    assert refusal.value.__cause__.diag.constraint_name == because


@pytest.mark.parametrize("table", ["responsibility_ledgerentry", "alerts_alert", "cases_evidence"])
def test_what_was_said_and_done_is_neither_changed_nor_removed(open_case, press, table):
    press(open_case(), *CONTAINED)
    refused(f"UPDATE {table} SET id = id", because=f"{table}_append_only")
    refused(f"DELETE FROM {table}", because=f"{table}_append_only")


def test_a_case_is_never_removed(open_case):
    open_case()
    refused("DELETE FROM cases_case", because="cases_case_append_only")


def test_the_models_cannot_do_it_either(open_case, press):
    press(open_case(), *CONTAINED)
    for model in (LedgerEntry, Alert, Evidence):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.all().delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.update(id=model.objects.first().pk)


def test_one_key_has_one_lead_at_a_time(district):
    lead = Duty.objects.filter(role="lead", unit__isnull=False).first()
    lead.edition = Edition.objects.create(number=99, title="第二版", drafted_at=timezone.now())
    lead.live = False
    for unit in Unit.objects.all()[:2]:
        lead.pk, lead.unit = None, unit
        lead.save(force_insert=True)
    with pytest.raises(IntegrityError, match="duty_one_lead"), transaction.atomic():
        lead.edition.duties.update(live=True)
    lead.valid = DateTimeTZRange(timezone.now() - timedelta(days=9000), timezone.now() - timedelta(days=8000))
    lead.save()
    assert lead.edition.duties.update(live=True) == 2
    # At commit another rule would refuse rows that live in a draft.
    transaction.set_rollback(True)


def test_a_case_has_one_lead_and_each_unit_once(open_case):
    case = open_case(grade="orange")
    other = Unit.objects.get(code="SJ-JGW")
    lead = Party.objects.get(case=case, role="lead")
    for fields, name in ((("lead", other.pk), "party_one_lead"), (("support", lead.unit_id), "party_unit_once")):
        refused(
            "INSERT INTO cases_party (case_id, role, unit_id, since, answered_by, live)"
            " VALUES (%s, %s, %s, now(), '', true)",
            case.pk,
            *fields,
            because=name,
        )


def test_a_red_case_is_not_put_off(open_case, press):
    case = press(open_case(grade="red"), "sijing-duty acknowledge")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE cases_case SET state = 'rectifying' WHERE id = %s", [case.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    refused("UPDATE cases_case SET state = 'suspended' WHERE id = %s", case.pk, because="case_red_never_suspended")


@pytest.mark.parametrize(
    ("assignment", "because"),
    [
        ("holder_id = NULL", "case_filed_has_holder"),
        ("grade = 'red'", "case_grade_and_rank"),
        ("grade = 'mauve', grade_rank = 1", "case_grade_and_rank"),
    ],
)
def test_a_half_made_case_is_refused(open_case, assignment, because):
    refused(f"UPDATE cases_case SET {assignment} WHERE id = %s", open_case().pk, because=because)


def test_two_open_cases_for_one_danger_are_refused(open_case):
    case = open_case()
    copy = Case.objects.get(pk=case.pk)
    copy.pk, copy.number, copy.chain = -1, "X", uuid.uuid4()
    with pytest.raises(IntegrityError, match="case_one_open_per_object"), transaction.atomic():
        copy.save(force_insert=True)


CLOCK_OF_EVENT = "cases_clockevent_deadline_id_69625dcb_fk_cases_deadline_id"
QUIET = [
    "UPDATE cases_case SET title = 'nothing to see'",
    "UPDATE cases_case SET holder_id = (SELECT id FROM responsibility_unit WHERE code = 'SJ-JGW')",
    "UPDATE cases_deadline SET due_at = due_at + interval '1 day'",
    "UPDATE cases_deadline SET missed_at = NULL, stopped_at = now()",
    "UPDATE cases_party SET acknowledged_at = now()",
    "DELETE FROM cases_party",
]


def test_a_clock_is_not_removed_from_under_its_events(open_case):
    open_case()
    refused("DELETE FROM cases_deadline", because=CLOCK_OF_EVENT)


@pytest.mark.parametrize("statement", QUIET)
def test_a_change_that_leaves_no_entry_is_refused(open_case, statement):
    """The deferred check as the commit asks it."""
    open_case()
    # The entry of the opening was written by this very transaction; an earlier one must not count.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE responsibility_ledgerentry SET xact = 1")
        cursor.execute("SET LOCAL session_replication_role = origin")
    refused(statement, because="case_accounted")


@pytest.mark.django_db(transaction=True)
def test_a_bulk_update_is_refused_at_commit_and_leaves_nothing(open_case):
    case = open_case()
    for change in (
        lambda: Case.objects.update(grade="red", grade_rank=1),
        lambda: Case.objects.filter(pk=case.pk).update(state="acknowledged"),
        lambda: Deadline.objects.update(due_at=timezone.now() + timedelta(days=9)),
        lambda: Party.objects.update(acknowledged_at=timezone.now()),
        lambda: Case.objects.bulk_update([Case(pk=case.pk, title="x")], ["title"]),
    ):
        with pytest.raises(IntegrityError, match="without a ledger entry"), transaction.atomic():
            change()
    kept = Case.objects.get(pk=case.pk)
    assert (kept.grade, kept.state, kept.title) == (case.grade, case.state, case.title)


@pytest.mark.django_db(transaction=True)
def test_an_entry_on_another_chain_does_not_cover_a_change(open_case):
    case = open_case()
    act = ledger.Act(chain=uuid.uuid4(), verb="note", subject_type="case", subject_id="x", subject_label="x")

    @transaction.atomic
    def change_and_tell_of_something_else():
        Case.objects.update(title="x")
        ledger.record([act], by=acting.SYSTEM)

    with pytest.raises(IntegrityError, match="without a ledger entry"):
        change_and_tell_of_something_else()
    assert Case.objects.get().title == case.title


@pytest.mark.django_db(transaction=True)
def test_a_request_is_not_decided_by_hand(open_case, people):
    from cases import requests

    case = open_case()
    requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    with pytest.raises(IntegrityError, match="without a ledger entry"), transaction.atomic():
        Request.objects.update(state="approved")


@pytest.mark.django_db(transaction=True)
def test_an_action_that_fails_half_way_leaves_nothing(open_case, people, monkeypatch):
    case = open_case()
    entries = LedgerEntry.objects.count()

    def broken(*args, **kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr("cases.changes.ledger.record", broken)
    with pytest.raises(RuntimeError):
        actions.perform(case.pk, "acknowledge", by=people["sijing-duty"])
    assert Case.objects.get(pk=case.pk).state == "dispatched"
    assert not Party.objects.filter(acknowledged_at__isnull=False).exists()
    assert LedgerEntry.objects.count() == entries


def test_reference_data_that_is_in_use_stays(open_case):
    from django.db.models import ProtectedError

    open_case()
    for thing in (Category.objects.get(code="LL-CONF-H2S"), Unit.objects.get(code="310117102")):
        with pytest.raises(ProtectedError):
            thing.delete()


def test_every_move_to_the_end_is_in_the_database_too(open_case, press):
    case = press(open_case(), *CLOSED)
    refused("UPDATE cases_case SET closed_at = NULL WHERE id = %s", case.pk, because="case_closed_when")


# --- the API's schema ------------------------------------------------------------
@pytest.fixture(scope="module")
def openapi(tmp_path_factory):
    """The schema as the code tells it now."""
    path = tmp_path_factory.mktemp("schema") / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(path))
    return path.read_text(encoding="utf-8")


def test_the_published_schema_is_current(openapi, settings):
    kept = (settings.BASE_DIR / "docs" / "openapi.yaml").read_text(encoding="utf-8")
    assert kept == openapi


def test_every_operation_has_a_name_an_explanation_and_its_refusals(openapi):
    operations = {
        f"{method} {path}": operation
        for path, methods in yaml.safe_load(openapi)["paths"].items()
        for method, operation in methods.items()
    }
    assert len(operations) >= 13
    for name, operation in operations.items():
        assert operation["operationId"], name
        assert operation.get("description") or operation.get("summary"), name
        assert any(code.startswith("2") for code in operation["responses"]), name
