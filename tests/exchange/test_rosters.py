"""A month of duty drawn up in Excel: judged cell by cell, all or nothing, and written as from the page."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import localtime

from responsibility import acting, clock, ledger, posts, rostering
from responsibility.exchange import importing
from responsibility.exchange.tables import TABLES
from responsibility.models import LedgerEntry, Post, Shift, Unit, Upload, User
from responsibility.refusals import Forbidden, Refused
from responsibility.rostering import Row
from tests.exchange.conftest import book, packed, told

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SIJING, SHUIWU = "310117102", "SJ-SW"
HEADER = ("单位", "账号", "起", "止", "副班账号")


@pytest.fixture
def now():
    at = clock.now().replace(minute=0, second=0, microsecond=0)
    with clock.as_if(at):
        yield at


@pytest.fixture
def plan(people, now):
    def run(*shifts, unit=SIJING, by="sijing-head"):
        rows = [Row(unit, person, now + since * HOUR, now + until * HOUR) for person, since, until in shifts]
        return rostering.plan(rows, by=people[by])

    return run


@pytest.fixture
def row(now):
    """A line of a file, hours from now."""

    def make(person, since, until, unit=SIJING, deputy=""):
        typed = [localtime(now + hours * HOUR).strftime("%Y-%m-%d %H:%M") for hours in (since, until)]
        return (unit, person, *typed, deputy)

    return make


def kept(unit: str = SIJING) -> list[tuple]:
    found = Shift.objects.filter(unit__code=unit).order_by("during").select_related("user", "deputy__user")
    return [
        (s.user.username, s.during.lower, s.during.upper, s.deputy.user.username if s.deputy else "") for s in found
    ]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_what_is_taken_out_comes_back_without_a_change(bring, plan, client, people, form, now):
    plan(("sijing-duty", 0, 8), ("sijing-handler", 8, 16))
    plan(("shuiwu-duty", 1, 9), unit=SHUIWU, by="shuiwu-head")
    client.force_login(people["admin"])
    content = b"".join(client.get(f"/exchange/roster/export.{form}").streaming_content)
    upload = bring("roster", SimpleUploadedFile(f"a.{form}", content), by="admin")
    assert (upload.state, upload.faults) == ("judged", [])
    assert upload.counts == {"created": 0, "changed": 0, "removed": 0, "unchanged": 3}


def test_a_month_is_drawn_up_and_the_ledger_says_by_whom(bring, apply, row, now, people):
    nights = [row("sijing-duty", 24 * day + 1, 24 * day + 9, deputy="sijing-handler") for day in range(30)]
    upload = bring("roster", book(HEADER, *nights), by="sijing-head")
    assert (upload.state, upload.counts["created"]) == ("judged", 30)
    assert not Shift.objects.exists()
    apply(upload, by="sijing-head")
    assert kept()[0] == ("sijing-duty", now + HOUR, now + 9 * HOUR, "sijing-handler")
    assert len(kept()) == 30
    entry = LedgerEntry.objects.get(verb="roster.plan")
    assert (entry.actor, len(entry.after["shifts"])) == (people["sijing-head"], 30)
    assert LedgerEntry.objects.get(chain=upload.chain, verb="exchange.apply").after["created"] == 30
    assert list(ledger.verify(ledger.story(upload.chain))) == []


def test_taken_out_changed_and_broken_the_broken_cells_are_named_and_nothing_is_written(bring, apply, plan, taken, now):
    plan(("sijing-duty", 1, 8), ("sijing-handler", 8, 16), ("sijing-duty", 16, 24))
    made = taken("roster")
    sheet = made.worksheets[0]
    titles = {cell.value.rstrip("*"): cell.column_letter for cell in sheet[1]}
    sheet[f"{titles['账号']}3"].value = "shuiwu-duty"
    sheet[f"{titles['副班账号']}2"].value = "sijing-duty"
    sheet[f"{titles['副班账号']}4"].value = "sijing-handler"
    before = kept()
    first = bring("roster", packed(made), by="sijing-head")
    assert told(first) == {
        (f"{titles['账号']}3", "not_on_post"), (f"{titles['副班账号']}2", "not_a_deputy"),
    }  # fmt: skip
    with pytest.raises(Refused, match="wrong_state"):
        apply(first, by="sijing-head")
    assert kept() == before

    sheet[f"{titles['账号']}3"].value = "sijing-head"
    sheet[f"{titles['角色']}3"].value = None
    sheet[f"{titles['副班账号']}2"].value = None
    second = bring("roster", packed(made), by="sijing-head")
    assert (second.state, second.counts["unchanged"]) == ("judged", 1)
    apply(second, by="sijing-head")
    assert [(person, deputy) for person, _since, _until, deputy in kept()] == [
        ("sijing-duty", ""), ("sijing-head", ""), ("sijing-duty", "sijing-handler"),
    ]  # fmt: skip


def test_within_its_time_the_file_is_the_roster_and_outside_nothing_moves(bring, apply, plan, row):
    plan(("sijing-duty", 1, 8), ("sijing-handler", 8, 16), ("sijing-duty", 30, 38))
    plan(("shuiwu-duty", 1, 9), unit=SHUIWU, by="shuiwu-head")
    upload = bring("roster", book(HEADER, row("sijing-duty", 1, 16)), by="sijing-head")
    assert upload.counts == {"created": 0, "changed": 1, "removed": 1, "unchanged": 0}
    apply(upload, by="sijing-head")
    assert [person for person, *_rest in kept()] == ["sijing-duty", "sijing-duty"]
    assert len(kept(SHUIWU)) == 1


def test_a_shift_that_has_begun_is_neither_changed_nor_taken_off(bring, plan, row, now, apply):
    with clock.as_if(now - 2 * HOUR):
        plan(("sijing-duty", -1, 8))
    changed = bring("roster", book(HEADER, row("sijing-duty", -1, 9)), by="sijing-head")
    assert told(changed) == {("D2", "shift_begun")}
    beside = bring("roster", book(HEADER, row("sijing-handler", -1, 7)), by="sijing-head")
    assert told(beside) == {("C2", "shift_past")}
    same = bring("roster", book(HEADER, row("sijing-duty", -1, 8), row("sijing-handler", 8, 16)), by="sijing-head")
    assert (same.state, same.counts["unchanged"], same.counts["created"]) == ("judged", 1, 1)
    apply(same, by="sijing-head")
    assert len(kept()) == 2


@pytest.mark.parametrize(
    ("line", "cell", "code"),
    [
        (("sijing-duty", 9, 8), "D2", "ends_before"),
        (("sijing-duty", 1, 24 * 40), "D2", "shift_too_long"),
        (("sijing-duty", -3, -1), "C2", "shift_past"),
        (("nobody", 1, 8), "B2", "not_on_post"),
        (("shuiwu-duty", 1, 8), "B2", "not_on_post"),
        (("sijing-duty", 1, 8, "NOWHERE"), "A2", "unknown_code"),
        (("shuiwu-duty", 1, 8, SHUIWU), "A2", "not_keeper"),
        (("sijing-duty", 1, 8, SIJING, "sijing-duty"), "E2", "not_a_deputy"),
    ],
)
def test_every_error_has_its_cell(bring, row, line, cell, code):
    assert told(bring("roster", book(HEADER, row(*line)), by="sijing-head")) == {(cell, code)}


def test_nobody_is_twice_at_once_in_the_file_or_beside_it(bring, plan, row):
    within = book(HEADER, row("sijing-duty", 1, 8), row("sijing-duty", 7, 12))
    assert told(bring("roster", within, by="sijing-head")) == {("C3", "twice_on_duty")}
    plan(("sijing-duty", 1, 8))
    beside = book(HEADER, row("sijing-duty", 7, 12))
    assert told(bring("roster", beside, by="sijing-head")) == {("C2", "twice_on_duty")}
    double = book(HEADER, row("sijing-duty", 20, 22), row("sijing-duty", 20, 22))
    assert ("A3", "twice") in told(bring("roster", double, by="sijing-head"))


def test_when_a_row_cannot_be_read_none_of_its_unit_is_said_to_go(bring, plan, row):
    plan(("sijing-handler", 2, 8))
    upload = bring("roster", book(HEADER, row("sijing-duty", 1, 9), row("sijing-duty", 12, 10)), by="sijing-head")
    assert upload.counts["removed"] == 0


def test_who_holds_two_posts_must_say_which(bring, apply, row, now):
    user = User.objects.get(username="sijing-duty")
    with posts.accounted([user.pk], by=acting.SYSTEM):
        unit = Unit.objects.get(code=SIJING)
        Post.objects.create(user=user, unit=unit, role="handler", title="处置员", since=now - HOUR)
    line = row("sijing-duty", 1, 8)
    upload = bring("roster", book((*HEADER, "角色"), (*line, "处置员")), by="sijing-head")
    apply(upload, by="sijing-head")
    assert Shift.objects.get().role == "handler"
    wrong = bring("roster", book((*HEADER, "角色"), (*row("sijing-duty", 9, 12), "值班长")), by="sijing-head")
    assert told(wrong) == {("B2", "not_on_post")}


def test_what_was_planned_meanwhile_undoes_the_import(bring, apply, plan, row):
    upload = bring("roster", book(HEADER, row("sijing-duty", 1, 8)), by="sijing-head")
    plan(("sijing-duty", 7, 12))
    with pytest.raises(Refused, match="changed_since"):
        apply(upload, by="sijing-head")
    assert len(kept()) == 1
    upload.refresh_from_db()
    assert (upload.state, upload.stale, upload.counts["removed"]) == ("judged", True, 1)


def test_a_head_takes_out_and_sees_his_own_alone_and_the_administrator_all(client, people, bring, plan, row, district):
    plan(("sijing-duty", 1, 8))
    plan(("shuiwu-duty", 1, 9), unit=SHUIWU, by="shuiwu-head")
    own = bring("roster", book(HEADER, row("sijing-duty", 9, 12)), by="sijing-head")

    def exported() -> str:
        return b"".join(client.get("/exchange/roster/export.csv").streaming_content).decode("utf-8-sig")

    seen = {"sijing-head": ({SIJING}, 200), "shuiwu-head": ({SHUIWU}, 404), "admin": ({SIJING, SHUIWU}, 200)}
    for name, (units, status) in seen.items():
        client.force_login(people[name])
        assert {line.split(",")[0] for line in exported().splitlines()[1:]} == units, name
        assert client.get(f"/exchange/uploads/{own.chain}/").status_code == status, name
        assert (own.file_name in client.get("/exchange/roster/").content.decode()) == (status == 200), name
    client.force_login(people["anwei-office"])
    assert client.get("/exchange/roster/").status_code == 403
    assert client.get(f"/exchange/uploads/{own.chain}/").status_code == 404


def test_whoever_lost_the_command_imports_nothing(bring, people, row):
    upload = bring("roster", book(HEADER, row("sijing-duty", 1, 8)), by="sijing-head")
    user = people["sijing-head"]
    with posts.accounted([user.pk], by=acting.SYSTEM):
        Post.objects.filter(user=user).update(until=clock.now())
    with pytest.raises(Forbidden):
        importing.apply(upload.pk, by=user)
    assert not Shift.objects.exists()


def test_a_longer_file_costs_no_more_statements(statements, people, row, now):
    def judged(count: int, first: int) -> Upload:
        lines = [row("sijing-duty", first + 2 * n, first + 2 * n + 1) for n in range(count)]
        file = book(HEADER, *lines)
        return importing.receive(TABLES["roster"], file, file.name, by=people["sijing-head"])

    def cost(upload: Upload) -> int:
        return statements(lambda: importing.judge(upload.pk)) + statements(
            lambda: importing.apply(upload.pk, by=people["sijing-head"])
        )

    assert cost(judged(3, 1)) == cost(judged(200, 20))


def test_the_roster_page_leads_to_its_spreadsheet(client, people):
    for name, offered in (("sijing-head", True), ("sijing-duty", False)):
        client.force_login(people[name])
        assert ("/exchange/roster/" in client.get("/roster/").content.decode()) == offered
