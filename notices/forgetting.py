"""What was told long ago is forgotten: messages with their lines and deliveries, then the notices nobody is shown."""

from datetime import datetime

import structlog
from django.db import connection

log = structlog.get_logger(__name__)

BATCH = 5000
# Red that its reader has not looked at is never forgotten; what still waits to be sent is not either. One statement,
# so that a message never stands without its lines.
MESSAGES = """
    WITH old AS (
        SELECT m.id FROM notices_message m
        WHERE m.at < %(before)s AND NOT (m.grade_rank = 1 AND m.person_id IS NOT NULL AND m.read_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM notices_delivery d WHERE d.message_id = m.id AND d.status = 'waiting')
        AND NOT EXISTS (SELECT 1 FROM notices_line l JOIN notices_notice n ON n.id = l.notice_id
            JOIN responsibility_hold h ON h.chain = n.chain AND h.lifted_at IS NULL WHERE l.message_id = m.id)
        ORDER BY m.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), lines AS (DELETE FROM notices_line l USING old WHERE l.message_id = old.id),
    sent AS (DELETE FROM notices_delivery d USING old WHERE d.message_id = old.id)
    DELETE FROM notices_message m USING old WHERE m.id = old.id
"""
NOTICES = """
    DELETE FROM notices_notice WHERE id IN (
        SELECT n.id FROM notices_notice n WHERE n.at < %(before)s AND n.addressed_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM notices_line l WHERE l.notice_id = n.id)
        AND NOT EXISTS (SELECT 1 FROM responsibility_hold h WHERE h.chain = n.chain AND h.lifted_at IS NULL)
        ORDER BY n.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""


def forget(before: datetime, batch: int = BATCH) -> tuple[int, int]:
    """Forget what is older than ``before`` and not held; how many messages and notices. Safe to run at once."""
    gone = _in_batches(MESSAGES, before, batch), _in_batches(NOTICES, before, batch)
    log.info("notices_forgotten", messages=gone[0], notices=gone[1])
    return gone


def _in_batches(statement: str, before: datetime, batch: int) -> int:
    """Many small statements, so that nobody waits for a whole year."""
    gone = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"before": before, "limit": batch})
            gone += cursor.rowcount
            if cursor.rowcount < batch:
                return gone


def waiting(before: datetime) -> int:
    """How many messages and notices ``forget`` would begin with: none when there is nothing for it to do."""
    return sum(_asked(statement, before) for statement in (MESSAGES, NOTICES))


def _asked(statement: str, before: datetime) -> int:
    # What is chosen is the same, up to the batch; nothing is removed and nothing is locked.
    start = statement.index("SELECT ")
    chosen = statement[start : statement.index("FOR UPDATE")]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({chosen}) chosen", {"before": before, "limit": None})  # noqa: S608
        return cursor.fetchone()[0]
