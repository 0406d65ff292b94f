"""陈述、听证、申诉: what a firm may say against a measure, and who rules upon it.

An appeal is made within sixty days (Administrative Reconsideration Law art. 20) and ruled upon by the emergency office,
never by the person or the unit that decided.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.firms import dues, reading
from insurance.firms.measures import load, settle
from insurance.firms.models import Measure
from responsibility.models import User
from responsibility.refusals import Forbidden, Refused


@transaction.atomic
def answer(measure: int, text: object, hearing: bool, *, by: User) -> Measure:
    """What the firm says, and whether it asks to be heard; once, in time. ``Forbidden``, ``Invalid``, ``Refused``."""
    deed, found = load(measure, "firm.answer", by)
    said = typed.text(text, "text")
    if not found.may_answer(deed.at):
        raise Refused("too_late", _("已经陈述过，或答辩期限已过。"))
    found.answer, found.answered_at, found.answered_by = said, deed.at, by
    found.hearing_asked_at = deed.at if hearing else None
    found.save(update_fields=["answer", "answered_at", "answered_by", "hearing_asked_at"])
    deed.tell("firm.answer", subject="measure", pk=found.pk, after={"hearing": hearing, "answer": said})
    return found


@transaction.atomic
def appeal(measure: int, text: object, *, by: User) -> Measure:
    """Ask the emergency office to look at it again; the measure goes on meanwhile. ``Refused`` once or too late."""
    deed, found = load(measure, "firm.answer", by)
    said = typed.text(text, "text")
    if not may_appeal(found, deed.at):
        raise Refused("no_appeal", _("这项处理不能申诉：尚未决定、已经申诉过，或已超过 60 天。"))
    found.appeal, found.appealed_at, found.appealed_by = said, deed.at, by
    found.save(update_fields=["appeal", "appealed_at", "appealed_by"])
    deed.tell("firm.appeal", subject="measure", pk=found.pk, after={"text": said})
    return found


@transaction.atomic
def rule(measure: int, uphold: object, text: object, *, by: User) -> Measure:
    """Uphold the measure (``yes``), or set it aside; the firm then stands as the last one that holds made it.

    ``Forbidden`` for whoever decided it and for his unit; ``Refused`` without an appeal, or ruled upon already.
    """
    deed, found = load(measure, "firm.appeal", by)
    upheld, said = reading.yes(uphold, "upheld"), typed.text(text, "text")
    if found.decided_by_id == by.pk or found.decided_unit_id == deed.post.unit_id:
        raise Forbidden("same_person", _("作出处理的人员和单位不能裁定对它的申诉。"))
    if found.appealed_at is None or found.ruled_at is not None:
        raise Refused("no_appeal", _("没有待裁定的申诉。"))
    found.ruled_at, found.ruled_by, found.upheld, found.ruling = deed.at, by, upheld, said
    found.save(update_fields=["ruled_at", "ruled_by", "upheld", "ruling"])
    before = {"standing": deed.firm.standing}
    if not upheld:
        settle(deed.firm)
    told = {"upheld": upheld, "standing": deed.firm.standing}
    deed.tell("firm.ruling", subject="measure", pk=found.pk, before=before, after=told, note=said)
    return found


def may_appeal(found: Measure, at: datetime) -> bool:
    """Whether the firm may appeal against it at ``at``."""
    if not (found.adverse and found.taken and found.decided_at) or found.appealed_at is not None:
        return False
    return at < dues.appeal_until(found.decided_at)
