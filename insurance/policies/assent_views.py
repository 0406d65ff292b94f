"""The page on which the insured confirms or denies what names it: parse, fetch, call one action, answer."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.views import after, status_of
from insurance.policies import asking, assent
from responsibility import access, acting, clock
from responsibility.refusals import Invalid, Refused

SAYS = {"confirm": assent.confirm, "decline": assent.decline}


@require_http_methods(["GET", "POST"])
def waiting(request: HttpRequest) -> HttpResponse:
    """``/insurance/policies/waiting/``: what waits for one's word. ``policy`` (``<id>.<edition>``, many) and ``do``,
    ``confirm`` or ``decline`` with a ``reason``. ``all``: ticked beforehand."""
    actor = acting.of(request.user)
    if not access.may(actor, assent.CONFIRM):
        raise PermissionDenied
    if request.method == "GET":
        return _page(request)
    by, given = acting.person(request.user), request.POST
    items = [_word(each, given.get("reason", "")) for each in given.getlist("policy")]
    try:
        if not items:
            raise Invalid("required", _("请至少勾选一份保单。"), "policy")
        said = SAYS.get(given.get("do", ""))
        if said is None:
            raise Invalid("required", _("请选择确认或者否认。"), "do")
        answers = said(items, by=by)
    except Refused as refused:
        return _page(request, refused)
    rejected = [answer for answer in answers if answer.outcome == "rejected"]
    done = len(answers) - len(rejected)
    if rejected:
        return _page(request, None, rejected, done)
    messages.success(request, told(given.get("do", ""), done))
    return after(reverse("insurance-policies-waiting"))


def told(do: str, count: int) -> str:
    """What was done with ``count`` policies."""
    if do == "decline":
        return _("已否认 %(count)d 份保单。") % {"count": count}
    return _("已确认 %(count)d 份保单。") % {"count": count}


def _word(text: str, reason: str) -> dict:
    policy, _dot, edition = text.partition(".")
    return {"policy": policy, "edition": edition, "reason": reason}


def _page(
    request: HttpRequest, refused: Refused | None = None, rejected: list[assent.Answer] | None = None, done: int = 0
) -> HttpResponse:
    actor, now = acting.of(request.user), clock.now()
    rows, count = asking.rows(actor, now)
    context = {
        "actor": actor, "rows": rows, "count": count, "declined": asking.declined(actor, now), "refused": refused,
        "rejected": rejected or [], "typed": request.POST, "picked": request.POST.getlist("policy"),
        "all": "all" in request.GET, "done": told(request.POST.get("do", ""), done) if done else "",
    }  # fmt: skip
    status = status_of(refused) if refused else 409 if rejected else 200
    return render(request, "insurance/policies/waiting.html", context, status=status)
