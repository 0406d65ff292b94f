"""A worked case whose month lies in a file, as every part of the product meets it."""

import pytest
from django.db import connection

from notary import checkpoints
from notary.archiving import taking
from tests.archive.test_cases_in_the_archive import MONTH, august, on_commit  # noqa: F401
from tests.bundle.conftest import _folders as _files
from tests.bundle.conftest import case, fresh_python, unpack, verify  # noqa: F401
from tests.cases.conftest import alert, open_case, picture, press, send  # noqa: F401
from tests.desk.conftest import _folders, as_  # noqa: F401

__all__ = ["_files"]


@pytest.fixture
def over(case, press):  # noqa: F811
    """The case, closed and under a checkpoint."""
    press(case, "sijing-handler report", "chengyun-check close")
    checkpoints.make()
    return case


@pytest.fixture
def archive():
    """``archive()``: take the month of all cases into a file; its volume."""

    def take():
        volume = taking.take(MONTH)
        # In an installation the transaction of the archive ends here, and with it that it wants to know at once.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        return volume

    return take
