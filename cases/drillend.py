"""The end of a drill: scored, then over; nothing of it stays in anybody's list and nothing is closed in silence."""

import json
from datetime import datetime

from alerts.models import Drill
from cases import audit_joint, binding, dispatching, scoring, summary
from cases.changes import Changes, attach_units, locked
from cases.models import Case, DeadlineKind, Dispatch, State
from cases.models.machine import ENDED
from cases.pausing import end_pauses
from responsibility import acting, directory, ledger
from responsibility.models import Post

# In the words of the district's first language, as everything that is written down.
OVER = "演练结束"


def end(drill: Drill, now: datetime, *, by: acting.Actor, post: Post | None = None) -> None:
    """End ``drill``, which is locked, in the caller's transaction: its report as things stand now, then its cases."""
    list(locked(drill=drill).values_list("pk"))
    drill.ended_at, drill.ended_by = now, by.user
    drill.report = scoring.report(drill, now)
    drill.save(update_fields=["ended_at", "ended_by", "report"])
    told = {name: drill.report[name] for name in ("score", "met", "judged")}
    # As it will be read again: keys are texts there.
    told["report"] = audit_joint.digest(json.loads(json.dumps(drill.report)))
    tell(drill, "drill.end", told | {"cases": len(drill.report["cases"])}, by=by, post=post, at=now)
    end_cases(drill, now)


def end_cases(drill: Drill, now: datetime) -> None:
    """End what is open of ``drill``: what was sent is back, the clocks stop, the ledger says why."""
    known = directory.current()
    changes = Changes(known, now)
    cases = list(locked(drill=drill).exclude(state__in=ENDED))
    changes.remember_parties({case.pk for case in cases})
    for case in cases:
        _end_case(changes, attach_units(case, known))
    changes.write(by=acting.SYSTEM)


def _end_case(changes: Changes, case: Case) -> None:
    before = {"state": str(case.state)}
    for sent in Dispatch.objects.out().filter(case=case).select_related("station", "clock").order_by("pk"):
        after = dispatching.release(changes, case, sent, None, {})
        sent.save()
        dispatching.tell(changes, case, sent, "dispatch.release", after, OVER)
    for command in case.commands.filter(stood_down_at__isnull=True):
        command.stood_down_at, command.conclusion = changes.now, OVER
        command.summary = summary.after_action(case, command, changes.now)
        command.save()
        told = {"command": command.pk, "loop": str(case.loop), "conclusion": OVER}
        told["holder"] = case.holder.code if case.holder else None
        changes.tell(case, "command.stand_down", after=told, note=OVER)
    if case.state == State.TRIAGE:
        case.void()
    else:
        case.annul()
    end_pauses(changes, case)
    changes.stop(case, *DeadlineKind.values)
    changes.overtake(case)
    binding.lapse(changes, case)
    changes.touch(case)
    changes.tell(case, "case.drill_end", before=before, after={"state": str(case.state)}, note=OVER)


def tell(drill: Drill, verb: str, after: dict, *, by: acting.Actor, post: Post | None, at: datetime) -> None:
    """Write an act on ``drill`` itself into the ledger, in a chain of its own."""
    act = ledger.Act(
        chain=drill.chain, verb=verb, subject_type="drill", subject_id=str(drill.pk), subject_label=drill.title,
        after=after | {"drill": drill.pk},
    )  # fmt: skip
    ledger.record([act], by=by, post=post, at=at)
