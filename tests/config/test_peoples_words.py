"""What people wrote, and who they are, stands in the ledger under seal alone."""

import pytest
from django.apps import apps
from django.db.models import CharField, TextField

from config import told_rows
from responsibility import sealing
from responsibility.models import LedgerEntry
from tests.config.test_complete_by_construction import OWN
from tests.config.test_rows_told import stood  # noqa: F401

pytestmark = pytest.mark.django_db
WORDS = ("note", "reason", "text", "opinion", "name", "phone", "answer", "expert", "reply", "objectives", "conclusion")
# Whose texts are the district's own, or a machine's.
PUBLIC_TABLES = {
    *told_rows.TOLD, "responsibility_edition", "responsibility_duty", "notices_notice", "responsibility_upload",
    "notary_checkpoint", "notary_cosignature", "alerts_alert", "handbook_version", "responsibility_ledgerentry",
} - {"responsibility_user"}  # fmt: skip
# Open keys under which such a text may stand, and why.
PUBLIC = {
    "rows": "rows of the matrix and of imports: the acts of an office",
    "shifts": "who is on duty is told to the whole district",
    "label": "what a table row is called",
}


def texts() -> set[str]:
    """Everything that people wrote into a field of words."""
    found: set[str] = set()
    for model in apps.get_models():
        if model._meta.app_label not in OWN or model._meta.db_table in PUBLIC_TABLES:
            continue
        for field in model._meta.concrete_fields:
            named = any(word in field.name for word in WORDS)
            if field.choices or not isinstance(field, TextField | CharField):
                continue
            if isinstance(field, TextField) or named:
                found |= set(model._default_manager.values_list(field.name, flat=True))
    return {text for text in found if text and len(text) > 1 and not text.isascii()}


def said(value: object) -> set[str]:
    if isinstance(value, dict):
        return {text for part in value.values() for text in said(part)}
    if isinstance(value, list):
        return {text for part in value for text in said(part)}
    return {value} if isinstance(value, str) else set()


def test_no_open_key_of_an_entry_carries_what_people_wrote(stood):  # noqa: F811
    words, open_keys = texts(), {}
    assert len(words) > 20
    for entry in LedgerEntry.objects.exclude(verb__startswith="row."):
        for side in (entry.before, entry.after):
            for key, value in side.items():
                if key not in sealing.INNER and key not in PUBLIC and (told := said(value) & words):
                    open_keys[f"{entry.verb}:{key}"] = sorted(told)[:2]
    assert open_keys == {}


def test_no_name_of_an_account_stands_openly_in_a_told_row(stood):  # noqa: F811
    names = {text for text in texts() if len(text) < 5}
    for entry in LedgerEntry.objects.filter(verb__startswith="row.", subject_type="responsibility_user"):
        for side in (entry.before, entry.after):
            open_ = {key: value for key, value in side.items() if key not in sealing.INNER}
            assert not said(open_) & names
