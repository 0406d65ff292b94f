"""年度评估: per policy and year what was planned, done, found, put right and spent, signed by the insurer (AQ 9010)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext_lazy as _

from insurance.firms.models import Item
from insurance.policies.models import Policy
from insurance.service import given, telling
from insurance.service.models import Assessment, Expense, OrderState, PlanLine, PlanState, ServiceOrder, Visit
from insurance.service.plans import locked, year_of
from responsibility import clock
from responsibility.models import User
from responsibility.refusals import Refused

# Who keeps what was found says what became of it: f(policy, since, until) -> {"put_right": n, "overdue": n}.
PUT_RIGHT: list[Callable[[Policy, datetime, datetime], dict[str, int]]] = []
LONG = 4000


def figures(policy: Policy, year: int) -> dict:
    """The year of a policy in plain texts and numbers, the same number of statements whatever happened in it.

    ``{"items": [{"item", "planned", "done", "spent"}], "planned", "done", "ended", "found", "major", "spent",
    "put_right"?, "overdue"?}``; counts, and yuan as texts. ``ended``: orders that came to nothing.
    """
    zone = get_current_timezone()
    since, until = datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)
    of_year = {"policy": policy, "ended_at__gte": since, "ended_at__lt": until}
    planned = _by_item(PlanLine.objects.filter(plan__policy=policy, plan__year=year, plan__state=PlanState.AGREED),
                       Sum("times"))  # fmt: skip
    done = _by_item(ServiceOrder.objects.filter(state=OrderState.DONE, **of_year), Count("pk"))
    ended = ServiceOrder.objects.filter(~Q(state=OrderState.DONE), **of_year).count()
    spending = Expense.objects.filter(policy=policy, recorded_at__gte=since, recorded_at__lt=until)
    spent = _by_item(spending, Sum("amount"))
    visits = Visit.objects.filter(order__policy=policy, left_at__gte=since, left_at__lt=until)
    found = [line for lines in visits.values_list("found", flat=True) for line in lines]
    told: dict[str, Any] = {
        "items": [
            {"item": item, "planned": planned.get(item, 0), "done": done.get(item, 0), "spent": str(spent.get(item, 0))}
            for item in Item.values
            if item in planned or item in done or item in spent
        ],
        "planned": sum(planned.values()), "done": sum(done.values()), "ended": ended, "found": len(found),
        "major": sum(line["severity"] == "major" for line in found), "spent": str(sum(spent.values())),
    }  # fmt: skip
    for ask in PUT_RIGHT:
        told |= ask(policy, since, until)
    return told


def ripe(policy: Policy, year: int, now: datetime) -> bool:
    """Whether the year, or the policy, is over, so that it can be assessed."""
    return localdate(now).year > year or min(policy.ends_at, policy.cancelled_at or policy.ends_at) <= now


@transaction.atomic
def sign(pk: int, year: Any, conclusion: Any, *, by: User) -> Assessment:
    """The lead insurer signs the assessment of a year that is over, or of a policy that is; once.

    ``Forbidden``, ``Invalid``, ``Refused``.
    """
    policy, actor, post = locked(pk, "service.plan", "insurer", by)
    year, conclusion = year_of(policy, year), given.text(conclusion, "conclusion", limit=LONG)
    now = clock.now()
    if not ripe(policy, year, now):
        raise Refused("too_early", _("年度结束或者保单终止之后才能签署评估。"))
    if Assessment.objects.filter(policy=policy, year=year).exists():
        raise Refused("signed", _("该年度的评估已经签署。"))
    made = Assessment.objects.create(
        policy=policy, year=year, figures=figures(policy, year), conclusion=conclusion, signed_at=now, signed_by=by
    )
    plain = {name: value for name, value in made.figures.items() if name != "items"}
    page = reverse("service-assessment", args=[policy.pk, year])
    telling.tell_policy(policy, "assessment.sign", "assessment", made.pk, by=actor, post=post, at=now, page=page,
                        to=[policy.insured], after={"year": year} | plain, note=conclusion)  # fmt: skip
    return made


def _by_item(rows, what) -> dict[str, Any]:
    return dict(rows.order_by().values("item").annotate(all=what).values_list("item", "all"))
