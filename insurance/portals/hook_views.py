"""The page of pushed data: parse, ask, answer."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cases.views import after, status_of
from insurance.portals import hooks
from insurance.portals.models import Delivery, DeliveryState, Hook
from responsibility import access, acting
from responsibility.refusals import Refused

BEYOND = 2**63 - 1
SHOWN = 50


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """``/insurance/hooks/``: the hooks of one's unit, what could not be delivered, what went last."""
    return _page(request)


@never_cache
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """``/insurance/hooks/new/``: ``label``, ``url``, ``events``; the page that shows the secret this once."""
    given = request.POST
    wish = hooks.Wish(given.get("label", ""), given.get("url", ""), given.getlist("events"))
    try:
        made, secret = hooks.make(wish, by=acting.person(request.user))
    except Refused as refused:
        return _page(request, refused)
    return _page(request, made=made, secret=secret)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """``/insurance/hooks/<id>/end/``."""
    try:
        hooks.end(visible(acting.of(request.user), pk).pk, by=acting.person(request.user))
    except Refused as refused:
        return _page(request, refused)
    messages.success(request, _("推送已停用。"))
    return after(reverse("insurance-hooks"))


@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """``/insurance/deliveries/<id>/again/``: try anew what had failed."""
    try:
        hooks.again(delivery(acting.of(request.user), pk).pk, by=acting.person(request.user))
    except Refused as refused:
        return _page(request, refused)
    messages.success(request, _("将再次发送。"))
    return after(reverse("insurance-hooks"))


def visible(actor: acting.Actor, pk: int) -> Hook:
    """The hook ``pk`` of the actor's own units; 404."""
    found = hooks.of(actor).filter(pk=min(pk, BEYOND)).first()
    if found is None:
        raise Http404
    return found


def delivery(actor: acting.Actor, pk: int) -> Delivery:
    """The message ``pk`` of a hook of the actor's own units; 404."""
    found = Delivery.objects.filter(pk=min(pk, BEYOND), hook__in=hooks.of(actor)).first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, refused: Refused | None = None, *, made: Hook | None = None, secret: str = ""
) -> HttpResponse:
    actor = acting.of(request.user)
    if not access.may(actor, hooks.ACT):
        raise PermissionDenied
    messages_ = Delivery.objects.filter(hook__in=hooks.of(actor)).select_related("hook").order_by("-pk")
    context = {
        "actor": actor, "hooks": list(hooks.of(actor)[:SHOWN]), "choices": hooks.choices(actor), "made": made,
        "secret": secret, "failed": list(messages_.filter(status=DeliveryState.FAILED)[:SHOWN]),
        "last": list(messages_.exclude(status=DeliveryState.FAILED)[:SHOWN]), "refused": refused,
        "typed": request.POST if refused else {}, "chosen": request.POST.getlist("events"),
    }  # fmt: skip
    return render(request, "portals/hooks.html", context, status=status_of(refused) if refused else 200)
