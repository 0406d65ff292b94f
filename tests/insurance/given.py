"""A policy as an insurer's system sends it, and the word of the insured on it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from insurance.policies import assent
from insurance.policies.models import Policy
from responsibility import access, clock
from responsibility.models import Post, Role, Unit, User
from responsibility.models.district import UnitKind
from tests.cases.conftest import hold

DAY = timedelta(days=1)
MANHOLE = "MH-SIJING-0088"


def policy_of(**fields) -> dict:
    """The fields of the API for a policy of X-WATER over the manhole, in force; ``None`` leaves one out."""
    now = clock.now()
    whole = {
        "number": "PN-1", "line": "comprehensive", "insured": "X-WATER", "objects": [MANHOLE],
        "starts_at": (now - 10 * DAY).isoformat(), "ends_at": (now + 355 * DAY).isoformat(), "premium": "100000.00",
        "limit_total": "5000000", "limit_each": "1000000", "fast_limit": "10000",
    }  # fmt: skip
    return {name: value for name, value in (whole | fields).items() if value is not None}


def agreed(by: User, ends_at: datetime, tail_days: int = 730) -> dict:
    """The columns of a policy that its insured has confirmed as it stands, for what is written by hand."""
    return {"confirmed_until": ends_at, "confirmed_tail": tail_days, "confirmed_at": clock.now(), "confirmed_by": by}


def speaker(unit: Unit) -> User:
    """Who answers for an insured ``unit``: whoever holds such a post, or somebody who is given one."""
    roles = access.roles(assent.CONFIRM)
    post = Post.objects.filter(unit=unit, role__in=roles, until=None).select_related("user").order_by("pk").first()
    if post is not None:
        return post.user
    user = User.objects.create_user(f"speaks-for-{unit.code}".lower())
    hold(user, unit, Role.ENTERPRISE if unit.kind == UnitKind.ENTERPRISE else Role.HEAD)
    return user


def assented(policies: Iterable[int]) -> None:
    """The insured of each of ``policies`` (ids) confirms it, as it stands now."""
    found = list(Policy.objects.with_word().filter(pk__in=policies).select_related("insured"))
    for unit in {policy.insured for policy in found}:
        items = [{"policy": policy.pk, "edition": policy.edition} for policy in found if policy.insured == unit]
        with transaction.atomic():
            by = speaker(unit)
        answers = [answer for start in range(0, len(items), 1000)
                   for answer in assent.confirm(items[start : start + 1000], by=by)]  # fmt: skip
        assert {answer.outcome for answer in answers} <= {"confirmed", "unchanged"}, answers[:3]
