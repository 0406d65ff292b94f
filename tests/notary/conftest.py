import uuid

import pytest
from django.db import transaction

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
