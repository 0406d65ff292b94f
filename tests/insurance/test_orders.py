"""Service orders: who gives them to whom, a time agreed by both, and what becomes of them when a firm is stopped."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from alerts.models import RiskObject
from insurance.firms.models import Firm, Inspector, Licence
from insurance.firms.signals import firm_stopped
from insurance.service import moving, ordering, seeing
from insurance.service.models import OrderState, ServiceOrder, Visit
from notices.models import Notice
from responsibility import acting, clock, ledger
from responsibility.models import LedgerEntry
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.insurance.conftest import BROKER, DAY, FIRM, INSURED, INSURER, told, unit

pytestmark = pytest.mark.django_db
FIRM_B = "X-TPF-B"


@transaction.atomic
def register(code: str, standing: str = "listed", items=("inspection", "training"), until=date(2099, 1, 1)) -> Firm:
    """A firm of the register with a licence and one inspector."""
    now = clock.now()
    number = f"91310117{code[-1]:0>10}"
    firm = Firm.objects.create(unit=unit(code), credit_code=number, standing=standing, registered_at=now)
    Licence.objects.create(
        firm=firm, number=f"L-{code}", name="安全评价", items=list(items), issued_by="应急局",
        since=date(2020, 1, 1), until=until,
    )  # fmt: skip
    Inspector.objects.create(firm=firm, name="周工", certificate="注册安全工程师", number=f"C-{code}", until=until)
    told(firm, "firm.register", code)
    return firm


@pytest.fixture
def firms(people):
    return {code: register(code) for code in (FIRM, FIRM_B)}


def ask(policy=None, **fields) -> ordering.Asked:
    return ordering.Asked(
        **{"firm": unit(FIRM), "insured": unit(INSURED), "item": "inspection", "text": "窨井隐患排查",
           "due_at": clock.now() + 30 * DAY, "policy": policy} | fields
    )  # fmt: skip


@pytest.fixture
def given(policy, firms, people):
    return ordering.give(ask(policy()), by=people["insurer"])


def agreed(order: ServiceOrder, people, hours: float = 1) -> ServiceOrder:
    when = (clock.now() + timedelta(hours=hours)).isoformat()
    moving.accept(order.pk, by=people["firm"], propose=when)
    return moving.agree(order.pk, when, by=people["enterprise"])


def events(code: str) -> list[str]:
    return list(Notice.objects.filter(unit=unit(code)).order_by("pk").values_list("event", flat=True))


def test_an_order_is_given_accepted_and_a_time_agreed_by_the_other_side(given, people):
    assert given.number.startswith("FW-")
    assert given.state == OrderState.ORDERED
    moving.accept(given.pk, by=people["firm"])
    when = clock.now() + DAY
    moving.propose(given.pk, when.isoformat(), by=people["firm"])
    with pytest.raises(Refused) as own:
        moving.agree(given.pk, when.isoformat(), by=people["firm"])
    assert own.value.code == "own_proposal"
    later = when + DAY
    moving.propose(given.pk, later.isoformat(), by=people["enterprise"])
    with pytest.raises(Refused) as moved:
        moving.agree(given.pk, when.isoformat(), by=people["firm"])
    assert moved.value.code == "changed_since"
    for wrong in ("", "x", "\x00", "２０２６-01-01", "9999-12-31T00:00"):
        with pytest.raises(Invalid):
            moving.agree(given.pk, wrong, by=people["firm"])
    order = moving.agree(given.pk, later.isoformat(), by=people["firm"])
    assert (order.state, order.appointed_at, order.proposed_at) == (OrderState.AGREED, later, None)
    assert [entry.verb for entry in ledger.story(order.chain)] == [
        "service.order", "service.accept", "service.propose", "service.propose", "service.agree",
    ]  # fmt: skip
    # Nobody is told of what he did himself.
    assert events(FIRM) == ["service.order", "service.propose"]
    assert events(INSURED) == ["service.order", "service.accept", "service.propose", "service.agree"]


def test_a_declined_order_ends_with_its_reason(given, people):
    order = moving.decline(given.pk, "人手不足", by=people["firm"])
    assert (order.state, order.reason) == (OrderState.DECLINED, "人手不足")
    with pytest.raises(Refused):
        moving.accept(given.pk, by=people["firm"])


@pytest.mark.parametrize(("name", "wrong"), [("firm-b", Forbidden), ("insurer", Forbidden), ("auditor", Forbidden)])
def test_only_the_firm_that_was_asked_accepts(given, people, name, wrong):
    with pytest.raises(wrong):
        moving.accept(given.pk, by=people[name])


def test_an_order_goes_to_a_firm_that_is_fit_and_to_no_other(policy, people):
    made = policy()
    for code, standing, refused in ((FIRM, "registered", "not_listed"), (FIRM_B, "suspended", "firm_suspended")):
        register(code, standing)
        with pytest.raises(Refused) as why:
            ordering.give(ask(made, firm=unit(code)), by=people["insurer"])
        assert why.value.code == refused
    with pytest.raises(Refused) as why:
        ordering.give(ask(made, firm=unit("X-BROKER")), by=people["insurer"])
    assert why.value.code == "firm_unknown"


def test_an_order_goes_to_no_firm_whose_licence_is_another_or_has_run_out(policy, people):
    register(FIRM, items=["training"])
    register(FIRM_B, until=date(2021, 1, 1))
    made = policy()
    for code, refused in ((FIRM, "no_licence"), (FIRM_B, "licence_expired")):
        with pytest.raises(Refused) as why:
            ordering.give(ask(made, firm=unit(code)), by=people["insurer"])
        assert why.value.code == refused
    assert ordering.fit_firms("inspection", None, unit(INSURED)) == []
    assert [each.code for each in ordering.fit_firms("training", None, unit(INSURED))] == [FIRM]


def test_only_the_lead_insurer_orders_for_its_policy(policy, firms, people):
    made = policy()
    for name in ("insurer-b", "broker", "enterprise", "firm"):
        with pytest.raises(Forbidden):
            ordering.give(ask(made), by=people[name])
    over = policy("P-OLD", starts_at=clock.now() - 400 * DAY, ends_at=clock.now() - DAY)
    with pytest.raises(Refused) as why:
        ordering.give(ask(over), by=people["insurer"])
    assert why.value.code == "policy_over"
    with pytest.raises(Invalid):
        ordering.give(ask(made, due_at=clock.now() - DAY), by=people["insurer"])
    other = RiskObject.objects.exclude(main_body=unit(INSURED)).exclude(main_body=None).first()
    with pytest.raises(Invalid):
        ordering.give(ask(made, risk_object=other), by=people["insurer"])


def test_a_body_of_the_district_orders_rechecks_alone(firms, people):
    with pytest.raises(Invalid):
        ordering.give(ask(), by=people["sijing-head"])
    order = ordering.give(ask(purpose="recheck"), by=people["sijing-head"])
    assert order.by_unit.code == "310117102"
    with pytest.raises(Forbidden):
        ordering.give(ask(purpose="recheck"), by=people["sijing-duty"])
    with pytest.raises(Invalid):
        ordering.give(ask(purpose="recheck"), by=people["insurer"])


def test_a_firm_never_checks_its_own_client(given, people):
    with pytest.raises(Refused) as why:
        ordering.give(ask(purpose="recheck"), by=people["sijing-head"])
    assert why.value.code == "own_client"
    assert [each.code for each in ordering.fit_firms("inspection", None, unit(INSURED), "recheck")] == [FIRM_B]
    ordering.give(ask(purpose="recheck", firm=unit(FIRM_B)), by=people["sijing-head"])
    with pytest.raises(Refused) as why:
        ordering.give(ask(given.policy, firm=unit(FIRM_B)), by=people["insurer"])
    assert why.value.code == "checks_here"


def test_who_did_the_works_there_checks_as_little(firms, people, monkeypatch):
    monkeypatch.setattr(ordering, "WORKED", [lambda firms, insured, since: {unit(FIRM).pk} & firms])
    with pytest.raises(Refused) as why:
        ordering.give(ask(purpose="recheck"), by=people["sijing-head"])
    assert why.value.code == "own_client"


def test_a_stopped_firm_loses_its_orders_and_they_are_placed_anew_with_one_press(given, firms, people):
    with transaction.atomic():
        firm_stopped.send(Firm, firm=firms[FIRM], at=clock.now(), by=acting.SYSTEM, post=None, measure=None)
    given.refresh_from_db()
    assert (given.state, given.to_place) == (OrderState.WITHDRAWN, True)
    assert "service.stop" in events(INSURER)
    assert "service.stop" in events(FIRM)
    waiting = ServiceOrder.objects.visible_to(acting.of(people["insurer"])).to_be_placed()
    assert [order.pk for order in waiting] == [given.pk]
    moved = moving.place(given.pk, unit(FIRM_B), by=people["insurer"])
    assert (moved.moved_from, moved.firm.code, moved.policy, moved.text) == (given, FIRM_B, given.policy, given.text)
    assert not ServiceOrder.objects.to_be_placed().exists()
    with pytest.raises(Refused) as why:
        moving.place(given.pk, unit(FIRM_B), by=people["insurer"])
    assert why.value.code == "not_to_place"


def test_a_stop_takes_as_many_statements_for_five_orders_as_for_one(
    policy, firms, people, django_assert_max_num_queries
):
    made = policy()
    for _number in range(5):
        ordering.give(ask(made), by=people["insurer"])
    with transaction.atomic(), django_assert_max_num_queries(6):
        firm_stopped.send(Firm, firm=firms[FIRM], at=clock.now(), by=acting.SYSTEM, post=None, measure=None)
    assert ServiceOrder.objects.to_be_placed().count() == 5
    assert LedgerEntry.objects.filter(verb="service.stop").count() == 5


SEES = {
    "insurer": True, "insurer-b": False, "broker": True, "firm": True, "firm-b": False, "enterprise": True,
    "auditor": True, "anwei-office": True, "sijing-head": False, "sijing-duty": False, "shuiwu-head": False,
}  # fmt: skip


@pytest.mark.parametrize("name", SEES)
def test_an_order_is_seen_by_those_it_names_and_the_offices(given, people, name):
    actor = acting.of(people[name])
    assert ServiceOrder.objects.visible_to(actor).filter(pk=given.pk).exists() is SEES[name]


def test_a_broker_is_told_how_far_it_is_and_no_more(given, people):
    brokers, firms = acting.of(people["broker"]), acting.of(people["firm"])
    assert unit(BROKER).pk in brokers.unit_ids
    assert seeing.by_status_only(given, brokers)
    assert not seeing.by_status_only(given, firms)
    assert not Visit.objects.exists()
