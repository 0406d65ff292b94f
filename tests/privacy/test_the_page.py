"""The office counts first, and erases then; nobody else has the page."""

import pytest

from responsibility.models import LedgerEntry
from tests.bundle.conftest import PHONE, REPORTER, _folders, case  # noqa: F401
from tests.cases.conftest import open_case, press, send  # noqa: F401

pytestmark = pytest.mark.django_db
GIVEN = {"name": REPORTER, "phone": PHONE, "basis": "consent", "reason": "来函"}


def test_it_counts_and_then_erases_and_names_nobody_in_an_address(client, case, people):  # noqa: F811
    client.force_login(people["anwei-office"])
    assert 'value="erase"' not in client.get("/privacy/").content.decode()
    counted = client.post("/privacy/", GIVEN | {"do": "count"}).content.decode()
    assert "将删除" in counted
    assert case.number in counted
    assert LedgerEntry.objects.filter(note__contains=REPORTER).exists()
    erased = client.post("/privacy/", GIVEN | {"do": "erase"})
    assert erased.status_code == 200
    assert "库中再无此人" in erased.content.decode()
    assert REPORTER not in erased.content.decode()
    assert not LedgerEntry.objects.filter(note__contains=REPORTER).exists()
    page = client.get(f"/cases/{case.number}/?all").content.decode()
    assert "〔已依法删除〕" in page
    assert "依法删除个人信息。" in page


@pytest.mark.parametrize(
    "wrong", [{"name": "", "phone": ""}, {"basis": ""}, {"reason": ""}, {"phone": "1"}, {"name": "\x00a"}]
)
def test_what_cannot_be_used_is_refused_with_a_sentence(client, people, wrong):
    client.force_login(people["anwei-office"])
    answer = client.post("/privacy/", GIVEN | {"do": "erase"} | wrong)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()


def test_nobody_else_has_it(client, people):
    for name in ("auditor", "sijing-head", "admin"):
        client.force_login(people[name])
        assert client.get("/privacy/").status_code == client.post("/privacy/", GIVEN).status_code == 403
