"""The same exchange from the command line."""

import io

import pytest
from django.core.management import CommandError, call_command

from alerts.models import RiskObject
from responsibility.models import LedgerEntry
from tests.exchange.conftest import book

pytestmark = pytest.mark.django_db


def exchange(*words, **options) -> str:
    said = io.StringIO()
    call_command("exchange", *map(str, words), stdout=said, **options)
    return said.getvalue()


def test_a_file_is_judged_and_with_a_further_word_imported(people, tmp_path):
    path = tmp_path / "objects.xlsx"
    path.write_bytes(book(("代码", "名称", "纬度", "经度"), ("O-1", "x", 31.1144, 121.2683)).read())
    said = exchange("objects", path, by="yingji-office")
    assert "created 1" in said
    assert not RiskObject.objects.filter(code="O-1").exists()
    exchange("objects", path, by="yingji-office", apply=True)
    assert RiskObject.objects.filter(code="O-1").exists()
    assert LedgerEntry.objects.get(verb="exchange.apply").actor == people["yingji-office"]
    assert "unchanged 1" in exchange("objects", path, by="yingji-office", apply=True)


def test_faults_are_told_by_cell_and_end_the_command_with_an_error(people, tmp_path, capsys):
    path = tmp_path / "objects.csv"
    path.write_text("代码,名称,纬度,经度\nO-1,x,北,121\n", encoding="gbk")
    said = io.StringIO()
    with pytest.raises(CommandError, match="1 处差错"):
        call_command("exchange", "objects", str(path), by="yingji-office", apply=True, stdout=said)
    assert "C2: “北”不是数字。" in said.getvalue()


@pytest.mark.parametrize(
    "options", [{}, {"by": "nobody"}, {"by": "sijing-duty"}, {"export": True, "by": "x", "file": "a.exe"}]
)
def test_what_cannot_be_done_ends_in_a_sentence(people, tmp_path, options):
    path = tmp_path / options.pop("file", "objects.csv")
    path.write_text("代码,名称,纬度,经度\nO-1,x,31.1,121.2\n")
    with pytest.raises(CommandError):
        exchange("objects", path, **options)


def test_what_is_there_and_an_empty_template_are_written(people, tmp_path):
    exchange("objects", tmp_path / "a.csv", export=True)
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").count("\n") == RiskObject.objects.count() + 1
    exchange("matrix", tmp_path / "a.xlsx", template=True)
    assert "unchanged" in exchange("objects", tmp_path / "a.csv", by="anwei-office", apply=True)
