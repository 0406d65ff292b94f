"""The pages of policies: parse, fetch, call one action, answer. Nothing here decides anything."""

from collections.abc import Callable
from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases.views import after, status_of
from insurance.policies import asking, assent, changing, premiums, seeing
from insurance.policies import given as fields
from insurance.policies.models import Line, Policy
from responsibility import access, acting, clock, directory
from responsibility.models import User
from responsibility.refusals import Invalid, Refused

LONGEST = 64
BEYOND = 2**63 - 1


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """``/insurance/policies/``: the reader's policies; ``state``, ``line``, ``q``, ``before`` narrow it."""
    actor = acting.of(request.user)
    if not access.may(actor, "policy.read"):
        raise PermissionDenied
    wanted = {name: request.GET.get(name, "").strip() for name in ("state", "line", "q", "before")}
    if any("\x00" in value or len(value) > LONGEST for value in wanted.values()):
        raise BadRequest("too long")
    before = wanted["before"]
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        raise BadRequest("before")
    rows, more = seeing.lines(actor, wanted, int(before) if before else None)
    context = {
        "actor": actor, "rows": rows, "more": more, "wanted": wanted, "lines": Line.choices,
        "states": seeing.FILTERS.items(), "registers": access.may(actor, "policy.register"),
        "asked": asking.waiting(actor, clock.now()).count(),
    }  # fmt: skip
    return render(request, "insurance/policies/list.html", context)


@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """``/insurance/policies/<id>/``: the policy, what it covers, its endorsements, premiums and cases."""
    return _page(request, _found(request, pk))


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """``/insurance/policies/<id>/<verb>/``: ``endorse``, ``renew``, ``cancel``, ``premium`` and ``remind`` by the lead
    insurer, ``confirm`` and ``decline`` by the insured, of the ``edition`` that was shown."""
    policy = _found(request, pk)
    if verb not in DOES:
        raise Http404
    try:
        leads_to, said = DOES[verb](policy.pk, request, acting.person(request.user))
    except Refused as refused:
        return _page(request, policy, refused, verb)
    messages.success(request, said)
    return after(reverse("insurance-policy", args=[leads_to]))


def _endorse(pk: int, request: HttpRequest, by: User) -> tuple[int, str]:
    changing.may_change(pk, by)
    changing.endorse(pk, changing.read(request.POST, local=True), by=by)
    return pk, _("批单已登记。")


def _renew(pk: int, request: HttpRequest, by: User) -> tuple[int, str]:
    return changing.renew(pk, request.POST, by=by, local=True).pk, _("已续保。")


def _cancel(pk: int, request: HttpRequest, by: User) -> tuple[int, str]:
    changing.may_change(pk, by)
    at = fields.instant(request.POST, "at", local=True)
    assert at is not None
    changing.cancel(pk, at, request.POST.get("reason", ""), by=by)
    return pk, _("保单已解除。")


def _remind(pk: int, _request: HttpRequest, by: User) -> tuple[int, str]:
    assent.remind(pk, by=by)
    return pk, _("已提醒被保险人。")


def _confirm(pk: int, request: HttpRequest, by: User) -> tuple[int, str]:
    return _said(assent.CONFIRM, pk, request, by), _("已确认这份保单。")


def _decline(pk: int, request: HttpRequest, by: User) -> tuple[int, str]:
    return _said(assent.DECLINE, pk, request, by), _("已否认这份保单。")


def _said(act: str, pk: int, request: HttpRequest, by: User) -> int:
    """The word of the insured on one policy, in the edition that its page showed. ``Forbidden``, ``Refused``."""
    assent.may_speak(Policy.objects.get(pk=pk), by, act)
    given, say = request.POST, assent.confirm if act == assent.CONFIRM else assent.decline
    item = {"policy": pk, "edition": given.get("edition", ""), "reason": given.get("reason", "")}
    (answer,) = say([item], by=by)
    for fault in answer.errors:
        raise Refused(fault["code"], fault["detail"], fault["attr"])
    return pk


def _premium(pk: int, request: HttpRequest, by: User) -> tuple[int, str]:
    changing.may_change(pk, by)
    payment = premiums.read(request.POST, local=True)
    if payment.amount < 0:
        # Whether it came in or went back is chosen beside it; a minus would turn the choice round unseen.
        raise Invalid("negative", _("金额不带负号；退回的请选“退回”。"), "amount")
    if request.POST.get("returned") == "yes":
        payment = replace(payment, amount=-payment.amount)
    _made, fresh = premiums.receive(pk, payment, by=by)
    return pk, _("保费已登记。") if fresh else _("这笔保费早已登记，没有重复记账。")


DOES: dict[str, Callable[[int, HttpRequest, User], tuple[int, str]]] = {
    "endorse": _endorse, "renew": _renew, "cancel": _cancel, "premium": _premium, "remind": _remind,
    "confirm": _confirm, "decline": _decline,
}  # fmt: skip


def _found(request: HttpRequest, pk: int) -> Policy:
    seen = Policy.objects.visible_to(acting.of(request.user))
    policy = seeing.with_names(seen).filter(pk=min(pk, BEYOND)).first()
    if policy is None:
        raise Http404
    return policy


def _page(request: HttpRequest, policy: Policy, refused: Refused | None = None, failed: str = "") -> HttpResponse:
    actor = acting.of(request.user)
    context = seeing.about(policy, actor, directory.current())
    context |= {"actor": actor, "refused": refused, "failed": failed, "typed": request.POST}
    context |= {"word": asking.word(policy, actor, context["now"]), "names": asking.names_things(policy, actor)}
    return render(request, "insurance/policies/policy.html", context, status=status_of(refused) if refused else 200)
