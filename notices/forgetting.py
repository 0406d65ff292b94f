"""What was told long ago is forgotten: messages with their lines and deliveries, then the notices nobody is shown."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection

from responsibility import clock

log = structlog.get_logger(__name__)

BATCH = 5000
# Red that its reader has not looked at is never forgotten; what still waits to be sent is not either. One statement,
# so that a message never stands without its lines.
MESSAGES = """
    WITH old AS (
        SELECT m.id FROM notices_message m
        WHERE m.at < %(before)s AND NOT (m.grade_rank = 1 AND m.person_id IS NOT NULL AND m.read_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM notices_delivery d WHERE d.message_id = m.id AND d.status = 'waiting')
        ORDER BY m.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), lines AS (DELETE FROM notices_line l USING old WHERE l.message_id = old.id),
    sent AS (DELETE FROM notices_delivery d USING old WHERE d.message_id = old.id)
    DELETE FROM notices_message m USING old WHERE m.id = old.id
"""
NOTICES = """
    DELETE FROM notices_notice WHERE id IN (
        SELECT n.id FROM notices_notice n WHERE n.at < %(before)s AND n.addressed_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM notices_line l WHERE l.notice_id = n.id)
        ORDER BY n.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
"""


def forget(batch: int = BATCH) -> tuple[int, int]:
    """Forget what is older than ``INBOX_DAYS``; how many messages and notices. Safe to run many times at once."""
    before = clock.now() - timedelta(days=settings.INBOX_DAYS)
    gone = _in_batches(MESSAGES, before, batch), _in_batches(NOTICES, before, batch)
    log.info("notices_forgotten", messages=gone[0], notices=gone[1])
    return gone


def _in_batches(statement: str, before: datetime, batch: int) -> int:
    """Each batch commits by itself, so that nobody waits for a whole year."""
    gone = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"before": before, "limit": batch})
            gone += cursor.rowcount
            if cursor.rowcount < batch:
                return gone
