"""The cases of ``tests/cases``, and a clock that can be set."""

import pytest

from responsibility import clock
from tests.cases.conftest import _evidence_folder, open_case, press, send  # noqa: F401


@pytest.fixture
def at(monkeypatch):
    """Let the clock stand at an instant."""
    return lambda instant: monkeypatch.setattr(clock, "now", lambda: instant)
