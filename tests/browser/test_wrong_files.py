"""A file that is not taken is refused in words, and nothing that was typed is lost."""

import pytest
from playwright.sync_api import expect

from tests.cases.conftest import CONTAINED

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOTE = "已强制通风，井口围挡"
TOO_LARGE = 31 * 1024 * 1024


@pytest.fixture
def on_site(signed_in, open_case, press, watch):
    """The case page of a handler who is to contain."""
    watch.expected = {400}
    case = press(open_case(), *CONTAINED[:2])
    page = signed_in("sijing-handler")
    page.goto(f"/cases/{case.number}/")
    return page


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"this is no photo", "只接受 JPEG"), (b"", "文件是空的"), (b"\xff\xd8\xff" + bytes(TOO_LARGE), "超过 30 MB")],
    ids=["a text with the name of a photo", "an empty file", "31 MB"],
)
def test_the_reason_is_told_and_the_note_is_kept(on_site, tmp_path, content, told):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(content)
    on_site.locator("#do-contain textarea").fill(NOTE)
    on_site.locator("#do-contain input[type=file]").set_input_files(photo)
    on_site.locator("#do-contain button").click()
    expect(on_site.get_by_role("alert")).to_contain_text(told)
    expect(on_site.get_by_role("alert")).to_be_in_viewport()
    expect(on_site.locator("#do-contain textarea")).to_have_value(NOTE)
    expect(on_site.locator("#case-head .state").first).to_have_text("已到场")


def test_the_same_holds_for_proof_added_by_itself(on_site, tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"this is no photo")
    on_site.locator("#more-evidence summary").click()
    on_site.locator("#more-evidence [name=note]").fill(NOTE)
    on_site.locator("#more-evidence input[type=file]").set_input_files(photo)
    on_site.get_by_role("button", name="上传", exact=True).click()
    expect(on_site.get_by_role("alert")).to_contain_text("只接受 JPEG")
    expect(on_site.locator("#more-evidence [name=note]")).to_be_visible()
    expect(on_site.locator("#more-evidence [name=note]")).to_have_value(NOTE)
