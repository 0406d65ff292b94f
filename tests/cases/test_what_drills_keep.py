"""A drill is marked in every answer, and its script is changed by nobody behind the ledger's back."""

import pytest
from django.db import DatabaseError, connection, transaction

from alerts import scenarios
from alerts.models import Drill, DrillAlert
from cases import drills, urging
from cases.models import Case
from responsibility import ledger
from responsibility.refusals import Invalid

pytestmark = pytest.mark.django_db
GAS = scenarios.shipped()["gas-leak"]
H2S = scenarios.shipped()["h2s-manhole"]


@pytest.fixture
def drill(people) -> Drill:
    return drills.start(H2S, by=people["yingji-office"], speed=1)


def refused(statement: str, *values, because: str) -> None:
    """The database refuses ``statement``, now or when asked to settle, naming ``because``."""

    def attempt():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError) as refusal:
        attempt()
    assert refusal.value.__cause__.diag.constraint_name == because


@pytest.fixture
def settled():
    """What was written so far is judged, and what follows is written in another transaction's name."""

    def settle() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            # As it looks to a transaction that comes later: no entry bears its number.
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("UPDATE responsibility_ledgerentry SET xact = 1")
            cursor.execute("SET session_replication_role = origin")

    return settle


def test_no_alert_is_put_into_a_running_drill_behind_the_ledger(drill, settled):
    settled()
    refused(
        "INSERT INTO alerts_drillalert (drill_id, number, due_at, body, outcome, case_number)"
        " SELECT drill_id, 99, due_at, body, '', '' FROM alerts_drillalert WHERE drill_id = %s LIMIT 1",
        drill.pk, because="drill_alert_accounted",
    )  # fmt: skip


@pytest.mark.parametrize("change", ["fed_at = now()", "fed_at = now(), outcome = 'opened'", "case_number = 'SJ-1'"])
def test_no_alert_that_waits_is_ticked_off_behind_the_ledger(drill, settled, change):
    settled()
    waiting = DrillAlert.objects.filter(drill=drill, fed_at=None).first()
    assert waiting
    refused(f"UPDATE alerts_drillalert SET {change} WHERE id = %s", waiting.pk, because="drill_alert_accounted")


def test_each_feeding_is_told_on_the_drill_itself(drill):
    [entry] = ledger.story(drill.chain).filter(verb="drill.feed")
    assert entry.after["numbers"] == [row.number for row in drill.script.filter(fed_at__isnull=False)]


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM resources_kitline", "UPDATE resources_kitline SET quantity = quantity + 1",
     "UPDATE resources_offer SET number = number + 1", "UPDATE resources_station SET lat = lat + 0.1",
     "UPDATE resources_station SET unit_id = (SELECT max(id) FROM responsibility_unit)"],
)  # fmt: skip
def test_kits_offers_and_stations_do_not_change_behind_the_ledger(statement, settled):
    settled()
    refused(statement, because="resources_loaded")


def test_orders_requests_and_urging_say_that_they_are_a_drill_s(drill, people, client, open_case):
    case = Case.objects.filter(drill=drill).first()
    client.force_login(people["sijing-head"])
    body = {"kind": "void", "reason": "误报"}
    asked = client.post(f"/api/v1/cases/{case.number}/requests/", body, "application/json").json()
    assert asked["drill"] == drill.pk
    real = client.post(f"/api/v1/cases/{open_case().number}/requests/", body, "application/json").json()
    assert real["drill"] is None
    client.force_login(people["shuiwu-head"])
    order = {"unit": "SJ-YJ", "text": "支援", "minutes": 30}
    given = client.post(f"/api/v1/cases/{case.number}/orders/", order, "application/json").json()
    assert given["drill"] == drill.pk


def test_a_supervision_of_a_drill_has_no_number_of_the_real_ones(drill, people, open_case):
    case, real = Case.objects.filter(drill=drill).first(), open_case()
    for each, mark in ((case, "演练督〔"), (real, "督〔")):
        told = {"by": people["anwei-office"], "kind": "supervision", "text": "请说明"}
        assert urging.issue(each.pk, unit="310117102", **told).number.startswith(mark)


@pytest.mark.parametrize("word", ["zzz", "2", "yes"])
@pytest.mark.parametrize("name", ["drill", "overdue"])
def test_what_is_neither_true_nor_false_is_refused(client, people, name, word):
    client.force_login(people["yingji-office"])
    assert client.get("/api/v1/cases/", {name: word}).status_code == 400
    assert client.get("/", {name: word}).status_code == 200


@pytest.mark.parametrize("word", ["true", "false", "True", "1", "0", ""])
def test_true_and_false_are_understood(client, people, word):
    client.force_login(people["yingji-office"])
    assert client.get("/api/v1/cases/", {"drill": word}).status_code == 200


@pytest.mark.parametrize("title", ["一\r\nBcc: x@example.org", "a\tb", "x" * 201, " ", "\u202eabc"])
def test_a_title_is_one_line_of_bounded_length(people, title):
    with pytest.raises(Invalid):
        drills.start(GAS | {"title": title}, by=people["yingji-office"])


def test_the_newest_drill_is_listed_first_with_a_mark_as_good_as_its_score(people, client):
    for _nth in range(2):
        ended = drills.start(GAS, by=people["yingji-office"], speed=60)
        drills.end(ended.pk, by=people["yingji-office"])
    client.force_login(people["yingji-office"])
    page = client.get("/drills/").content.decode()
    first, second = Drill.objects.order_by("-started_at", "-pk").values_list("pk", flat=True)[:2]
    assert page.index(f'href="/drills/{first}/"') < page.index(f'href="/drills/{second}/"')
    score = Drill.objects.get(pk=first).report["score"]
    assert f'class="state {"approved" if score >= 80 else "pending" if score >= 60 else "refused"}">' in page


def test_a_drill_is_ended_in_two_taps_its_warning_before_the_button(drill, people, client):
    client.force_login(people["yingji-office"])
    page = client.get(f"/drills/{drill.pk}/").content.decode()
    assert page.index("在办的演练案件随之作废") < page.index("确认结束演练")
