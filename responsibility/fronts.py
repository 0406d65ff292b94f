"""Where somebody begins who has a first page of his own: a higher floor names it here, in its ``ready``."""

from collections.abc import Callable

from responsibility.acting import Actor

# Each gives an address, or nothing for whom it is not meant.
FRONTS: list[Callable[[Actor], str]] = []


def of(actor: Actor) -> str:
    """The address of the first page of ``actor``; empty where it is the worklist."""
    return next((address for front in FRONTS if (address := front(actor))), "")
