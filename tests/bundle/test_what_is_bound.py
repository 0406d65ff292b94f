"""What of a bundle the proofs bind is red when it is altered; what they cannot bind is told as not proved."""

import json

import pytest

from cases import requests

pytestmark = pytest.mark.django_db


def rewrite(folder, change) -> None:
    """Write the entries of a bundle again after ``change(lines)`` gave those that stay."""
    path = folder / "entries.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    path.write_text("".join(json.dumps(line) + "\n" for line in change(lines)), "utf-8")


def relist(folder, **told) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | told), "utf-8")


def test_words_with_any_separator_of_lines_do_not_break_a_sound_bundle(unpack, verify, case, people):
    words = "一\u2028二\u2029三\x85四"
    requests.ask(case.pk, by=people["sijing-head"], kind="extend", reason=words, minutes=30)
    folder = unpack()
    assert words in (folder / "entries.jsonl").read_text("utf-8")
    code, said = verify(folder)
    assert code == 0, said


def test_an_outside_checkpoint_of_another_size_is_not_compared_and_alters_nothing(unpack, verify, tmp_path):
    folder, outside = unpack(), tmp_path / "outside.txt"
    origin, size, rest = (folder / "checkpoint.txt").read_text().split("\n", 2)
    outside.write_text("\n".join((origin, str(int(size) + 1), rest)))
    code, said = verify(folder, "--checkpoint", str(outside))
    assert code == 0, said
    assert "! 未与外来存证点比对，条数不同" in said
    assert "not compared" in said


@pytest.mark.parametrize("name", [None, "insurer"])
def test_another_case_number_in_the_list(unpack, verify, name):
    folder = unpack(name)
    relist(folder, case="SJ-20200101-000001")
    code, said = verify(folder)
    assert code == 1
    assert "✗ 清单所称案件号与条目不符" in said


def test_a_bundle_without_entries(unpack, verify):
    folder = unpack()
    rewrite(folder, lambda lines: [])
    relist(folder, entries=0, hidden=0, files=[])
    code, said = verify(folder)
    assert code == 1
    assert "✗ 没有条目" in said


def test_fewer_entries_shown_than_the_list_says(unpack, verify):
    folder = unpack()
    rewrite(folder, lambda lines: [*lines[:-1], {key: lines[-1][key] for key in ("seq", "digest", "proof")}])
    code, said = verify(folder)
    assert code == 1
    assert "✗ 所示条目或存证点条数与清单不符" in said


def test_no_entry_shown_proves_no_number(unpack, verify):
    folder = unpack()
    rewrite(folder, lambda lines: [{key: line[key] for key in ("seq", "digest", "proof")} for line in lines])
    relist(folder, hidden=json.loads((folder / "manifest.json").read_text())["entries"])
    assert "! 所示条目未写明案件号，案件号未经证明" in verify(folder)[1]


def test_a_part_withheld_as_if_erased_is_told_as_declared_only(unpack, verify):
    folder = unpack()
    assert "已依法删除" not in verify(folder)[1]

    def hide(lines):
        line = next(line for line in lines if "note" in line["opened"])
        del line["opened"]["note"]
        line["erased"] = ["note"]
        return lines

    rewrite(folder, hide)
    code, said = verify(folder)
    assert code == 0, said
    assert "! 声明 1 处已依法删除，无法核对" in said
    assert "declared erased, cannot be checked" in said


def test_a_file_that_is_not_listed_is_named(unpack, verify):
    folder = unpack()
    assert "未列入清单" not in verify(folder)[1]
    (folder / "evidence" / "more.pdf").write_bytes(b"%PDF")
    code, said = verify(folder)
    assert code == 0, said
    assert "! 文件夹中有未列入清单的文件，不在证明之内：'evidence/more.pdf'" in said


def test_what_is_for_reading_only_is_told(unpack, verify):
    said = verify(unpack())[1]
    assert "! report.pdf、made_at、文件名与说明仅供阅读，未经证明；只有凭证原件与台账比对。" in said
    assert "not proved; only originals of proofs are held against the ledger" in said
