"""What beat asks for."""

from celery import shared_task

from desk import indexing


@shared_task
def index() -> None:
    """Take what is new in the tree into the search."""
    indexing.catch_up()
