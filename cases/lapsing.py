"""The end of a request's clock: the default of its kind applies, once, and against whom it is recorded is named.

Called by the sweep with the cases locked and the deadlines marked, so whoever decides at the same moment either comes
first, and then there is nothing left to lapse, or finds the request decided.
"""

from collections.abc import Iterable
from datetime import datetime

from cases import deciding, granting
from cases.changes import Changes
from cases.models import Case, Deadline, Request
from cases.models.work import Decided, RequestState
from responsibility import roster
from responsibility.models import Post, Shift, Unit

WRITTEN = ["state", "decided_at", "decided_how", "answers_for"]


class Lapses:
    """The undecided requests whose clocks are among ``deadlines``; a fixed number of statements for any number."""

    def __init__(self, changes: Changes, deadlines: Iterable[Deadline]):
        self.changes = changes
        clocks = [deadline.pk for deadline in deadlines if deadline.kind == "decide"]
        pending = Request.objects.filter(deadline__in=clocks, state=RequestState.PENDING).select_related("unit")
        self._waiting = {request.deadline_id: request for request in pending} if clocks else {}
        self._lapsed: list[Request] = []
        owing = {deadline.unit_id for deadline in deadlines if deadline.kind == "decide" and deadline.unit_id}
        self._shifts = roster.on_duty(owing, changes.now) if owing else {}
        self._held = _held(owing, changes.now) if owing else []

    def apply(self, case: Case, deadline: Deadline) -> bool:
        """Let the request of ``deadline`` lapse, if there is one and nothing overtook it; whether the loop widened."""
        request = self._waiting.get(deadline.pk)
        if request is None or self.changes.is_overtaken(case, request.kind):
            return False
        decision, state = deciding.act_of(request, case), granting.DEFAULT[request.kind]
        if request.appeal_of_id:
            # Design 4.3: what arbitration leaves undecided stays as it was.
            state = RequestState.REFUSED
        unit = self._owing(deadline, case, decision)
        request.state, request.decided_at, request.decided_how = state, self.changes.now, Decided.LAPSE
        request.answers_for = self._posts(decision, unit) if unit else []
        self._lapsed.append(request)
        after = {
            "request": request.pk, "kind": str(request.kind), "outcome": str(state), "how": str(Decided.LAPSE),
            "unit": unit.code if unit else None, "posts": request.answers_for,
        }  # fmt: skip
        before = str(case.loop)
        if state == RequestState.APPROVED:
            facts = {"unit": after["unit"], "posts": request.answers_for, "minutes": deadline.minutes}
            granting.raise_loop(self.changes, case, request, why="lapse", by=None, **facts)
        self.changes.tell(case, "request.lapse", after=after | {"loop": str(case.loop)})
        return case.loop != before

    def write(self) -> None:
        """Before the changes themselves, which would else overtake what has just lapsed."""
        if self._lapsed:
            Request.objects.bulk_update(self._lapsed, WRITTEN)
            clocks = [request.deadline_id for request in self._lapsed]
            self.changes.clocks.stop("d.id = ANY(%(ids)s)", ids=clocks)

    def _owing(self, deadline: Deadline, case: Case, decision: str) -> Unit | None:
        known = self.changes.known
        return known.units.get(deadline.unit_id or 0) or next(iter(deciding.homes(decision, case, known)), None)

    def _posts(self, decision: str, unit: Unit) -> list[dict]:
        shifts: list[Shift] = self._shifts.get(unit.pk, [])
        return deciding.let_lapse(decision, unit, self.changes.known, shifts, self._held, self.changes.now)


def _held(units: set[int], at: datetime) -> list[Post]:
    posts = Post.objects.held(at).filter(unit__in=units, user__is_active=True)
    return list(posts.select_related("user", "unit").order_by("since", "pk"))
