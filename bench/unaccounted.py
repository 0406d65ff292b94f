"""The product without its ledger, to measure what the ledger costs. Only here can it be left out.

Its database must have the triggers off that ask for entries (``bench.cost``); with them on, every commit is refused.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.asgi import application  # noqa: E402
from responsibility import ledger  # noqa: E402

__all__ = ["application"]


def _nothing(_acts, **_how) -> None:
    """What is asked of ``ledger.record``, and is not done."""


ledger.record = _nothing
