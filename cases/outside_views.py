"""The page of a case for whom it concerns by a policy, an order or his own object."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from cases import aside, outside
from cases.bundle import reader
from cases.models import Case
from cases.sentences import named
from responsibility import clock, ledger
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.refusals import Forbidden, Refused

RELATED = ("category", "scenario", "risk_object", "territory", "holder", "lead")
STORY = 200


def sees(actor: Actor, known: Directory, number: str) -> bool:
    """Whether the reader sees the case as an outsider and in no other way."""
    if not any(True for concern in outside.CONCERNS for _by in concern(actor, clock.now())):
        return False
    found = Case.objects.filter(number=number)
    return found.filter(outside.concerning(actor)).exists() and not found.visible_to(actor, known.units).exists()


def page(
    request: HttpRequest, actor: Actor, known: Directory, number: str, refused: Refused | None = None
) -> HttpResponse:
    """What the table shows of it: state, colour, times, how far the repair is, and its story."""
    case = Case.objects.filter(outside.concerning(actor), number=number).select_related(*RELATED).first()
    if case is None:
        raise Http404
    by = outside.standings(actor, [case.pk])[case.pk]
    to = reader.outsider(by)
    clocks = [each for each in case.deadlines.order_by("started_at", "pk") if to.owes(each.kind)]
    story = to.told(ledger.story(case.chain)) if to.reads("story") else []
    told = [(entry.at, named(entry.verb).rpartition(" · ")[2], entry.after.get("grade")) for entry in story[-STORY:]]
    context = {
        "actor": actor, "known": known, "case": case, "title": outside.title(case), "to": to, "clocks": clocks,
        "story": told,
        "fields": {name for name in outside.TABLE if to.reads(name)}, "now": clock.now(),
        "ways": aside.ways(actor, case, clock.now()),
        "placed": outside.places(by, case), "refused": refused,
        "proofs": case.evidence.values("kind", "uploaded_at") if to.reads("evidence") else [],
    }  # fmt: skip
    status = 200 if refused is None else 403 if isinstance(refused, Forbidden) else 409
    return render(request, "cases/outside.html", context, status=status)
