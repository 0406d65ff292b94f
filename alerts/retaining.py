"""Readings that are over age, but for those of objects of which a case is held."""

from datetime import datetime

from django.db import connection

from alerts.models import Reading
from responsibility.retention import Remover

BATCH = 5000
FREE = """
    SELECT r.id FROM alerts_reading r WHERE r.received_at < %s AND NOT EXISTS (
        SELECT 1 FROM alerts_alert a JOIN responsibility_hold h ON h.chain = a.chain AND h.lifted_at IS NULL
        WHERE a.risk_object_id = r.risk_object_id)
"""
REMOVE = f"DELETE FROM alerts_reading WHERE id IN ({FREE} ORDER BY r.id LIMIT {BATCH})"  # noqa: S608
COUNT = f"SELECT count(*) FROM ({FREE}) free"  # noqa: S608


def _oldest() -> datetime | None:
    return Reading.objects.order_by("received_at").values_list("received_at", flat=True).first()


def _over_age(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [before])
        return cursor.fetchone()[0]


def _remove(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(REMOVE, [before])
        return cursor.rowcount


READINGS = Remover(_oldest, _over_age, _remove)
