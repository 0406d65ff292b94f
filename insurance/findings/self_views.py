"""The pages of self-control: my objects, the self-check, people and certificates, the duty on each case."""

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from alerts.models import RiskObject
from cases.models.machine import ENDED
from cases.views import after, status_of
from insurance.findings import charge, duty, selfcontrol, selfseeing
from insurance.findings.models import CheckPhoto, DutyAnswer, Finding, FindingState, Period, Register, Severity, Stance
from insurance.findings.selfcontrol import LINES
from insurance.findings.views import send
from responsibility import access, acting, clock, directory
from responsibility.models import Role, User
from responsibility.models.district import by_language
from responsibility.refusals import Refused

PAGE, PAST, CASES = 60, 30, 60
TABS = {"": gettext_lazy("全部"), "due": gettext_lazy("本期待自查"), "late": gettext_lazy("逾期或有不符合")}
KEPT = cache_control(private=True, max_age=3600)
DONE = {
    "keep": gettext_lazy("自控清单已登记。"), "check": gettext_lazy("自查已提交。"),
    "person": gettext_lazy("负责人已登记。"), "person-end": gettext_lazy("已停用。"),
    "certificate": gettext_lazy("证照已登记。"), "certificate-end": gettext_lazy("已停用。"),
}  # fmt: skip


def registers_of(actor: acting.Actor) -> QuerySet[Register]:
    """The registers of the reader, with the names that are shown of them."""
    found = Register.objects.visible_to(actor, directory.current().units)
    return found.select_related("risk_object__category", "risk_object__territory", "unit", "version")


def _own(actor: acting.Actor) -> QuerySet[RiskObject]:
    units = access.units(actor, "selfcontrol.keep", directory.current().units)
    return RiskObject.objects.filter(main_body__in=units).select_related("category", "territory", "main_body")


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """``/insurance/self-control/``: the objects of the reader and what is due at each; ``state``, ``after`` a code."""
    actor, now = acting.of(request.user), clock.now()
    if not access.may(actor, "selfcontrol.read"):
        raise PermissionDenied
    state, code = request.GET.get("state", ""), request.GET.get("after", "")
    if state not in TABS or "\x00" in code:
        raise BadRequest("state")
    seen = registers_of(actor)
    rows = list(selfseeing.narrowed(seen, state, now).filter(risk_object__code__gt=code)[: PAGE + 1])
    kept = Register.objects.values("risk_object")
    unkept = _own(actor).exclude(pk__in=kept).order_by("code")
    context = {
        "actor": actor, "rows": selfseeing.standings(rows[:PAGE], now), "tabs": TABS, "state": state, "now": now,
        "more": rows[PAGE - 1].risk_object.code if len(rows) > PAGE else None, "started": code,
        "unkept": [] if code else unkept[:PAGE], "unkept_count": unkept.count(),
        "due": seen.filter(selfseeing.undone(now)).count(),
        "late": selfseeing.narrowed(seen, "late", now).count(), "keeps": access.may(actor, "selfcontrol.keep"),
    }  # fmt: skip
    return render(request, "findings/objects.html", context)


@require_GET
def one(request: HttpRequest, code: str) -> HttpResponse:
    """``/insurance/self-control/<code>/``: one object: its list, the check of the period, people, certificates."""
    return _page(request, *_seen(request, code))


@require_POST
def act(request: HttpRequest, code: str, verb: str) -> HttpResponse:
    """``/insurance/self-control/<code>/<verb>/``: ``keep``, ``check``, ``person``, ``person-end``, ``certificate``,
    ``certificate-end``."""
    thing, register, actor = _seen(request, code)
    if verb not in DONE:
        raise Http404
    try:
        selfcontrol.may_keep(actor, thing)
        if verb == "keep":
            given = request.POST
            selfcontrol.keep(thing.code, given.get("period"), given.get("own", ""), by=acting.person(request.user))
        elif register is None:
            raise Http404
        else:
            _press(request, verb, register)
    except Refused as refused:
        return _page(request, thing, register, actor, refused, verb)
    messages.success(request, DONE[verb])
    return after(reverse("self-control-object", args=[code]))


def _press(request: HttpRequest, verb: str, register: Register) -> None:
    by, given, pk = acting.person(request.user), request.POST, register.pk
    line = int(number) if (number := given.get("line", "")).isascii() and number.isdigit() and len(number) < 18 else 0
    if verb == "check":
        _check(request, register, by)
    elif verb == "person":
        charge.put_person(pk, given.get("name", ""), given.get("task", ""), given.get("phone", ""), by=by)
    elif verb == "person-end":
        charge.end_person(pk, line, by=by)
    elif verb == "certificate":
        charge.put_certificate(
            pk, given.get("name", ""), given.get("number", ""), given.get("until"), given.get("holder", ""), by=by
        )
    else:
        charge.end_certificate(pk, line, by=by)


def _check(request: HttpRequest, register: Register, by: User) -> None:
    given = request.POST
    words = {"yes": True, "no": False}
    results = [
        {
            "met": words.get(given.get(f"met-{place}", "")), "note": given.get(f"note-{place}", ""),
            "severity": given.get(f"severity-{place}", "general"),
        }
        for place in range(len(register.lines))
    ]  # fmt: skip
    read = selfcontrol.read_results(results)
    selfcontrol.check(register.pk, read, given.get("person", ""), request.FILES.getlist("file"), by=by)


def _row(place: int, line: dict, given: QueryDict) -> dict:
    """A line of the form, with what was typed into it before it was refused."""
    typed = {name: given.get(f"{name}-{place}", "") for name in ("met", "note", "severity")}
    return {"place": place, "label": _label(line)} | typed


def _label(line: dict) -> str:
    return by_language(line["text"], line.get("text_en") or "")


@require_GET
@KEPT
def photo(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/insurance/self-control/photos/<id>/``."""
    return send(_photo(request, pk))


@require_GET
@KEPT
def photo_thumb(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/insurance/self-control/photos/<id>/thumb/``."""
    return send(_photo(request, pk), small=True)


def _photo(request: HttpRequest, pk: int) -> CheckPhoto:
    """A photo of a check; insurers see none, because faces may stand in it (facts 3.5)."""
    actor = acting.of(request.user)
    seen = Register.objects.visible_to(actor, directory.current().units)
    found = CheckPhoto.objects.filter(pk=min(pk, 2**63 - 1), self_check__register__in=seen).first()
    if found is None or not actor.roles - {Role.INSURER}:
        raise Http404
    return found


@require_GET
def duties(request: HttpRequest) -> HttpResponse:
    """``/insurance/duties/``: the cases at the reader's own objects, and what his unit says of its duty."""
    actor = acting.of(request.user)
    if not access.may(actor, "selfcontrol.duty"):
        raise PermissionDenied
    return _duties(request, actor)


@require_POST
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """``/insurance/duties/<number>/``: confirm the duty on a case, or dispute it."""
    actor, given = acting.of(request.user), request.POST
    if not duty.own_cases(actor).filter(number=number).exists():
        raise Http404
    try:
        duty.answer(number, given.get("stance", ""), given.get("text", ""), by=acting.person(request.user))
    except Refused as refused:
        return _duties(request, actor, refused, number)
    messages.success(request, _("已记入台账。"))
    return after(reverse("duties"))


@require_GET
def said(request: HttpRequest) -> HttpResponse:
    """``/insurance/duties/said/``: what enterprises say of their duty on the cases that the reader works."""
    actor = acting.of(request.user)
    if not access.may(actor, "case.read"):
        raise PermissionDenied
    return render(request, "findings/said.html", {"actor": actor, "answers": duty.said_to(actor)[:CASES]})


def _duties(
    request: HttpRequest, actor: acting.Actor, refused: Refused | None = None, failed: str = ""
) -> HttpResponse:
    cases = list(duty.own_cases(actor).select_related("risk_object").order_by("-pk")[:CASES])
    told: dict[int, DutyAnswer] = {}
    for line in DutyAnswer.objects.filter(case__in=cases, unit__in=_units(actor)).order_by("pk"):
        told[line.case_id] = line
    rows = [(case, told.get(case.pk)) for case in cases]
    waiting = [row for row in rows if row[1] is None and row[0].state not in ENDED]
    context = {
        "actor": actor, "waiting": waiting, "others": [row for row in rows if row not in waiting], "stances": Stance,
        "refused": refused, "failed": failed or request.GET.get("case", ""), "typed": request.POST,
        "longest": duty.LONGEST, "shown": CASES if len(cases) == CASES else 0,
    }  # fmt: skip
    return render(request, "findings/duties.html", context, status=status_of(refused) if refused else 200)


def _units(actor: acting.Actor) -> set[int]:
    return access.units(actor, "selfcontrol.duty", directory.current().units)


def _seen(request: HttpRequest, code: str) -> tuple[RiskObject, Register | None, acting.Actor]:
    actor = acting.of(request.user)
    register = registers_of(actor).filter(risk_object__code=code).first() if "\x00" not in code else None
    thing = register.risk_object if register else _own(actor).filter(code=code).first()
    if thing is None:
        raise Http404
    return thing, register, actor


def _page(
    request: HttpRequest, thing: RiskObject, register: Register | None, actor: acting.Actor,
    refused: Refused | None = None, failed: str = "",
) -> HttpResponse:  # fmt: skip
    now, known = clock.now(), directory.current()
    own = thing.main_body_id in access.units(actor, "selfcontrol.keep", known.units)
    version, drawn = selfcontrol.drawn(thing, now)
    lines = [_label(line) for line in drawn]
    context = {
        "actor": actor, "thing": thing, "register": register, "own": own, "drawn": lines, "most": LINES, "now": now,
        "is_old": bool(register and version and register.version_id != version), "periods": Period, "failed": failed,
        "severities": Severity, "refused": refused, "typed": request.POST, "names": bool(actor.roles - {Role.INSURER}),
    }  # fmt: skip
    if register:
        findings = Finding.objects.visible_to(actor, known.units).filter(risk_object=thing)
        context |= {
            "standing": selfseeing.standings([register], now)[0],
            "rows": [_row(place, line, request.POST) for place, line in enumerate(register.lines)],
            "words": "\n".join(line["text"] for line in register.lines if not line["step"]),
            "people": register.people.filter(until__isnull=True),
            "certificates": register.certificates.filter(ended_at__isnull=True),
            "checks": register.checks.prefetch_related("photos")[:PAST],
            "findings": findings.exclude(state=FindingState.CLOSED)[:PAST],
        }
    return render(request, "findings/object.html", context, status=status_of(refused) if refused else 200)
