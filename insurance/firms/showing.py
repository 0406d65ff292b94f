"""What the pages of firms tell: the list, one firm, what was done to it and what may be said against it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from insurance.firms import defence, dues, measures, reading, scoring
from insurance.firms.fitness import in_force
from insurance.firms.models import Firm, Inspector, Item, Kind, Licence, Measure, Standing
from responsibility import access, clock
from responsibility.acting import Actor
from responsibility.refusals import Invalid

YEAR = timedelta(days=365)
LONGEST = timedelta(days=3660)
# Days before its end from which a licence is shown as ending.
SOON = 60


@dataclass(frozen=True)
class Row:
    """A firm on the list: ``items`` it is licensed for today, ``until`` when the first of these licences ends."""

    firm: Firm
    standing: Standing
    items: list[Item]
    categories: list[str]
    until: date | None
    people: int
    grade: scoring.Grade


@dataclass(frozen=True)
class Step:
    """One line of the timeline of a measure."""

    at: datetime
    what: str | Promise
    words: str = ""
    coming: bool = False


@dataclass(frozen=True)
class Handled:
    """A measure with its timeline, and what the reader may do about it now."""

    measure: Measure
    steps: list[Step]
    appeal_until: datetime | None
    answer: bool
    appeal: bool
    decide: bool
    call: bool
    hear: bool
    rule: bool


@dataclass(frozen=True)
class Held:
    """A licence or a person with the days that are left; ``good`` today."""

    thing: Licence | Inspector
    good: bool
    left: int
    soon: bool
    items: list[Item]


def purchase_list(firms: Iterable[Firm], item: str = "") -> list[Row]:
    """The rows of ``firms``, those licensed for ``item`` today where one is asked. Statements do not grow with them."""
    now, found = clock.now(), list(firms)
    day = localdate(now)
    cards = scoring.cards({firm.unit_id for firm in found}, now - YEAR, now)
    rows = [_row(firm, now, day, cards[firm.unit_id].grade) for firm in found]
    return [row for row in rows if not item or item in row.items]


def with_parts(firms):
    """``firms`` with what a row of the list needs of them, in two statements more."""
    return firms.select_related("unit").prefetch_related("licences", "inspectors")


def period(given, now: datetime) -> tuple[datetime, datetime]:
    """The time of a scorecard, from the days ``since`` and ``until`` (both in), the last year without. ``Invalid``."""
    until = dues.midnight(reading.day(given["until"], "until") + dues.DAY) if given.get("until") else now
    since = dues.midnight(reading.day(given["since"], "since")) if given.get("since") else until - YEAR
    if not since < until or until - since > LONGEST:
        raise Invalid("bad_period", _("起日应早于止日，最长十年。"), "since")
    return since, until


def handled(firm: Firm, actor: Actor, now: datetime) -> list[Handled]:
    """The measures of ``firm``, newest first, as ``actor`` may go on with them."""
    own = access.post_for(actor, "firm.answer", named={firm.unit_id}) is not None
    office, court = (access.post_for(actor, act) for act in ("firm.measure", "firm.appeal"))
    found = firm.measures.select_related("noticed_by", "decided_unit")
    me = actor.user.pk if actor.user else 0
    return [_handled(one, now, own, office is not None, court.unit_id if court else 0, me) for one in found]


def licences(firm: Firm, day: date) -> list[Held]:
    """Its licences, those that hold first."""
    found = [
        Held(one, in_force(one, day), one.left(day), 0 <= one.left(day) <= SOON, [Item(i) for i in one.items])
        for one in firm.licences.all()
    ]
    return sorted(found, key=lambda held: (not held.good, held.left))


def people(firm: Firm, day: date) -> list[Held]:
    """Who works there and has not left, by name."""
    staying = firm.inspectors.filter(left_at=None).select_related("user").order_by("name", "pk")
    lefts = [(one, (one.until - day).days) for one in staying]
    return [Held(one, left >= 0, left, 0 <= left <= SOON, []) for one, left in lefts]


def choices(firm: Firm, actor: Actor, now: datetime) -> list[tuple[Kind, list]]:
    """The measures that ``actor`` may bring against ``firm`` as it stands, each with its reasons."""
    return [
        (kind, list(measures.REASONS[kind]))
        for kind in measures.possible(firm, now)
        if access.post_for(actor, measures.act_of(kind)) is not None
    ]


def _row(firm: Firm, now: datetime, day: date, grade: scoring.Grade) -> Row:
    good = [licence for licence in firm.licences.all() if in_force(licence, day)]
    codes = {code for licence in good for code in licence.categories}
    narrow = bool(good) and all(licence.categories for licence in good)
    return Row(
        firm=firm, standing=firm.stands(now), grade=grade,
        items=[item for item in Item if any(item in licence.items for licence in good)],
        categories=sorted(codes) if narrow else [],
        until=min((licence.until for licence in good), default=None),
        people=sum(one.left_at is None and one.until >= day for one in firm.inspectors.all()),
    )  # fmt: skip


def _handled(one: Measure, now: datetime, own: bool, office: bool, court: int, me: int) -> Handled:
    appealable = one.adverse and bool(one.taken) and one.decided_at is not None
    hearing_waits = one.hearing_asked_at is not None and one.heard_at is None
    answered = one.answered_at is not None or (one.answer_until is not None and now >= one.answer_until)
    mine = one.decided_by_id == me or one.decided_unit_id == court
    return Handled(
        measure=one, steps=_steps(one),
        appeal_until=dues.appeal_until(one.decided_at) if appealable and one.decided_at else None,
        answer=own and one.may_answer(now),
        appeal=own and defence.may_appeal(one, now),
        decide=office and one.decided_at is None and answered and not hearing_waits,
        call=office and hearing_waits,
        hear=office and hearing_waits and one.hearing_on is not None and now >= one.hearing_on
        and one.noticed_by_id != me,
        rule=bool(court) and one.appealed_at is not None and one.ruled_at is None and not mine,
    )  # fmt: skip


def _steps(one: Measure) -> list[Step]:
    told = [
        (one.noticed_at if one.by_notice else None, _("告知拟作处理"), one.text),
        (one.answered_at, _("机构陈述申辩"), one.answer),
        (one.hearing_asked_at, _("机构要求听证"), ""),
        (one.heard_at, _("举行听证"), one.hearing_note),
        (one.decided_at, _decided(one), one.decision or ("" if one.by_notice else one.text)),
        (one.appealed_at, _("机构申诉"), one.appeal),
        (one.ruled_at, _("裁定：维持处理") if one.upheld else _("裁定：撤销处理"), one.ruling),
    ]
    steps = [Step(at, what, words) for at, what, words in told if at is not None]
    if one.hearing_on is not None and one.heard_at is None:
        steps.append(Step(one.hearing_on, _("听证时间"), coming=True))
    return sorted(steps, key=lambda step: step.at)


def _decided(one: Measure) -> str | Promise:
    if one.taken is False:
        return _("决定：不予处理")
    return _("决定并生效")
