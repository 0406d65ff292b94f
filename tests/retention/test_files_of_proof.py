"""The file of a proof goes years after its case was closed; its digest stays, and every check says when it went."""

import io
import subprocess
import sys
import zipfile
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from cases import files, proof
from cases.bundle import exporting
from cases.models import Evidence
from notary import checkpoints
from responsibility import acting, clock, ledger
from responsibility.models import LedgerEntry
from retention import audit, filed, holds, periods, running
from tests.cases.conftest import CLOSED, picture
from tests.notary.tampering import found
from tests.responsibility.test_ledger import behind_the_triggers

pytestmark = pytest.mark.django_db
YEARS = 6 * 366


def later(days: float):
    return clock.as_if(clock.now() + timedelta(days=days))


def run(days: float = YEARS) -> int:
    with later(days):
        return running.run()["evidence"]


@pytest.fixture(autouse=True)
def _five_years(people):
    periods.put("evidence", 1827, "档案到期", by=people["anwei-office"])


@pytest.fixture
def case(open_case, press):
    return press(open_case(), *CLOSED)


def originals(settings) -> list:
    return [settings.EVIDENCE_ROOT / proof.path for proof in Evidence.objects.all()]


def verify_ledger(*arguments) -> str:
    out = io.StringIO()
    call_command("verify_ledger", *arguments, stdout=out)
    return out.getvalue()


def checked(case, folder, *arguments) -> tuple[int, str]:
    """What ``verify.py`` says of the bundle of a case."""
    with exporting.export(case.pk, by=None) as made, zipfile.ZipFile(made) as archive:
        archive.extractall(folder)
    done = subprocess.run([sys.executable, folder / "verify.py", folder], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_of_a_file_that_went_digest_and_entry_stay_and_no_check_cries_out(case, settings, tmp_path, client, people):
    places = originals(settings)
    of = Evidence.objects.first()
    copies = [files.thumbnail(of, settings.EVIDENCE_ROOT), files.shareable(of, settings.EVIDENCE_ROOT)]
    assert all(place.is_file() for place in places + copies)
    assert run(1826) == 0
    assert run() == len(places)
    assert not any(place.exists() for place in places + copies)
    entry = LedgerEntry.objects.get(chain=case.chain, verb="evidence.remove", after__sha256=of.sha256)
    of.refresh_from_db()
    assert of.removed_at == entry.at
    told = LedgerEntry.objects.get(verb="retention.run", after__has_key="evidence").after
    assert told["evidence"] == len(places)
    assert (entry.after["run"], len(told["sha256 cases_evidence"])) == (str(LedgerEntry.objects.get(
        verb="retention.run", after__has_key="evidence").chain), 64)  # fmt: skip
    checkpoints.make()
    assert found() == []
    assert list(audit.mismatches()) == []
    day = clock.now() + timedelta(days=YEARS)
    for said in (verify_ledger(), verify_ledger("--case", case.number)):
        assert f"removed under retention on {day:%Y}" in said
        assert "台账完整" in said
    code, said = checked(case, tmp_path / "bundle")
    assert code == 0, said
    assert "已依保存期限于" in said
    assert f"was removed under retention on {day:%Y}" in said
    assert "全部成立" in said
    client.force_login(people["auditor"])
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "文件已依保存期限于" in page
    for path in ("", "thumb/", "original/"):
        answer = client.get(f"/evidence/{of.pk}/{path}")
        assert answer.status_code == 410
        assert of.sha256 in answer.content.decode()
    assert run() == 0


def test_a_file_that_is_gone_without_an_entry_is_still_found(case, settings, tmp_path):
    originals(settings)[0].unlink()
    checkpoints.make()
    with pytest.raises(CommandError):
        verify_ledger("--case", case.number)
    assert checked(case, tmp_path / "bundle")[0] == 1
    behind_the_triggers("UPDATE cases_evidence SET removed_at = now()")
    assert {(one.kind, one.field) for one in audit.mismatches(case.chain)} == {("silent", "evidence.removed")}
    with pytest.raises(CommandError):
        verify_ledger("--case", case.number)
    assert checked(case, tmp_path / "again")[0] == 1


def test_what_a_run_told_and_the_rows_do_not_is_found(case, settings):
    run()
    behind_the_triggers("UPDATE cases_evidence SET removed_at = NULL")
    assert {one.kind for one in audit.mismatches()} == {"gone"}


def test_kept_for_good_unless_set_open_or_held_it_stays(open_case, press, people, settings):
    case = press(open_case(), *CLOSED[:-1])
    assert run() == 0
    press(case, CLOSED[-1])
    hold = holds.lay(holds.read({"case": case.number}), "诉讼", by=people["anwei-office"])
    assert run() == 0
    holds.lift(hold.pk, "毕", by=people["yingji-office"])
    periods.put("evidence", None, "改", by=people["anwei-office"])
    assert run() == 0
    assert all(place.is_file() for place in originals(settings))


def test_a_file_that_another_case_needs_stays_till_that_goes_too(open_case, press, people, settings):
    first = press(open_case(), *CLOSED)
    other = press(open_case(object="U-1", location={"lat": 31.1144, "lon": 121.2683}), *CLOSED[:2])
    shared = proof.add(other.pk, picture(3), by=people["sijing-handler"])
    behind_the_triggers("UPDATE cases_evidence SET sha256 = %s, path = %s WHERE case_id = %s",
                        shared.sha256, shared.path, first.pk)  # fmt: skip
    assert run() == 1
    assert (settings.EVIDENCE_ROOT / shared.path).is_file()


def test_what_a_killed_run_left_the_next_takes(case, settings, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(filed, "unlink", lambda gone: None)
        assert run() == Evidence.objects.count()
    assert all(place.is_file() for place in originals(settings))
    assert run() == 0
    assert not any(place.exists() for place in originals(settings))


def test_the_database_lets_no_file_be_told_as_gone_but_by_a_run(case):
    def told(days: float, entry: bool) -> bool:
        of = Evidence.objects.first()
        try:
            with later(days), transaction.atomic(), connection.cursor() as cursor:
                at = clock.now()
                running._tell(run_chain := ledger_chain(), running.Counter(evidence=1), {})
                if entry:
                    ledger.record([filed._act(of, run_chain)], by=acting.SYSTEM, at=at)
                cursor.execute(filed.GONE, {"at": at, "ids": [of.pk]})
        except DatabaseError:
            return False
        return True

    from responsibility.chains import dated as ledger_chain

    assert not told(1826, entry=True)
    assert not told(YEARS, entry=False)
    assert told(YEARS, entry=True)
