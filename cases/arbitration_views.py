"""The arbitration desk: what is disputed, what nobody owns, and what a new list would move."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cases import arbitration, casepage, deciding, fivefold, whatif
from cases.models import Deadline, DeadlineKind, Request, RequestKind
from cases.models.work import RequestState
from responsibility import access, acting, clock, directory
from responsibility.models import Duty, Edition, EditionState
from responsibility.refusals import Forbidden, Refused

SHOWN, RECENT = 100, 30
# The clock under which a dispute is decided; a proposal after a new edition has none.
CLOCKS = {RequestKind.RETURN: DeadlineKind.ARBITRATE, RequestKind.DETERMINE: DeadlineKind.DETERMINE}
RELATED = ("case__lead", "case__holder", "case__territory", "case__category", "unit", "asked_by", "proposed")


@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """``/arbitration/``: the queue with its clocks, the gaps, the units by returns upheld and refused."""
    actor, known, now = _reader(request), directory.current(), clock.now()
    disputes = Request.objects.filter(kind__in=arbitration.DISPUTES).select_related(
        *RELATED, "decided_by", "designated"
    )
    queue = list(_waiting(disputes)[:SHOWN])
    clocks = Deadline.objects.in_bulk([dispute.clock for dispute in queue if dispute.clock])
    mine = deciding.Desk(actor, known, now)
    rows = [duty for duty in Duty.objects.filter(live=True).select_related("edition") if now in duty.span]
    context = {
        "actor": actor,
        "known": known,
        "now": now,
        # A drill's disputes are shown and not counted.
        "waiting": sum(d.case.drill_id is None for d in queue),
        "queue": [(d, casepage.decides(actor, d, d.case, mine), clocks.get(d.clock)) for d in queue],
        "decided": disputes.exclude(state=RequestState.PENDING).order_by("-decided_at")[:RECENT],
        "gaps": whatif.open_gaps(rows, known, now),
        "returns": [(known.units[row["unit"]], row) for row in whatif.returns(now - whatif.QUARTER)],
        "standing": fivefold.standing(),
        "proposes": access.may(actor, "edition.rows"),
    }
    return render(request, "cases/arbitration.html", context)


def _waiting(disputes: QuerySet) -> QuerySet:
    """What is undecided, the nearest first, with the id of its own running ``clock``."""
    kind = Case(*(When(kind=of, then=Value(str(clock))) for of, clock in CLOCKS.items()), default=Value(""))
    running = Deadline.objects.running().filter(case=OuterRef("case"), kind=OuterRef("clock_kind"))
    timed = disputes.filter(state=RequestState.PENDING).annotate(clock_kind=kind)
    timed = timed.annotate(clock=Subquery(running.values("pk")[:1]), due_at=Subquery(running.values("due_at")[:1]))
    # A drill's after the real ones.
    return timed.order_by(F("case__drill").desc(nulls_first=True), "due_at", "asked_at")


@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """``/arbitration/<id>/row/``: a determination becomes a row of the next edition."""
    if not access.may(_reader(request), "edition.rows"):
        raise PermissionDenied
    get_object_or_404(Request, pk=pk, kind__in=arbitration.DISPUTES)
    try:
        edition = arbitration.propose_row(pk, by=acting.person(request.user))
    except Forbidden as refused:
        raise PermissionDenied from refused
    except Refused as refused:
        messages.error(request, str(refused.detail))
    else:
        messages.success(request, _("已列入第 %(number)d 版草案。") % {"number": edition.number})
    return redirect("arbitration")


@require_GET
def would_move(request: HttpRequest, number: int) -> HttpResponse:
    """``/matrix/editions/<number>/whatif/``: of last quarter's cases, which would have gone elsewhere."""
    actor, known, now = _reader(request), directory.current(), clock.now()
    edition = get_object_or_404(Edition, number=number)
    rows = list(edition.duties.select_related("edition"))
    if edition.state == EditionState.PUBLISHED and edition.valid.lower <= now:
        # Asked of what was in force, every row answers as of its own time.
        now = max(edition.valid.lower, min(now, edition.valid.upper or now))
    moved = whatif.would_move(rows, known, now)
    context = {"actor": actor, "known": known, "edition": edition, "moved": moved, "total": sum(m.count for m in moved)}
    return render(request, "cases/whatif.html", context)


def _reader(request: HttpRequest) -> acting.Actor:
    actor = acting.of(request.user)
    if not access.may(actor, "dispute.read"):
        raise PermissionDenied
    return actor
