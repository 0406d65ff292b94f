"""Tests run on real PostgreSQL and real Valkey, started for the run in a folder of its own."""

import os

import pytest


def pytest_collection_modifyitems(config, items):
    """``BROWSER=0`` leaves the journeys in a browser out, as ``make test`` does where there is none."""
    if os.environ.get("BROWSER") == "0":
        left_out = [item for item in items if item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The district and the demo people stand in every test, as they do in every installation."""
    from django.conf import settings

    from alerts.loading import load_objects
    from config.demo import people
    from handbook.loading import load_handbooks
    from resources.loading import load_resources
    from responsibility import loading

    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    with django_db_blocker.unblock():
        data = loading.read(settings.DISTRICT_FILE)
        loading.load(data)
        load_handbooks(data)
        load_objects(data)
        load_resources(data)
        people.load(data)


# What stands still between tests that commit; everything else is emptied after each of them.
KEPT = {
    "django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
    "responsibility_user", "responsibility_user_groups", "responsibility_user_user_permissions",
    "responsibility_post", "responsibility_authority", "responsibility_district", "responsibility_unit",
    "responsibility_territory", "responsibility_scenario", "responsibility_category", "responsibility_duty",
    "responsibility_edition", "responsibility_calendaryear", "responsibility_calendarday", "responsibility_revision",
    "alerts_source", "alerts_riskobject", "handbook_version", "handbook_step",
    "resources_capability", "resources_kitline", "resources_station", "resources_resource", "resources_offer",
}  # fmt: skip


def _empty(self):
    from django.db import connection

    from config import stands

    tables = sorted(set(connection.introspection.table_names()) - KEPT - {"responsibility_ledgerentry"})
    with connection.cursor() as cursor:
        # What the work leaves cannot be emptied by anybody but a superuser with the triggers off.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        # What was promised to the cases that are gone is free again.
        cursor.execute("UPDATE resources_resource SET reserved = 0, ready = true WHERE reserved > 0 OR NOT ready")
        cursor.execute(
            "UPDATE resources_resource r SET stock = (e.after ->> 'stock')::int FROM responsibility_ledgerentry e"
            " WHERE e.chain = md5('resources_resource:' || r.id)::uuid AND e.verb = 'row.add'"
        )
        _back_to_the_first_edition(cursor)
        _back_to_the_first_handbooks(cursor)
        # The posts stand, so what is told of them does.
        cursor.execute(
            "DELETE FROM responsibility_ledgerentry WHERE subject_type <> 'post'"
            " AND NOT (verb LIKE 'row.%%' AND subject_type = ANY(%s))",
            [sorted(KEPT)],
        )
        # What was told of handbooks that a test drew up goes with them.
        cursor.execute(
            "DELETE FROM responsibility_ledgerentry WHERE subject_type = 'handbook_step'"
            " AND subject_id NOT IN (SELECT id::text FROM handbook_step)"
        )
        cursor.execute("SET session_replication_role = origin")
        stands.begin()


def _back_to_the_first_edition(cursor):
    later = "SELECT id FROM responsibility_edition WHERE number > 1"
    cursor.execute(f"DELETE FROM responsibility_duty WHERE edition_id IN ({later})")
    cursor.execute("DELETE FROM responsibility_edition WHERE number > 1")
    if cursor.rowcount:
        cursor.execute("UPDATE responsibility_edition SET valid = tstzrange(lower(valid), NULL)")
        # The trigger that tells every process of new reference data is off with the others.
        cursor.execute("UPDATE responsibility_revision SET number = number + 1")


def _back_to_the_first_handbooks(cursor):
    later = "SELECT id FROM handbook_version WHERE number > 1"
    cursor.execute(f"DELETE FROM handbook_step WHERE version_id IN ({later})")
    cursor.execute("DELETE FROM handbook_version WHERE number > 1")
    if cursor.rowcount:
        cursor.execute("UPDATE handbook_version SET valid = tstzrange(lower(valid), NULL)")
        cursor.execute("UPDATE responsibility_revision SET number = number + 1")


@pytest.fixture(autouse=True, scope="session")
def _keep_the_district():
    """A test that commits empties the tables of work only: the district is loaded once for the run."""
    from django.test import TransactionTestCase

    TransactionTestCase._fixture_teardown = _empty


@pytest.fixture
def district(db):
    """The loaded directory."""
    from responsibility import directory

    return directory.current()


@pytest.fixture
def people(db):
    """The demo people by username."""
    from responsibility.models import User

    return User.objects.in_bulk(field_name="username")


@pytest.fixture
def source(db):
    """The demo source."""
    from alerts.models import Source

    return Source.objects.get(code="demo-sensors")


@pytest.fixture
def key(db):
    """The demo source's key."""
    from config.demo.people import source_key

    return source_key()


@pytest.fixture
def by_hand(db):
    """What the test edits without any door of the product is told in its end, as the administrator's page would."""
    from responsibility import acting, rows_told

    yield
    rows_told.tell(acting.SYSTEM)


@pytest.fixture
def statements(db):
    """Count the SQL statements of a call."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(call) -> int:
        with CaptureQueriesContext(connection) as captured:
            call()
        return len(captured)

    return count
