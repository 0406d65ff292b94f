"""The large loop: the district opens a command, hears of it every two hours, and gives everything back."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError

from cases import audit, command, dispatching, orders, summary
from cases.models import Command, Deadline, Dispatch
from cases.sweeping import sweep
from resources.models import Resource
from responsibility import clock, tokens
from responsibility.models import Post
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import stand_still
from tests.cases.test_dispatching import GAS, of

pytestmark = pytest.mark.django_db
WORK = ["sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove", "jianguan-head contain"]


@pytest.fixture
def leak(open_case):
    return open_case(**GAS)


@pytest.fixture
def opened(leak, people):
    return command.open_command(leak.pk, by=people["yingji-office"], objectives="两小时内关阀止漏，疏散 200 米")


def report_clock(case) -> Deadline:
    return Deadline.objects.running().get(case=case, kind="situation_report")


def test_the_district_opens_a_command_and_the_first_report_is_due_in_two_hours(leak, people, opened):
    assert opened.commander.user == people["yingji-office"]
    assert report_clock(leak).due_at - opened.opened_at == timedelta(hours=2)
    with pytest.raises(Refused) as refused:
        command.open_command(leak.pk, by=people["yingji-office"], objectives="再来")
    assert refused.value.code == "already_open"
    assert list(audit.mismatches(leak.chain)) == []


def test_a_commander_is_named_by_the_post_held_now(leak, people):
    post = Post.objects.get(user=people["jianguan-head"])
    opened = command.open_command(leak.pk, by=people["yingji-office"], objectives="止漏", commander=post.pk)
    assert opened.commander == post


@pytest.mark.parametrize("name", ["sijing-head", "jianguan-head", "chengyun-lead", "anwei-office"])
def test_nobody_else_opens_changes_or_stands_down(leak, people, opened, name):
    for act in (
        lambda: command.open_command(leak.pk, by=people[name], objectives="x"),
        lambda: command.change(opened.pk, by=people[name], phase="clear", objectives="x"),
        lambda: command.stand_down(opened.pk, by=people[name], conclusion="x"),
    ):
        with pytest.raises(Forbidden):
            act()


def test_no_command_below_the_large_loop(open_case, people):
    case = open_case(grade="orange")
    with pytest.raises(Refused) as refused:
        command.open_command(case.pk, by=people["yingji-office"], objectives="x")
    assert refused.value.code == "not_large"


def test_reports_come_every_two_hours_and_a_missed_one_is_told_once(leak, people, opened):
    given = opened.opened_at + timedelta(minutes=110)
    with clock.as_if(given):
        command.report(opened.pk, by=people["yingji-office"], situation="已关阀")
    assert report_clock(leak).due_at == given + timedelta(hours=2)
    late = given + timedelta(hours=3)
    with clock.as_if(late):
        sweep()
        sweep()
        command.report(opened.pk, by=people["jianguan-head"], situation="浓度下降", casualties=1)
    assert report_clock(leak).due_at == late + timedelta(hours=2)
    assert Deadline.objects.filter(case=leak, kind="situation_report", missed_at__isnull=False).count() == 1
    assert [r.number for r in opened.reports.all()] == [1, 2]
    assert list(audit.mismatches(leak.chain)) == []


def test_the_report_fills_itself_from_the_case(leak, people, opened):
    van = of("ST-GAS-SIJING", "repair-van")[0]
    dispatching.send(leak.pk, by=people["yingji-office"], wanted={van.code: 1})
    stand_still(Resource.objects.filter(capabilities__code="gas-fitter"))
    draft = summary.draft(leak, opened)
    assert set(draft) == {"situation", "done", "forces", "casualties", "ahead", "needs"}
    assert "红色" in draft["situation"]
    assert van.name in draft["forces"]
    assert "燃气抢修工 4" in draft["needs"]
    assert draft["ahead"] == opened.objectives
    command.report(opened.pk, by=people["yingji-office"], **draft | {"casualties": 2})
    assert summary.draft(leak, opened)["casualties"] == 2


def test_standing_down_returns_all_to_the_exact_count_stops_the_clocks_and_writes_what_happened(
    leak, people, opened, press
):
    before = list(Resource.objects.order_by("code").values_list("code", "stock", "reserved"))
    crew, cordon, clamp = (of("ST-GAS-SIJING", name)[0] for name in ("gas-fitter", "cordon", "clamp"))
    far = of("ST-DEPOT", "sandbag")[0]
    office = people["yingji-office"]
    (sent,) = dispatching.send(leak.pk, by=office, wanted={crew.code: 1, cordon.code: 3})
    (used,) = dispatching.send(leak.pk, by=office, wanted={clamp.code: 2})
    dispatching.send(leak.pk, by=office, wanted={far.code: 500})
    dispatching.act(sent.pk, "arrive", by=people["gas-crew"])
    dispatching.act(used.pk, "arrive", by=people["gas-crew"])
    dispatching.act(used.pk, "release", by=people["gas-crew"], data={"used": {clamp.code: 2}})
    orders.give(leak.pk, by=people["jianguan-head"], unit="SJ-GA", text="封路", minutes=20, mandatory=False)
    with pytest.raises(Refused) as refused:
        command.stand_down(opened.pk, by=office, conclusion="结束")
    assert refused.value.code == "not_contained"
    press(leak, "sijing-duty acknowledge", "sijing-handler prove", "jianguan-head contain")
    command.stand_down(opened.pk, by=office, conclusion="险情解除，转入修复")
    after = list(Resource.objects.order_by("code").values_list("code", "stock", "reserved"))
    assert after == [(code, stock - 2 * (code == clamp.code), 0) for code, stock, _reserved in before]
    assert not Dispatch.objects.out().exists()
    assert not Deadline.objects.running().filter(case=leak, kind__in=["dispatch", "situation_report"]).exists()
    leak.refresh_from_db()
    assert (leak.loop, leak.holder.code) == ("medium", "SJ-JGW")
    opened.refresh_from_db()
    told = opened.summary
    assert [row["in_time"] for row in told["resources"]] == [True, True, True, None]
    assert sum(row["used"] for row in told["resources"]) == 2
    answers = {row["unit"]: row["in_time"] for row in told["answers"]}
    assert answers["X-GAS"] is answers["310117102"] is True
    assert told["timeline"][0]["verb"] == "case.open"
    assert list(audit.mismatches()) == []
    press(leak, "jianguan-head report", "chengyun-check close")


def test_a_red_alert_after_the_stand_down_brings_the_district_back(leak, people, opened, press, send):
    from tests.cases.conftest import alert

    press(leak, *WORK)
    command.stand_down(opened.pk, by=people["yingji-office"], conclusion="解除")
    with pytest.raises(Refused) as refused:
        command.report(opened.pk, by=people["yingji-office"], situation="x")
    assert refused.value.code == "stood_down"
    send(alert(**GAS))
    leak.refresh_from_db()
    assert leak.loop == "large"
    assert command.open_command(leak.pk, by=people["yingji-office"], objectives="再次处置").is_open


@pytest.mark.parametrize(
    ("fields", "attr"),
    [
        ({"situation": ""}, "situation"),
        ({"situation": "x" * 1001}, "situation"),
        ({"situation": "x", "needs": "a\x00"}, "needs"),
        ({"situation": "x", "casualties": -1}, "casualties"),
        ({"situation": "x", "casualties": True}, "casualties"),
    ],
)
def test_what_cannot_be_reported_is_named_by_its_field(people, opened, fields, attr):
    with pytest.raises(Invalid) as refused:
        command.report(opened.pk, by=people["yingji-office"], **fields)
    assert refused.value.attr == attr


@pytest.mark.django_db(transaction=True)
def test_a_command_changes_with_an_entry_and_a_report_never(people, opened):
    command.report(opened.pk, by=people["yingji-office"], situation="已关阀")
    with pytest.raises(IntegrityError, match="without a ledger entry"):
        Command.objects.filter(pk=opened.pk).update(objectives="别的")
    with pytest.raises(DatabaseError, match="append-only"):
        opened.reports.update(situation="别的")


def test_the_pages_open_report_and_stand_down(client, leak, people, press):
    page = f"/cases/{leak.number}/"
    client.force_login(people["yingji-office"])
    assert "启动指挥部" in client.get(page).content.decode()
    assert client.post(f"{page}command/", {"objectives": "", "phase": "control"}).status_code == 400
    assert client.post(f"{page}command/", {"objectives": "止漏", "phase": "control"}).status_code == 303
    opened = Command.objects.get()
    shown = client.get(page).content.decode()
    assert "控制险情" in shown
    assert client.post(f"/commands/{opened.pk}/report/", {"situation": "已关阀", "casualties": "x"}).status_code == 400
    assert client.post(f"/commands/{opened.pk}/report/", {"situation": "已关阀", "casualties": "0"}).status_code == 303
    changed = {"phase": "clear", "objectives": "排查漏点"}
    assert client.post(f"/commands/{opened.pk}/change/", changed).status_code == 303
    press(leak, *WORK)
    assert client.post(f"/commands/{opened.pk}/stand_down/", {"conclusion": "解除"}).status_code == 303
    shown = client.get(page).content.decode()
    assert "处置总结" in shown
    assert "第 1 期情况报告" in shown


def test_why_nobody_stands_down_yet_is_said_instead_of_a_form(client, leak, people, press, opened):
    page = f"/cases/{leak.number}/"
    client.force_login(people["yingji-office"])
    before = client.get(page).content.decode()
    assert "险情尚未受控，不能解除指挥" in before
    assert f"/commands/{opened.pk}/stand_down/" not in before
    press(leak, *WORK)
    after = client.get(page).content.decode()
    assert f"/commands/{opened.pk}/stand_down/" in after
    assert "stand-down-waits" not in after


def test_programs_open_report_and_stand_down(client, leak, people, press):
    signed = {"Authorization": f"Token {tokens.issue(people['yingji-office'])}"}

    def call(path, body):
        return client.post(f"/api/v1{path}", body, "application/json", headers=signed)

    opened = call(f"/cases/{leak.number}/command/", {"objectives": "止漏"})
    assert opened.status_code == 201, opened.json()
    pk = opened.json()["id"]
    assert call(f"/commands/{pk}/report/", {"situation": "已关阀"}).json()["reports"][0]["number"] == 1
    assert call(f"/commands/{pk}/change/", {"phase": "clear", "objectives": "查漏"}).json()["phase"] == "clear"
    assert call(f"/commands/{pk}/stand_down/", {"conclusion": "完"}).json()["errors"][0]["code"] == "not_contained"
    press(leak, *WORK)
    assert call(f"/commands/{pk}/stand_down/", {"conclusion": "完"}).json()["summary"]["reports"] == 1
    listed = client.get(f"/api/v1/cases/{leak.number}/command/", headers=signed).json()
    assert [one["conclusion"] for one in listed] == ["完"]
