"""A bundle is checked without us: green as it was given, red with the right sentence after one byte is changed."""

import base64
import json
import re

import pytest

from alerts import audit as alert_audit
from cases import audit
from cases.models import Evidence
from notary import keys
from notary.models import Checkpoint
from responsibility import ledger
from responsibility.models import LedgerEntry

pytestmark = pytest.mark.django_db


def flip(path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def test_the_whole_bundle_holds_in_an_empty_folder_with_a_fresh_python(unpack, verify, case):
    folder = unpack()
    code, said = verify(folder)
    assert code == 0, said
    count = ledger.story(case.chain).count()
    assert f"{count} 条条目的内容与其摘要相符" in said or f"{count} 条条目的内容与摘要相符" in said
    assert "全部成立" in said
    assert "everything holds" in said
    assert "证据包不能证明公钥属于谁" in said
    assert "未示：0 条条目只有摘要；0 处" in said
    names = {path.name for path in folder.rglob("*")}
    assert {"manifest.json", "entries.jsonl", "checkpoint.txt", "report.pdf", "verify.py", "README.txt"} <= names
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_key_from_elsewhere_is_asked_for_and_another_key_fails(unpack, verify):
    folder = unpack()
    key = str(keys.signer().key)
    assert verify(folder, "--key", key)[0] == 0
    _old, new = keys.replace()
    code, said = verify(folder, "--key", str(new.key))
    assert code == 1
    assert "存证点不是您给出的公钥所签" in said


def test_an_outside_checkpoint_of_the_same_size_agrees_or_tells_of_two_ledgers(unpack, verify, tmp_path):
    folder, outside = unpack(), tmp_path / "outside.txt"
    note = (folder / "checkpoint.txt").read_text()
    outside.write_text(note)
    assert verify(folder, "--checkpoint", str(outside))[0] == 0
    origin, size, _root, rest = note.split("\n", 3)
    other = base64.b64encode(bytes(32)).decode()
    outside.write_text("\n".join((origin, size, other, rest)))
    code, said = verify(folder, "--checkpoint", str(outside))
    assert code == 1
    assert "台账有两个版本" in said


def test_one_byte_of_an_entry(unpack, verify):
    folder = unpack()
    path = folder / "entries.jsonl"
    flip(path, path.read_bytes().index(b"case.acknowledge"))
    code, said = verify(folder)
    assert code == 1
    assert re.search(r"✗ 条目内容与其摘要不符，内容被改动：#\d+", said)


def test_one_byte_of_a_name_that_is_shown(unpack, verify):
    folder = unpack()
    lines = [json.loads(line) for line in (folder / "entries.jsonl").read_text().splitlines()]
    place = next(n for n, line in enumerate(lines) if "note" in line["opened"])
    lines[place]["opened"]["note"]["value"] += "。"
    (folder / "entries.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, said = verify(folder)
    assert code == 1
    assert f"所示姓名或文字与封存的摘要不符：#{place + 1} note" in said


def test_one_byte_of_a_proof(unpack, verify):
    folder = unpack()
    lines = [json.loads(line) for line in (folder / "entries.jsonl").read_text().splitlines()]
    node = bytearray(base64.b64decode(lines[2]["proof"]["path"][0]))
    node[0] ^= 1
    lines[2]["proof"]["path"][0] = base64.b64encode(node).decode()
    (folder / "entries.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, said = verify(folder)
    assert code == 1
    assert "存在证明不成立，条目不在存证点的台账中：#3" in said


def test_one_byte_of_the_checkpoint(unpack, verify):
    folder = unpack()
    path = folder / "checkpoint.txt"
    flip(path, 0)
    code, said = verify(folder)
    assert code == 1
    assert "存证点的签名不成立" in said


@pytest.mark.parametrize("pattern", ["evidence/*", "report.pdf"])
def test_one_byte_of_a_file(unpack, verify, pattern):
    folder = unpack()
    path = next(folder.glob(pattern))
    flip(path, len(path.read_bytes()) // 2)
    code, said = verify(folder)
    assert code == 1
    assert f"文件缺失，或与登记的摘要不符：{path.relative_to(folder)}" in said


def test_an_original_exchanged_together_with_the_list_of_files(unpack, verify):
    """The ledger names the digest of each original, so the list of the bundle alone does not help a forger."""
    import hashlib

    folder = unpack()
    path = next(folder.glob("evidence/original-*"))
    flip(path, 100)
    listed = (folder / "manifest.json").read_text()
    old = re.search(r'"is": "original",\s*"sha256": "(\w+)"', listed).group(1)
    listed = listed.replace(f'"sha256": "{old}"', f'"sha256": "{hashlib.sha256(path.read_bytes()).hexdigest()}"')
    (folder / "manifest.json").write_text(listed)
    assert verify(folder)[0] == 1


def test_an_entry_left_out_an_entry_exchanged_and_a_tail_cut_off(unpack, verify):
    folder = unpack()
    path = folder / "entries.jsonl"
    whole = path.read_text().splitlines(keepends=True)
    for altered, sentence in (
        (whole[:1] + whole[2:], "缺少条目或次序不对：#2"),
        ([whole[1], whole[0], *whole[2:]], "缺少条目或次序不对"),
        (whole[:-1], f"缺少条目或次序不对：#{len(whole)}"),
    ):
        path.write_text("".join(altered))
        code, said = verify(folder)
        assert code == 1
        assert sentence in said


def test_a_bundle_that_cannot_be_read_is_said_to_be_so(unpack, verify):
    folder = unpack()
    (folder / "manifest.json").write_text("[]")
    code, said = verify(folder)
    assert code == 1
    assert "无法读出" in said
    assert "Traceback" not in said


def test_the_export_is_told_by_an_entry_that_does_not_make_the_bundle_old(unpack, case, people):
    unpack("auditor")
    told = LedgerEntry.objects.get(verb="case.export")
    assert told.chain != case.chain
    assert told.actor == people["auditor"]
    assert told.subject_id == case.number
    assert told.after["entries"] == ledger.story(case.chain).count()
    assert told.after["hidden"] == told.after["withheld"] == 0
    size = Checkpoint.objects.count()
    unpack("auditor", "again")
    assert Checkpoint.objects.count() == size
    assert not [*audit.mismatches(), *alert_audit.mismatches()]


def test_only_who_may_see_originals_is_given_them_and_others_a_copy(unpack, verify):
    sha256 = Evidence.objects.get().sha256
    assert [path.name for path in unpack("auditor", "a").glob("evidence/*")] == [f"original-{sha256}.jpg"]
    folder = unpack("sijing-head", "b")
    assert [path.name for path in folder.glob("evidence/*")] == [f"copy-{sha256}.jpg"]
    code, said = verify(folder)
    assert code == 0, said
    assert "1 个凭证的原件不在包内" in said
