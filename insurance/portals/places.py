"""Where the pages of the other parts are. A part that has no such page is spoken of without a link."""

from django.urls import NoReverseMatch, reverse


def at(name: str, *args: object) -> str:
    """The address of the page ``name``; empty where there is none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
