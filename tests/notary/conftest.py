import uuid

import pytest
from django.db import transaction

from notary import checkpoints
from responsibility import acting, ledger


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.LEDGER_KEYS = tmp_path / "keys"


@pytest.fixture
def tell():
    """``tell(3)``: entries in a chain of their own, in one transaction; the chain."""

    def write(count: int = 1, chain: uuid.UUID | None = None, **more) -> uuid.UUID:
        chain = chain or uuid.uuid4()
        with transaction.atomic():
            acts = [ledger.Act(chain, "test.note", "test", str(n), "测试", note="话", **more) for n in range(count)]
            ledger.record(acts, by=acting.SYSTEM)
        return chain

    return write


@pytest.fixture
def log(tell, settings, tmp_path, django_capture_on_commit_callbacks):
    """Three chains of six entries, told in turns, and their checkpoint; the chain in the middle."""
    settings.VAR_DIR = tmp_path
    chains = [uuid.uuid4() for _ in range(3)]
    with django_capture_on_commit_callbacks(execute=True):
        for turn in range(6):
            for chain in chains:
                tell(1, chain, after={"turn": turn})
            if turn == 2:
                checkpoints.make()
        checkpoints.make()
    return chains[1]
