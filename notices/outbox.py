"""What is to be told, written down in the transaction of the act that it tells of."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from notices.models import Audience, Notice
from responsibility.copying import copy


def row(
    event: str, *, unit_id: int, audience: Audience, grade: str, at: datetime, chain: UUID | None = None,
    subject: str = "", title: str = "", path: str = "", words: dict | None = None, post_id: int | None = None,
    drill: bool = False,
) -> dict:  # fmt: skip
    """One notice for ``write``: ``event`` as the ledger names it, told to ``audience`` of a unit or to one post of it.

    ``path`` is the page it leads to. A drill's notices never leave the house.
    """
    return {
        "event": event, "unit_id": unit_id, "audience": str(audience), "grade": str(grade), "at": at, "chain": chain,
        "subject": subject, "title": title, "path": path, "words": words or {}, "post_id": post_id, "drill": drill,
        "fault": "",
    }  # fmt: skip


def write(rows: Collection[dict]) -> None:
    """Write the notices in the present transaction. One statement however many, none for none."""
    if rows:
        copy(Notice, rows, leave_out=["id"])
