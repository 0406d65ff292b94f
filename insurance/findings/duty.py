"""主体责任: on each case at an object of its own the enterprise confirms its duty or disputes it, for a reason.

Kept apart from the case, which is neither locked nor written: those in office read it beside the case.
"""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accountability.beside import Voice
from cases import typed
from cases.models import Case
from insurance.findings import notifying
from insurance.findings.models import DutyAnswer, Stance
from notices import outbox
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import User
from responsibility.refusals import Forbidden, Invalid, Refused

LONGEST = 2000
# Of one unit on one case; what is left to say is said in the last.
MOST = 20


def own_cases(actor: acting.Actor) -> QuerySet[Case]:
    """The cases at objects that a unit of ``actor`` runs; drills are none."""
    units = access.units(actor, "selfcontrol.duty", directory.current().units)
    return Case.objects.real().filter(risk_object__main_body__in=units, filed_at__isnull=False)


@transaction.atomic
def answer(number: str, stance: str, text: str, *, by: User) -> DutyAnswer:
    """Keep what the unit says of its duty on the case ``number``; the newest holds.

    ``Case.DoesNotExist`` for what is no case of its own. ``Forbidden``, ``Refused`` (``too_many``), ``Invalid`` (a
    dispute without a reason).
    """
    actor, now = acting.of(by), clock.now()
    if not access.may(actor, "selfcontrol.duty"):
        raise Forbidden("not_body", _("主体责任由监测对象的主体责任单位确认。"))
    case = own_cases(actor).select_related("risk_object__main_body").get(number=number)
    if stance not in Stance.values:
        raise Invalid("bad_choice", _("请选择确认或异议。"), "stance")
    text = typed.text(text, "text", limit=LONGEST, needed=False)
    if stance == Stance.DISPUTED and not text:
        raise Invalid("required", _("提出异议须写明理由。"), "text")
    thing = case.risk_object
    unit = thing.main_body if thing else None
    if unit is None:
        raise Case.DoesNotExist
    if DutyAnswer.objects.filter(case=case, unit=unit).count() >= MOST:
        raise Refused("too_many", _("对本案的意见已满 %(most)d 份。") % {"most": MOST})
    post = access.post_for(actor, "selfcontrol.duty", own=actor.unit_ids)
    made = DutyAnswer.objects.create(case=case, unit=unit, stance=stance, text=text, at=now, by=by)
    after = {"case": case.number, "unit": unit.code, "stance": str(stance)}
    act = ledger.Act(made.chain, "selfcontrol.duty", "duty", str(made.pk), case.number, after=after, note=text)
    ledger.record([act], by=actor, post=post, at=now, new_chains=True)
    if stance == Stance.DISPUTED:
        outbox.write(notifying.of_duty(made, case, now))
    return made


def voices(case: Case) -> Iterator[Voice]:
    """What was said on ``case``, oldest first, for the page of its accountability. One statement."""
    for told in DutyAnswer.objects.filter(case=case).select_related("unit").order_by("pk"):
        yield Voice(
            told.at, told.unit, str(told.get_stance_display()), told.stance == Stance.DISPUTED, told.text
        )  # fmt: skip


def said_to(actor: acting.Actor) -> QuerySet[DutyAnswer]:
    """What was said on cases that ``actor`` reads by office, newest first."""
    known = directory.current()
    cases = Case.objects.inside_for(actor, known.units)
    return DutyAnswer.objects.filter(case__in=cases).select_related("case", "unit").order_by("-pk")
