"""What beat asks for."""

from celery import shared_task

from notary import checkpoints


@shared_task
def make_checkpoint() -> None:
    """Sign what is new in the ledger."""
    checkpoints.make()
