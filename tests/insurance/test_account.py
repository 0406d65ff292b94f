"""The account of prevention: real expenses within the budget, the budget within 21 % of the premium received."""

import threading
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client

from insurance.policies.models import Premium
from insurance.service import account, moving, ordering, plans, requesting, visiting
from insurance.service.models import Budget, Expense, Plan, ServiceOrder
from responsibility import acting, clock, ledger
from responsibility.models import LedgerEntry
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import picture
from tests.insurance.conftest import told, unit
from tests.insurance.test_orders import agreed, ask, firms  # noqa: F401
from tests.insurance.test_visits import written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@transaction.atomic
def receive(policy, amount: int, people, reference: str = "R-1") -> None:
    now = clock.now()
    Premium.objects.create(policy=policy, amount=Decimal(amount), received_at=now, reference=reference, recorded_at=now,
                           recorded_by=people["insurer"])  # fmt: skip
    told(policy, "policy.premium", policy.number)


@pytest.fixture
def paid(policy, people):
    """A policy of which 100,000 yuan came in."""
    made = policy()
    receive(made, 100_000, people)
    return made


@pytest.fixture
def done(firms, paid, people):  # noqa: F811
    """An order of it that both sides signed."""
    order = agreed(ordering.give(ask(paid), by=people["insurer"]), people)
    visiting.record(order.pk, written(), by=people["firm"])
    visiting.confirm(order.pk, "", by=people["enterprise"])
    return ServiceOrder.objects.get(pk=order.pk)


def spend(order, amount, people, voucher="V-1", by="insurer"):
    return account.spend(order.policy_id, order.number, amount, voucher, picture(7), by=people[by])


def test_a_budget_is_at_most_21_per_cent_of_the_premium_received(paid, people):
    for amount, code in (("21000.01", "beyond_cap"), ("100000", "beyond_cap")):
        with pytest.raises(Refused) as why:
            account.budget(paid.pk, amount, "", by=people["insurer"])
        assert why.value.code == code
    account.budget(paid.pk, "21000.00", "年度预算", by=people["insurer"])
    assert account.balance(paid).left == Decimal("21000.00")


@pytest.mark.parametrize("name", ["insurer-b", "broker", "enterprise", "firm", "anwei-office"])
def test_nobody_but_the_lead_insurer_sets_a_budget(paid, people, name):
    with pytest.raises(Forbidden):
        account.budget(paid.pk, "1", "", by=people[name])


@pytest.mark.parametrize("amount", ["-1", "NaN", "1e3", "1.001", "1,2", "5²", "", "9" * 30, None, 1.5, True, "inf"])
def test_an_amount_is_yuan_with_two_places(paid, people, amount):
    with pytest.raises(Invalid):
        account.budget(paid.pk, amount, "", by=people["insurer"])


def test_an_expense_beyond_the_budget_or_the_cap_is_refused(done, people):
    account.budget(done.policy_id, "10000", "", by=people["insurer"])
    spend(done, "9999.99", people)
    with pytest.raises(Refused) as why:
        spend(done, "0.02", people, "V-2")
    assert why.value.code == "overdrawn"
    # A part of the premium goes back: what may be spent shrinks with it.
    receive(done.policy, -60_000, people, "R-2")
    assert account.balance(done.policy).left == 0
    with pytest.raises(Refused):
        spend(done, "0.01", people, "V-3")
    with pytest.raises(Refused) as why:
        account.budget(done.policy_id, "8000", "", by=people["insurer"])
    assert why.value.code == "below_spent"


def test_an_expense_is_for_a_service_of_the_policy_that_is_done(done, policy, people):
    account.budget(done.policy_id, "10000", "", by=people["insurer"])
    other = policy("P-2")
    receive(other, 100_000, people)
    account.budget(other.pk, "10000", "", by=people["insurer"])
    running = ordering.give(ask(done.policy), by=people["insurer"])
    for pk, number, code in ((other.pk, done.number, "foreign_order"), (done.policy_id, running.number, "not_done")):
        with pytest.raises(Refused) as why:
            account.spend(pk, number, "1", "V-9", picture(7), by=people["insurer"])
        assert why.value.code == code


def test_a_voucher_stands_once_in_the_books_of_an_insurer(done, people):
    account.budget(done.policy_id, "10000", "", by=people["insurer"])
    first = spend(done, "100", people)
    with pytest.raises(Refused) as why:
        spend(done, "1", people)
    assert why.value.code == "voucher_used"
    for other in ("v-1", "Ｖ-１", " V-1 "):
        with pytest.raises(Refused) as why:
            spend(done, "1", people, voucher=other)
        assert why.value.code == "voucher_used"
    account.counter(done.policy_id, first.pk, "金额写错", by=people["insurer"])
    with pytest.raises(Refused) as why:
        account.counter(done.policy_id, first.pk, "再来", by=people["insurer"])
    assert why.value.code == "not_countered"
    spend(done, "10", people)
    assert account.balance(done.policy).spent == Decimal("10.00")
    assert [entry.verb for entry in ledger.story(done.policy.chain)][-4:] == [
        "account.budget", "account.spend", "account.counter", "account.spend"]  # fmt: skip


def test_a_voucher_needs_its_file(done, people):
    account.budget(done.policy_id, "10000", "", by=people["insurer"])
    for file in (None, SimpleUploadedFile("a.pdf", b"no pdf")):
        with pytest.raises(Invalid):
            account.spend(done.policy_id, done.number, "1", "V-1", file, by=people["insurer"])


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_overdraw_it(done, people):
    account.budget(done.policy_id, "10000", "", by=people["insurer"])
    said, ready = [], threading.Barrier(2)

    def run(voucher: str):
        try:
            ready.wait(10)
            spend(done, "6000", people, voucher)
            said.append("spent")
        except Refused as refused:
            said.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(f"V-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["overdrawn", "spent"]
    assert account.balance(done.policy).spent == Decimal("6000.00")


def by_hand(order, **more) -> Expense:
    fields = {"policy_id": order.policy_id, "insurer": order.by_unit, "order": order, "item": order.item, "amount": 1,
              "voucher": "H-1", "sha256": "0" * 64, "size": 1, "content_type": "application/pdf", "path": "x",
              "recorded_at": clock.now(), "recorded_by": order.ordered_by}  # fmt: skip
    return Expense(**fields | more)


@pytest.mark.django_db(transaction=True)
def test_the_database_keeps_the_account_by_itself(done, people):
    account.budget(done.policy_id, "100", "", by=people["insurer"])
    running = ordering.give(ask(done.policy), by=people["insurer"])
    spent = spend(done, "40", people)
    wrong = {
        "expense_within_budget": by_hand(done, amount=61), "expense_of_done_order": by_hand(running),
        "expense_of_its_insurer": by_hand(done, insurer=unit("X-INS-B")),
        "expense_voucher_once": by_hand(done, voucher="V-1"), "expense_signed": by_hand(done, amount=-1),
        "expense_countered_whole": by_hand(done, amount=-1, counters=spent, voucher="V-1"),
    }  # fmt: skip
    for name, row in wrong.items():
        with pytest.raises(IntegrityError) as why, transaction.atomic():
            row.save()
        assert why.value.__cause__.diag.constraint_name == name
    for amount, name in ((21_001, "budget_within_cap"), (39, "budget_above_spent")):
        with pytest.raises(IntegrityError) as why, transaction.atomic():
            Budget.objects.create(policy=done.policy, amount=amount, set_at=clock.now(), set_by=people["insurer"])
        assert why.value.__cause__.diag.constraint_name == name
    with pytest.raises(IntegrityError), transaction.atomic():
        Expense.objects.filter(pk=spent.pk).update(amount=1)
    with pytest.raises(IntegrityError, match="without a ledger entry"):
        by_hand(done).save()


@pytest.mark.django_db(transaction=True)
def test_two_rows_written_by_hand_at_once_do_not_overdraw_it_either(done, people):
    account.budget(done.policy_id, "100", "", by=people["insurer"])
    said, ready = [], threading.Barrier(2)

    def run(voucher: str):
        try:
            with transaction.atomic():
                ready.wait(10)
                by_hand(done, amount=60, voucher=voucher).save()
                told(done.policy, "account.spend", done.policy.number)
            said.append("spent")
        except IntegrityError as error:
            said.append(error.__cause__.diag.constraint_name)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(f"H-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["expense_within_budget", "spent"]


def test_a_refused_expense_leaves_its_trace_in_the_ledger(done, people):
    account.budget(done.policy_id, "100", "", by=people["insurer"])
    client = Client()
    client.force_login(people["insurer"])
    base, file = f"/insurance/service/{done.policy_id}/account/spend/", picture(7)
    wanted = {"order": done.number, "amount": "100.01", "voucher": "V-1"}
    assert client.post(base, wanted | {"file": file}).status_code == 409
    entry = LedgerEntry.objects.filter(verb="access.refuse").latest("id")
    assert (entry.after["code"], entry.actor_id) == ("overdrawn", people["insurer"].pk)
    api = f"/api/v1/insurance/service/{done.policy_id}/account/expenses/"
    assert client.post(api, wanted | {"file": picture(7)}).status_code == 409


SEES = {"insurer": 200, "insurer-b": 404, "broker": 404, "firm": 404, "enterprise": 200, "anwei-office": 200,
        "auditor": 200, "sijing-head": 404, "yingji-office": 404}  # fmt: skip


@pytest.mark.parametrize("name", SEES)
def test_the_account_is_open_to_the_insured_and_the_committee(done, people, name):
    account.budget(done.policy_id, "100", "", by=people["insurer"])
    made = spend(done, "40", people)
    client = Client()
    client.force_login(people[name])
    for address in (f"/insurance/service/{done.policy_id}/account/", f"/insurance/vouchers/{made.pk}/",
                    f"/api/v1/insurance/service/{done.policy_id}/account/"):  # fmt: skip
        assert client.get(address).status_code == SEES[name], address


# --- the plan ---------------------------------------------------------------------------
LINE = {"item": "inspection", "measures": "每季排查窨井", "times": "1", "firm": "X-TPF"}


def test_a_plan_is_laid_by_the_insurer_and_agreed_by_the_insured(paid, firms, people):  # noqa: F811
    year = clock.now().astimezone().year
    first = plans.propose(paid.pk, year, [LINE, LINE | {"item": "training"}], "零事故", by=people["insurer"])
    with pytest.raises(Forbidden):
        plans.answer(paid.pk, year, True, "", first.proposed_at, by=people["insurer"])
    plans.answer(paid.pk, year, False, "次数太少", first.proposed_at, by=people["enterprise"])
    plan = plans.propose(paid.pk, year, [LINE], "零事故", by=people["insurer"])
    line = plan.lines.get()
    with pytest.raises(Refused) as why:
        ordering.give(ask(paid, line=line), by=people["insurer"])
    assert why.value.code == "plan_not_agreed"
    with pytest.raises(Refused) as why:
        plans.answer(paid.pk, year, True, "", first.proposed_at.isoformat(), by=people["enterprise"])
    assert why.value.code == "changed_since"
    with pytest.raises(Invalid):
        plans.answer(paid.pk, year, True, "", "", by=people["enterprise"])
    plans.answer(paid.pk, year, True, "", plan.proposed_at.isoformat(), by=people["enterprise"])
    with pytest.raises(Refused) as why:
        plans.propose(paid.pk, year, [LINE], "", by=people["insurer"])
    assert why.value.code == "plan_agreed"
    order = ordering.give(ask(paid, line=line), by=people["insurer"])
    with pytest.raises(Refused) as why:
        ordering.give(ask(paid, line=line), by=people["insurer"])
    assert why.value.code == "line_used_up"
    moving.withdraw(order.pk, "改期", by=people["insurer"])
    ordering.give(ask(paid, line=line), by=people["insurer"])
    with pytest.raises(IntegrityError), transaction.atomic():
        line.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(state="proposed", answered_at=None, answered_by=None)


@pytest.mark.parametrize("wrong", [{"item": "x"}, {"times": "0"}, {"times": "９"}, {"measures": ""}, {"firm": "X-INS"}])
def test_a_line_of_a_plan_is_whole(paid, people, wrong):
    with pytest.raises(Invalid):
        plans.propose(paid.pk, clock.now().astimezone().year, [LINE | wrong], "", by=people["insurer"])


def test_the_pages_of_a_policy_open_for_those_it_concerns(done, people):
    year = clock.now().astimezone().year
    plans.propose(done.policy_id, year, [LINE], "零事故", by=people["insurer"])
    base = f"/insurance/service/{done.policy_id}/{year}"
    pages = ["/insurance/service/", f"{base}/plan/", f"{base}/assessment/", "/insurance/orders/"]
    for name in ("insurer", "enterprise", "anwei-office"):
        client = Client()
        client.force_login(people[name])
        assert [client.get(page).status_code for page in pages] == [200] * 4, name
    stranger = Client()
    stranger.force_login(people["insurer-b"])
    assert [stranger.get(page).status_code for page in pages] == [200, 404, 404, 200]


def test_the_insured_and_its_broker_ask_and_the_insurer_sees_what_came_of_it(paid, firms, people):  # noqa: F811
    asked = requesting.ask(paid.pk, "inspection", "雨季前排查", by=people["broker"])
    assert asked.unit.code == "X-BROKER"
    requesting.ask(paid.pk, "training", "新员工培训", by=people["enterprise"])
    ordering.give(ask(paid), by=people["insurer"])
    seen = requesting.visible_to(acting.of(people["insurer"]))
    assert {one.item: one.ordered for one in seen} == {"inspection": True, "training": False}
    assert [one.item for one in requesting.visible_to(acting.of(people["broker"]))] == ["inspection"]
    assert not requesting.visible_to(acting.of(people["insurer-b"])).exists()
    for name, wrong in (("insurer", Forbidden), ("firm", Forbidden), ("anwei-office", Forbidden)):
        with pytest.raises(wrong):
            requesting.ask(paid.pk, "training", "x", by=people[name])
    with pytest.raises(Invalid):
        requesting.ask(10**17, "training", "x", by=people["enterprise"])


def test_what_is_agreed_is_the_plan_that_was_read_by_page_and_by_program(paid, people):
    year = clock.now().astimezone().year
    lay = lambda goal: plans.propose(paid.pk, year, [LINE], goal, by=people["insurer"])  # noqa: E731
    page, api = (f"{root}insurance/service/{paid.pk}/{year}/plan/" for root in ("/", "/api/v1/"))
    client, shown = Client(), lay("零事故").proposed_at
    client.force_login(people["enterprise"])
    assert shown.isoformat() in client.get(page).content.decode()
    read = client.get(api).json()["proposed_at"]
    lay("另一份")
    refused = client.post(page, {"answer": "agree", "proposed_at": shown.isoformat()})
    assert refused.status_code == 409
    assert "另一份" in refused.content.decode()
    answer = {"agree": True, "proposed_at": read}
    assert client.post(f"{api}answer/", answer, content_type="application/json").status_code == 409
    answer["proposed_at"] = client.get(api).json()["proposed_at"]
    agreed = client.post(f"{api}answer/", answer, content_type="application/json")
    assert (agreed.status_code, agreed.json()["state"]) == (200, "agreed")
