"""The tables of the insurance side stand with their entries, and nothing of it touches a case."""

import ast

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from insurance.policies.models import Policy

pytestmark = pytest.mark.django_db
# What writes cases, or holds them while it does.
PENS = {"cases.changes", "cases.actions", "cases.requests", "cases.orders", "cases.sharing", "cases.proof"}


def imported(path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def test_no_part_of_it_can_write_a_case():
    code = sorted((settings.BASE_DIR / "insurance").rglob("*.py"))
    assert code
    assert {path.name: found for path in code if (found := imported(path) & PENS)} == {}


@pytest.mark.django_db(transaction=True)
def test_a_policy_changes_with_an_entry_only(policy):
    made = policy()
    with pytest.raises(IntegrityError, match="without a ledger entry"):
        Policy.objects.filter(pk=made.pk).update(premium=1)


def test_a_policy_is_never_removed(policy):
    made = policy()
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.filter(pk=made.pk)._raw_delete("default")
