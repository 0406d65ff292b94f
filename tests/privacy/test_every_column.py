"""Every column of words is emptied by an erasure, or there is a reason why nobody of the public can stand in it."""

import pytest
from django.apps import apps
from django.db import connection

from cases.erasure import COLUMNS, PLACES

pytestmark = pytest.mark.django_db
# Emptied or removed by what hears of an erasure, not column by column.
FORGOTTEN = {
    "responsibility_ledgerentry": "its sealed parts are emptied one by one (responsibility/erasing.py)",
    "responsibility_repeat": "becomes entries before anything is erased",
    "responsibility_line": "digests under a salt that changes with its row",
    "responsibility_stand": "those salts",
    "responsibility_change": "becomes entries before its transaction ends",
    "desk_indexed": "read anew when its entry is emptied",
    "desk_question": "removed when it names the person",
    "desk_sealed": "emptied when it names the person",
    "axes_accessattempt": "removed", "axes_accesslog": "removed", "axes_accessfailurelog": "removed",
}  # fmt: skip
MACHINES = "codes, digests, keys, addresses of files and states, made or checked by the product"
PUBLISHED = "reference data and rules, published by the district"
OFFICE = "who acts in office, and where offices are reached; names of officials go with the accounts"
SENDER = "the identity under which a platform asks for its alert again; no words"
DRILL = "of drills, in which nobody is real"
# Whole tables, or columns of one.
NOBODY = {
    MACHINES: {
        "django_migrations": None, "django_content_type": None, "django_session": None, "auth_permission": None,
        "auth_group": None, "responsibility_token": None, "responsibility_volume": None,
        "responsibility_archivedchain": None, "notary_signingkey": None, "notary_checkpoint": None,
        "notary_witness": None, "notary_cosignature": None, "notices_delivery": None, "accountability_drawseed": None,
        "responsibility_upload": {"table", "scope", "sha256", "counts", "plan"},
        "notices_notice": {"event", "subject", "path", "fault"},
        "alerts_alert": {"outcome", "case_number", "grade", "unit"},
        "cases_case": {"state", "loop", "number", "grade", "duties", "policy"},
        "cases_evidence": {"sha256", "content_type", "path"}, "cases_request": {"code", "act", "answers_for"},
        "accountability_consequence": {"risk", "sha256", "content_type", "path", "bundles"},
        "policies_policy": {"number", "content"}, "policies_endorsement": {"number", "changes"},
        "policies_premium": {"reference"},
        "accountability_recheck": {"month"}, "alerts_riskobject": {"code"}, "retention_period": {"code"},
        "service_serviceorder": {"number"}, "service_photo": {"sha256", "content_type", "path"},
        "service_sentphoto": {"sha256", "content_type", "path"}, "service_assessment": {"figures"},
        "service_expense": {"sha256", "content_type", "path", "voucher"},
        "firms_firm": {"credit_code"}, "firms_complaint": {"about"},
        "portals_hook": {"url", "secret", "events"}, "portals_told": None, "portals_reminded": None,
        "service_removedfile": None,
        "portals_delivery": None,
        "claims_claim": {"number", "theirs"}, "claims_payment": {"reference"},
        "claims_paper": {"sha256", "content_type", "path"},
        "findings_finding": {"number", "external_id", "case_number"},
        "findings_proof": {"sha256", "content_type", "path"}, "findings_checkphoto": {"sha256", "content_type", "path"},
    },
    PUBLISHED: {
        "accountability_consequence": {"basis"},
        "responsibility_district": None, "responsibility_unit": None, "responsibility_territory": None,
        "responsibility_authority": None, "responsibility_calendaryear": None, "responsibility_edition": None,
        "responsibility_scenario": None, "responsibility_category": None, "responsibility_duty": None,
        "handbook_version": None, "handbook_step": None,
        "resources_capability": None, "resources_kitline": None, "firms_licence": None,
    },
    OFFICE: {
        "responsibility_user": None, "responsibility_post": None, "notices_channel": None, "notary_outlet": None,
        "resources_station": None, "resources_resource": None, "alerts_source": None, "django_admin_log": None,
    },
    SENDER: {"alerts_alert": {"external_id", "category_code", "object_code"},
             "cases_case": {"category_code", "object_code"}},
    DRILL: {"alerts_drill": None, "alerts_drillalert": None},
}  # fmt: skip


def chosen(table: str) -> set[str]:
    """The columns in which something stands that was chosen out of a list."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table == table:
            found |= {field.column for field in model._meta.concrete_fields if field.choices}
    return found


def excused(table: str) -> set[str] | None:
    """The columns with a reason; ``None`` for all."""
    found = set()
    for tables in NOBODY.values():
        if table in tables and tables[table] is None:
            return None
        found |= tables.get(table) or set()
    return found


def test_every_column_of_words_is_a_place_or_has_a_reason():
    places: dict[str, set[str]] = {}
    for model, columns, _way in PLACES:
        places.setdefault(model._meta.db_table, set()).update(columns)
    missing = []
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        stand = cursor.fetchall()
    for table, columns in stand:
        why = excused(table)
        if why is not None and table not in FORGOTTEN:
            missing += [f"{table}.{each}" for each in set(columns) - places.get(table, set()) - why - chosen(table)]
    assert sorted(missing) == []
    tables = {table for table, _columns in stand}
    assert {table for tables_ in NOBODY.values() for table in tables_} | FORGOTTEN.keys() <= tables
