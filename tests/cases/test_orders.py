"""派单: the lead orders, the supporting unit answers, does it with proof or gives it back to the lead."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from cases import advising, audit, orders, proof
from cases.models import Deadline, Order, Party
from cases.models.order import OrderState
from cases.sweeping import sweep
from responsibility import acting, clock, ledger
from responsibility.models import Unit
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import CONTAINED, hold, picture

pytestmark = pytest.mark.django_db
POLICE, STREET, WATER = "SJ-GA", "310117102", "SJ-SW"


@pytest.fixture
def medium(open_case):
    """An orange case: in the medium loop at once, under the water bureau."""
    return open_case(grade="orange")


@pytest.fixture
def give(medium, people):
    def order(unit=POLICE, *, by="shuiwu-head", minutes=30, text="封控路口，疏导车辆", **more) -> Order:
        return orders.give(medium.pk, by=people[by], unit=unit, minutes=minutes, text=text, **more)

    return order


def refusal(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    assert str(refused.value.detail)
    return refused.value.code


def test_an_order_makes_its_unit_a_party_with_a_clock_and_a_call_of_its_own(give, medium):
    order = give()
    party = Party.objects.get(case=medium, unit=order.unit)
    assert (party.role, party.acknowledged_at) == ("support", None)
    assert order.clock.due_at - order.given_at == timedelta(minutes=30)
    assert Deadline.objects.running().filter(case=medium, unit=order.unit, kind="acknowledge").count() == 1
    assert order.call is None
    # The street is in the case already: its order calls by itself.
    assert give(STREET, text="组织疏散").call.kind == "order_call"
    assert list(audit.mismatches(medium.chain)) == []


def test_one_answer_counts_for_the_case_and_for_the_order(give, medium, people):
    order = give()
    orders.act(order.pk, "acknowledge", by=people["ga-duty"], data={"answered_by": "voice"})
    order.refresh_from_db()
    assert (order.state, order.acknowledged_by) == ("acknowledged", people["ga-duty"])
    party = Party.objects.get(case=medium, unit=order.unit)
    assert party.answered_by == "voice"
    assert not Deadline.objects.running().filter(case=medium, unit=order.unit, kind="acknowledge").exists()
    assert list(audit.mismatches(medium.chain)) == []


def test_an_order_is_done_with_the_proof_it_wants_and_stops_its_own_clock_alone(give, medium, people):
    order, other = give(wanted="photo"), give(text="增派两人")
    for one in (order, other):
        orders.act(one.pk, "acknowledge", by=people["ga-duty"])
    done = lambda ids: orders.act(order.pk, "done", by=people["ga-duty"], data={"evidence": ids})  # noqa: E731
    assert refusal(lambda: done([])) == "no_evidence"
    strange = proof.add(medium.pk, picture(1), by=people["shuiwu-duty"])
    assert refusal(lambda: done([strange.pk])) == "unknown_code"
    kept = proof.add(medium.pk, picture(2), by=people["ga-duty"])
    done([kept.pk])
    order.refresh_from_db()
    assert (order.state, list(order.proof.all())) == ("done", [kept])
    assert Deadline.objects.get(pk=order.clock_id).stopped_at == order.ended_at
    assert Deadline.objects.get(pk=other.clock_id).stopped_at is None
    assert list(audit.mismatches(medium.chain)) == []


def test_a_returned_order_goes_back_to_who_gave_it_and_to_nobody_else(give, medium, people):
    order = give()
    assert refusal(lambda: orders.act(order.pk, "return", by=people["ga-duty"])) == "required"
    orders.act(order.pk, "return", by=people["ga-duty"], data={"note": "不在我局辖区路段"})
    order.refresh_from_db()
    assert (order.state, order.unit.code, order.by_unit.code) == ("returned", POLICE, WATER)
    assert Party.objects.filter(case=medium, until=None).count() == 3
    assert refusal(lambda: orders.act(order.pk, "acknowledge", by=people["ga-duty"])) == "wrong_state"
    orders.act(order.pk, "withdraw", by=people["shuiwu-head"], data={"note": "改由街镇疏导"})
    order.refresh_from_db()
    assert order.state == "withdrawn"
    assert list(audit.mismatches(medium.chain)) == []


@pytest.mark.parametrize("answer", [None, "returned"])
def test_nothing_is_contained_while_a_mandatory_order_is_not_done(give, medium, people, press, answer):
    order = give()
    optional = give(STREET, text="张贴告示", mandatory=False)
    press(medium, *CONTAINED[:2], "shuiwu-duty prove")
    if answer:
        orders.act(order.pk, "return", by=people["ga-duty"], data={"note": "无警力"})
    with pytest.raises(Refused) as refused:
        press(medium, "shuiwu-duty contain")
    assert refused.value.code == "orders_open"
    assert "封控路口" in str(refused.value.detail)
    assert "张贴告示" not in str(refused.value.detail)
    orders.act(order.pk, "withdraw", by=people["shuiwu-duty"], data={"note": "已无必要"})
    press(medium, "shuiwu-duty contain", "shuiwu-duty report", "chengyun-check close")
    optional.refresh_from_db()
    assert optional.state == "withdrawn"
    assert not Deadline.objects.running().filter(case=medium).exists()
    assert list(audit.mismatches(medium.chain)) == []


def test_an_order_outside_a_units_list_is_refused_with_the_row_that_says_so(give):
    with pytest.raises(Refused) as refused:
        give(STREET, power="enforce", text="查处违法排放")
    assert refused.value.code == "no_authority"
    assert "安全生产法" in str(refused.value.detail)
    assert not Order.objects.exists()
    for power in ("report", "first_action", "dissuade", "assist"):
        give(STREET, power=power, text=power)
    assert give("SJ-CG", power="enforce", text="依法查处").power == "enforce"


@pytest.mark.parametrize("unit", ["X-INS", "X-TPF", "SJ-DC"])
def test_who_has_no_power_at_all_gets_no_orders(give, unit):
    assert refusal(lambda: give(unit)) == "no_authority"


def test_in_the_small_loop_nobody_orders_others(open_case, people):
    case = open_case()
    ask = lambda: orders.give(case.pk, by=people["sijing-head"], unit=POLICE, minutes=9, text="x")  # noqa: E731
    assert refusal(ask) == "small_loop"


@pytest.mark.parametrize("name", ["sijing-head", "ga-head", "chengyun-lead", "jiuting-duty", "auditor"])
def test_only_who_commands_gives_orders(give, name):
    with pytest.raises(Forbidden):
        give(by=name)


def test_only_the_ordered_unit_answers_and_only_the_lead_takes_back(give, people):
    order = give()
    for name, verb in (("shuiwu-head", "acknowledge"), ("sijing-duty", "return"), ("ga-duty", "withdraw")):
        with pytest.raises(Forbidden):
            orders.act(order.pk, verb, by=people[name], data={"note": "x"})


def test_who_did_an_order_does_not_check_the_case(give, medium, people, press):
    hold(people["chengyun-check"], Unit.objects.get(code=POLICE), "handler")
    order = give()
    for verb in ("acknowledge", "done"):
        orders.act(order.pk, verb, by=people["ga-duty"] if verb == "done" else people["ga-duty"])
    press(medium, *CONTAINED[:2], "shuiwu-duty prove", "shuiwu-duty contain", "shuiwu-duty report")
    with pytest.raises(Forbidden):
        press(medium, "chengyun-check close")


def test_a_missed_order_is_told_once_and_raises_nothing(give, medium):
    order = give()
    with clock.as_if(order.clock.due_at + timedelta(seconds=1)):
        sweep()
        sweep()
    missed = ledger.story(medium.chain).filter(verb="deadline.missed", after__kind="order")
    assert missed.count() == 1
    medium.refresh_from_db()
    assert medium.loop == "medium"
    assert list(audit.mismatches(medium.chain)) == []


@pytest.mark.parametrize(
    ("fields", "attr"),
    [
        ({"unit": "NO-SUCH"}, "unit"),
        ({"unit": WATER}, "unit"),
        ({"text": " "}, "text"),
        ({"text": "x" * 501}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 10**9}, "minutes"),
        ({"minutes": True}, "minutes"),
        ({"power": "command"}, "power"),
        ({"wanted": "song"}, "wanted"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_field(give, fields, attr):
    with pytest.raises(Invalid) as refused:
        give(**fields)
    assert refused.value.attr == attr


@pytest.mark.django_db(transaction=True)
def test_an_order_is_moved_by_its_machine_alone_and_never_without_an_entry(give):
    order = Order.objects.filter(pk=give().pk)
    with pytest.raises(IntegrityError, match="cannot go"), transaction.atomic():
        order.update(state="done", ended_at=clock.now())
    with pytest.raises(IntegrityError, match="without a ledger entry"):
        order.update(text="别的")
    with pytest.raises(DatabaseError, match="append-only"):
        order.delete()


def test_the_database_knows_the_moves_of_an_order():
    moves = {(str(m.source), str(m.target)) for m in Order._meta.get_field("state").get_all_transitions(Order)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'order_machine'")
        (written,) = cursor.fetchone()
    assert {f"'{a}>{b}'" for a, b in moves} == set(re.findall(r"'\w+>\w+'", written))
    assert set(OrderState.values) == {state for move in moves for state in move}


# --- experts -----------------------------------------------------------------
def test_experts_are_named_and_their_recommendation_is_signed_by_a_head(medium, people):
    say = lambda kind, by="shuiwu-duty": advising.record(  # noqa: E731
        medium.pk, by=people[by], kind=kind, expert="陆工（市政设计院）", text="先通风再排查上游"
    )
    assert refusal(lambda: say("recommendation")) == "no_advice"
    say("advice")
    joint = say("recommendation")
    with pytest.raises(Forbidden):
        advising.sign(joint.pk, by=people["shuiwu-duty"])
    with pytest.raises(Forbidden):
        say("advice", by="sijing-head")
    advising.sign(joint.pk, by=people["shuiwu-head"])
    joint.refresh_from_db()
    assert joint.signed_by == people["shuiwu-head"]
    assert refusal(lambda: advising.sign(joint.pk, by=people["shuiwu-head"])) == "already_signed"
    assert list(audit.mismatches(medium.chain)) == []


# --- pages and programs --------------------------------------------------------
def test_the_lead_orders_and_the_other_unit_does_it_through_the_pages(client, medium, people):
    client.force_login(people["shuiwu-head"])
    page = f"/cases/{medium.number}/"
    answer = client.post(f"{page}orders/", {"unit": STREET, "text": "查处", "power": "enforce", "minutes": "30"})
    assert answer.status_code == 409
    assert "查处" in answer.content.decode()
    given = {"unit": POLICE, "text": "封路", "power": "assist", "minutes": "30", "wanted": "photo", "mandatory": "on"}
    assert client.post(f"{page}orders/", given).status_code == 303
    order = Order.objects.get()
    assert "封路" in client.get(page).content.decode()
    client.force_login(people["ga-duty"])
    assert f"o-{order.pk}" in client.get("/").content.decode()
    assert client.post(f"/orders/{order.pk}/acknowledge/").status_code == 303
    assert client.post(f"/orders/{order.pk}/done/", {"file-photo": picture(3)}).status_code == 303
    order.refresh_from_db()
    assert (order.state, order.proof.count()) == ("done", 1)
    client.force_login(people["jiuting-duty"])
    assert client.post(f"/orders/{order.pk}/acknowledge/").status_code == 404
    assert client.post(f"{page}orders/", given).status_code == 404


def test_the_page_costs_the_same_with_one_order_and_with_ten(client, give, medium, people, statements):
    client.force_login(people["shuiwu-head"])
    give()
    one = statements(lambda: client.get(f"/cases/{medium.number}/"))
    for number in range(9):
        give(text=f"第 {number} 项")
    assert statements(lambda: client.get(f"/cases/{medium.number}/")) <= one


def test_orders_have_an_api(client, medium, people):
    from responsibility import tokens

    def call(name, method, path, body=None):
        signed = {"Authorization": f"Token {tokens.issue(people[name])}"}
        return getattr(client, method)(f"/api/v1{path}", body, "application/json", headers=signed)

    of_case = f"/cases/{medium.number}"
    given = call("shuiwu-head", "post", f"{of_case}/orders/", {"unit": POLICE, "text": "封路", "minutes": 20})
    assert given.status_code == 201, given.json()
    pk = given.json()["id"]
    assert [o["id"] for o in call("ga-duty", "get", "/orders/").json()] == [pk]
    assert call("ga-duty", "post", f"/orders/{pk}/acknowledge/", {}).json()["state"] == "acknowledged"
    assert call("ga-duty", "post", f"/orders/{pk}/nonsense/", {}).status_code == 404
    assert call("ga-duty", "post", f"/orders/{pk}/done/", {"evidence": [10**6]}).status_code == 400
    assert call("ga-duty", "post", f"/orders/{pk}/done/", {"note": "已封"}).json()["answer"] == "已封"
    assert call("ga-duty", "get", "/orders/").json() == []
    assert [o["state"] for o in call("auditor", "get", f"{of_case}/orders/").json()] == ["done"]
    said = {"kind": "advice", "expert": "陆工", "text": "通风"}
    assert call("shuiwu-duty", "post", f"{of_case}/advice/", said).status_code == 201
    assert call("jiuting-duty", "get", f"{of_case}/orders/").status_code == 404


def test_an_actor_without_a_user_owes_nothing():
    from cases import joint

    assert joint.waiting(acting.SYSTEM, 5) == []
