"""Which version is in force for a category at an instant, out of the directory: no question to the database."""

from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from handbook.models import Version, VersionState
from responsibility.directory import Directory
from responsibility.models import Category

Shelf = dict[int, list[tuple[datetime, datetime | None, int]]]


def read() -> Shelf:
    """By category id ``(from, until, version id)`` of what was published; one statement, asked once a revision."""
    shelf: Shelf = {}
    published = Version.objects.filter(state=VersionState.PUBLISHED).order_by("pk")
    for version in published.only("category", "valid"):
        valid: DateTimeTZRange = version.valid
        shelf.setdefault(version.category_id, []).append((valid.lower, valid.upper, version.pk))
    return shelf


def at(known: Directory, category: Category | None, now: datetime) -> int | None:
    """The id of the version of ``category`` that is in force at ``now``; ``None`` where there is none."""
    versions = known.also.get("handbooks", {}).get(category.pk, ()) if category else ()
    return next((pk for since, until, pk in versions if since <= now and (until is None or now < until)), None)
