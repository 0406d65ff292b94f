"""May this firm do this, on this day? Asked when an order is given and when a visit is recorded."""

import time
from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection
from django.db.models import QuerySet
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext_lazy as _

from insurance.firms.models import Firm, Inspector, Licence, Standing
from responsibility import clock
from responsibility.models import Category, Unit
from responsibility.refusals import Refused

# Others who give orders share it; a measure or a change of licences excludes it. Nobody waits for long: who holds a row
# of his own meanwhile (an order) must not, or he and the measure would wait for each other.
SHARED = "SELECT id FROM firms_firm WHERE id = %s FOR SHARE SKIP LOCKED"
TRIES, PAUSE = 20, 0.05
REFUSED = {
    Standing.REGISTERED: ("not_listed", _("该机构不在购买服务清单内。")),
    Standing.SUSPENDED: ("firm_suspended", _("该机构已被暂停，不能接受委托。")),
    Standing.REMOVED: ("firm_removed", _("该机构已被淘汰，不能接受委托。")),
}


def check_order(firm: Unit, item: str, category: Category | None, day: date) -> Firm:
    """The firm of the register, if it may do ``item`` about ``category`` on ``day``; ``Refused`` with the reason.

    In a transaction the firm stays as it is until the end of it: a measure waits, and then finds what was ordered.
    ``Refused`` with ``firm_busy`` while a measure is being taken.
    """
    found = Firm.objects.filter(unit_id=firm.pk).first()
    if found is None:
        raise Refused("firm_unknown", _("该单位没有登记为第三方机构。"), "firm")
    if connection.in_atomic_block:
        _hold(found)
    _judge_standing(found, clock.now())
    judge_licences(found.licences.all(), item, category, day)
    return found


def valid_inspectors(firm: Unit, day: date) -> QuerySet[Inspector]:
    """Its people whose certificates are good on ``day`` and who had not left before the end of it."""
    people = Inspector.objects.filter(firm__unit_id=firm.pk, until__gte=day)
    return people.exclude(left_at__lte=_midnight_after(day))


def judge_licences(licences: Iterable[Licence], item: str, category: Category | None, day: date) -> None:
    """``Refused`` unless one of ``licences`` covers ``item`` about ``category`` on ``day``.

    A licence that names categories is good for these alone, so not for an order that names none.
    """
    for_item = [licence for licence in licences if item in licence.items]
    if not for_item:
        raise Refused("no_licence", _("该机构的资质不包括这一服务事项。"), "item")
    good = [licence for licence in for_item if in_force(licence, day)]
    if not good:
        raise Refused("licence_expired", _("该机构办理这一服务事项的资质在当日无效。"), "item")
    if any(not licence.categories or (category and category.code in licence.categories) for licence in good):
        return
    if category is None:
        raise Refused("category_needed", _("该机构的资质只限部分风险类别，请写明风险类别。"), "category")
    raise Refused("out_of_scope", _("该机构的资质不包括这一风险类别。"), "category")


def in_force(licence: Licence, day: date) -> bool:
    """Whether ``licence`` is good on ``day``: within its dates, both in, and not withdrawn by then."""
    withdrawn = licence.withdrawn_at is not None and localdate(licence.withdrawn_at) <= day
    return licence.since <= day <= licence.until and not withdrawn


def _judge_standing(firm: Firm, at: datetime) -> None:
    standing = firm.stands(at)
    if standing != Standing.LISTED:
        raise Refused(*REFUSED[standing], "firm")


def _hold(firm: Firm) -> None:
    with connection.cursor() as cursor:
        for _attempt in range(TRIES):
            cursor.execute(SHARED, [firm.pk])
            if cursor.fetchone() is not None:
                firm.refresh_from_db()
                return
            time.sleep(PAUSE)
    raise Refused("firm_busy", _("该机构的登记正在变更，请稍后再试。"), "firm")


def _midnight_after(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=get_current_timezone())
