"""Tables go out to a spreadsheet and come back, judged first, all or nothing."""

import csv
import io
from datetime import datetime

import openpyxl
import pytest
from django.utils import timezone

from alerts.models import RiskObject
from responsibility import acting, editions, ledger, posts
from responsibility.exchange import importing, writing
from responsibility.exchange.tables import TABLES
from responsibility.models import Duty, Edition, LedgerEntry, Post, Unit, Upload, User
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.exchange.conftest import book, cell_of, packed, text, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]
OBJECT = ("代码", "名称", "纬度", "经度")
SIJING = (31.1144, 121.2683)
POST = ("账号", "姓名", "单位", "角色", "岗位名称", "任职起")


@pytest.fixture
def drafted(people):
    return editions.draft(by=people["anwei-office"], title="第二版")


# --- the round trip -------------------------------------------------------------------


def test_a_table_taken_out_changed_in_three_cells_and_broken_in_two_names_the_two_and_writes_nothing(
    taken, bring, apply, people
):
    made = taken("units")
    cell_of(made, "SJ-SW", "简称").value = "水务"
    cell_of(made, "SJ-YJ", "英文名称").value = "Emergency Bureau"
    cell_of(made, "SJ-FG", "撤销日期").value = "2027/1/31"
    kind, parent = cell_of(made, "SJ-JGW", "类型"), cell_of(made, "SJ-HJ", "上级单位")
    kept = kind.value, parent.value
    kind.value, parent.value = "衙门", "SJ-NOBODY"
    before = list(Unit.objects.order_by("pk").values())
    first = bring("units", packed(made))
    assert (first.state, told(first)) == (
        "faulty",
        {(kind.coordinate, "unknown_choice"), (parent.coordinate, "unknown_code")},
    )
    with pytest.raises(Refused, match="wrong_state"):
        apply(first)
    assert list(Unit.objects.order_by("pk").values()) == before

    kind.value, parent.value = kept
    second = bring("units", packed(made, "单位 改.xlsx"))
    assert (second.state, second.counts) == (
        "judged",
        {"created": 0, "changed": 3, "removed": 0, "unchanged": len(before) - 3},
    )
    apply(second)
    assert Unit.objects.get(code="SJ-SW").short_name == "水务"
    assert Unit.objects.get(code="SJ-YJ").name_en == "Emergency Bureau"
    assert Unit.objects.get(code="SJ-FG").closed_on.isoformat() == "2027-01-31"
    entry = LedgerEntry.objects.get(chain=second.chain, verb="exchange.apply")
    assert (entry.actor, entry.after["file"], entry.after["sha256"]) == (
        people["anwei-office"],
        "单位 改.xlsx",
        second.sha256,
    )
    assert entry.after["changed"] == 3
    assert any(row.startswith("changed SJ-SW: short_name=水务") for row in entry.after["rows"])
    assert list(ledger.verify(ledger.story(second.chain))) == []


@pytest.mark.parametrize("table", ["units", "posts", "matrix", "objects"])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_what_is_taken_out_comes_back_without_a_change(bring, drafted, people, table, form):
    scope = str(drafted.number) if table == "matrix" else ""
    file = io.BytesIO()
    writing.export(TABLES[table], scope, form, file)
    file.seek(0)
    file.name = f"a.{form}"
    upload = bring(table, file, scope=scope, by="admin" if table == "posts" else "anwei-office")
    assert (upload.state, upload.effective, upload.faults) == ("judged", 0, [])
    assert upload.counts["unchanged"] > 50
    with pytest.raises(Refused, match="nothing_to_do"):
        importing.apply(upload.pk, by=people["anwei-office"])


def test_a_file_imported_twice_changes_nothing_the_second_time(bring, apply):
    rows = [("code", "name", "type"), ("N-1", "新单位", "department"), ("N-2", "另一个", "企业")]
    first = apply(bring("units", book(*rows)))
    assert first.counts["created"] == 2
    assert bring("units", book(*rows)).effective == 0


def test_a_column_that_the_file_lacks_keeps_its_values_and_an_empty_cell_clears_them(bring, apply):
    old = Unit.objects.get(code="SJ-SW")
    apply(bring("units", book(("代码", "名称", "类型", "英文名称"), ("SJ-SW", old.name, "部门", None))))
    now = Unit.objects.get(code="SJ-SW")
    assert (now.name_en, now.short_name, now.functions, now.parent_id) == (
        "",
        old.short_name,
        old.functions,
        old.parent_id,
    )


def test_data_that_changed_since_the_dry_run_are_told_and_nothing_is_written(bring, apply):
    upload = bring("units", book(("代码", "名称", "类型"), ("SJ-SW", "新名称", "部门"), ("N-1", "x", "部门")))
    Unit.objects.filter(code="SJ-SW").update(name="别人改的")
    with pytest.raises(Refused, match="changed_since"):
        apply(upload)
    assert Unit.objects.get(code="SJ-SW").name == "别人改的"
    upload.refresh_from_db()
    assert (upload.state, upload.stale) == ("judged", True)
    assert upload.shown[0]["fields"] == [["name", "别人改的", "新名称"]]
    apply(upload)
    assert Unit.objects.get(code="SJ-SW").name == "新名称"


def test_what_became_wrong_since_the_dry_run_is_told_at_its_cell(bring, apply):
    Unit.objects.create(code="P-1", name="x", kind="department")
    upload = bring("units", book(("代码", "名称", "类型", "上级单位"), ("N-1", "x", "部门", "P-1")))
    Unit.objects.filter(code="P-1").delete()
    with pytest.raises(Refused, match="changed_since"):
        apply(upload)
    upload.refresh_from_db()
    assert (upload.state, told(upload)) == ("faulty", {("D2", "unknown_code")})


# --- units -------------------------------------------------------------------------------


def test_a_parent_may_be_new_in_the_same_file_and_stand_below_its_child(bring, apply):
    head = ("代码", "名称", "类型", "上级单位", "职能")
    upload = bring(
        "units", book(head, ("N-2", "下级", "企业", "N-1", ""), ("N-1", "上级", "企业", "", "support，rescue"))
    )
    apply(upload)
    assert Unit.objects.get(code="N-2").parent.code == "N-1"
    assert Unit.objects.get(code="N-1").functions == ["rescue", "support"]


def test_a_ring_of_parents_is_refused_at_each_of_its_cells(bring):
    head = ("代码", "名称", "类型", "上级单位")
    upload = bring(
        "units", book(head, ("N-1", "x", "企业", "N-2"), ("N-2", "x", "企业", "N-1"), ("N-3", "x", "企业", "N-1"))
    )
    assert told(upload) == {("D2", "own_parent"), ("D3", "own_parent")}


def test_a_function_that_gives_powers_cannot_be_invented(bring):
    upload = bring("units", book(("代码", "名称", "类型", "职能"), ("N-1", "x", "企业", "emperor")))
    assert told(upload) == {("D2", "unknown_code")}


# --- posts -------------------------------------------------------------------------------


def test_a_new_person_gets_a_post_and_an_account_that_opens_nothing_yet(bring, apply):
    upload = bring("posts", book(POST, ("zhang.san", "张三", "SJ-SW", "值守员", "值守", "2026-11-01")))
    apply(upload)
    post = Post.objects.get(user__username="zhang.san")
    assert (post.unit.code, post.role, post.user.full_name) == ("SJ-SW", "duty_officer", "张三")
    assert timezone.localtime(post.since).isoformat() == "2026-11-01T00:00:00+08:00"
    assert not post.user.has_usable_password()
    assert not post.user.is_staff


def test_a_post_is_ended_by_its_date(bring, apply):
    old = Post.objects.get(user__username="sijing-duty")
    since = timezone.localtime(old.since).strftime("%Y-%m-%d")
    row = ("sijing-duty", "", old.unit.code, old.get_role_display(), old.title, since, datetime(2026, 12, 31, 18))
    apply(bring("posts", book((*POST, "任职止"), row)))
    old.refresh_from_db()
    assert timezone.localtime(old.until).isoformat() == "2026-12-31T18:00:00+08:00"


@pytest.mark.parametrize(
    ("by", "row", "cell"),
    [
        ("anwei-office", ("anwei-office", "", "SJ-SW", "部门负责人", "x", "2026-11-01"), ("A2", "own_post")),
        ("anwei-office", ("Anwei-Office", "孔", "SJ-SW", "部门负责人", "x", "2026-11-01"), ("A2", "username_alike")),
        ("anwei-office", ("sijing-duty", "", "SJ-SW", "系统管理员", "x", "2026-11-01"), ("D2", "not_yours")),
        ("anwei-office", ("sijing-duty", "", "SJ-SW", "auditor", "x", "2026-11-01"), ("D2", "not_yours")),
        ("anwei-office", ("sijing-duty", "别人", "SJ-SW", "值守员", "x", "2026-11-01"), ("B2", "name_differs")),
        ("anwei-office", ("nobody-yet", "", "SJ-SW", "值守员", "x", "2026-11-01"), ("B2", "name_needed")),
        ("anwei-office", ("张 三", "张三", "SJ-SW", "值守员", "x", "2026-11-01"), ("A2", "bad_username")),
        ("anwei-office", ("sijing-duty", "", "SJ-XX", "值守员", "x", "2026-11-01"), ("C2", "unknown_code")),
        ("anwei-office", ("sijing-duty", "", "SJ-SW", "值守员", "x", "去年"), ("F2", "not_a_date")),
    ],
)
def test_a_post_that_may_not_be_given_is_refused_at_its_cell(bring, by, row, cell):
    assert told(bring("posts", book(POST, row), by=by)) == {cell}


def test_only_an_administrator_appoints_administrators(bring, apply):
    row = ("sijing-duty", "", "SJ-SW", "审计员", "审计", "2026-11-01")
    apply(bring("posts", book(POST, row), by="admin"), by="admin")
    assert Post.objects.filter(user__username="sijing-duty", role="auditor").exists()


# --- the matrix ---------------------------------------------------------------------------


def test_matrix_rows_go_into_an_open_draft_and_what_the_file_leaves_out_of_a_category_goes(
    bring, apply, taken, drafted, people
):
    made, scope = taken("matrix", str(drafted.number)), str(drafted.number)
    sheet = made.worksheets[0]
    moved = next(r for r in sheet.iter_rows(min_row=2) if (r[0].value, r[3].value) == ("LL-CONF-H2S", "refuse station"))
    assert moved[7].value == "SJ-LHSR"
    moved[7].value = "SJ-HJ"
    support = next(r for r in sheet.iter_rows(min_row=2) if r[0].value == "LL-CONF-H2S" and r[6].value == "协同配合")
    gone = support[7].value
    sheet.delete_rows(support[0].row)
    sheet.append(
        ["LL-CONF-H2S", None, None, None, "施工", None, "专项监管", "SJ-JGW", None, "依据", None, "2026-12-01"]
    )
    count = drafted.duties.count()
    upload = bring("matrix", packed(made), scope=scope)
    assert (upload.faults, upload.counts) == (
        [],
        {"created": 1, "changed": 1, "removed": 1, "unchanged": count - 2},
    )
    apply(upload)
    rows = drafted.duties.filter(category__code="LL-CONF-H2S")
    assert rows.get(scenario__code="refuse station", role="lead").unit.code == "SJ-HJ"
    assert not rows.filter(role="support", unit__code=gone).exists()
    assert rows.get(stage="施工").unit.code == "SJ-JGW"
    assert drafted.duties.count() == count
    assert bring("matrix", packed(made, "again.xlsx"), scope=scope).effective == 0
    assert [entry.verb for entry in ledger.story(drafted.chain)] == ["edition.draft", "edition.rows"]


def test_categories_that_the_file_does_not_name_stay(bring, apply, drafted):
    others = drafted.duties.exclude(category__code="PS-EBIKE").count()
    head = ("风险类别", "责任角色", "责任单位", "法律依据", "有效期起")
    upload = bring("matrix", book(head, ("PS-EBIKE", "牵头", "", "", ""), name="x.xlsx"), scope=str(drafted.number))
    assert told(upload) == {("B2", "unknown_choice"), ("E2", "needed")}
    row = ("PS-EBIKE", "lead", "SJ-JGW", "新依据", "2026-01-01")
    apply(bring("matrix", book(head, row), scope=str(drafted.number)))
    assert [duty.basis for duty in drafted.duties.filter(category__code="PS-EBIKE")] == ["新依据"]
    assert drafted.duties.exclude(category__code="PS-EBIKE").count() == others


def test_the_rules_of_a_matrix_row_are_told_at_their_cells(bring, drafted):
    head = ("风险类别", "领域", "责任角色", "责任单位", "有效期起", "有效期止")
    rows = [
        ("", "", "lead", "SJ-SW", "2026-01-01", ""),
        ("LL-CONF-H2S", "没有的领域", "lead", "SJ-SW", "2026-01-01", ""),
        ("LL-CONF-H2S", "", "support", "", "2026-01-01", ""),
        ("LL-CONF-H2S", "", "lead", "SJ-SW", "2026-01-01", "2025-01-01"),
        ("LL-NOTHING", "", "lead", "SJ-SW", "2026-01-01", ""),
    ]
    upload = bring("matrix", book(head, *rows), scope=str(drafted.number))
    assert told(upload) == {
        ("A2", "one_of_two"), ("A3", "one_of_two"), ("B3", "unknown_code"), ("D4", "unit_needed"),
        ("F5", "ends_before"), ("A6", "unknown_code"),
    }  # fmt: skip


def test_a_published_edition_takes_no_file(bring, apply, drafted, people):
    head = ("风险类别", "责任角色", "责任单位", "法律依据", "有效期起")
    row = ("PS-EBIKE", "lead", "SJ-JGW", "新依据", "2026-01-01")
    for scope in ("1", "", "x", "99"):
        with pytest.raises(Invalid):
            bring("matrix", book(head, row), scope=scope)
    upload = bring("matrix", book(head, row), scope=str(drafted.number))
    editions.withdraw(drafted.pk, by=people["anwei-office"])
    before = Duty.objects.count()
    with pytest.raises(Refused, match="closed"):
        apply(upload)
    assert Duty.objects.count() == before
    assert not Edition.objects.get(number=1).duties.filter(basis="新依据").exists()


# --- risk objects ------------------------------------------------------------------------------


def test_the_territory_of_an_object_comes_from_its_point_in_any_system(bring, apply):
    from alerts.coordinates import bd09_from_gcj02, gcj02_from_wgs84

    gcj = gcj02_from_wgs84(*SIJING)
    rows = [("O-1", "一", *SIJING, ""), ("O-2", "二", *gcj, "gcj02"), ("O-3", "三", *bd09_from_gcj02(*gcj), "BD09")]
    upload = bring("objects", book((*OBJECT, "坐标系"), *rows))
    assert told(upload) == {("E3", "unknown_code")}
    rows[1] = ("O-2", "二", *gcj, "GCJ02")
    apply(bring("objects", book((*OBJECT, "坐标系"), *rows)))
    found = RiskObject.objects.filter(code__startswith="O-").select_related("territory")
    assert {(one.territory.code, round(one.lat, 6), round(one.lon, 6)) for one in found} == {("310117102", *SIJING)}
    assert bring("objects", book((*OBJECT, "坐标系"), *rows)).effective == 0


def test_an_object_that_moves_gets_another_territory_and_keeps_what_the_file_does_not_say(bring, apply):
    old = RiskObject.objects.get(code="MH-SIJING-0088")
    seat = RiskObject.objects.exclude(territory=old.territory).first()
    apply(
        bring("objects", book(OBJECT, (old.code, old.name, seat.lat, seat.lon)), by="yingji-office"), by="yingji-office"
    )
    now = RiskObject.objects.get(code=old.code)
    assert (now.pk, now.territory_id, now.attributes, now.category_id, now.demo) == (
        old.pk, seat.territory_id, old.attributes, old.category_id, old.demo,
    )  # fmt: skip


def test_all_faults_of_objects_are_told_at_once(bring):
    head = (*OBJECT, "风险类别", "属性")
    rows = [
        ("O-1", "一", "三十一", 121.2683, "", ""),
        ("O-2", "", 31.1144, 121.2683, "NOTHING", '{"a": 1}'),
        ("O-3", "三", 39.9, 116.4, "", "[1]"),
        ("O-4", "四", 39.9, 116.4, "", ""),
        ("O-4", "五", 31.1144, 1212683, "", ""),
    ]
    assert told(bring("objects", book(head, *rows))) == {
        ("C2", "not_a_number"), ("B3", "needed"), ("E3", "unknown_code"), ("F4", "not_json"),
        ("C5", "outside_district"), ("D6", "out_of_range"),
    }  # fmt: skip


def test_a_code_that_stands_twice_in_a_long_file_is_told(bring):
    rows = [(f"O-{n}", "x", *SIJING) for n in range(1500)]
    assert told(bring("objects", book(OBJECT, *rows, ("O-3", "x", *SIJING)))) == {("A1502", "twice")}


# --- who ------------------------------------------------------------------------------------------

MAY = {
    "anwei-office": {"units", "posts", "matrix", "objects"},
    "admin": {"units", "posts", "objects", "roster"},
    "yingji-office": {"objects", "roster", "stock"},
    # Who commands a unit draws up its roster and counts its stores.
    "sijing-head": {"roster", "stock"},
    "shuiwu-head": {"roster", "stock"},
    "insurer": {"policies"},
}
# Who is asked for a table that the committee office does not keep.
KEEPER = {"roster": "admin", "stock": "yingji-office", "policies": "insurer"}


def test_each_table_is_open_to_its_people_and_to_nobody_else(client, people):
    one_of_each = {}
    for name in [*MAY, *people]:
        one_of_each.setdefault(frozenset(acting.of(people[name]).roles), name)
    for name, person in people.items():
        if name not in one_of_each.values():
            continue
        client.force_login(person)
        roles = acting.of(person).roles
        assert client.get("/exchange/").status_code == (200 if name in MAY else 403), name
        for table in TABLES:
            may = TABLES[table].open_to(acting.of(person))
            assert may == (table in MAY.get(name, ())) or not roles & TABLES[table].roles, name
            for address in ("", "template.xlsx", "export.xlsx", "export.csv"):
                answer = client.get(f"/exchange/{table}/{address}")
                assert answer.status_code == (200 if table in MAY.get(name, ()) else 403), (name, table)
            answer = client.post(f"/exchange/{table}/", {"file": book(("代码",), ("x",))})
            expected = {True: (303, 400), False: (403,)}[table in MAY.get(name, ())]
            assert answer.status_code in expected, (name, table)
    upload = Upload.objects.filter(table="units").first()
    for name in one_of_each.values():
        client.force_login(people[name])
        expected = 200 if "units" in MAY.get(name, ()) else 404
        assert client.get(f"/exchange/uploads/{upload.chain}/").status_code == expected, name
        assert client.get(f"/exchange/uploads/{upload.chain}/report.csv").status_code == expected, name
        applied = client.post(f"/exchange/uploads/{upload.chain}/apply/").status_code
        # Whoever audits is told first that he only reads.
        refused = 403 if name == "auditor" else 404
        assert applied == (409 if "units" in MAY.get(name, ()) else refused), name


def test_whoever_lost_the_post_imports_nothing_any_more(bring, apply, people):
    upload = bring("units", book(("代码", "名称", "类型"), ("N-1", "x", "企业")))
    with posts.accounted([people["anwei-office"].pk], by=acting.SYSTEM):
        Post.objects.filter(user=people["anwei-office"]).update(until=timezone.now())
    with pytest.raises(Forbidden):
        apply(upload)
    with pytest.raises(Forbidden):
        bring("units", book(("代码", "名称", "类型"), ("N-1", "x", "企业")))
    assert not Unit.objects.filter(code="N-1").exists()


# --- the pages --------------------------------------------------------------------------------------


def test_a_person_brings_a_file_reads_the_report_and_imports_it(client, people):
    client.force_login(people["anwei-office"])
    file = book(("代码", "名称", "类型"), ("N-1", "<b>新单位</b>", "企业"), name="<i>.xlsx")
    page = client.post("/exchange/units/", {"file": file}, follow=True)
    upload = Upload.objects.get()
    assert "&lt;i&gt;.xlsx" in page.content.decode()
    assert "确认导入" in page.content.decode()
    report = b"".join(client.get(f"/exchange/uploads/{upload.chain}/report.csv").streaming_content).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(report)))[2][:4] == ["2", "created", "N-1", "名称"]
    done = client.post(f"/exchange/uploads/{upload.chain}/apply/", follow=True).content.decode()
    assert "已导入" in done
    assert Unit.objects.get(code="N-1").name == "<b>新单位</b>"
    again = client.post(f"/exchange/uploads/{upload.chain}/apply/")
    assert again.status_code == 409
    told = client.get("/exchange/", headers={"Accept-Language": "en"}).content.decode()
    assert "Risk objects" in told


def test_a_long_file_waits_for_the_worker_and_shows_how_far_it_is(client, people, monkeypatch):
    monkeypatch.setattr(importing, "SHORT", 1)
    client.force_login(people["yingji-office"])
    page = client.post("/exchange/objects/", {"file": book(OBJECT, ("O-1", "x", *SIJING))}, follow=True)
    upload = Upload.objects.get()
    assert (upload.state, "正在核对" in page.content.decode()) == ("waiting", True)
    assert importing.run_waiting() == 1
    upload.refresh_from_db()
    assert upload.state == "judged"
    page = client.post(f"/exchange/uploads/{upload.chain}/apply/", follow=True)
    assert "正在导入" in page.content.decode()
    assert not RiskObject.objects.filter(code="O-1").exists()
    assert (importing.run_waiting(), importing.run_waiting()) == (1, 0)
    assert RiskObject.objects.filter(code="O-1").exists()
    entry = LedgerEntry.objects.get(chain=upload.chain, verb="exchange.apply")
    assert entry.actor == people["yingji-office"]


def test_a_file_that_fails_at_the_worker_is_told_and_does_not_stop_the_next(client, people, monkeypatch):
    monkeypatch.setattr(importing, "SHORT", 0)
    client.force_login(people["anwei-office"])
    for number in (1, 2):
        client.post("/exchange/objects/", {"file": book(OBJECT, (f"O-{number}", "x", *SIJING))})
    first, second = Upload.objects.order_by("pk")
    importing.path_of(first).unlink()
    importing.run_waiting()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.faults[0]["code"], second.state) == ("faulty", "failed", "judged")


def test_the_template_explains_itself_in_both_languages_and_is_no_row(client, people, bring):
    for table in TABLES:
        client.force_login(people[KEEPER.get(table, "anwei-office")])
        content = b"".join(client.get(f"/exchange/{table}/template.xlsx").streaming_content)
        made = openpyxl.load_workbook(io.BytesIO(content))
        titles = [cell.value for cell in made.worksheets[0][1]]
        assert titles == [column.zh + ("*" if column.needed else "") for column in TABLES[table].columns]
        guide = {str(cell) for row in made.worksheets[1].iter_rows(values_only=True) for cell in row}
        assert {column.en for column in TABLES[table].columns} <= guide
        assert set(TABLES[table].about) <= guide
    client.force_login(people["anwei-office"])
    assert {"department", "部门", "Department"} <= _guide(client, "units")


def _guide(client, table: str) -> set:
    content = b"".join(client.get(f"/exchange/{table}/template.xlsx").streaming_content)
    rows = openpyxl.load_workbook(io.BytesIO(content)).worksheets[1].iter_rows(values_only=True)
    return {cell for row in rows for cell in row}


def test_a_csv_export_runs_nothing_and_comes_back_as_it_was(bring, people):
    evil = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"]
    for number, name in enumerate(evil):
        Unit.objects.create(code=f"E-{number}", name=name, kind="enterprise")
    file = io.BytesIO()
    writing.export(TABLES["units"], "", "csv", file)
    cells = {cell for row in csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))) for cell in row}
    assert {"'" + name for name in evil} <= cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert bring("units", text(file.getvalue().decode("utf-8-sig"))).effective == 0
    sheet = io.BytesIO()
    writing.export(TABLES["units"], "", "xlsx", sheet)
    made = openpyxl.load_workbook(sheet)
    assert {cell.data_type for row in made.worksheets[0].iter_rows() for cell in row} <= {"s", "n"}
    assert User.objects.count()
