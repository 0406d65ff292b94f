"""Notes of the ledger, as pages show them."""

from django import template

register = template.Library()


@register.filter
def root_text(note: str) -> str:
    """The root of the tree, as the third line of a checkpoint spells it."""
    return note.split("\n")[2]
