"""What a re-check found, written down by the committee office; who audits reads it and writes nothing."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accountability import drawing
from accountability.models import Outcome, Recheck
from cases import typed
from cases.changes import Changes, locked_case
from cases.models import Case
from responsibility import access, acting, clock, directory
from responsibility.models import User
from responsibility.refusals import Forbidden, Invalid, Refused


@transaction.atomic
def record(number: str, *, by: User, month: str, outcome: str, note: str) -> Recheck:
    """Keep what ``by`` found on the case ``number``, which the draw of ``month`` named.

    Raises ``Forbidden``, ``Refused`` (``not_drawn``, ``already_rechecked``), ``Invalid`` with the field.
    """
    actor = acting.of(by)
    post = access.post_for(actor, "recheck.record")
    if post is None:
        raise Forbidden("wrong_role", _("抽查结果由区安委办记录。"))
    if outcome not in Outcome.values:
        raise Invalid("bad_choice", _("请选择抽查结果。"), "outcome")
    note = typed.text(note, "note")
    draw = drawing.of_month(month)
    if draw is None or number not in draw.numbers:
        raise Refused("not_drawn", _("本月没有抽中这个案件。"), "number")
    case = locked_case(Case.objects.values_list("pk", flat=True).get(number=number))
    if Recheck.objects.filter(case=case, month=month).exists():
        raise Refused("already_rechecked", _("抽查结果已经记录。"))
    changes = Changes(directory.current(), clock.now())
    made = Recheck.objects.create(case=case, month=month, outcome=outcome, note=note, at=changes.now, by=by)
    told = {"recheck": made.pk, "month": month, "outcome": outcome}
    changes.tell(case, "recheck.record", after=told, note=note)
    changes.write(by=actor, post=post)
    return made
