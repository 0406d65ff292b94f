"""What beat asks for."""

from celery import shared_task

from desk import exporting, indexing


@shared_task
def index() -> None:
    """Take what is new in the tree into the search."""
    indexing.catch_up()


@shared_task
def expire() -> None:
    """Remove the files of sealed exports that have expired."""
    exporting.remove_expired()
