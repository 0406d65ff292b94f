"""A case whose month lies in a file is read, exported, erased from and checked like any other."""

import io
import itertools
import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from cases import erasure, originals
from notary import checkpoints
from notary.archiving import taking
from responsibility import chains, clock, ledger, parts, shelf, volumes
from responsibility.models import LedgerEntry, Volume
from responsibility.refusals import Refused
from retention import periods, running
from tests.bundle.conftest import PHONE, REPORTER, _folders, case, fresh_python, unpack, verify  # noqa: F401
from tests.cases.conftest import CLOSED, alert, open_case, picture, press, send  # noqa: F401
from tests.notary.tampering import found

pytestmark = pytest.mark.django_db
MONTH = date(2026, 8, 1)
PASSING = re.compile(r"csrf\S+ value=\S+|nonce=\S+|data-now=\S+|value=\"[0-9-]+T[^\"]+\"")


@pytest.fixture(autouse=True)
def august(settings, tmp_path, monkeypatch):
    """What begins, begins in August."""
    settings.LEDGER_ARCHIVE, settings.VAR_DIR = tmp_path / "archive", tmp_path
    parts.make(MONTH)
    begun = int(datetime(2026, 8, 9, tzinfo=UTC).timestamp() * 1000)
    numbers = itertools.count()
    monkeypatch.setattr(
        chains.compat,
        "uuid7",
        lambda: uuid.UUID(int=(begun + next(numbers) << 80) | (7 << 76) | (2 << 62) | uuid.uuid4().int >> 66),
    )


@pytest.fixture
def on_commit(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks


@pytest.fixture
def over(case, press):  # noqa: F811
    """The case, closed, in a volume."""
    press(case, "sijing-handler report", "chengyun-check close")
    checkpoints.make()
    return case


@pytest.fixture
def archived(over):
    before = list(ledger.story(over.chain).values())
    volume = taking.take(MONTH)
    assert not LedgerEntry.objects.filter(chain=over.chain).exists()
    assert list(ledger.story(over.chain).values()) != []
    assert len(before) == ledger.story(over.chain).count()
    return volume


def run(*arguments) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def pages(case, client, people) -> list[str]:  # noqa: F811
    """What the auditor reads of the case, without what changes from one reading to the next."""
    client.force_login(people["auditor"])
    said = []
    for name in ("case", "case-accountability"):
        answer = client.get(reverse(name, args=[case.number]))
        assert answer.status_code == 200, name
        said.append(PASSING.sub("", answer.content.decode()))
    listed = client.get(reverse("case-ledger", args=[case.number]), follow=True).content.decode()
    timeline = client.get(f"/api/v1/cases/{case.number}/timeline/").json()
    return [*said, listed.count("</li>"), timeline]


def test_the_pages_of_an_archived_case_say_what_they_said_before(over, client, people):
    before = pages(over, client, people)
    taking.take(MONTH)
    assert pages(over, client, people) == before


def test_the_figures_by_unit_say_how_many_cases_they_leave_out(over, client, people):
    client.force_login(people["auditor"])
    told = "期内 1 件案件的台账已归档，未计入"
    assert told not in client.get("/accountability/", {"view": "units"}).content.decode()
    taking.take(MONTH)
    for view, said in (("units", True), ("failures", True), ("elephants", False)):
        assert (told in client.get("/accountability/", {"view": view}).content.decode()) is said, view


def test_a_month_with_an_open_case_stays(case):  # noqa: F811
    checkpoints.make()
    assert case.number in run("archive_ledger", "--before", "2026-09")
    assert not Volume.objects.exists()


def test_everything_is_checked_together(over, archived):
    assert "intact" in run("verify_ledger")
    assert "intact" in run("verify_ledger", "--case", over.number)
    assert found() == []


def test_a_bundle_of_an_archived_case_verifies(over, archived, unpack, verify):  # noqa: F811
    folder = unpack("auditor")
    code, said = verify(folder)
    assert code == 0, said


def test_a_person_is_erased_from_the_file_and_all_proofs_hold(over, archived, people, unpack, verify, on_commit):  # noqa: F811
    old = shelf.place(archived)
    words = b"".join(map(volumes.spelled, volumes.rows(old))).decode()
    assert {word in words for word in (REPORTER, PHONE)} == {True}
    with on_commit(execute=True):
        done = erasure.erase(
            erasure.Person(REPORTER, PHONE), by=people["anwei-office"], basis="consent", reason="本人来函撤回同意"
        )
    assert done.left == {}
    (volume,) = Volume.objects.all()
    assert (volume.revision, volume.entries) == (2, archived.entries)
    assert not old.exists()
    words = b"".join(map(volumes.spelled, volumes.rows(shelf.place(volume)))).decode()
    assert {word in words for word in (REPORTER, PHONE)} == {False}
    told = LedgerEntry.objects.get(verb="archive.rewrite")
    assert (told.after["sha256"], told.before["sha256"]) == (volume.sha256, archived.sha256)
    checkpoints.make()
    assert found() == []
    assert "intact" in run("verify_ledger")
    code, said = verify(unpack("auditor"))
    assert code == 0, said


def test_counting_what_would_be_erased_changes_no_file(over, archived, people):
    before = shelf.place(archived).read_bytes()
    done = erasure.erase(erasure.Person(REPORTER, PHONE), by=None, basis="consent", reason="试", dry_run=True)
    assert done.entries > 0
    assert done.left[archived.name] > 0
    assert shelf.place(archived).read_bytes() == before


def test_nothing_is_erased_while_a_file_cannot_be_read(over, archived, people):
    shelf.place(archived).unlink()
    with pytest.raises(Refused) as refused:
        erasure.erase(erasure.Person(REPORTER), by=None, basis="consent", reason="试")
    assert refused.value.code == "archive_missing"


def test_a_case_reopened_after_it_was_archived_goes_on(over, archived, press):  # noqa: F811
    before = ledger.story(over.chain).count()
    connection.cursor().execute("SET CONSTRAINTS ALL DEFERRED")
    press(over, "chengyun-lead reopen", reason="复发")
    assert ledger.story(over.chain).count() > before
    assert list(ledger.verify(ledger.story(over.chain))) == []
    checkpoints.make()
    assert "intact" in run("verify_ledger")
    assert over.number in run("archive_ledger", "--before", "2026-09")


def test_the_check_of_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="没有这个归档目录"):
        run("archive_ledger", "--check", "--to", str(tmp_path / "nowhere"))


def test_of_proofs_that_went_before_their_month_was_shelved_the_day_is_still_told(over, people, settings):
    periods.put("evidence", 1827, "档案到期", by=people["anwei-office"])
    with clock.as_if(clock.now() + timedelta(days=6 * 366)):
        gone = running.run()["evidence"]
    assert gone > 0
    checkpoints.make()
    taking.take(MONTH)
    told = list(originals.mismatches(settings.EVIDENCE_ROOT, over.chain))
    assert [each.kind for each in told] == ["removed"] * gone
