"""Whatever file is brought, the answer is a clear fault or the right result."""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from alerts.models import RiskObject
from responsibility.exchange import importing, workbooks
from responsibility.exchange.tables import TABLES
from responsibility.models import Unit, Upload
from responsibility.refusals import Invalid
from tests.exchange.conftest import book, packed, text, told

pytestmark = pytest.mark.django_db
HEAD = ("代码", "名称", "类型", "撤销日期")
CSV = "代码,名称,类型,撤销日期\nN-1,新单位,企业,2027-01-31\n"


def rebuilt(file: SimpleUploadedFile, **parts: bytes) -> SimpleUploadedFile:
    """An XLSX with some of its parts replaced; ``__`` stands for a slash, and the ending is left off."""
    made = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        wanted = {f"{name.replace('__', '/')}.xml": content for name, content in parts.items()}
        for part in old.infolist():
            new.writestr(part.filename, wanted.get(part.filename, old.read(part)))
    return SimpleUploadedFile("a.xlsx", made.getvalue())


def bombed(name: str, size: int) -> bytes:
    """An XLSX with one more part, of ``size`` zero bytes."""
    made = io.BytesIO(book(HEAD).read())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as part:
        for _block in range(size >> 20):
            part.write(bytes(1 << 20))
    return made.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%b</sheetData></worksheet>'
ENDLESS = SHEET % (b"<row>" + b"<c/>" * (1 << 20) + b"</row>")
LAUGHS = (
    b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    + SHEET % b'<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>'
)


def whole() -> bytes:
    return book(HEAD, ("N-1", "x", "企业")).read()


NO_TABLES = {
    "nothing": (lambda: b"", "empty_file"),
    "old Excel": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_excel"),
    "a PDF": (lambda: b"%PDF-1.7 ...", "not_a_table"),
    "a page": (lambda: b"<html><table><tr><td>1", "not_a_table"),
    "a picture": (lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 9, "encoding"),
    "bytes": (lambda: b"code\x00name\n", "not_a_table"),
    "no text": (lambda: b"\x81\x20\xff\xff,x\n", "encoding"),
    "half a workbook": (lambda: whole()[: len(whole()) // 2], "damaged"),
    "a zip": (lambda: b"PK\x03\x04" + bytes(900), "damaged"),
    "no sheet": (lambda: rebuilt(book(HEAD), xl__worksheets__sheet1=b"<worksheet").read(), "damaged"),
    "laughs": (lambda: rebuilt(book(HEAD), xl__worksheets__sheet1=LAUGHS).read(), "damaged"),
    "a bomb of strings": (lambda: bombed("xl/sharedStrings.xml", 5 << 20), "bomb"),
    "a bomb of a sheet": (lambda: bombed("xl/worksheets/sheet9.xml", 12 << 20), "bomb"),
    "one endless row": (lambda: rebuilt(book(HEAD), xl__worksheets__sheet1=ENDLESS).read(), "bomb"),
}


@pytest.mark.parametrize("kind", NO_TABLES)
def test_what_is_no_table_is_refused_with_a_sentence_and_kept_nowhere(
    client, people, kind, exchange_folder, monkeypatch
):
    monkeypatch.setattr(workbooks, "MOST_HELD", 4 << 20)
    monkeypatch.setattr(workbooks, "MOST_UNPACKED", 10 << 20)
    make, code = NO_TABLES[kind]
    client.force_login(people["anwei-office"])
    answer = client.post("/exchange/units/", {"file": SimpleUploadedFile("a.xlsx", make())})
    assert answer.status_code == 400
    with pytest.raises(Invalid, match=code):
        importing.receive(TABLES["units"], io.BytesIO(make()), "a.xlsx", by=people["anwei-office"])
    assert not Upload.objects.exists()
    assert [path for path in exchange_folder.rglob("*") if path.is_file()] == []


def test_a_file_larger_than_the_door_is_refused(client, people, settings):
    settings.EXCHANGE_MAX_BYTES = 1000
    client.force_login(people["anwei-office"])
    assert client.post("/exchange/units/", {"file": text(CSV * 100)}).status_code == 400
    assert client.post("/exchange/units/", {}).status_code == 400


@pytest.mark.parametrize(
    ("sheet", "faults"),
    [
        (SHEET % b"", {("", "no_header")}),
        (SHEET % b'<row r="1"><c r="A1" t="s"><v>99</v></c></row>', {("", "damaged")}),
        (SHEET % b'<row r="9999999999"><c r="A1"><v>1</v></c></row>', {("", "too_many_rows")}),
    ],
)
def test_a_sheet_that_is_not_as_it_should_be_is_a_fault_of_the_file(bring, sheet, faults):
    assert told(bring("units", rebuilt(book(HEAD), xl__worksheets__sheet1=sheet))) == faults


def test_two_cells_at_the_ends_of_the_sheet_fill_no_memory(bring):
    made = openpyxl.load_workbook(book(HEAD, ("N-1", "x", "企业")))
    made.active["XFD1048576"] = "y"
    upload = bring("units", packed(made))
    # Far to the right of every column nobody looks.
    assert (upload.state, upload.counts["created"]) == ("judged", 1)


# --- CSV ---------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_as_people_in_china_send_it(bring, apply, encoding, delimiter, end):
    upload = bring("units", text(CSV.replace(",", delimiter).replace("\n", end), encoding))
    assert upload.faults == []
    apply(upload)
    unit = Unit.objects.get(code="N-1")
    assert (unit.name, unit.closed_on) == ("新单位", date(2027, 1, 31))


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ('代码,名称,类型\nN-1,"没有结束,企业\nN-2,x,企业\n', {("", "bad_csv")}),
        ("代码,名称,类型\n", {("", "no_rows")}),
        ("代码,名称,类型\n\n ,,\n", {("", "no_rows")}),
        ("一,二,三\n1,2,3\n", {("", "no_header")}),
        ("代码,名称\nN-1,x\n", {("", "missing_column")}),
        ("代码,名称,类型,代码\nN-1,x,企业,N-2\n", {("D1", "column_twice")}),
        ("代码,名称,类型,颜色\nN-1,x,企业,红\n", {("D1", "unknown_column")}),
        ("代码,名称,类型\nN-1,x,企业,多出来\n", {("D2", "beyond_header")}),
        ("代码,名称,类型\nN-1\n", {("B2", "needed"), ("C2", "needed")}),
        ("代码,名称,类型\nN-1," + "长" * 201 + ",企业\n", {("B2", "too_long")}),
        ("代码,名称,类型\nN-1,a\x07b,企业\n", {("B2", "control")}),
        ("代码,名称,类型\nN-1,x,企业\nN-1,y,企业\n", {("A3", "twice")}),
        ("代码,名称,类型\nN-1," + "长" * 200_000 + ",企业\n", {("", "bad_csv")}),
    ],
)
def test_each_fault_of_a_csv_file_is_named_at_its_cell(bring, content, faults):
    assert told(bring("units", text(content))) == faults


def test_titles_above_the_header_blank_rows_and_empty_columns_do_no_harm(bring):
    rows = [("松江区单位一览",), (), HEAD, (), ("N-1", "x", "企业"), (None, None, None), ("N-2", "y", "企业"), ()]
    upload = bring("units", book(*rows))
    assert (upload.faults, upload.counts["created"]) == ([], 2)
    assert [change["line"] for change in upload.shown] == [5, 7]


def test_headers_are_known_by_any_of_their_names(bring):
    rows = [(" Code ", "名称*", "TYPE", "closed_on"), ("N-1", "x", "Enterprise", "")]
    assert bring("units", book(*rows)).counts["created"] == 1


# --- Excel's own ways ----------------------------------------------------------------------


def test_formulas_error_values_and_merged_cells_are_named(bring):
    made = openpyxl.load_workbook(book(HEAD, ("N-1", "=A2", "企业"), ("N-2", "#N/A", "企业"), ("N-3", "x", "企业")))
    made.active["B3"].data_type = "e"
    made.active.merge_cells("C4:C6")
    assert told(bring("units", packed(made))) == {("B2", "formula"), ("B3", "broken"), ("C4:C6", "merged")}


def test_a_merged_title_above_the_header_is_no_fault(bring):
    made = openpyxl.load_workbook(book(("单位",), HEAD, ("N-1", "x", "企业")))
    made.active.merge_cells("A1:D1")
    assert bring("units", packed(made)).faults == []


@pytest.mark.parametrize(
    "value",
    [datetime(2027, 1, 31), date(2027, 1, 31), "2027-01-31", "2027/1/31", "2027.1.31", "2027年1月31日", "20270131",
     20270131, "２０２７－０１－３１", "2027-01-31 08:30", " 2027-01-31 "],
)  # fmt: skip
def test_a_date_is_understood_however_it_is_written(bring, apply, value):
    apply(bring("units", book(HEAD, ("N-1", "x", "企业", value))))
    assert Unit.objects.get(code="N-1").closed_on == date(2027, 1, 31)


@pytest.mark.parametrize(
    "value", ["明天", "2027-02-30", 46_000, "31/01/2027", True, datetime(9999, 1, 1), "2027-01-31 25:00"]
)
def test_a_date_that_could_mean_anything_is_refused(bring, value):
    assert told(bring("units", book(HEAD, ("N-1", "x", "企业", value)))) == {("D2", "not_a_date")}


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        (310117999, "310117999"),
        (310117999.0, "310117999"),
        ("０１２ａ", "012a"),
        (" N-1\u3000", "N-1"),
        ("'=N-1", "=N-1"),
    ],
)
def test_a_code_is_kept_as_it_was_meant(bring, apply, code, kept):
    apply(bring("units", book(HEAD, (code, "x", "企业"))))
    assert Unit.objects.filter(code=kept).exists()


def test_a_code_that_excel_has_spoilt_is_refused(bring):
    rows = [(91310117123456789.0, "x", "企业"), (datetime(2026, 1, 2), "x", "企业")]
    assert told(bring("units", book(HEAD, *rows))) == {("A2", "long_number"), ("A3", "date_for_text")}


@pytest.mark.parametrize("value", [31.1144, "31.1144", "３１．１１４４", " 31.1144 "])
def test_a_number_typed_as_text_is_a_number(bring, apply, value):
    apply(bring("objects", book(("代码", "名称", "纬度", "经度"), ("O-1", "x", value, "121.2683"))))
    assert RiskObject.objects.get(code="O-1").lat == 31.1144


@pytest.mark.parametrize("value", ["nan", "inf", "31,1144", "北纬31", True, "1e400", "0x1f"])
def test_what_is_no_number_is_refused(bring, value):
    upload = bring("objects", book(("代码", "名称", "纬度", "经度"), ("O-1", "x", value, 121.2683)))
    assert {cell for cell, _code in told(upload)} == {"C2"}


@pytest.mark.parametrize("value", ['{"a": NaN}', '{"a": "\\u0000"}', "[" * 9000, "null", '{"a": "\\ud800"}', "{"])
def test_attributes_that_the_database_could_not_hold_are_refused(bring, value):
    head = ("代码", "名称", "纬度", "经度", "属性")
    assert told(bring("objects", book(head, ("O-1", "x", 31.1144, 121.2683, value)))) == {("E2", "not_json")}


def test_only_so_many_faults_are_listed_and_all_are_counted(bring, monkeypatch):
    upload = bring("units", book(HEAD, *((f"N-{n}", "", "企业") for n in range(700))))
    assert (len(upload.faults), upload.fault_count) == (500, 700)


def test_a_table_that_is_judged_whole_has_an_end(bring, monkeypatch):
    monkeypatch.setattr("responsibility.exchange.tables.MOST_AT_ONCE", 3)
    upload = bring("units", book(HEAD, *((f"N-{n}", "x", "企业") for n in range(4))))
    assert told(upload) == {("", "too_many_rows")}


def test_a_merged_cell_is_seen_where_two_blocks_of_the_file_meet(bring, monkeypatch):
    made = openpyxl.load_workbook(book(HEAD, ("N-1", "x", "企业"), ("N-2", "x", "企业")))
    made.active.merge_cells("D2:D3")
    file = packed(made)
    for size in (101, 211, 307, 401):
        monkeypatch.setattr(workbooks, "BLOCK", size)
        file.seek(0)
        assert told(bring("units", file)) == {("D2:D3", "merged")}


def test_the_pages_never_fail_on_strange_addresses(client, people):
    client.force_login(people["anwei-office"])
    for address in ("/exchange/nothing/", "/exchange/units/export.exe", "/exchange/matrix/export.csv?scope=x",
                    "/exchange/uploads/00000000-0000-0000-0000-000000000000/"):  # fmt: skip
        assert client.get(address).status_code == 404
    assert client.get("/exchange/matrix/export.csv?scope=999999").status_code == 200
