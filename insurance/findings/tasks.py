"""What beat asks for. A task may be lost or run twice: the rows know what is due."""

from celery import shared_task

from insurance import patience
from insurance.findings import raising


@shared_task
def raise_alerts() -> None:
    """Let major and overdue findings become alerts."""
    with patience.bounded():
        raising.sweep()
