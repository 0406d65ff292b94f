"""Words and columns of the pages of accountability."""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils.timezone import localtime

from accountability.byunit import Figure, Row
from cases.checklist import Line
from cases.models import Loop
from cases.templatetags import telling
from responsibility.directory import Directory
from responsibility.models import LedgerEntry

register = template.Library()


@register.filter
def loop_label(loop: str) -> str:
    """The loop in words."""
    return str(Loop(loop).label)


@register.filter
def typed_instant(value: datetime) -> str:
    """An instant as a form field of date and time takes it, local."""
    return localtime(value).strftime("%Y-%m-%dT%H:%M:%S")


@register.filter
def columned(row: Row, columns: Iterable[tuple[str, str]]) -> list[tuple[str, Figure]]:
    """The figures of ``row``, each with the name of its column."""
    return [(label, figure) for (label, _base), figure in zip(columns, row.figures, strict=True)]


@register.simple_tag
def saying(entry: LedgerEntry, known: Directory) -> str:
    """``entry`` as a sentence."""
    return telling.sentence(entry, known)


@register.simple_tag
def step_late(line: Line, now: datetime) -> bool:
    """Whether a step of the handbook was, or is being, done after its time."""
    return line.is_late(now)
