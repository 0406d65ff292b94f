"""What a firm has to answer, and what its own papers ask of it: licences and certificates that run out."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from django.db.models import Q
from django.utils.timezone import localdate, make_aware
from django.utils.translation import gettext as _

from insurance.firms.models import Complaint, Inspector, Licence, Measure
from insurance.firms.models.measure import Kind
from insurance.portals import mine, places
from insurance.portals.waiting import One, Waiting, told
from responsibility.acting import Actor
from responsibility.models import Role

SOON = timedelta(days=60)


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For a firm: measures and complaints to answer; licences and certificates of people that end within 60 days,
    late once the day is over."""
    own = mine.units(actor, Role.FIRM)
    if not own:
        return []
    today, url = localdate(now), places.at("firms")
    soon, over = Q(until__lte=today + SOON), Q(until__lt=today)
    licences = Licence.objects.filter(soon, firm__unit__in=own, withdrawn_at=None)
    people = Inspector.objects.filter(soon, firm__unit__in=own, left_at=None)
    answering = Measure.objects.filter(firm__unit__in=own, answered_at=None, answer_until__gt=now)
    answering = answering.filter(Q(decided_at=None) | Q(kind=Kind.STOP))
    pending = Measure.objects.filter(firm__unit__in=own).filter(
        Q(answered_at__isnull=False, decided_at=None) | Q(appealed_at__isnull=False, ruled_at=None)
    )
    about = Complaint.objects.filter(firm__unit__in=own, answered_at=None).select_related("by_unit", "firm")
    return [
        *told(_("对本机构的处理，待陈述或要求听证"), answering, "answer_until", _measure, url=url),
        *told(
            _("对本机构的处理，等待决定或裁定"), pending, "noticed_at", _pending, url=url, news=True, means="decided"
        ),
        *told(
            _("投诉待答复（10 个工作日）"), about, "due_at", _complaint, url=places.at("firm-complaints"),
            late=Q(due_at__lte=now),
        ),
        *_days(told(_("资质将到期或已过期"), licences, "until", _licence, url=url, late=over)),
        *_days(told(_("人员证书将到期或已过期"), people, "until", _inspector, url=url, late=over)),
    ]  # fmt: skip


def _measure(measure: Measure) -> One:
    page = places.at("firm", measure.firm_id)
    return One(measure.get_kind_display(), measure.get_reason_display(), page, measure.answer_until)


def _pending(measure: Measure) -> One:
    page = places.at("firm", measure.firm_id)
    return One(measure.get_kind_display(), measure.get_reason_display(), page, measure.noticed_at)


def _complaint(complaint: Complaint) -> One:
    return One(str(complaint.by_unit), complaint.about, places.at("firm-complaints"), complaint.due_at)


def _days(found: list[Waiting]) -> list[Waiting]:
    """With days as instants, so that they stand in order with the rest."""
    return [replace(each, oldest_at=_instant(each.oldest_at)) for each in found]


def _instant(day) -> datetime:
    return make_aware(datetime.combine(day + timedelta(days=1), time.min))


def _licence(licence: Licence) -> One:
    return One(licence.name, licence.number, places.at("firm", licence.firm_id), _instant(licence.until))


def _inspector(inspector: Inspector) -> One:
    return One(inspector.name, inspector.certificate, places.at("firm", inspector.firm_id), _instant(inspector.until))
