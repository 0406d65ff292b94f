"""What beat asks for."""

from celery import shared_task

from retention import running


@shared_task
def run() -> None:
    """Remove what is over age."""
    running.run()
