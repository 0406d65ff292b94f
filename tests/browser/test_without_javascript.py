"""Scripts are comfort: all of the work goes without them."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.cases.conftest import CONTAINED, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def plain(browse):
    """A page in a browser that runs no scripts."""
    return browse(java_script_enabled=False)


def test_signing_in_opening_a_case_and_answering_it(plain, open_case):
    case = open_case()
    sign_in(plain, "sijing-duty")
    plain.locator(f"#c-{case.number} a").click()
    plain.locator("#do-acknowledge button").click()
    expect(plain.get_by_role("status")).to_contain_text("已记录：签收")
    expect(plain.locator("#case-head .state").first).to_have_text("已签收")


def test_a_demo_person_is_filled_in_by_a_tap(plain):
    plain.goto("/accounts/login/")
    plain.get_by_role("link", name="sijing-duty").click()
    plain.get_by_role("button", name="登录").click()
    expect(plain.get_by_role("heading", name="案件", exact=True)).to_be_visible()


def test_containing_with_a_photo(plain, become, open_case, press, tmp_path):
    case = press(open_case(), *CONTAINED[:2])
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture().read())
    become(plain, "sijing-handler")
    plain.goto(f"/cases/{case.number}/")
    plain.locator("#do-contain input[type=file]").set_input_files(photo)
    plain.locator("#do-contain button").click()
    expect(plain.locator("#case-head .state").first).to_have_text("已受控")
    assert case.evidence.count() == 1


def test_searching_and_filtering(plain, become, open_case):
    become(plain, "chengyun-lead")
    gas = open_case(title="窨井硫化氢超限")
    bridge = open_case(object="B-1", location={"lat": 31.1144, "lon": 121.2683}, title="桥梁位移", grade="red")
    plain.goto("/")
    plain.get_by_role("searchbox").fill("桥梁")
    plain.get_by_role("button", name="查找").click()
    expect(plain.locator(".case")).to_have_count(1)
    expect(plain.locator(f"#c-{bridge.number}")).to_be_visible()
    plain.get_by_role("searchbox").fill("")
    plain.locator("#filters > summary").click()
    plain.get_by_label("颜色").select_option("yellow")
    plain.get_by_role("button", name="应用").click()
    expect(plain.locator(".case")).to_have_count(1)
    expect(plain.locator(f"#c-{gas.number}")).to_be_visible()
    plain.get_by_role("link", name="清除").click()
    expect(plain.locator(".case")).to_have_count(2)
