"""服务方案: drawn up by the lead insurer for a year, agreed by the insured or sent back."""

from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from insurance.policies import assent
from insurance.policies.models import Policy
from insurance.service import given, seeing, telling
from insurance.service.models import Plan, PlanLine, PlanState
from responsibility import access, acting, clock, directory
from responsibility.acting import Actor
from responsibility.models import Post, Unit, User
from responsibility.models.district import UnitKind
from responsibility.refusals import Forbidden, Invalid, Refused

MOST_LINES = 40


def locked(pk: int, act: str, side: str, by: User) -> tuple[Policy, Actor, Post]:
    """The policy under its lock, for its ``side`` (``insurer`` or ``insured``). ``Forbidden``;
    ``Refused`` for a plan of a policy that the insured has not confirmed."""
    policies = Policy.objects.select_related("insurer", "insured").select_for_update(no_key=True, of=("self",))
    policy = policies.get(pk=pk)
    actor = acting.of(by)
    post = access.post_for(actor, act, named={getattr(policy, f"{side}_id")})
    if post is None:
        raise Forbidden("not_yours", _("这不是由您办理的保单。"))
    if act == "service.plan":
        assent.owed(policy)
    return policy, actor, post


def year_of(policy: Policy, value: Any) -> int:
    """A calendar year in which ``policy`` runs. ``Invalid``."""
    year = given.whole(value, "year", 2000, 2199)
    if year not in seeing.years_of(policy):
        raise Invalid("bad_year", _("保单在该年度没有效力。"), "year")
    return year


@transaction.atomic
def propose(pk: int, year: Any, lines: list[dict], goal: Any, *, by: User) -> Plan:
    """Lay the plan of the policy for ``year`` before the insured, in place of one not agreed yet.

    ``lines``: ``{"item", "measures", "times", "firm" (code or empty), "people", "goal"}``, and ``n``, by which
    the form knows the line. ``Forbidden``, ``Invalid``;
    ``Refused`` once the plan is agreed.
    """
    policy, actor, post = locked(pk, "service.plan", "insurer", by)
    year = year_of(policy, year)
    goal = given.text(goal, "goal", needed=False)
    if not 1 <= len(lines) <= MOST_LINES:
        raise Invalid(
            "bad_list",
            _("方案应有 1 至 %(most)d 项内容，现有 %(count)d 项。") % {"most": MOST_LINES, "count": len(lines)},
            "lines",
        )
    read = [_numbered(_place(line, n), line) for n, line in enumerate(lines, 1)]
    now = clock.now()
    plan = Plan.objects.filter(policy=policy, year=year).first() or Plan(policy=policy, year=year)
    if plan.state == PlanState.AGREED:
        raise Refused("plan_agreed", _("方案已经双方确认，不再更改；另有需要时单独委托。"))
    plan.goal, plan.state, plan.proposed_at, plan.proposed_by = goal, PlanState.PROPOSED, now, by
    plan.answered_at = plan.answered_by = None
    plan.remark = ""
    plan.save()
    plan.lines.all().delete()
    PlanLine.objects.bulk_create(PlanLine(plan=plan, **line) for line in read)
    _tell(policy, "plan.propose", plan, actor, post, [policy.insured],
          {"lines": len(read), "times": sum(line["times"] for line in read)}, goal)  # fmt: skip
    return plan


@transaction.atomic
def answer(pk: int, year: Any, agree: bool, remark: Any, proposed_at: Any, *, by: User) -> Plan:
    """The insured agrees to what was laid before it at ``proposed_at``, or sends it back with a reason.

    ``Forbidden``, ``Invalid``; ``Refused`` also where another plan was laid since it was read.
    """
    policy, actor, post = locked(pk, "service.agree", "insured", by)
    plan = Plan.objects.filter(policy=policy, year=given.whole(year, "year", 2000, 2199)).first()
    if plan is None or plan.state != PlanState.PROPOSED:
        raise Refused("nothing_proposed", _("没有待确认的服务方案。"))
    given.same(proposed_at, plan.proposed_at)
    plan.remark = given.text(remark, "remark", needed=not agree)
    plan.state = PlanState.AGREED if agree else PlanState.RETURNED
    plan.answered_at, plan.answered_by = clock.now(), by
    plan.save()
    _tell(policy, "plan.agree" if agree else "plan.return", plan, actor, post, [policy.insurer], {}, plan.remark)
    return plan


def firms() -> list[Unit]:
    """The firms that a line may name, by code."""
    return sorted((u for u in directory.current().units.values() if u.kind == UnitKind.FIRM), key=lambda u: u.code)


def _place(line: dict, n: int) -> int:
    """By which number the form knows ``line``, the ``n``-th of those that were filled in."""
    known = line.get("n")
    return known if isinstance(known, int) else n


def _numbered(n: int, line: dict) -> dict:
    """``_line``; what is wrong with it names the line."""
    try:
        return _line(line)
    except Invalid as wrong:
        said = _("第 %(n)d 项：%(why)s") % {"n": n, "why": wrong.detail}
        raise Invalid(wrong.code, said, wrong.attr) from None


def _line(line: dict) -> dict:
    firm = directory.current().units_by_code.get(str(line.get("firm") or ""))
    if line.get("firm") and (firm is None or firm.kind != UnitKind.FIRM):
        raise Invalid("unknown_unit", _("没有这家第三方机构。"), "firm")
    return {
        "item": given.item(line.get("item", "")), "measures": given.text(line.get("measures", ""), "measures"),
        "times": given.whole(line.get("times", ""), "times", 1, 366), "firm": firm,
        "people": given.text(line.get("people", ""), "people", limit=200, needed=False),
        "goal": given.text(line.get("goal", ""), "goal", needed=False),
    }  # fmt: skip


def _tell(
    policy: Policy, verb: str, plan: Plan, actor: Actor, post: Post, to: list[Unit], more: dict, note: str
) -> None:
    page = reverse("service-plan", args=[policy.pk, plan.year])
    after = {"year": plan.year, "state": str(plan.state)} | more
    telling.tell_policy(policy, verb, "plan", plan.pk, by=actor, post=post, at=clock.now(), page=page, to=to,
                        after=after, note=note)  # fmt: skip
