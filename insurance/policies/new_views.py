"""The page on which a clerk registers one policy; many come by spreadsheet or from the insurer's own system."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from cases.views import after
from insurance.policies import registering
from insurance.policies.drafting import INSURABLE
from insurance.policies.models import Line, Policy
from responsibility import access, acting, clock, directory
from responsibility.acting import Actor
from responsibility.models import Unit
from responsibility.models.district import UnitKind
from responsibility.refusals import Forbidden

# Name, kind of input, label, and whether it may be left empty; in the order in which a policy is read.
FIELDS = (
    ("number", "text", gettext_lazy("保单号"), False),
    ("line", "line", gettext_lazy("险种"), False),
    ("insured", "insured", gettext_lazy("被保险人（单位代码）"), False),
    ("broker", "broker", gettext_lazy("保险经纪（没有则不填）"), True),
    ("shares", "text", gettext_lazy("共保份额（独家承保不填；如 X-INS 70, X-INS-B 30）"), True),
    ("tail_days", "days", gettext_lazy("索赔期（保险期间止后的天数，不填为 730 天）"), True),
    ("starts_at", "moment", gettext_lazy("保险期间起"), False),
    ("ends_at", "moment", gettext_lazy("保险期间止（不含此刻）"), False),
    ("premium", "amount", gettext_lazy("签单保费（元）"), False),
    ("limit_total", "amount", gettext_lazy("累计责任限额（元）"), False),
    ("limit_each", "amount", gettext_lazy("每次事故责任限额（元）"), False),
    ("deductible", "amount", gettext_lazy("每次事故免赔额（元，没有则不填）"), True),
    ("fast_limit", "amount", gettext_lazy("快赔限额（元，没有则不填）"), True),
)
COVERED = ("whole", "objects", "territories")


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """``/insurance/policies/new/``: register one policy that one's own company leads."""
    actor, by = acting.of(request.user), acting.person(request.user)
    if not access.may(actor, registering.ACT):
        raise PermissionDenied
    if request.method == "GET":
        return _form(request, actor)
    given = {name: request.POST.get(name, "").strip() for name in (*(field[0] for field in FIELDS), *COVERED)}
    try:
        (answer,) = registering.register([{name: value for name, value in given.items() if value}], by=by, local=True)
    except Forbidden:
        raise PermissionDenied from None
    if answer.outcome == "rejected":
        return _form(request, actor, answer.errors)
    if answer.outcome == "registered":
        said = _("保单 %(number)s 已登记，等待被保险人确认。")
        if not Policy.objects.unconfirmed().filter(pk=answer.policy).exists():
            said = _("保单 %(number)s 已登记。")
        messages.success(request, said % {"number": answer.number})
    else:
        messages.success(request, _("保单 %(number)s 早已登记，内容相同。") % {"number": answer.number})
    return after(reverse("insurance-policy", args=[answer.policy]))


def _form(request: HttpRequest, actor: Actor, errors: list[dict] | None = None) -> HttpResponse:
    wrong: dict[str, list[str]] = {}
    for error in errors or ():
        wrong.setdefault(error["attr"] or "", []).append(error["detail"])
    typed = request.POST
    fields = [
        {"name": name, "kind": kind, "label": label, "optional": optional, "value": typed.get(name, ""),
         "wrong": wrong.get(name, ())}
        for name, kind, label, optional in FIELDS
    ]  # fmt: skip
    context = {
        "actor": actor, "fields": fields, "lines": Line.choices, "typed": typed, "insurable": _insurable(actor),
        "brokers": [unit for unit in _open() if unit.kind == UnitKind.BROKER], "wrong": wrong,
        "covered_wrong": [said for name in COVERED for said in wrong.get(name, ())], "other": wrong.get("", ()),
    }  # fmt: skip
    return render(request, "insurance/policies/new.html", context, status=400 if errors else 200)


def _insurable(actor: Actor) -> list[Unit]:
    """Whom a clerk is offered: public bodies, and those whom the company insures already; others he knows by code."""
    known = set(Policy.objects.filter(insurer__in=actor.unit_ids).values_list("insured", flat=True))
    kinds = INSURABLE - {UnitKind.ENTERPRISE}
    return [unit for unit in _open() if unit.kind in kinds or unit.pk in known]


def _open() -> list[Unit]:
    today = clock.now().date()
    units = directory.current().units.values()
    return sorted((u for u in units if not u.closed_on or u.closed_on > today), key=lambda unit: unit.code)
