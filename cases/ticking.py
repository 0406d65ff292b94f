"""打勾: a step of the handbook is done, or is not after all. One act each, under the lock of the case."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import checklist
from cases.changes import Changes, locked_case
from cases.guards import places
from cases.models import Case, ChecklistMark, Evidence, State
from cases.models.work import EvidenceKind
from handbook.models import Step
from handbook.wording import text
from responsibility import access, acting, clock, directory
from responsibility.directory import Directory
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

NOTE = 500


@dataclass(frozen=True)
class Item:
    """A line of the checklist as its reader sees it."""

    line: checklist.Line
    lamp: str
    may: bool


@transaction.atomic
def mark(
    case_id: int, step_id: int, *, by: User, done: bool = True, note: str = "", evidence: int | None = None
) -> ChecklistMark:
    """Say that the step with the row id ``step_id`` is done on the case, or (``done`` false, needs ``note``) is not.

    ``evidence``: the id of a proof on the case; a step that wants one is done by its proof alone. Raises ``Forbidden``,
    ``Refused`` (``not_holding``, ``already_marked``, ``not_marked``, ``no_evidence``, ``wrong_state``) or ``Invalid``
    and then changes nothing.
    """
    note = text(note, "note", NOTE)
    if not done and not note:
        raise Invalid("required", _("请写明为什么不算完成。"), "note")
    case = locked_case(case_id, "holder", "lead")
    changes = Changes(directory.current(), clock.now())
    changes.remember_parties({case.pk})
    actor = acting.of(by)
    line = _line(case, step_id, changes.known)
    post = may_mark(actor, case, line.step, changes.engaged[case.pk], changes.known)
    if done == line.is_done:
        raise Refused(
            "already_marked" if done else "not_marked", _("这一步已经完成。") if done else _("这一步还没有完成。")
        )
    shown = _shown(case, line.step, evidence) if done else None
    made = ChecklistMark.objects.create(
        case=case, step=line.step, done=done, at=changes.now, by=by, unit=post.unit, note=note, evidence=shown
    )
    after = {"mark": made.pk, "step": line.step.position, "handbook": line.step.version.number, "text": line.step.text}
    after |= {"unit": post.unit.code, "done": done, "evidence": shown.sha256 if shown else None}
    changes.touch(case)
    changes.tell(case, _verb(post, done, changes.engaged[case.pk]), after=after, note=note)
    changes.write(by=actor, post=post)
    return made


def may_mark(actor: acting.Actor, case: Case, step: Step, engaged: set[int], known: Directory) -> Post:
    """The post in which ``actor`` may speak of ``step`` on ``case``: of any party, for one colleague ticks for another
    on the spot, or of the unit that the step names."""
    named = {unit.pk for unit in checklist.doers(step, case, known)}
    post = access.post_for(actor, "checklist.mark", **places(case, engaged), named=named)
    if post is None:
        raise Forbidden("not_engaged", _("您所在的单位或岗位不承办此案件。"))
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能打勾。") % {"state": case.get_state_display()})
    return post


def about(case: Case, actor: acting.Actor, known: Directory, engaged: set[int], evidence: list[Evidence]) -> dict:
    """What the page of a case shows of its checklist, each step with whether ``actor`` may speak of it now."""
    now, found = clock.now(), checklist.lines(case, known, evidence)
    return {
        "checklist": [Item(line, line.lamp(now), _may(actor, case, line.step, engaged, known)) for line in found],
        "checklist_done": sum(line.is_done for line in found),
        "handbook": found[0].step.version if found else None,
    }


def _may(actor: acting.Actor, case: Case, step: Step, engaged: set[int], known: Directory) -> bool:
    try:
        may_mark(actor, case, step, engaged, known)
    except Refused:
        return False
    return True


def _line(case: Case, step_id: int, known: Directory) -> checklist.Line:
    found = next((line for line in checklist.lines(case, known) if line.step.pk == step_id), None)
    if found is None:
        raise Refused("not_holding", _("这一步不适用于案件目前的颜色或闭环层级。"))
    return found


def _shown(case: Case, step: Step, pk: int | None) -> Evidence | None:
    if pk is None and step.proof:
        told = {"kind": EvidenceKind(step.proof).label}
        raise Refused("no_evidence", _("这一步以%(kind)s为凭，请先上传。") % told, "evidence")
    if pk is None:
        return None
    given = Evidence.objects.filter(case=case, pk=pk, uploaded_at__gte=case.proof_since).first()
    if given is None or (step.proof and given.kind != step.proof):
        raise Invalid("unknown_code", _("本案没有这样的凭证。"), "evidence")
    return given


def _verb(post: Post, done: bool, engaged: set[int]) -> str:
    """A check by who is no party is no work on the case, and so does not keep its unit from closing it."""
    if not done:
        return "checklist.undo"
    return "checklist.mark" if post.unit_id in engaged else "checklist.check"
