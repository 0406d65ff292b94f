"""What beat asks for. A task may be lost or run twice: the rows know what has not been judged yet."""

from celery import shared_task
from django.conf import settings

from insurance import patience
from insurance.policies import covering


@shared_task
def judge() -> None:
    """Judge the cover of cases that have not been asked about, and tell insurers what became of covered ones."""
    if settings.INSURANCE:
        with patience.bounded():
            covering.sweep()
