"""What beat asks for. A task may be lost or run twice: the rows know what is over age."""

from celery import shared_task

from retention import running


@shared_task
def run() -> None:
    """Remove what is over age."""
    running.run()


@shared_task
def expire() -> None:
    """Remove the files of sealed exports that have expired."""
    running.expire()
