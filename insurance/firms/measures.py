"""处理: what the committee's office does to a firm: at once, or after notice, answer and hearing.

Order of the steps: Administrative Penalty Law art. 44, 45 (notice, answer), 63 to 65 (hearing); the record of the
hearing goes before the decision. A proven false record or a lent licence (Work Safety Law art. 72) stops the firm at
once, and it is heard afterwards.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.firms import dues, reading
from insurance.firms.acting import Deed, begin
from insurance.firms.models import STOPPING, Firm, Kind, Measure, Reason, Standing
from insurance.firms.models.measure import BECOMES
from insurance.firms.register import licensed
from insurance.firms.signals import firm_stopped
from responsibility.models import User
from responsibility.refusals import Forbidden, Invalid, Refused

LONGEST = 365
FROM = {
    Kind.LIST: {Standing.REGISTERED}, Kind.UNLIST: {Standing.LISTED}, Kind.SUSPEND: {Standing.LISTED},
    Kind.STOP: {Standing.REGISTERED, Standing.LISTED}, Kind.RESTORE: {Standing.SUSPENDED, Standing.REMOVED},
    Kind.REMOVE: {Standing.REGISTERED, Standing.LISTED, Standing.SUSPENDED},
}  # fmt: skip
FAULTS = (Reason.UNLICENSED, Reason.CONFLICT, Reason.POOR, Reason.UNANSWERED, Reason.OTHER)
GRAVE = (Reason.FALSE_RECORD, Reason.LENT)
REASONS: dict[str, tuple[Reason, ...]] = {
    Kind.LIST: (Reason.QUALIFIED,), Kind.UNLIST: (Reason.OWN, *FAULTS), Kind.STOP: GRAVE,
    Kind.SUSPEND: (*GRAVE, *FAULTS), Kind.REMOVE: (*GRAVE, *FAULTS), Kind.RESTORE: (Reason.PUT_RIGHT, Reason.OTHER),
}  # fmt: skip


@transaction.atomic
def bring(firm: int, kind: object, reason: object, text: object, days: object = "", *, by: User) -> Measure:
    """Take a measure at once, or tell the firm that one is meant. ``text``: the facts and what they rest upon.

    ``days`` of a suspension, empty for one without end. ``Forbidden``; ``Invalid`` for a kind, reason or number that is
    none; ``Refused`` when the firm does not stand so that it could be taken, or another awaits its decision.
    """
    deed = begin(firm, act_of(kind), by)
    kind, reason = _chosen(kind, reason)
    said = typed.text(text, "text")
    lasts = reading.count(days, "days", LONGEST) if kind == Kind.SUSPEND and days else None
    _judge(deed, kind)
    made = Measure(
        firm=deed.firm, kind=kind, reason=reason, text=said, days=lasts, noticed_at=deed.at, noticed_by=by,
    )  # fmt: skip
    if made.by_notice and deed.firm.measures.filter(decided_at=None).exists():
        raise Refused("measure_open", _("该机构已有一项处理等待决定。"))
    if made.by_notice or kind == Kind.STOP:
        made.answer_until = dues.workdays(deed.at, dues.ANSWER)
    if made.by_notice:
        made.save()
        deed.tell("firm.notice", subject="measure", pk=made.pk, after=_told(made), note=said)
        return made
    return _take(made, deed, said)


@transaction.atomic
def decide(measure: int, take: object, text: object, *, by: User) -> Measure:
    """Take the measure that was announced (``yes``), or drop it. ``Refused`` before it was heard, or once decided."""
    deed, found = load(measure, "firm.measure", by)
    taken, said = reading.yes(take, "taken"), typed.text(text, "text")
    if found.decided_at is not None:
        raise Refused("decided", _("这项处理已经决定。"))
    if taken:
        _judge_heard(found, deed.at)
        _judge(deed, found.kind)
        return _take(found, deed, said)
    _mark_decided(found, deed, said, taken=False)
    deed.tell("firm.drop", subject="measure", pk=found.pk, after={"kind": found.kind}, note=said)
    return found


@transaction.atomic
def call_hearing(measure: int, on: object, *, by: User) -> Measure:
    """Tell the firm when it is heard: seven working days ahead at least (Administrative Penalty Law art. 64)."""
    deed, found = load(measure, "firm.measure", by)
    when = reading.instant(on, "on")
    if found.hearing_asked_at is None or found.heard_at is not None:
        raise Refused("no_hearing", _("机构没有要求听证，或听证已经举行。"))
    if when < dues.workdays(deed.at, dues.BEFORE_HEARING):
        raise Invalid("too_soon", _("应在举行听证的 7 个工作日前告知机构。"), "on")
    found.hearing_on = when
    found.save(update_fields=["hearing_on"])
    deed.tell("firm.call_hearing", subject="measure", pk=found.pk, after={"on": when.isoformat()})
    return found


@transaction.atomic
def hear(measure: int, note: object, *, by: User) -> Measure:
    """Write down the hearing, which somebody else leads than who brought the measure. ``Forbidden``, ``Refused``."""
    deed, found = load(measure, "firm.measure", by)
    said = typed.text(note, "note")
    if found.noticed_by_id == by.pk:
        raise Forbidden("same_person", _("听证由提出处理以外的人员主持。"))
    if found.hearing_on is None or found.heard_at is not None:
        raise Refused("no_hearing", _("没有待举行的听证。"))
    if deed.at < found.hearing_on:
        raise Refused("too_early", _("听证时间还没有到。"))
    found.heard_at, found.heard_by, found.hearing_note = deed.at, by, said
    found.save(update_fields=["heard_at", "heard_by", "hearing_note"])
    deed.tell("firm.hear", subject="measure", pk=found.pk, note=said)
    return found


def load(measure: int, act: str, by: User) -> tuple[Deed, Measure]:
    """The measure with the row id ``measure``, its firm and itself locked; ``Forbidden``."""
    firm = Measure.objects.values_list("firm_id", flat=True).get(pk=measure)
    deed = begin(firm, act, by)
    found = Measure.objects.select_for_update(no_key=True, of=("self",)).get(pk=measure)
    found.firm = deed.firm
    return deed, found


def act_of(kind: object) -> str:
    """The row of the permission table for measures of ``kind``, whether there is such a kind or not."""
    return "firm.keep" if kind in (Kind.LIST, Kind.UNLIST) else "firm.measure"


def settle(firm: Firm) -> None:
    """Let the standing be what the newest measure that holds made of it; registered only, when none does."""
    newest = next((one for one in firm.measures.order_by("-decided_at", "-pk") if one.holds), None)
    firm.standing = BECOMES[Kind(newest.kind)] if newest else Standing.REGISTERED
    firm.suspended_until = newest.until if newest else None
    firm.save(update_fields=["standing", "suspended_until"])


def possible(firm: Firm, at: datetime) -> list[Kind]:
    """The measures that the standing of ``firm`` allows at ``at``."""
    return [kind for kind in Kind if firm.stands(at) in FROM[kind]]


def _take(found: Measure, deed: Deed, said: str) -> Measure:
    before = {"standing": deed.firm.standing}
    if found.days is not None:
        found.until = dues.natural(deed.at, found.days)
    _mark_decided(found, deed, said if found.by_notice else "", taken=True)
    settle(deed.firm)
    after = _told(found) | {"standing": deed.firm.standing}
    deed.tell(f"firm.{found.kind}", subject="measure", pk=found.pk, before=before, after=after, note=said)
    if found.kind in STOPPING:
        firm_stopped.send(
            sender=Firm, firm=deed.firm, at=deed.at, by=deed.actor, post=deed.post, measure=found,
        )  # fmt: skip
    return found


def _mark_decided(found: Measure, deed: Deed, said: str, *, taken: bool) -> None:
    found.decided_at, found.decided_by, found.decided_unit = deed.at, deed.actor.user, deed.post.unit
    found.taken, found.decision = taken, said
    found.save()


def _judge(deed: Deed, kind: str) -> None:
    if deed.firm.stands(deed.at) not in FROM[Kind(kind)]:
        standing = {"standing": Standing(deed.firm.stands(deed.at)).label}
        raise Refused("wrong_standing", _("该机构现为“%(standing)s”，不能这样处理。") % standing)
    if kind in (Kind.LIST, Kind.RESTORE) and not licensed(deed.firm, deed.at):
        raise Refused("no_licence", _("该机构没有有效的资质。"))


def _judge_heard(found: Measure, at: datetime) -> None:
    if found.hearing_asked_at is not None and found.heard_at is None:
        raise Refused("hearing_due", _("机构要求听证，应在听证之后决定。"))
    if found.answered_at is None and found.answer_until is not None and at < found.answer_until:
        raise Refused("answer_due", _("机构的答辩期限还没有过。"))


def _chosen(kind: object, reason: object) -> tuple[Kind, Reason]:
    if not isinstance(kind, str) or kind not in Kind.values:
        raise Invalid("bad_choice", _("请选择处理方式。"), "kind")
    if not isinstance(reason, str) or reason not in REASONS[kind]:
        raise Invalid("bad_reason", _("请选择与处理方式相符的事由。"), "reason")
    return Kind(kind), Reason(reason)


def _told(found: Measure) -> dict:
    return {
        "kind": found.kind, "ground": found.reason, "days": found.days,
        "answer_until": found.answer_until.isoformat() if found.answer_until else None,
        "until": found.until.isoformat() if found.until else None,
    }  # fmt: skip
