"""派单 and 会商 on the case page: each form posts here, and lands on the page again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from cases import advising, orders, proof
from cases.models import Advice, Case, Order
from cases.models.work import EvidenceKind
from cases.views import after, after_refusal, typed_coordinates
from responsibility import acting, directory
from responsibility.refusals import Refused


@require_POST
def give(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/orders/``: give an order."""
    case = _seen(request, number)
    typed = {name: request.POST.get(name, "").strip() for name in ("unit", "text", "power", "wanted")}
    minutes = request.POST.get("minutes", "").strip()
    count = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 7 else 0
    mandatory = "mandatory" in request.POST
    try:
        order = orders.give(case.pk, by=acting.person(request.user), minutes=count, mandatory=mandatory, **typed)
    except Refused as refused:
        return after_refusal(request, number, refused, "order-give")
    messages.success(request, _("已向%(unit)s派单。") % {"unit": order.unit.label})
    return _back(number, "#orders")


SAID = {
    "acknowledge": gettext_lazy("派单已签收。"),
    "done": gettext_lazy("派单已办结。"),
    "return": gettext_lazy("派单已退回。"),
    "withdraw": gettext_lazy("派单已撤回。"),
}


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """``/orders/<id>/<verb>/``: answer an order, with the files that came along."""
    if verb not in orders.DOES:
        raise Http404
    order = Order.objects.filter(pk=pk, case__in=_visible(request)).select_related("case").first()
    if order is None:
        raise Http404
    by, number = acting.person(request.user), order.case.number
    data = {name: request.POST[name].strip() for name in ("note", "answered_by") if request.POST.get(name)}
    try:
        kept = [_keep(request, order, kind, file) for kind in EvidenceKind.values for file in _files(request, kind)]
        orders.act(pk, verb, by=by, data=data | {"evidence": kept})
    except Refused as refused:
        return after_refusal(request, number, refused, f"order-{pk}-{verb}")
    messages.success(request, str(SAID[verb]))
    return _back(number, "#actions")


@require_POST
def advise(request: HttpRequest, number: str) -> HttpResponse:
    """``/cases/<number>/advice/``: write down what an expert said."""
    case = _seen(request, number)
    typed = {name: request.POST.get(name, "").strip() for name in ("kind", "expert", "text")}
    try:
        advising.record(case.pk, by=acting.person(request.user), **typed)
    except Refused as refused:
        return after_refusal(request, number, refused, "advice")
    messages.success(request, _("会商意见已记录。"))
    return _back(number, "#advice")


@require_POST
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """``/advice/<id>/sign/``: sign a recommendation."""
    advice = Advice.objects.filter(pk=pk, case__in=_visible(request)).select_related("case").first()
    if advice is None:
        raise Http404
    try:
        advising.sign(pk, by=acting.person(request.user))
    except Refused as refused:
        return after_refusal(request, advice.case.number, refused, "advice")
    messages.success(request, _("会商结论已签发。"))
    return _back(advice.case.number, "#advice")


def _keep(request: HttpRequest, order: Order, kind: str, file) -> int:
    place = typed_coordinates(request)
    note = request.POST.get("note", "").strip()
    return proof.add(order.case_id, file, by=acting.person(request.user), kind=kind, note=note, **place).pk


def _files(request: HttpRequest, kind: str) -> list:
    return request.FILES.getlist(f"file-{kind}")


def _visible(request: HttpRequest):
    return Case.objects.visible_to(acting.of(request.user), directory.current().units)


def _seen(request: HttpRequest, number: str) -> Case:
    case = _visible(request).filter(number=number).first()
    if case is None:
        raise Http404
    return case


def _back(number: str, to: str) -> HttpResponse:
    return after(reverse("case", args=[number]) + to)
