"""The pages of a policy's service: the plan of a year, the account of prevention, the yearly assessment."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases import files
from cases.views import after, status_of
from insurance.firms.models import Item
from insurance.policies.models import Policy
from insurance.service import account, assessing, given, keeping, plans, seeing
from insurance.service.models import Assessment, Expense, OrderState, Plan, PlanState, ServiceOrder
from responsibility import access, acting, clock
from responsibility.acting import Actor
from responsibility.refusals import Refused

# The lines that the form of a plan has at least; one with more of them has all of them.
LEAST = 8
COLUMNS = ("item", "measures", "times", "firm", "people", "goal")


def _seen(request: HttpRequest, policy: int, act: str, year: int | None = None) -> tuple[Policy, Actor]:
    actor = acting.of(request.user)
    found = seeing.policies(actor, act).filter(pk=min(policy, given.BEYOND)).first()
    if found is None or year is not None and year not in seeing.years_of(found):
        raise Http404
    return found, actor


@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, policy: int, year: int) -> HttpResponse:
    """``/insurance/service/<policy>/<year>/plan/``: read it; the insurer lays it (``lay``), the insured answers it."""
    found, actor = _seen(request, policy, "service.read", year)
    if request.method == "GET":
        return _plan(request, found, actor, year)
    posted, by = request.POST, acting.person(request.user)
    try:
        if posted.get("answer"):
            agree, remark = posted["answer"] == "agree", posted.get("remark", "")
            plans.answer(found.pk, year, agree, remark, posted.get("proposed_at", ""), by=by)
            said = _("方案已确认。") if agree else _("方案已退回保险公司。")
        else:
            typed: list[dict[str, Any]] = [
                {"n": n} | {name: posted.get(f"{name}_{n}", "") for name in COLUMNS}
                for n in range(1, plans.MOST_LINES + 1)
            ]
            lines = [line for line in typed if line["item"] or str(line["measures"]).strip()]
            plans.propose(found.pk, year, lines, posted.get("goal", ""), by=by)
            said = _("方案已提交，等待被保险人确认。")
    except Refused as refused:
        return _plan(request, found, actor, year, refused)
    messages.success(request, said)
    return after(reverse("service-plan", args=[found.pk, year]))


def _plan(
    request: HttpRequest, policy: Policy, actor: Actor, year: int, refused: Refused | None = None
) -> HttpResponse:
    made = Plan.objects.filter(policy=policy, year=year).first()
    lines = list(made.lines.select_related("firm").prefetch_related("orders")) if made else []
    typed = request.POST if refused else {}
    sent = [n for n in range(1, plans.MOST_LINES + 1) if f"item_{n}" in typed]
    drawn: list[dict] = [{"n": n} for n in range(1, max(LEAST, len(lines), *sent, 0) + 1)]
    for row in drawn:
        line = lines[row["n"] - 1] if row["n"] <= len(lines) else None
        row |= {name: typed.get(f"{name}_{row['n']}", "") if typed else getattr(line, name, "") for name in COLUMNS}
        row["firm"] = getattr(row["firm"], "code", row["firm"]) or ""
    context = {
        "actor": actor, "policy": policy, "year": year, "plan": made, "lines": lines, "drawn": drawn,
        "more_from": max([row["n"] for row in drawn if row["item"] or row["measures"]], default=0) + 3,
        "refused": refused, "typed": typed, "items": Item, "firms": plans.firms(),
        "draws": access.post_for(actor, "service.plan", named={policy.insurer_id})
        and policy.confirmed_until is not None and (made is None or made.state != PlanState.AGREED),
        "orders": access.post_for(actor, "service.order", named={policy.insurer_id}),
        "answers": access.post_for(actor, "service.agree", named={policy.insured_id})
        and made is not None and made.state == PlanState.PROPOSED,
    }  # fmt: skip
    return render(request, "service/plan.html", context, status=status_of(refused) if refused else 200)


@require_GET
def prevention(request: HttpRequest, policy: int) -> HttpResponse:
    """``/insurance/service/<policy>/account/``: the account of prevention."""
    return _account(request, *_seen(request, policy, "account.read"))


@require_POST
def entry(request: HttpRequest, policy: int, verb: str) -> HttpResponse:
    """``/insurance/service/<policy>/account/<verb>/``: ``budget``, ``spend`` (with a ``file``) or ``counter``."""
    found, actor = _seen(request, policy, "account.read")
    posted, by = request.POST, acting.person(request.user)
    try:
        if verb == "budget":
            account.budget(found.pk, posted.get("amount", ""), posted.get("reason", ""), by=by)
            said = _("预算已设定。")
        elif verb == "spend":
            number, amount, voucher = (posted.get(name, "") for name in ("order", "amount", "voucher"))
            file, note = request.FILES.get("file"), posted.get("note", "")
            account.spend(found.pk, number, amount, voucher, file, note, by=by)
            said = _("支出已登记。")
        elif verb == "counter":
            account.counter(found.pk, given.row(posted.get("expense", ""), "expense"), posted.get("reason", ""), by=by)
            said = _("已整笔冲销。")
        else:
            raise Http404
    except Refused as refused:
        return _account(request, found, actor, refused, verb)
    messages.success(request, said)
    return after(reverse("service-account", args=[found.pk]))


def _account(
    request: HttpRequest, policy: Policy, actor: Actor, refused: Refused | None = None, failed: str = ""
) -> HttpResponse:
    spends = access.post_for(actor, "account.spend", named={policy.insurer_id})
    done = ServiceOrder.objects.filter(policy=policy, state=OrderState.DONE).order_by("-id")
    context = {
        "actor": actor, "policy": policy, "balance": account.balance(policy), "refused": refused, "failed": failed,
        "typed": request.POST if refused else {}, "spends": spends, "done": done[: seeing.SHOWN] if spends else (),
        "entries": account.entries(policy)[: seeing.SHOWN], "budgets": policy.budgets.select_related("set_by")[:20],
    }  # fmt: skip
    return render(request, "service/account.html", context, status=status_of(refused) if refused else 200)


@require_GET
def voucher(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/insurance/vouchers/<id>/``: the file of a voucher, to whoever reads the account."""
    actor = acting.of(request.user)
    readable = seeing.policies(actor, "account.read")
    found = Expense.objects.filter(pk=min(pk, given.BEYOND), policy__in=readable).first()
    path = files.shareable(found, keeping.root()) if found else None
    if found is None or path is None or not path.is_file():
        raise Http404
    name = files.shown_name(found, found.voucher.replace("/", "-"))
    return FileResponse(path.open("rb"), filename=name, content_type=found.content_type)


@require_http_methods(["GET", "POST"])
def assessment(request: HttpRequest, policy: int, year: int) -> HttpResponse:
    """``/insurance/service/<policy>/<year>/assessment/``: the year in figures; the insurer signs it; for print too."""
    found, actor = _seen(request, policy, "service.read", year)
    signs = access.post_for(actor, "service.plan", named={found.insurer_id})
    refused = None
    if request.method == "POST":
        if signs is None:
            raise PermissionDenied
        try:
            assessing.sign(found.pk, year, request.POST.get("conclusion", ""), by=acting.person(request.user))
            messages.success(request, _("评估已签署。"))
            return after(reverse("service-assessment", args=[found.pk, year]))
        except Refused as no:
            refused = no
    signed = Assessment.objects.filter(policy=found, year=year).select_related("signed_by").first()
    figures = signed.figures if signed else assessing.figures(found, year)
    context = {
        "actor": actor, "policy": found, "year": year, "signed": signed, "figures": figures,
        "signs": signs and assessing.ripe(found, year, clock.now()),
        "rows": [row | {"label": Item(row["item"]).label} for row in figures["items"]],
        "refused": refused, "typed": request.POST,
    }  # fmt: skip
    return render(request, "service/assessment.html", context, status=status_of(refused) if refused else 200)
