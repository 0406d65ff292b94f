"""Time, colour and place in the words of the reader."""

from datetime import datetime, time, timedelta
from typing import Protocol

from django import template
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from cases import arbitration, arriving, casepage, deciding, granting, guards
from cases.models import Case, Deadline, DeadlineKind, Request
from cases.models.work import RequestState
from responsibility import access, clock, fronts
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.exchange.tables import open_tables
from responsibility.models import Grade, Unit
from responsibility.models.matrix import DutyRole

register = template.Library()


class Ends(Protocol):
    """A clock of any floor."""

    @property
    def due_at(self) -> datetime: ...


# What a person is asked to do, as one would say it.
ASKED = {
    "file": gettext_lazy("请研判"),
    "acknowledge": gettext_lazy("请签收"),
    "arrive": gettext_lazy("请到场"),
    "contain": gettext_lazy("请确认受控"),
    "report": gettext_lazy("请反馈"),
    "close": gettext_lazy("请核查"),
}
# What stands on the button, where the bare verb would be odd.
PRESSED = {"arrive": gettext_lazy("报告到场"), "contain": gettext_lazy("报告受控")}


@register.filter
def beyond(leg, allowed: float) -> int:
    """Whole minutes by which the way of ``leg`` outlasts ``allowed`` minutes; 0 without a way."""
    return arriving.late_by(leg.minutes if leg else None, allowed)


@register.simple_tag(takes_context=True)
def candidates(context, case: Case, asking: int | None = None) -> list[Unit]:
    """The units that have the powers to own ``case`` when the unit with the id ``asking`` gives it back."""
    return arbitration.candidates(context["known"], case, asking)


@register.filter
def duration(seconds: float) -> str:
    """A length of time in its two largest units, minutes rounded down."""
    minutes = int(abs(seconds) // 60)
    if not minutes:
        return _("不到 1 分")
    hours, days = minutes // 60, minutes // 1440
    if days >= 2 and not hours % 24:
        return _("%(days)d 天") % {"days": days}
    if days >= 2:
        return _("%(days)d 天 %(hours)d 小时") % {"days": days, "hours": hours % 24}
    if hours and not minutes % 60:
        return _("%(hours)d 小时") % {"hours": hours}
    if hours:
        return _("%(hours)d 小时 %(minutes)d 分") % {"hours": hours, "minutes": minutes % 60}
    return _("%(minutes)d 分") % {"minutes": minutes}


@register.simple_tag
def countdown(deadline: Deadline, now: datetime) -> str:
    """What is left or over, as text; the page's script keeps it ticking."""
    due_at = deadline.due_at
    left = (due_at - now).total_seconds()
    if deadline.missed_at and left > 0:
        # Swept ahead of time, as a demo may: it stands in the ledger as missed, so nothing is left of it.
        return format_html('<time datetime="{}">{}</time>', due_at.isoformat(), _("已超时"))
    text = (_("剩 %(time)s") if left >= 0 else _("超时 %(time)s")) % {"time": duration(left)}
    return format_html(
        '<time class="countdown" datetime="{}" data-due="{}">{}</time>',
        due_at.isoformat(),
        int(due_at.timestamp()),
        text,
    )


@register.simple_tag
def ticking_words() -> dict:
    """The same words for the script, with ``%s``, ``%m``, ``%h`` and ``%d`` where the numbers go."""
    words = {
        "left": _("剩 %(time)s"),
        "over": _("超时 %(time)s"),
        "moment": _("不到 1 分"),
        "minutes": _("%(minutes)d 分"),
        "hours": _("%(hours)d 小时"),
        "hours-minutes": _("%(hours)d 小时 %(minutes)d 分"),
        "days": _("%(days)d 天"),
        "days-hours": _("%(days)d 天 %(hours)d 小时"),
    }
    marks = (("%(time)s", "%s"), ("%(minutes)d", "%m"), ("%(hours)d", "%h"), ("%(days)d", "%d"))
    for mark, short in marks:
        words = {name: text.replace(mark, short) for name, text in words.items()}
    return words


@register.simple_tag
def this_instant() -> int:
    """The instant of the page in seconds since 1970: what its script counts from."""
    return int(clock.now().timestamp())


@register.simple_tag
def set_clock() -> datetime | None:
    """What time it is where the clock of a demo has been set to another; ``None`` where it is the real one."""
    return clock.now() if clock.shift() else None


@register.filter
def moment(value: datetime | None) -> str:
    """Local date and time, for a case may last weeks; with the year where it is not the present one."""
    this_year = value and value.year == localtime(clock.now()).year
    return _told(value, "%m-%d %H:%M" if this_year else "%Y-%m-%d %H:%M")


@register.filter
def due(deadline: Ends) -> str:
    """When a clock runs out; midnight is the end of a day (Civil Code art. 203), never the beginning of the next."""
    if _ends_a_day(deadline):
        return moment(deadline.due_at - timedelta(minutes=1)).replace("23:59", "24:00")
    return moment(deadline.due_at)


@register.simple_tag
def promised(deadline: Deadline, case: Case) -> str:
    """How long a clock was given, in the measure it was given in."""
    days = case.policy.get("rectify_days")
    if deadline.kind == DeadlineKind.RECTIFY and days and _ends_a_day(deadline):
        return _("%(days)d 个工作日") % {"days": days}
    return duration((deadline.due_at - deadline.started_at).total_seconds())


def _ends_a_day(deadline: Ends) -> bool:
    return localtime(deadline.due_at).time() == time.min


@register.filter
def full_moment(value: datetime | None) -> str:
    """Local date and time to the second."""
    return _told(value, "%Y-%m-%d %H:%M:%S")


def _told(value: datetime | None, pattern: str) -> str:
    try:
        return localtime(value).strftime(pattern) if value else ""
    except OverflowError:  # an instant at the edge of the calendar has no local time, and a page must still be read
        return str(value)


@register.simple_tag
def lamp_word(lamp: str) -> str:
    """A lamp is never a colour alone."""
    return {"green": _("正常"), "amber": _("临近"), "red": _("超时"), "none": _("无时限")}[lamp]


@register.filter
def decided_by(request: Request, case: Case) -> str:
    """The post that decides ``request`` on ``case``."""
    return deciding.whose(deciding.act_of(request, case), case)


@register.simple_tag
def lapses(request: Request) -> str:
    """What the end of the clock of ``request`` means."""
    if granting.DEFAULT[request.kind] == RequestState.APPROVED and not request.appeal_of_id:
        return _("逾期未批视为同意，并记到审批岗位")
    return _("逾期未批视为驳回，并记到审批岗位")


@register.filter
def posts(answers_for: list[dict]) -> str:
    """Posts that are written down with their people: 排水管理科负责人 张三."""
    return _("、").join(f"{localized(post, 'title')} {post.get('person', '')}".strip() for post in answers_for)


@register.filter
def asked(verb: str) -> str:
    """What whoever may press ``verb`` is asked for."""
    return str(ASKED[verb])


@register.filter
def pressed(verb: str) -> str:
    """The words on the button of ``verb``."""
    return str(PRESSED.get(verb) or guards.TABLE[verb]["label"])


@register.simple_tag
def lamp_of(deadline: Deadline, now: datetime) -> str:
    """``green``, ``amber`` or ``red``."""
    return deadline.lamp(now)


@register.simple_tag
def spent(deadline: Deadline, now: datetime) -> dict:
    """``elapsed``, ``net`` and ``whole`` seconds of a clock, and the share used in whole percent, 100 at most."""
    elapsed, net = casepage.net_seconds(deadline, now)
    whole = (deadline.due_at - deadline.started_at).total_seconds()
    return {
        "elapsed": elapsed,
        "net": net,
        "paused": elapsed - net,
        "whole": whole,
        "percent": min(100, int(100 * elapsed / whole)) if whole else 100,
    }


@register.filter
def grade_label(grade: str) -> str:
    """The colour as a word."""
    return str(Grade(grade).label) if grade in Grade.values else ""


@register.filter
def duty_role(role: str) -> str:
    """The role of a duty line as a word."""
    return str(DutyRole(role).label) if role in DutyRole.values else role


@register.filter
def localized(line: dict, name: str) -> str:
    """The text ``name`` of a stored record in the reader's language; Chinese stands in for a missing English one."""
    english = line.get(f"{name}_en") if (get_language() or "").startswith("en") else ""
    return english or line.get(name) or ""


@register.filter
def unit_name(code: str | None, known: Directory) -> str:
    """The name of the unit with ``code``; the code itself when it is no longer known."""
    unit = known.units_by_code.get(code or "")
    return unit.label if unit else code or _("未明确")


@register.filter
def unit_of(pk: int, known: Directory) -> str:
    """The name of the unit with the row id ``pk``."""
    return known.units[pk].label if pk in known.units else ""


@register.filter
def unit_code(pk: int, known: Directory) -> str:
    """The code of the unit with the row id ``pk``."""
    return known.units[pk].code if pk in known.units else ""


@register.filter
def hour(value: datetime) -> str:
    """Local hour and minute, where the day is said beside it."""
    return localtime(value).strftime("%H:%M")


@register.filter
def get(mapping: dict, key):
    """``mapping[key]``, or an empty text."""
    return mapping.get(key, "")


@register.filter
def exchanges(actor: Actor) -> bool:
    """Whether ``actor`` may take any table out and bring it back."""
    return bool(open_tables(actor))


@register.filter
def may(actor: Actor, act: str) -> bool:
    """Whether the permission table lets ``actor`` do ``act`` somewhere."""
    return access.may(actor, act)


@register.filter
def front(actor: Actor) -> str:
    """The address of the first page of whoever has one of his own."""
    return fronts.of(actor)


@register.filter
def minutes(count: int) -> str:
    """A number of minutes as a length of time."""
    return duration(count * 60)


@register.filter
def attribute(thing: object, name: str):
    """The attribute ``name`` of ``thing``."""
    return getattr(thing, name)


STOPS = {"（": gettext_lazy("（"), "）": gettext_lazy("）"), "、": gettext_lazy("、")}


def in_stops(names: str) -> str:
    """Names as the ledger holds them, with the brackets and commas of the reader's language."""
    for stop, here in STOPS.items():
        names = names.replace(stop, str(here))
    return names
