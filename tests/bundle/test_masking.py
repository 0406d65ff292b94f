"""What each reader carries away, and what stays in the house; the proofs hold all the same."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pypdf import PdfReader

from cases import sharing
from cases.models import Grant
from responsibility import clock, ledger
from responsibility.models import LedgerEntry, User
from tests.bundle.conftest import PHONE, REPORTER

pytestmark = pytest.mark.django_db
KEPT_IN = [REPORTER, PHONE, "内部意见不外传", "内部答复", "内部说明", "授权理由"]


def words(folder: Path) -> str:
    """Everything that can be read in a bundle, whatever file it is in."""
    said = [path.read_bytes().decode("utf-8", "ignore") for path in folder.rglob("*") if path.is_file()]
    printed = [page.extract_text() for page in PdfReader(folder / "report.pdf").pages]
    return "".join(said) + "".join("".join(printed).split())


def test_an_insurer_is_told_no_name_no_reporter_and_no_inner_opinion_and_the_proofs_hold(unpack, verify, case):
    folder = unpack("insurer")
    said = words(folder)
    officials = [str(user) for user in User.objects.filter(is_active=True) if len(str(user)) > 1]
    written = set(
        LedgerEntry.objects.filter(chain=case.chain, actor__isnull=False).values_list("actor_label", flat=True)
    )
    assert written <= set(officials)
    assert [name for name in (*KEPT_IN, *officials) if name in said] == []
    assert case.title in said
    code, told = verify(folder)
    assert code == 0, told
    hidden = json.loads((folder / "manifest.json").read_text())["hidden"]
    assert hidden == ledger.story(case.chain).filter(verb__regex="^(request|case.share)").count() > 0
    assert f"未示：{hidden} 条条目只有摘要" in told


def test_an_inner_entry_stands_in_an_insurers_bundle_as_its_digest_and_nothing_else(unpack, case):
    lines = map(json.loads, (unpack("insurer") / "entries.jsonl").read_text().splitlines())
    inner = {entry.seq: entry.digest for entry in ledger.story(case.chain).filter(verb__startswith="request.")}
    shown = {line["seq"]: line for line in lines if line["seq"] in inner}
    assert {seq: line["digest"] for seq, line in shown.items()} == inner
    assert {frozenset(line) for line in shown.values()} == {frozenset({"seq", "digest", "proof"})}


@pytest.mark.parametrize("name", ["sijing-head", "auditor", "anwei-office", "chengyun-check"])
def test_who_reads_by_office_is_given_all_that_was_said(unpack, verify, name):
    folder = unpack(name)
    said = words(folder)
    assert [kept for kept in KEPT_IN if kept not in said] == []
    assert verify(folder)[0] == 0


def test_the_report_tells_in_chinese_what_happened_who_answered_and_which_deadlines_were_met(unpack, case):
    said = words(unpack("sijing-head")).split("%%EOF")[-1]
    for told in (
        case.number,
        "谁负责，依据什么",
        "责任方",
        "时限与完成",
        "未超时",
        "经过",
        "泗泾镇",
        "区水务局",
        "怎样核对",
    ):
        assert told in said, told


def test_the_api_gives_the_bundle_and_404_to_who_does_not_see_the_case(client, case, people, tmp_path):
    client.force_login(people["insurer"])
    answer = client.get(f"/api/v1/cases/{case.number}/bundle/", HTTP_ACCEPT="application/zip")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/zip"
    assert f'filename="{case.number}.zip"' in answer["Content-Disposition"]
    assert "verify.py" in zipfile.ZipFile(io.BytesIO(b"".join(answer))).namelist()
    client.force_login(people["insurer-b"])
    for address in (case.number, "SJ-0", "%00"):
        assert client.get(f"/api/v1/cases/{address}/bundle/").status_code == 404
    told = LedgerEntry.objects.get(verb="case.export")
    assert (told.actor, told.after["whole"]) == (people["insurer"], False)


def test_the_page_of_a_case_has_a_button_for_it(client, case, people):
    client.force_login(people["sijing-duty"])
    assert f'action="/cases/{case.number}/bundle/"' in client.get(f"/cases/{case.number}/").content.decode()
    answer = client.post(f"/cases/{case.number}/bundle/")
    assert zipfile.ZipFile(io.BytesIO(b"".join(answer))).testzip() is None
    assert client.get(f"/cases/{case.number}/bundle/").status_code == 405
    client.force_login(people["jiuting-duty"])
    assert client.post(f"/cases/{case.number}/bundle/").status_code == 404


def test_no_bundle_is_made_when_the_ledger_cannot_be_signed(client, case, people, settings):
    settings.LEDGER_ORIGIN = "two words"
    client.force_login(people["sijing-duty"])
    answer = client.get(f"/api/v1/cases/{case.number}/bundle/")
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "ledger_not_signed"
    assert "无法签名存证" in client.post(f"/cases/{case.number}/bundle/").content.decode()
    assert not LedgerEntry.objects.filter(verb="case.export").exists()


def test_a_grant_that_is_over_gives_nothing(client, case, people):
    sharing.revoke(Grant.objects.get().pk, by=people["yingji-office"])
    client.force_login(people["insurer"])
    assert client.get(f"/api/v1/cases/{case.number}/bundle/").status_code == 404


def test_the_command_writes_a_file_whole_or_as_somebody_is_given_it(case, tmp_path, people):
    whole, masked = tmp_path / "whole.zip", tmp_path / "masked.zip"
    call_command("export_case", case.number, str(whole), stdout=io.StringIO())
    call_command("export_case", case.number, str(masked), "--as", "insurer", stdout=io.StringIO())
    said = [zipfile.ZipFile(path).read("entries.jsonl").decode() for path in (whole, masked)]
    assert [REPORTER in text for text in said] == [True, False]
    for number, *more in (("SJ-0",), (case.number, "--as", "nobody"), (case.number, "--as", "insurer-b")):
        with pytest.raises(CommandError):
            call_command("export_case", number, str(tmp_path / "none.zip"), *more, stdout=io.StringIO())
    assert not (tmp_path / "none.zip").exists()


def test_a_missed_inner_clock_and_a_rise_by_lapse_name_nobody_to_an_insurer(unpack, case, people, verify):
    from cases import requests
    from cases.sweeping import sweep

    requests.ask(case.pk, by=people["sijing-head"], kind="escalate", reason="超出能力")
    with clock.as_if(clock.now() + timedelta(hours=2)):
        sweep()
    folder = unpack("insurer", "late")
    said = words(folder)
    officials = [str(user) for user in User.objects.all() if len(str(user)) > 1]
    assert [name for name in officials if name in said] == []
    assert '"kind":"decide"' not in said
    assert verify(folder)[0] == 0
