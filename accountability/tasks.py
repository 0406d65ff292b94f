"""What beat asks for."""

from celery import shared_task

from accountability import seeding


@shared_task
def keep_draws() -> None:
    """Seal the draws of the months to come, and open those of the months that are over."""
    seeding.keep()
