import pytest
from django.test import Client

from tests.cases.conftest import alert, open_case, picture, press, send  # noqa: F401


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.LEDGER_KEYS, settings.DESK_ROOT = tmp_path / "keys", tmp_path / "desk"
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def as_(people):
    """``as_("auditor")``: a browser in which that person has signed in."""

    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(people[name])
        return client

    return sign_in
