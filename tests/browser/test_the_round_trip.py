"""The responsibility list goes out to Excel, is changed and broken there, and comes back only when it is whole."""

from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from responsibility import editions
from responsibility.models import Duty, LedgerEntry
from tests.browser.conftest import DESKTOP
from tests.exchange.conftest import cell_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = {**DESKTOP, "is_mobile": False}
NEW_BASIS = "《上海市安全生产条例》第五条"


@pytest.fixture
def sheet(people, signed_in, tmp_path):
    """The page of the committee office, and the rows of its draft as a workbook taken out by pressing the button."""
    editions.draft(by=people["anwei-office"], title="松江区安全生产责任清单（第二版）")
    page = signed_in("anwei-office", **DESK)
    page.goto("/")
    page.get_by_role("link", name="导入导出").click()
    page.get_by_role("heading", name="责任清单").get_by_role("link").click()
    ways = page.locator(".ways", has_text="第二版")
    with page.expect_download() as taken:
        ways.get_by_role("link", name="导出 XLSX").click()
    path = tmp_path / taken.value.suggested_filename
    taken.value.save_as(path)
    return page, path


def test_three_cells_are_changed_and_two_broken_and_nothing_is_written_until_the_two_are_mended(sheet, become):
    page, path = sheet
    before = _rows()
    made = openpyxl.load_workbook(path)
    rows = made.worksheets[0]
    changed = [cell_of(made, code, "法律依据") for code in ("LL-BRIDGE", "PS-LIFT", "WS-CRANE")]
    for cell in changed:
        cell.value = NEW_BASIS
    role, unit = cell_of(made, "PS-CROWD", "责任角色"), cell_of(made, "LL-GAS-LEAK", "责任单位")
    kept = role.value, unit.value
    role.value, unit.value = "衙门", "SJ-NOBODY"
    made.save(path)

    _brings(page, path)
    expect(page.locator(".heading .state")).to_have_text("有差错")
    faults = page.locator("table.sheetlike tbody tr")
    expect(faults).to_have_count(2)
    for cell, wrong in ((role, "衙门"), (unit, "SJ-NOBODY")):
        expect(faults.filter(has_text=wrong).locator("td").first).to_have_text(cell.coordinate)
        assert rows[cell.coordinate].value == wrong
    expect(page.locator("main")).to_contain_text("任何数据都没有改动")
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    assert _rows() == before

    role.value, unit.value = kept
    made.save(path)
    page.get_by_role("link", name="责任清单", exact=True).last.click()
    _brings(page, path)
    expect(page.locator(".now")).to_contain_text("更改3")
    expect(page.locator(".asked.panel > li")).to_have_count(3)
    expect(page.locator(".asked.panel ins").first).to_have_text(NEW_BASIS)
    assert _rows() == before
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_role("status")).to_contain_text("已导入")
    assert len(_rows() - before) == 3
    assert Duty.objects.filter(edition__number=2, basis=NEW_BASIS).count() == 3
    _the_ledger_says_who(page, become, path)


def _rows() -> set[tuple]:
    return set(Duty.objects.filter(edition__number=2).values_list("category__code", "role", "unit__code", "basis"))


def _brings(page: Page, path: Path) -> None:
    page.get_by_label("导入到哪一版").select_option("2")
    page.get_by_label("文件").set_input_files(path)
    page.get_by_role("button", name="上传并核对").click()
    expect(page.locator("h1")).to_have_text(path.name)


def _the_ledger_says_who(page: Page, become, path: Path) -> None:
    become(page, "auditor")
    page.goto("/ledger/?verb=exchange.apply")
    entry = page.locator(".entries > li")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("孔天佑")
    expect(entry).to_contain_text("区安委办")
    expect(entry).to_contain_text(path.name)
    assert LedgerEntry.objects.get(verb="exchange.apply").actor.username == "anwei-office"
