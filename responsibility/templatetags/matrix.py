"""Matrix rows in the words of the reader."""

from datetime import datetime

from django import template
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from responsibility.checks import Gap
from responsibility.directory import Directory
from responsibility.models import Duty, EditionState
from responsibility.ownership import Question

register = template.Library()


@register.filter
def subject(row: Duty, known: Directory) -> str:
    """The category, or the whole domain that the row speaks of."""
    if row.category:
        return row.category.label
    labels = (category.domain_label for category in known.categories.values() if category.domain == row.domain)
    return _("%(domain)s（整个领域）") % {"domain": next(labels, row.domain)}


@register.filter
def where(row: Duty | Gap | Question) -> str:
    """Venue, place and stage that it is narrowed to; empty when it holds everywhere."""
    parts = [thing.label for thing in (row.scenario, row.territory) if thing]
    stage = getattr(row, "stage", "")
    return " · ".join([*parts, stage] if stage else parts)


@register.filter
def day(at: datetime | None) -> str:
    """The local date of an instant; empty for an open end."""
    return localtime(at).date().isoformat() if at else ""


@register.filter
def state_mark(state: str) -> str:
    """The mark of an edition's state; the word stands beside it."""
    marks = {
        EditionState.COMMENT: "pending",
        EditionState.APPROVED: "approved",
        EditionState.PUBLISHED: "approved",
        EditionState.WITHDRAWN: "refused",
    }
    return marks.get(EditionState(state), "")
