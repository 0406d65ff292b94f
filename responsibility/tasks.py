"""What beat asks for. A task may be lost or run twice: the rows know what waits."""

from celery import shared_task

from responsibility import looking, stands
from responsibility.exchange import importing


@shared_task
def import_files() -> None:
    """Judge and import what was too long to be done while its sender waited."""
    importing.run_waiting()


@shared_task
def sum_up() -> None:
    """Write into the ledger what came again within a minute of its first time."""
    looking.sum_up()


@shared_task
def tell_rows() -> None:
    """Write into the ledger what the rows of the record have become."""
    stands.tell()
