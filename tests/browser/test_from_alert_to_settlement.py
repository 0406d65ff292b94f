"""An alert becomes a case, the case a loss, the loss a settled claim: in the browsers of those who do it."""

import json
import zipfile

import pytest
from playwright.sync_api import Page, expect

from insurance.claims.models import Claim, ClaimState
from insurance.policies import registering
from insurance.policies.models import Policy
from insurance.policies.tasks import judge
from notary import keys
from tests.browser.conftest import DESKTOP
from tests.bundle.conftest import fresh_python, verify  # noqa: F401
from tests.cases.conftest import CLOSED, picture
from tests.insurance.conftest import order  # noqa: F401
from tests.insurance.given import policy_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
STEPS = ["预警：黄色", "由保单 P-1 承保", "委托第三方：隐患排查", "报案。", "保险公司立案。", "提交一份材料。",
         "核定损失与应赔金额。", "被保险人同意核定", "支付赔款。"]  # fmt: skip


@pytest.fixture(autouse=True)
def _signed_for_itself():
    """What is signed here must not bind the tests after it, whose ledger begins anew."""
    yield
    (keys.folder() / keys.LAST).unlink(missing_ok=True)


def do(page: Page, verb: str, **typed: str) -> None:
    """Open the form of ``verb`` on the page of a claim, fill it in and send it."""
    form = page.locator(f"form[action$='/{verb}/']")
    if not form.is_visible():
        page.locator("details", has=form).locator("summary").click()
    for name, value in typed.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("button[type=submit]").click()


def test_alert_case_cover_loss_assessment_settlement_and_the_proof_of_it_all(
    signed_in, open_case, press, order, people, tmp_path, verify  # noqa: F811
):  # fmt: skip
    (answer,) = registering.register([policy_of(number="P-1")], by=people["insurer"])
    made = Policy.objects.get(pk=answer.policy)
    insured = signed_in("enterprise")
    insured.goto("/insurance/")
    insured.locator("a", has_text="P-1").first.click()
    insured.get_by_role("button", name="确认这份保单").click()
    expect(insured.locator("#word .approved")).to_be_visible()

    case = press(open_case(title="污水井硫化氢超限"), *CLOSED)
    judge()
    order(made, case=case)

    insured.goto("/insurance/claims/notice/")
    insured.locator("[name=cover]").select_option(index=1)
    insured.get_by_label("损失情况").fill("一名作业人员中毒送医")
    insured.get_by_label("报损金额").fill("26000")
    insured.get_by_role("button", name="报案").click()
    expect(insured.get_by_text("已报案，编号")).to_be_visible()
    at = insured.url

    insurer = signed_in("insurer", **DESKTOP)
    insurer.goto("/insurance/claims/?view=waiting")
    insurer.get_by_role("link", name="LP-").click()
    do(insurer, "register", theirs="A-2026-1", reserve="30000")
    do(insurer, "ask", wanted="医疗费发票、伤情证明")
    expect(insurer.get_by_text("等待补充材料，暂停计时")).to_be_visible()

    insured.goto(at)
    insured.locator("summary", has_text="提交材料").click()
    photo = {"name": "发票.jpg", "mimeType": "image/jpeg", "buffer": picture(9).read()}
    insured.locator("input[type=file]").set_input_files(photo)
    insured.locator("form[action$='/papers/'] button").click()
    expect(insured.get_by_role("link", name="发票.jpg")).to_be_visible()
    do(insured, "supplied")

    insurer.reload()
    do(insurer, "assess", amount="24000", findings="按发票核定")
    insured.reload()
    expect(insured.get_by_text("应赔 24,000.00 元").first).to_be_visible()
    do(insured, "agree")
    insurer.reload()
    do(insurer, "pay", amount="24000", reference="V-1")
    expect(insurer.locator(".heading .state").first).to_have_text("已赔付")
    assert Claim.objects.get().state == ClaimState.SETTLED

    for page in (insured, insurer):
        page.goto(f"/insurance/cases/{case.number}/chain/")
        line = page.locator(".chainline")
        for step in STEPS:
            expect(line.get_by_text(step).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    auditor = signed_in("auditor", **DESKTOP)
    auditor.goto(f"/insurance/cases/{case.number}/chain/")
    with auditor.expect_download() as download:
        auditor.get_by_role("button", name="导出证据包").click()
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(folder)
    code, said = verify(folder)
    assert code == 0, said
    beside = json.loads((folder / "manifest.json").read_text())["beside"]
    assert [one["is"] for one in beside] == ["policy", "order", "claim"]
