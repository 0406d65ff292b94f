"""What is given to the discipline body is locked, complete, provable, and gone on its day."""

import io
import json
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
from retention import holds, running

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
        found = re.search(r"<code[^>]*>([A-Z2-9-]{35})</code>", answer.content.decode())
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


@pytest.fixture
def check(case, seal, tmp_path):
    """``check(change, ...)``: exit code and words of the script of a selection whose folder ``change`` altered."""

    def run(change, *more):
        _answer, passphrase = seal(cases="", query="text=欧阳报险")
        with opened(exporting.place(Sealed.objects.latest("pk").pk), passphrase) as inside:
            inside.extractall(tmp_path / "out")
        folder = tmp_path / "out" / "entries"
        change(folder)
        command = [sys.executable, folder / "verify_selection.py", *more]
        done = [subprocess.run(command, capture_output=True, text=True, env=os.environ) for _ in range(2)][-1]
        return done.returncode, done.stdout + done.stderr

    return run


def change_entries(folder, change):
    path, listed = folder / "entries.jsonl", folder / "manifest.json"
    lines = change([json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]])
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    listed.write_text(json.dumps(json.loads(listed.read_text("utf-8")) | {"entries": len(lines)}), "utf-8")


def test_a_sound_selection_holds_whatever_its_words_and_tells_what_is_not_proved(check, tmp_path):
    def change(folder):
        change_entries(folder, lambda lines: [line | {"remark": "一\u2028二\u2029三\x85四"} for line in lines])
        origin, size, rest = (folder / "checkpoint.txt").read_text().split("\n", 2)
        (tmp_path / "outside.txt").write_text("\n".join((origin, str(int(size) + 1), rest)))
        (folder / "more.txt").write_text("")

    code, said = check(change, "--checkpoint", tmp_path / "outside.txt")
    assert code == 0, said
    assert "! 未与外来存证点比对，条数不同" in said
    assert "! 文件夹中有未列入清单的文件，不在证明之内：'more.txt'\n" in said
    assert "! made_at 与文件名仅供阅读，未经证明。" in said


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: [], "✗ 没有条目"),
        (
            lambda lines: [{key: line[key] for key in ("seq", "digest", "proof")} for line in lines],
            "✗ 所示条目或存证点条数与清单不符",
        ),
    ],
)
def test_a_selection_that_shows_no_entry_does_not_hold(check, change, sentence):
    code, said = check(lambda folder: change_entries(folder, change))
    assert code == 1
    assert sentence in said


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


def test_on_its_day_the_download_ends_and_the_file_goes(case, seal, as_, people):
    seal(cases=case.number)
    made = Sealed.objects.get()
    client = as_("auditor")
    with clock.as_if(made.until):
        assert client.get(f"/desk/sealed/{made.pk}/file/").status_code == 410
        later = clock.now() + timedelta(hours=3)
    number = Sealed.objects.get().cases[0]
    hold = holds.lay(holds.read({"case": number}), "诉讼", by=people["anwei-office"])
    with clock.as_if(later):
        assert running.expire() == 0
    holds.lift(hold.pk, "毕", by=people["yingji-office"])
    with clock.as_if(later):
        assert running.expire() == 1
        assert running.expire() == 0
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
