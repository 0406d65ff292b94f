"""What is given to the discipline body is locked, complete, provable, and gone on its day."""

import io
import os
import re
import subprocess
import sys
import zipfile
from datetime import timedelta

import pytest
import pyzipper
from django.db import DatabaseError, transaction
from django.utils.timezone import localdate

from cases.erasure import erase
from desk import exporting
from desk.models import Sealed
from responsibility import clock
from responsibility.erasing import MARK, Person
from responsibility.models import LedgerEntry
from retention import running

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(open_case, press):
    return press(open_case(), "sijing-duty acknowledge", note="报险人欧阳报险在场")


@pytest.fixture
def seal(as_):
    """``seal(cases="SJ-…")``: the answer of the page, and the passphrase it shows."""

    def run(**given):
        until = localdate(clock.now()) + timedelta(days=7)
        told = {"purpose": "问责核查", "recipient": "区纪委监委", "until": until.isoformat(), **given}
        answer = as_("auditor").post("/desk/sealed/", told)
        found = re.search(r"<code>([A-Z2-9-]{35})</code>", answer.content.decode())
        return answer, found and found[1]

    return run


def opened(path, passphrase) -> zipfile.ZipFile:
    with pyzipper.AESZipFile(path) as locked:
        assert locked.namelist() == [exporting.INSIDE]
        return zipfile.ZipFile(io.BytesIO(locked.read(exporting.INSIDE, pwd=passphrase.encode())))


def test_cases_and_a_questions_entries_are_locked_and_verify_on_their_own(case, seal, tmp_path):
    answer, passphrase = seal(cases=case.number, query="text=欧阳报险")
    assert answer.status_code == 200
    made = Sealed.objects.get()
    assert b"\xe6\xac\xa7\xe9\x98\xb3" not in exporting.place(made.pk).read_bytes()
    with opened(exporting.place(made.pk), passphrase) as inside:
        inside.extractall(tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out" / "cases" / f"{case.number}.zip") as bundle:
        bundle.extractall(tmp_path / "bundle")
    for script in (tmp_path / "out" / "entries" / "verify_selection.py", tmp_path / "bundle" / "verify.py"):
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=os.environ)
        assert done.returncode == 0, done.stdout + done.stderr
    line = (tmp_path / "out" / "entries" / "entries.jsonl").read_text()
    assert "欧阳报险" in line
    (tmp_path / "out" / "entries" / "entries.jsonl").write_text(line.replace("case.ack", "case.arr", 1))
    script = tmp_path / "out" / "entries" / "verify_selection.py"
    assert subprocess.run([sys.executable, script], capture_output=True, env=os.environ).returncode == 1


def test_the_export_and_each_download_are_entries(case, seal, as_, people):
    seal(cases=case.number)
    made = Sealed.objects.get()
    assert (made.by, made.recipient, made.cases) == (people["auditor"], "区纪委监委", [case.number])
    client = as_("auditor")
    answer = client.get(f"/desk/sealed/{made.pk}/file/")
    content = b"".join(answer.streaming_content)
    assert len(content) == made.size
    entries = list(LedgerEntry.objects.filter(chain=made.chain).order_by("seq"))
    assert [entry.verb for entry in entries] == ["sealed.seal", "sealed.fetch"]
    told = entries[0].after
    assert told["reason"] == "问责核查"
    assert told["recipient"] == "区纪委监委"
    assert told["sha256"] == entries[1].after["sha256"] == made.sha256
    assert "区纪委监委" in client.get("/desk/", {"verb": "sealed.seal"}).content.decode()


def test_on_its_day_the_download_ends_and_the_file_goes(case, seal, as_):
    seal(cases=case.number)
    made = Sealed.objects.get()
    client = as_("auditor")
    with clock.as_if(made.until):
        assert client.get(f"/desk/sealed/{made.pk}/file/").status_code == 410
        later = clock.now() + timedelta(hours=3)
    with clock.as_if(later):
        assert running.run()["sealed"] == 1
    assert not exporting.place(made.pk).exists()
    assert client.get(f"/desk/sealed/{made.pk}/file/").status_code == 410
    assert not LedgerEntry.objects.filter(verb="sealed.fetch").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"purpose": ""}, {"recipient": ""}, {"until": ""}, {"until": "2026-99-01"}, {"until": "2199-01-01"},
        {"until": "2000-01-01"}, {"cases": "SJ-20260101-999999"}, {"cases": ""},
        {"cases": "", "query": "text=无此词语"},
        {"cases": "", "query": "verb=none"}, {"purpose": "\x00甲"}, {"cases": " ".join(f"A{n}" for n in range(21))},
    ],
)  # fmt: skip
def test_what_cannot_be_sealed_is_told_and_leaves_no_file(case, seal, given, settings):
    answer, passphrase = seal(**{"cases": case.number} | given)
    assert answer.status_code == 400
    assert passphrase is None
    assert not Sealed.objects.exists()
    assert not list(settings.DESK_ROOT.glob("*"))


def test_only_auditors_seal(case, as_):
    for name in ("anwei-office", "admin", "sijing-head"):
        assert as_(name).get("/desk/sealed/").status_code == 403
        assert as_(name).post("/desk/sealed/", {"cases": case.number}).status_code == 403


def test_an_export_is_never_changed_but_forgets_whom_the_law_wants_forgotten(case, seal, people):
    seal(cases=case.number, purpose="核查欧阳报险一事")
    made = Sealed.objects.get()
    for change in ({"recipient": "改"}, {"cases": []}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Sealed.objects.filter(pk=made.pk).update(**change)
    erase(Person(name="欧阳报险"), by=people["anwei-office"], basis="purpose", reason="到期")
    made.refresh_from_db()
    assert made.purpose == MARK
