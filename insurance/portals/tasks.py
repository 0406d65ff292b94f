"""What beat asks for. A task may be lost or run twice: the rows know what waits."""

from celery import shared_task
from django.conf import settings

from insurance import patience
from insurance.portals import news, pushing, reminding


@shared_task
def push() -> None:
    """Find what is news to the systems of insurers and brokers, and send it; nothing where the side is switched off."""
    if not settings.INSURANCE:
        return
    with patience.bounded():
        while news.gather() == news.MOST:
            pass
        pushing.push()
        pushing.tidy()


@shared_task
def remind() -> None:
    """Tell of clocks that ran out or are near; nothing where the side is switched off."""
    if not settings.INSURANCE:
        return
    with patience.bounded():
        reminding.sweep()
