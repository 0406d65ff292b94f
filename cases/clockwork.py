"""Each change of a clock as a row of its own, beside the clock that it changes: the one pen for both.

A clock is a row with its present figures; ``ClockEvent`` is how it came to them. Few statements, whatever their
number: a batch of a thousand alerts starts its clocks in three.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection

from cases.attesting import born_as
from cases.models import ClockEvent, Deadline
from cases.models.clock import What
from responsibility.copying import copy

RUNNING = "d.stopped_at IS NULL AND "
STOPPED = "stopped_at = %(now)s, paused_at = NULL"
CHANGE = "UPDATE cases_deadline d SET {change} WHERE {which} RETURNING d.id, d.case_id"
NUMBER = "nextval('cases_deadline_id_seq')"
NUMBERS = f"SELECT {NUMBER} FROM generate_series(1, %s)"  # noqa: S608
# A new case starts up to five clocks, six without a lead: their ids are drawn with the number of the case.
OF_CASES = f"""
    SELECT nextval('cases_id'), nextval('cases_number'), {", ".join([NUMBER] * 6)} FROM generate_series(1, %s)
"""  # noqa: S608
# What was granted and used, never more than the ceiling of the pause.
RESUME = """
    WITH granted AS (
        UPDATE cases_pause p SET until = %(now)s FROM cases_deadline d
        WHERE d.id = p.deadline_id AND p.until IS NULL AND d.case_id = ANY(%(cases)s)
        RETURNING d.id, LEAST(%(now)s, p.ceiling) - p.since AS stood
    )
    UPDATE cases_deadline d SET due_at = d.due_at + granted.stood, paused_at = NULL
    FROM granted WHERE granted.id = d.id RETURNING d.id, d.case_id
"""


class Clockwork:
    """The clocks of one transaction at one instant. The cases are locked by whoever asks."""

    def __init__(self, now: datetime):
        self.now = now
        self.events: list[dict] = []
        # Ids that no clock has yet; what is left of them is never used.
        self.spare: list[int] = []

    def note(self, clocks: Iterable[tuple[int, int]], what: What, **more) -> None:
        """Something has happened to ``clocks``, ids each with that of its case; ``more`` holds further fields of
        ``ClockEvent``."""
        self.events += [
            {"deadline_id": pk, "case_id": case, "what": what.value, "at": self.now, **more} for pk, case in clocks
        ]

    def number(self, rows: list[dict]) -> None:
        """Give new clocks their ids, so that their events can name them. One statement, none where enough are spare."""
        lacking = len(rows) - len(self.spare)
        if lacking > 0:
            with connection.cursor() as cursor:
                cursor.execute(NUMBERS, [lacking])
                self.spare += [pk for (pk,) in cursor.fetchall()]
        taken, self.spare = self.spare[: len(rows)], self.spare[len(rows) :]
        for row, pk in zip(rows, taken, strict=True):
            row["id"] = pk

    def start(self, rows: list[dict]) -> None:
        """Write new clocks, which are numbered. ``minutes`` of a row are natural, ``days`` working days."""
        copy(Deadline, rows)
        for row in rows:
            days = row.get("days") or None
            self.events.append(
                {
                    "deadline_id": row["id"], "what": What.START.value, "at": self.now, "unit_id": row["unit_id"],
                    "case_id": row["case_id"],
                    "born": born_as(row["kind"], row.get("level", 0), row.get("provisional", False)),
                    "minutes": None if days else row["minutes"], "days": days, "until": row["due_at"] if days else None,
                }
            )  # fmt: skip

    def stop(self, which: str, **parameters) -> None:
        """Stop the running clocks that ``which``, a condition on ``d``, means."""
        self._change(STOPPED, RUNNING + which, What.STOP, parameters)

    def hand_on(self, which: str, unit_id: int, **parameters) -> None:
        """The running clocks that ``which`` means are owed by another unit from now on."""
        parameters["heir"] = unit_id
        self._change("unit_id = %(heir)s", RUNNING + which, What.HAND_ON, parameters, unit_id=unit_id)

    def pause(self, clocks: list[Deadline], ceiling: datetime) -> None:
        """Let ``clocks`` stand still until they are resumed, ``ceiling`` at the latest."""
        ids = [clock.pk for clock in clocks]
        self._change("paused_at = %(now)s", "d.id = ANY(%(ids)s)", What.PAUSE, {"ids": ids}, until=ceiling)

    def resume(self, cases: list[int]) -> None:
        """The paused clocks of ``cases`` go on with what was left."""
        with connection.cursor() as cursor:
            cursor.execute(RESUME, {"now": self.now, "cases": cases})
            self.note(cursor.fetchall(), What.RESUME)

    def extend(self, clock: Deadline, minutes: float) -> None:
        """Give ``clock`` so many natural minutes more."""
        clock.due_at += timedelta(minutes=minutes)
        clock.save(update_fields=["due_at"])
        self.note([(clock.pk, clock.case_id)], What.EXTEND, minutes=minutes)

    def write(self) -> None:
        """Write the events down, in the order in which they happened. One statement, none for none."""
        if self.events:
            copy(ClockEvent, self.events, leave_out=["id"])
            self.events = []

    def _change(self, change: str, which: str, what: What, parameters: dict, **more) -> None:
        with connection.cursor() as cursor:
            cursor.execute(CHANGE.format(change=change, which=which), {"now": self.now, **parameters})
            self.note(cursor.fetchall(), what, **more)
