"""A policy and an order as they stand in the database, each with its entry, for parts that build upon them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from alerts.models import RiskObject
from insurance.policies.models import Covered, Policy, Share
from insurance.service.models import ServiceOrder
from responsibility import acting, clock, ledger
from responsibility.models import Unit
from tests.cases.conftest import _evidence_folder, open_case, press, send
from tests.insurance.given import agreed

__all__ = ["_evidence_folder", "open_case", "press", "send"]

DAY = timedelta(days=1)
INSURER, BROKER, FIRM, INSURED = "X-INS", "X-BROKER", "X-TPF", "X-WATER"


def unit(code: str) -> Unit:
    return Unit.objects.get(code=code)


def told(thing, verb: str, label: str) -> None:
    """The entry of what was written by hand, on the thing's own chain."""
    kind = type(thing).__name__.lower()
    ledger.record([ledger.Act(thing.chain, verb, kind, str(thing.pk), label)], by=acting.SYSTEM)


@transaction.atomic
def carried_with(policy: Policy, code: str, percent: int) -> None:
    """Another insurer carries so much of the policy; its lead the rest."""
    policy.shares.filter(insurer=policy.insurer).update(percent=100 - percent)
    Share.objects.create(policy=policy, insurer=unit(code), percent=percent)
    told(policy, "policy.share", policy.number)


@pytest.fixture
def policy(people):
    """Make a policy of X-INS for X-WATER over ``objects`` (codes; all of the insured when empty), in force now.

    The insured has confirmed it, unless ``confirmed`` says otherwise.
    """

    @transaction.atomic
    def make(number: str = "P-1", objects: tuple[str, ...] = (), *, confirmed: bool = True, **fields) -> Policy:
        now = clock.now()
        ends_at, tail = fields.get("ends_at", now + 265 * DAY), fields.get("tail_days", 730)
        made = Policy.objects.create(
            **(agreed(people["enterprise"], ends_at, tail) if confirmed else {}) | {
                "number": number, "line": "comprehensive", "insurer": unit(INSURER), "insured": unit(INSURED),
                "broker": unit(BROKER), "whole": not objects, "starts_at": now - 100 * DAY, "ends_at": now + 265 * DAY,
                "premium": Decimal(100_000), "limit_total": Decimal(5_000_000), "limit_each": Decimal(1_000_000),
                "fast_limit": Decimal(10_000), "registered_at": now, "registered_by": people["insurer"],
            } | fields
        )  # fmt: skip
        Share.objects.create(policy=made, insurer=made.insurer, percent=100)
        for code in objects:
            thing = RiskObject.objects.get(code=code)
            Covered.objects.create(
                policy=made, risk_object=thing, since=made.starts_at, until=made.ends_at,
                confirmed_at=now if confirmed else None,
            )  # fmt: skip
        told(made, "policy.register", made.number)
        return made

    return make


@pytest.fixture
def order(people):
    """Make an order of X-INS to X-TPF at X-WATER, for an inspection within 30 days."""

    @transaction.atomic
    def make(policy: Policy | None = None, **fields) -> ServiceOrder:
        now = clock.now()
        made = ServiceOrder.objects.create(
            **{
                "number": f"FW-TEST-{ServiceOrder.objects.count() + 1:06d}", "policy": policy, "by_unit": unit(INSURER),
                "firm": unit(FIRM), "insured": unit(INSURED), "item": "inspection", "text": "窨井有限空间隐患排查",
                "due_at": now + 30 * DAY, "ordered_at": now, "ordered_by": people["insurer"],
            } | fields
        )  # fmt: skip
        told(made, "order.give", made.number)
        return made

    return make
