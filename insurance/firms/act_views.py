"""What is pressed on the page of a firm, and the page of complaints: parse, fetch what is visible, call one action."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from cases.views import after
from insurance.firms import complaints, defence, measures, register
from insurance.firms.models import Complaint, Firm, Inspector, Licence, Measure
from insurance.firms.seeing import reads
from insurance.firms.views import BEYOND, SHOWN, page
from responsibility import access, acting, clock
from responsibility.models import User
from responsibility.refusals import Refused

Press = Callable[[int, HttpRequest, User], object]
DONE = _("已办理，并记入台账。")


def _bring(pk: int, request: HttpRequest, by: User) -> object:
    given = request.POST
    kind, _colon, reason = given.get("what", "").partition(":")
    return measures.bring(pk, kind, reason, given.get("text", ""), given.get("days", ""), by=by)


def _license(pk: int, request: HttpRequest, by: User) -> object:
    given = request.POST
    return register.license_firm(pk, given, given.getlist("items"), given.get("categories", "").split(), by=by)


ON_FIRM: dict[str, Press] = {
    "license": _license,
    "employ": lambda pk, request, by: register.employ(pk, request.POST, by=by),
    "measure": _bring,
    "complain": lambda pk, request, by: complaints.make(
        pk, request.POST.get("text", ""), request.POST.get("about", ""), by=by
    ),
}
ON_LICENCE: dict[str, Press] = {
    "renew": lambda pk, request, by: register.renew(pk, request.POST.get("until", ""), by=by),
    "withdraw": lambda pk, request, by: register.withdraw(pk, request.POST.get("reason", ""), by=by),
}
ON_PERSON: dict[str, Press] = {
    "recertify": lambda pk, request, by: register.recertify(pk, request.POST.get("until", ""), by=by),
    "leave": lambda pk, request, by: register.leave(pk, by=by),
}
ON_MEASURE: dict[str, Press] = {
    "answer": lambda pk, request, by: defence.answer(
        pk, request.POST.get("text", ""), request.POST.get("hearing") == "yes", by=by
    ),
    "call": lambda pk, request, by: measures.call_hearing(pk, request.POST.get("on", ""), by=by),
    "hear": lambda pk, request, by: measures.hear(pk, request.POST.get("text", ""), by=by),
    "decide": lambda pk, request, by: measures.decide(
        pk, request.POST.get("taken", ""), request.POST.get("text", ""), by=by
    ),
    "appeal": lambda pk, request, by: defence.appeal(pk, request.POST.get("text", ""), by=by),
    "rule": lambda pk, request, by: defence.rule(
        pk, request.POST.get("upheld", ""), request.POST.get("text", ""), by=by
    ),
}
ON_COMPLAINT: dict[str, Press] = {
    "check": lambda pk, request, by: complaints.check(pk, by=by),
    "extend": lambda pk, request, by: complaints.extend(
        pk, request.POST.get("days", ""), request.POST.get("reason", ""), by=by
    ),
    "answer": lambda pk, request, by: complaints.answer(pk, request.POST.get("text", ""), by=by),
}


@require_POST
def on_firm(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/insurance/firms/<id>/<act>/``: license, employ, measure, complain."""
    found = get_object_or_404(Firm.objects.visible_to(acting.of(request.user)), pk=min(pk, BEYOND))
    return _pressed(request, found.pk, found.pk, ON_FIRM, act, act)


@require_POST
def on_licence(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/insurance/firms/licences/<id>/<act>/``: renew, withdraw."""
    seen = Firm.objects.visible_to(acting.of(request.user))
    found = get_object_or_404(Licence.objects.filter(firm__in=seen), pk=min(pk, BEYOND))
    return _pressed(request, found.firm_id, found.pk, ON_LICENCE, act, f"licence-{act}")


@require_POST
def on_person(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/insurance/firms/people/<id>/<act>/``: recertify, leave."""
    found = _inside(request, Inspector.objects.all(), pk)
    return _pressed(request, found.firm_id, found.pk, ON_PERSON, act, f"person-{act}")


@require_POST
def on_measure(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/insurance/firms/measures/<id>/<act>/``: answer, call, hear, decide, appeal, rule."""
    found = _inside(request, Measure.objects.all(), pk)
    return _pressed(request, found.firm_id, found.pk, ON_MEASURE, act, f"measure-{act}")


@require_POST
def on_complaint(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/insurance/firms/complaints/<id>/<act>/``: check, extend, answer."""
    seen = Complaint.objects.visible_to(acting.of(request.user))
    found = get_object_or_404(seen, pk=min(pk, BEYOND))
    return _pressed(request, found.firm_id, found.pk, ON_COMPLAINT, act, f"complaint-{act}")


@require_GET
def complained(request: HttpRequest) -> HttpResponse:
    """``/insurance/firms/complaints/``: those that one made, those about one's firm; the offices see all."""
    actor = acting.of(request.user)
    seen = Complaint.objects.visible_to(actor).select_related("firm__unit", "by_unit")
    waiting = seen.filter(answered_at=None).order_by("due_at")
    context = {
        "actor": actor, "waiting": waiting[:SHOWN], "answered": seen.exclude(answered_at=None)[:SHOWN],
        "now": clock.now(), "complains": access.may(actor, "complaint.make"),
    }  # fmt: skip
    return render(request, "firms/complaints.html", context)


def _inside(request: HttpRequest, rows: QuerySet, pk: int):
    """The row, for whoever sees of its firm more than the public."""
    found = get_object_or_404(rows.select_related("firm"), pk=min(pk, BEYOND))
    if not reads(acting.of(request.user), found.firm.unit_id):
        raise Http404
    return found


def _pressed(request: HttpRequest, firm: int, pk: int, presses: dict[str, Press], act: str, form: str) -> HttpResponse:
    if act not in presses:
        raise Http404
    try:
        presses[act](pk, request, acting.person(request.user))
    except Refused as refused:
        return page(request, firm, refused, form, pk)
    messages.success(request, DONE)
    return after(reverse("firm", args=[firm]))
