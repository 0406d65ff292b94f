"""What pages show of urging: on a case, and all of it in one list."""

from dataclasses import dataclass

from cases import urging
from cases.joint import allows
from cases.models import Case, Urging, UrgingKind
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import Unit

PAGE = 50
RELATED = ("case", "unit", "by_unit", "by", "clock", "deadline", "replied_by", "lifted_by")


@dataclass
class Line:
    """One urging, and what its reader may do with it: ``reply``, ``lift``. ``seen``: whether he may open the case."""

    urging: Urging
    verbs: list[str]
    seen: bool = True

    @property
    def key(self) -> str:
        """What names it in a form."""
        return str(self.urging.pk)


def about(case: Case, actor: Actor, known: Directory) -> dict:
    """The context of a case page: ``urgings`` newest first, what the reader may issue, and to whom.

    One query, one more for who may urge.
    """
    found = [Line(each, _verbs(actor, each)) for each in case.urgings.select_related(*RELATED)]
    kinds = [kind for kind in UrgingKind if allows(urging.may_issue, actor, case, kind)]
    kinds = kinds if allows(urging.able_now, case) else []
    return {
        "urgings": found,
        # What has ended asks nothing of anybody; the answer may still be given in the list.
        "to_reply": [line for line in found if "reply" in line.verbs and case.is_open],
        "urges": kinds,
        "urgeable": _urgeable(case, actor, known) if kinds else [],
    }


def _urgeable(case: Case, actor: Actor, known: Directory) -> list[Unit]:
    units = [known.units[pk] for pk in urging.urgeable(case) - set(actor.unit_ids) if pk in known.units]
    return sorted(units, key=lambda unit: unit.code)


def _verbs(actor: Actor, each: Urging) -> list[str]:
    verbs: list[str] = []
    if each.case.drill_id and not each.case.is_open:
        return verbs
    if each.wants_reply and each.replied_at is None and allows(urging.may_reply, actor, each):
        verbs.append("reply")
    if each.is_listed and allows(urging.may_lift, actor):
        verbs.append("lift")
    return verbs


def lines(actor: Actor, known: Directory, *, kind: str = "", listed: bool = False, before: int | None = None):
    """``(lines, id to go on before)``: what the reader may see, newest first, at most 50. Two queries.

    ``listed`` keeps supervisions that have not been lifted.
    """
    found = Urging.objects.visible_to(actor, known.units).select_related(*RELATED)
    found = found.filter(kind=kind) if kind else found
    found = found.listed() if listed else found
    found = found.filter(pk__lt=before) if before else found
    page = list(found[: PAGE + 1])
    shown = page[:PAGE]
    visible = Case.objects.visible_to(actor, known.units).filter(pk__in={each.case_id for each in shown})
    seen = set(visible.values_list("pk", flat=True))
    made = [Line(each, _verbs(actor, each), each.case_id in seen) for each in shown]
    return made, shown[-1].pk if len(page) > PAGE else None
