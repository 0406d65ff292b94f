"""Times of measures and complaints, as people say them."""

from datetime import datetime, time, timedelta

from django import template
from django.utils.timezone import localtime

from insurance.firms.models import Complaint

register = template.Library()


@register.filter
def ends(value: datetime | None) -> str:
    """Until when something may be done; midnight is the end of a day (Civil Code art. 203)."""
    if value is None:
        return ""
    local = localtime(value)
    if local.time() == time.min:
        return (local - timedelta(minutes=1)).strftime("%Y-%m-%d 24:00")
    return local.strftime("%Y-%m-%d %H:%M")


@register.simple_tag
def is_late(complaint: Complaint, now: datetime) -> bool:
    """Whether its answer came, or is missing ``now``, after its time."""
    return complaint.late(now)
