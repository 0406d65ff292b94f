"""Who reads a case by a grant finds it on his first page, and is told there no more names than in his bundle."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from cases import requests, sharing
from cases.models import Grant
from responsibility import clock
from responsibility.models import User
from tests.bundle.conftest import PHONE, REPORTER
from tests.bundle.test_masking import KEPT_IN, words
from tests.cases.conftest import REPORTED

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen(client, people):
    """What somebody is given at an address, as text."""

    def get(name: str, address: str, **more) -> str:
        client.force_login(people[name])
        answer = client.get(address, **more)
        assert answer.status_code == 200
        return answer.content.decode()

    return get


@pytest.fixture
def withheld(people) -> list[str]:
    """The names of all officials but of the insurer himself, who stands at the head of his page."""
    mine = str(people["insurer"])
    return [str(user) for user in User.objects.all() if len(str(user)) > 1 and str(user) != mine]


@pytest.mark.parametrize("address", ["/cases/{}/", "/cases/{}/?all", "/api/v1/cases/{}/timeline/", "/api/v1/cases/{}/"])
def test_a_page_and_an_interface_tell_no_name_that_the_bundle_withholds(seen, unpack, withheld, case, address):
    said, bundle = seen("insurer", address.format(case.number)), words(unpack("insurer"))
    for name in (*KEPT_IN, *withheld):
        assert name not in bundle, name
        assert name not in said, name
    assert case.number in said


def test_nor_after_a_request_was_granted_that_raised_the_case(seen, unpack, withheld, case, people):
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="escalate", reason="超出能力")
    requests.decide(asked.pk, by=people["shuiwu-head"], approve=True)
    page, bundle = seen("insurer", f"/cases/{case.number}/"), words(unpack("insurer", "risen"))
    assert [name for name in withheld if name in page or name in bundle] == []
    assert "原因不示" in page
    told = seen("sijing-head", f"/cases/{case.number}/")
    assert f"{people['shuiwu-head']}同意" in told


def test_who_reads_by_office_is_told_all_of_it(seen, case, people):
    page = seen("sijing-head", f"/cases/{case.number}/")
    assert all(said in page for said in (REPORTER, PHONE, str(people["sijing-handler"])))


def test_granted_cases_stand_on_the_first_page_with_purpose_and_end_whether_open_or_over(seen, case, press, people):
    page = seen("insurer", "/insurance/")
    assert case.number in page
    assert "授权理由不外传" in page, "the purpose is his own"
    press(case, *REPORTED[-1:], "chengyun-check close")
    page = seen("insurer", "/insurance/")
    assert page.count(f'href="/cases/{case.number}/"') == 1
    assert case.number not in seen("insurer-b", "/insurance/")
    sharing.revoke(Grant.objects.get().pk, by=people["yingji-office"])
    assert case.number not in seen("insurer", "/insurance/")


def test_a_case_that_was_granted_twice_stands_there_once_by_the_longer_grant(seen, case, people):
    unit = people["insurer"].posts.get().unit.code
    until = clock.now() + timedelta(days=30)
    sharing.share(case.pk, by=people["anwei-office"], until=until, reason="定损", unit=unit)
    page = seen("insurer", "/insurance/")
    assert page.count(f'href="/cases/{case.number}/"') == 1
    assert "定损" in page


def test_the_command_says_that_an_outsider_needs_a_grant_and_who_gives_it(case, tmp_path):
    with pytest.raises(CommandError, match=r"特别授权.*grant.*committee office"):
        call_command("export_case", case.number, str(tmp_path / "x.zip"), "--as", "insurer-b")
