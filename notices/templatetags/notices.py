"""Notices and messages in the words of the reader."""

from django import template

from notices import texts
from notices.models import Message, Notice
from responsibility.directory import Directory
from responsibility.models import Grade

register = template.Library()


@register.filter
def in_parts(notice: Notice, known: Directory) -> tuple[str, str]:
    """What the notice is about, and what it says of it."""
    return texts.parts(notice, known)


@register.filter
def said(notice: Notice, known: Directory) -> str:
    """The notice in one line."""
    return texts.sentence(notice, known)


@register.filter
def colour(message: Message) -> str:
    """The colour of the gravest notice in it."""
    return list(Grade)[message.grade_rank - 1].value
