"""The pages of orders: what waits, one order, giving one, and its verbs. Parse, fetch, call one action, answer."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cases.views import after, status_of
from insurance.firms.models import Firm, Item
from insurance.policies.models import Policy
from insurance.service import given, moving, nextstep, ordering, requesting, seeing, visiting
from insurance.service.models import RUNNING, OrderState, PlanLine, Purpose, ServiceOrder
from responsibility import access, acting, clock, directory
from responsibility.acting import Actor
from responsibility.models import Role, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

LONG = 2000
DONE = {
    "accept": gettext_lazy("已接受委托。"), "decline": gettext_lazy("已婉拒，委托单位会收到通知。"),
    "propose": gettext_lazy("已提议上门时间，等待对方确认。"), "agree": gettext_lazy("上门时间已约定。"),
    "confirm": gettext_lazy("已签署，服务记录已归档。"), "dispute": gettext_lazy("异议已提出，由委托单位核实。"),
    "withdraw": gettext_lazy("委托已撤回。"), "place": gettext_lazy("已转派。"),
}  # fmt: skip
ASKED = 50


def seen(request: HttpRequest, number: str) -> tuple[ServiceOrder, Actor]:
    """The order ``number``, if the reader sees it; ``Http404``."""
    actor = acting.of(request.user)
    order = seeing.orders(actor).filter(number=number).first() if len(number) <= 40 else None
    if order is None:
        raise Http404
    return order, actor


@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    """``/insurance/orders/``: the reader's orders, what is his turn first. ``?state=``: of one state."""
    actor = acting.of(request.user)
    if not access.may(actor, "service.read"):
        raise PermissionDenied
    state = request.GET.get("state", "")
    found = seeing.orders(actor).order_by("-id")
    if state in OrderState.values:
        found = found.filter(state=state)
    lines = seeing.lines(found[: seeing.SHOWN], actor, clock.now())
    context = {
        "actor": actor, "state": state, "states": OrderState, "orders": access.may(actor, "service.order"),
        "turns": [line for line in lines if line.turn], "today": [line for line in lines if line.today],
        "others": [line for line in lines if not line.turn], "shown": seeing.SHOWN if len(lines) == seeing.SHOWN else 0,
    }  # fmt: skip
    return render(request, "service/orders.html", context)


@require_GET
def order(request: HttpRequest, order: str) -> HttpResponse:
    """``/insurance/orders/<number>/``: one order with its visit."""
    return page(request, *seen(request, order))


def page(
    request: HttpRequest, order: ServiceOrder, actor: Actor, refused: Refused | None = None, failed: str = ""
) -> HttpResponse:
    """The page of ``order``, with what was ``refused`` in the form ``failed``."""
    verbs = seeing.allowed(order, actor)
    visit, now = getattr(order, "visit", None), clock.now()
    brief, digests = seeing.by_status_only(order, actor), seeing.by_insurance(order, actor)
    context = {
        "actor": actor, "order": order, "verbs": verbs, "brief": brief, "names_case": seeing.names_case(order, actor),
        "visit": None if brief else visit, "photos": visit.photos.all() if visit and not brief else (),
        "people": visit.people.all() if visit and not brief else (), "refused": refused, "failed": failed,
        "typed": request.POST if refused else {}, "now": now, "firms": _fit(order) if "place" in verbs else (),
        "mine": order.proposed_by_id in actor.unit_ids, "digests": digests,
        "tells_place": seeing.tells_place(order, actor), "next": "" if brief else nextstep.said(order, actor, now),
        "late": order.state in RUNNING and order.due_at < now and not brief,
        "findings": [] if brief else [one for tell in seeing.FINDINGS for one in tell(order, actor, now)],
        "firm": Firm.objects.visible_to(actor).filter(unit=order.firm_id).first(),
        "reads_policy": Policy.objects.visible_to(actor).filter(pk=order.policy_id).exists(),
    }  # fmt: skip
    return render(request, "service/order.html", context, status=status_of(refused) if refused else 200)


def _fit(order: ServiceOrder) -> list[Unit]:
    thing = order.risk_object
    return ordering.fit_firms(order.item, thing.category if thing else None, order.insured, order.purpose)


def _place(pk: int, posted: Any, by: User) -> object:
    firm = directory.current().units_by_code.get(given.text(posted.get("firm", ""), "firm", limit=40))
    if firm is None:
        raise Invalid("unknown_unit", moving.NO_FIRM, "firm")
    return moving.place(pk, firm, by=by, due_at=posted.get("due_at"))


# What each verb does with an order (id), the fields of its form and who presses it.
VERBS: dict[str, Callable[[int, Any, User], object]] = {
    "accept": lambda pk, posted, by: moving.accept(pk, by=by, propose=posted.get("at")),
    "decline": lambda pk, posted, by: moving.decline(pk, posted.get("reason", ""), by=by),
    "propose": lambda pk, posted, by: moving.propose(pk, posted.get("at", ""), by=by),
    "agree": lambda pk, posted, by: moving.agree(pk, posted.get("proposed_at", ""), by=by),
    "confirm": lambda pk, posted, by: visiting.confirm(
        pk, given.text(posted.get("remark", ""), "remark", limit=LONG, needed=False), by=by
    ),
    "dispute": lambda pk, posted, by: visiting.dispute(
        pk, given.text(posted.get("reason", ""), "reason", limit=LONG), by=by
    ),
    "withdraw": lambda pk, posted, by: moving.withdraw(pk, posted.get("reason", ""), by=by),
    "place": _place,
}


@require_POST
def act(request: HttpRequest, order: str, verb: str) -> HttpResponse:
    """``/insurance/orders/<number>/<verb>/``: press a button of the order."""
    if verb not in VERBS:
        raise Http404
    found, actor = seen(request, order)
    try:
        made = VERBS[verb](found.pk, request.POST, acting.person(request.user))
    except Refused as refused:
        return page(request, *seen(request, order), refused, verb)
    messages.success(request, DONE[verb])
    number = made.number if isinstance(made, ServiceOrder) else found.number
    return after(reverse("insurance-order", args=[number]))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """``/insurance/orders/new/``: give an order. ``?policy=``, ``?line=`` (ids) fill the form in."""
    actor = acting.of(request.user)
    if not access.may(actor, "service.order"):
        raise PermissionDenied
    if request.method == "GET":
        return _form(request, actor, request.GET)
    try:
        made = ordering.give(ordering.read(request.POST, actor), by=acting.person(request.user))
    except Refused as refused:
        return _form(request, actor, request.POST, refused)
    messages.success(request, _("已委托，编号 %(number)s；机构和被保险人会收到通知。") % {"number": made.number})
    return after(reverse("insurance-order", args=[made.number]))


def _form(request: HttpRequest, actor: Actor, typed, refused: Refused | None = None) -> HttpResponse:
    insurer = any(post.role == Role.INSURER for post in actor.posts)
    policies = Policy.objects.assented(clock.now()).filter(insurer__in=actor.unit_ids).select_related("insured")
    line = typed.get("line", "")
    lines = PlanLine.objects.filter(plan__policy__insurer__in=actor.unit_ids).select_related("plan__policy", "firm")
    context = {
        "actor": actor, "refused": refused, "typed": typed, "items": Item, "purposes": Purpose, "insurer": insurer,
        "policies": policies[: seeing.SHOWN],
        "line": lines.filter(pk=int(line)).first() if given.WHOLE.fullmatch(line) else None,
        "firms": ordering.listed(), "enterprises": ordering.enterprises() if not insurer else (),
    }  # fmt: skip
    return render(request, "service/new.html", context, status=status_of(refused) if refused else 200)


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """``/insurance/service/``: the policies whose plans, account and assessments the reader may open."""
    return _home(request)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """``/insurance/service/requests/``: ask the insurer of a ``policy`` for an ``item`` of service, in a ``text``."""
    posted = request.POST
    try:
        requesting.ask(
            posted.get("policy", ""), posted.get("item", ""), posted.get("text", ""), by=acting.person(request.user)
        )
    except Refused as refused:
        if isinstance(refused, Forbidden):
            raise PermissionDenied from None
        return _home(request, refused)
    messages.success(request, _("需求已提出，保险公司会收到通知。"))
    return after(reverse("service-home"))


def _home(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    actor = acting.of(request.user)
    plans, accounts = seeing.policies(actor, "service.read"), seeing.policies(actor, "account.read")
    if not access.may(actor, "service.read"):
        raise PermissionDenied
    found = [(policy, seeing.years_of(policy)) for policy in plans.order_by("-starts_at", "-id")[: seeing.SHOWN]]
    open_accounts = set(accounts.values_list("pk", flat=True))
    context = {
        "actor": actor, "policies": found, "accounts": open_accounts, "refused": refused, "items": Item,
        "asked": requesting.visible_to(actor)[:ASKED], "askable": requesting.askable(actor)[: seeing.SHOWN],
        "typed": request.POST, "orders": access.may(actor, "service.order"),
    }  # fmt: skip
    return render(request, "service/home.html", context, status=status_of(refused) if refused else 200)


def to_order(number: str) -> HttpResponseRedirect:
    """Away to the page of an order."""
    return HttpResponseRedirect(reverse("insurance-order", args=[number]))
