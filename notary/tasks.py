"""What beat asks for."""

from celery import shared_task

from notary import checkpoints, handing
from responsibility import parts


@shared_task
def make_checkpoint() -> None:
    """Sign what is new in the ledger, and bring it out of the house."""
    try:
        checkpoints.make()
    finally:
        handing.hand_out()


@shared_task
def keep_parts_ready() -> None:
    """Make the parts of the ledger of the next months."""
    parts.prepare()
