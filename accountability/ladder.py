"""The ladder of consequences as pages show it: on one case, and by unit over all of them."""

from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from accountability import following, ordering
from accountability.rungs import Consequence, Rung
from cases.models import Case, Urging
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import Unit
from responsibility.refusals import Refused

PAGE = 50
RELATED = ("case", "unit", "post__user", "post__unit", "by", "by_post__unit", "held_by", "withdrawn_by")
# How often each unit stood on each rung, here or by an urging of somebody; withdrawn ones and drills do not count.
COUNTS = """
    WITH stood AS (
        SELECT u.unit_id, u.kind FROM cases_urging u JOIN cases_case c ON c.id = u.case_id
        WHERE u.by_id IS NOT NULL AND u.kind <> 'urge' AND c.drill_id IS NULL
        UNION ALL
        SELECT unit_id, kind FROM accountability_consequence WHERE withdrawn_at IS NULL
    )
    SELECT stood.unit_id, stood.kind, count(*) FROM stood JOIN responsibility_unit r ON r.id = stood.unit_id
    GROUP BY r.code, 1, 2
    ORDER BY r.code
"""


@dataclass
class Line:
    """One consequence, what is said beside it, and what its reader may do: ``answer``, ``hold``, ``withdraw``."""

    of: Consequence
    verbs: list[str] = field(default_factory=list)


def on_case(case: Case, actor: Actor, known: Directory) -> dict:
    """The context of a case: its consequences and its urgings by hand that the reader may see, newest first."""
    found = case.consequences.visible_to(actor, known.units)  # type: ignore[attr-defined]
    urgings = case.urgings.visible_to(actor, known.units).filter(by__isnull=False)
    return {
        "consequences": [_line(each, actor) for each in found.select_related(*RELATED).prefetch_related(*SAID)],
        "urgings": list(urgings.select_related("unit", "by_unit", "by", "replied_by")),
        "may_order": [kind for kind in Rung if _allows(ordering.may_order, actor, kind)] if not case.drill_id else [],
    }


SAID = ("answers__by", "answers__unit")


def lines(actor: Actor, known: Directory, *, unit: str = "", kind: str = "", before: int | None = None):
    """``(lines, id to go on before)``: what the reader may see, newest first, at most 50. Three queries."""
    found = Consequence.objects.visible_to(actor, known.units).select_related(*RELATED).prefetch_related(*SAID)
    found = found.filter(unit__code=unit) if unit else found
    found = found.filter(kind=kind) if kind else found
    found = found.filter(pk__lt=before) if before else found
    page = list(found[: PAGE + 1])
    shown = page[:PAGE]
    return [_line(each, actor) for each in shown], shown[-1].pk if len(page) > PAGE else None


def one(pk: int, actor: Actor, known: Directory) -> Line | None:
    """The consequence ``pk`` where the reader may see it."""
    found = Consequence.objects.visible_to(actor, known.units).select_related(*RELATED).prefetch_related(*SAID)
    row = found.filter(pk=pk).first()
    return _line(row, actor) if row else None


def by_unit(known: Directory) -> list[tuple[Unit, list[tuple[object, int]]]]:
    """How often each unit stood on each rung of ``ordering.LADDER``, by unit code. One statement."""
    counts: dict[int, Counter] = {}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        for unit, kind, count in cursor.fetchall():
            counts.setdefault(unit, Counter())[kind] = count
    return [(known.units[pk], [(label, told[name]) for name, label in ordering.LADDER]) for pk, told in counts.items()]


def earlier(of: Consequence) -> Counter:
    """How often the unit of ``of`` stood on each rung before, in the same matter."""
    same = {"case": of.case} if of.case else {"risk": of.risk}
    stood = Counter(Consequence.objects.filter(unit=of.unit, pk__lt=of.pk, **same).values_list("kind", flat=True))
    cases = [of.case] if of.case else list(ordering.of_risk(of.risk))
    urged = Urging.objects.filter(case__in=cases, unit=of.unit, by__isnull=False)
    return stood + Counter(urged.values_list("kind", flat=True))


def _line(of: Consequence, actor: Actor) -> Line:
    verbs = ["answer"] if _allows(following.may_answer, actor, of) else []
    if not of.withdrawn_at and _allows(following.may_follow, actor, of):
        verbs += ["hold"] if of.kind == Rung.TALK and not of.held_at else []
        verbs.append("withdraw")
    return Line(of, verbs)


def _allows(asked, actor: Actor, about) -> bool:
    try:
        asked(actor, about)
    except Refused:
        return False
    return True
