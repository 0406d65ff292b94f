"""Cases to be mined, as ``tests/cases`` makes them, and the period of today."""

from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from accountability.period import Period
from responsibility import clock
from tests.cases.conftest import _evidence_folder, open_case, press, send  # noqa: F401


@pytest.fixture
def today() -> Period:
    """The local day that it is now, with those beside it: a test may begin just before midnight, and go on."""
    day = localdate(clock.now())
    return Period((day - timedelta(days=1)).isoformat(), (day + timedelta(days=1)).isoformat())
