"""A policy with its plan and account, and orders of it in the states that the doors of preventive service speak of."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from insurance.firms.models import Firm, Inspector, Licence
from insurance.policies.models import Policy, Premium, Share
from insurance.service import account, assessing, moving, ordering, plans, record, requesting, visiting
from insurance.service.models import Photo
from responsibility import acting, clock, ledger
from responsibility.models import Unit
from tests.cases.conftest import picture
from tests.insurance.given import agreed

INSURER, BROKER, FIRM, INSURED = "X-INS", "X-BROKER", "X-TPF", "X-WATER"
NAME = "7b7e5a34-58a3-4d5e-9c39-0d5a7c1f5b11"
DAY = timedelta(days=1)


def service(world, people) -> None:
    """Bring it about, and enter it into ``world``."""
    from tests.access.world import Thing

    policy, inspector = _policy(people, "WALK-SERVICE", clock.now() + 300 * DAY), _firm()
    over = _policy(people, "WALK-OVER", clock.now() - DAY)
    assessing.sign(over.pk, over.starts_at.astimezone().year, "良好", by=people["insurer"])
    year = clock.now().astimezone().year
    named = {"named": {INSURER, FIRM, INSURED, BROKER}}
    plan = plans.propose(policy.pk, year, [{"item": "inspection", "measures": "排查", "times": 9}], "",
                         by=people["insurer"])  # fmt: skip
    done = _order(policy, people)
    _visited(done, inspector, people)
    visiting.confirm(done, "", by=people["enterprise"])
    account.budget(policy.pk, "10000", "", by=people["insurer"])
    requesting.ask(policy.pk, "training", "请培训", by=people["enterprise"])
    spent = account.spend(policy.pk, _number(done), "10", "WALK-1", picture(77), by=people["insurer"])
    visited, running, asked = _order(policy, people), _order(policy, people), _order(policy, people)
    _visited(visited, inspector, people)
    _agreed(running, people)
    world.values |= {
        "service_policy": policy.pk, "service_year": year, "service_asked": _number(asked),
        "service_running": _number(running), "service_visited": _number(visited), "service_spent": spent.pk,
        "service_photo": Photo.objects.filter(visit__order=visited).get().pk, "service_inspector": inspector,
        "service_name": NAME, "service_now": clock.now().isoformat(),
        "service_proposed": plan.proposed_at.isoformat(),
    }  # fmt: skip
    world.things["service"] = Thing("service.read", named)
    world.things["service_photo"] = Thing("service.read", {"named": {FIRM, INSURED}})
    world.things["service_plan"] = Thing("service.read", {"named": {INSURER, INSURED}})
    world.things["service_account"] = Thing("account.read", {"named": {INSURER, INSURED}})


@transaction.atomic
def _policy(people, number: str, ends_at: datetime) -> Policy:
    now, units = clock.now(), Unit.objects.in_bulk(field_name="code")
    policy = Policy.objects.create(
        number=number, line="safety", insurer=units[INSURER], broker=units[BROKER], insured=units[INSURED],
        whole=True, starts_at=now - 30 * DAY, ends_at=ends_at, premium=Decimal(100_000),
        limit_total=Decimal(1_000_000), limit_each=Decimal(100_000), registered_at=now,
        registered_by=people["insurer"], **agreed(people["enterprise"], ends_at),
    )  # fmt: skip
    Share.objects.create(policy=policy, insurer=policy.insurer, percent=100)
    Premium.objects.create(policy=policy, amount=Decimal(100_000), received_at=now, reference="W-1", recorded_at=now,
                           recorded_by=people["insurer"])  # fmt: skip
    entry = ledger.Act(policy.chain, "policy.register", "policy", str(policy.pk), policy.number)
    ledger.record([entry], by=acting.SYSTEM)
    return policy


@transaction.atomic
def _firm() -> int:
    """The firm as it stands in the register already, or a new one; an inspector of it with a certificate."""
    unit, ends = Unit.objects.get(code=FIRM), date(2099, 1, 1)
    firm, _new = Firm.objects.get_or_create(
        unit=unit, defaults={"credit_code": "91310117WALKSERV01", "standing": "listed", "registered_at": clock.now()}
    )
    Licence.objects.create(firm=firm, number="WALK-S", name="安全评价", items=["inspection"], issued_by="应急局",
                           since=date(2020, 1, 1), until=ends)  # fmt: skip
    made = Inspector.objects.create(firm=firm, name="周工", certificate="注册安全工程师", number="WALK-S", until=ends)
    ledger.record([ledger.Act(firm.chain, "firm.register", "firm", str(firm.pk), FIRM)], by=acting.SYSTEM)
    return made.pk


def _order(policy: Policy, people) -> int:
    units = Unit.objects.in_bulk(field_name="code")
    wanted = ordering.Asked(firm=units[FIRM], insured=policy.insured, item="inspection", text="排查",
                            due_at=clock.now() + 30 * DAY, policy=policy)  # fmt: skip
    return ordering.give(wanted, by=people["insurer"]).pk


def _agreed(order: int, people) -> None:
    at = clock.now() + DAY
    moving.accept(order, by=people["firm"], propose=at.isoformat())
    moving.agree(order, at, by=people["enterprise"])


def _visited(order: int, inspector: int, people) -> None:
    _agreed(order, people)
    now = clock.now().isoformat()
    written = {"arrived_at": now, "left_at": now, "people": [inspector], "work": "逐井排查"}
    name = f"00000000-0000-4000-8000-{order:012d}"
    visiting.record(order, record.read(written | {"sent_as": name}), by=people["firm"], uploads=[picture(order)])


def _number(order: int) -> str:
    from insurance.service.models import ServiceOrder

    return ServiceOrder.objects.get(pk=order).number
