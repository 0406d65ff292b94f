"""What beat asks for. A task may be lost or run twice: the rows know what waits."""

from celery import shared_task

from notices import addressing, delivering


@shared_task
def tell() -> None:
    """Find people for what waits in the outbox, and send what waits for channels."""
    while addressing.address() == addressing.BATCH:
        pass
    delivering.deliver()
