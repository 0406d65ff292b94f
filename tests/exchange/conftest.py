"""Files to bring, and people who bring them."""

import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from responsibility.exchange import importing, writing
from responsibility.exchange.tables import TABLES
from responsibility.models import Upload


@pytest.fixture(autouse=True)
def exchange_folder(settings, tmp_path):
    settings.EXCHANGE_ROOT = tmp_path / "exchange"
    return settings.EXCHANGE_ROOT


def book(*rows, name: str = "a.xlsx") -> SimpleUploadedFile:
    """An XLSX with ``rows``."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(list(row))
    return packed(made, name)


def packed(made: openpyxl.Workbook, name: str = "a.xlsx") -> SimpleUploadedFile:
    """A workbook as a file."""
    content = io.BytesIO()
    made.save(content)
    return SimpleUploadedFile(name, content.getvalue())


def text(content: str, encoding: str = "utf-8", name: str = "a.csv") -> SimpleUploadedFile:
    """A CSV file."""
    return SimpleUploadedFile(name, content.encode(encoding))


@pytest.fixture
def bring(people):
    """Bring a file and judge it: ``bring("units", file)``."""

    def run(table: str, file, by: str = "anwei-office", scope: str = "") -> Upload:
        upload = importing.receive(TABLES[table], file, file.name, by=people[by], scope=scope)
        return importing.judge(upload.pk)

    return run


@pytest.fixture
def apply(people):
    """Import what was judged."""

    def run(upload: Upload, by: str = "anwei-office") -> Upload:
        return importing.apply(upload.pk, by=people[by])

    return run


@pytest.fixture
def taken(db):
    """What is there, as a workbook to change: ``taken("units")``."""

    def run(table: str, scope: str = "") -> openpyxl.Workbook:
        file = io.BytesIO()
        writing.export(TABLES[table], scope, "xlsx", file)
        return openpyxl.load_workbook(file)

    return run


def cell_of(made: openpyxl.Workbook, key: str, title: str, within: str = "A"):
    """The cell of column ``title`` in the row whose column ``within`` holds ``key``."""
    sheet = made.worksheets[0]
    column = next(cell.column_letter for cell in sheet[1] if cell.value.rstrip("*") == title)
    return next(sheet[f"{column}{cell.row}"] for cell in sheet[within] if cell.value == key)


def told(upload: Upload) -> set[tuple[str, str]]:
    """The faults of a dry run as ``(cell, code)``."""
    return {(fault["cell"], fault["code"]) for fault in upload.faults}
