"""What the doors of findings and self-control speak of."""

from datetime import timedelta

from alerts.models import RiskObject
from insurance.findings import charge, duty, selfcontrol, telling, working
from insurance.policies.models import Covered, Policy, Share
from insurance.service.models import ServiceOrder
from responsibility import clock
from responsibility.models import User
from tests.access.world import SIJING, WATER, Thing, World
from tests.cases.conftest import picture
from tests.insurance.conftest import told, unit
from tests.insurance.given import agreed

DAY = timedelta(days=1)

MANHOLE, INSURER, BROKER, FIRM, INSURED = "MH-SIJING-0088", "X-INS", "X-BROKER", "X-TPF", "X-WATER"


def findings(world: World, people: dict[str, User]) -> None:
    """Three findings at a manhole that X-INS covers: to be put right, to be looked at again, to be closed."""
    thing = RiskObject.objects.get(code=MANHOLE)
    given = _order(_policy(thing, people), thing, people)
    line = {"severity": "general", "text": "井盖松动"}
    found, done, good = telling.tell([line] * 3, telling.Wanted(order=given), by=people["firm"])
    for place, finding in enumerate((done, good)):
        working.rectify(finding.pk, "已修", uploads=[picture(50 + place)], by=people["enterprise"])
    working.recheck(good.pk, True, by=people["sijing-handler"])
    (proof,) = done.proofs.all()
    world.values |= {"found": found.number, "done": done.number, "good": good.number, "proof": proof.pk}
    outsiders, official = {INSURER, BROKER, FIRM, INSURED}, {SIJING, WATER}
    places = {"own": official, "named": outsiders}
    world.things["telling"] = Thing("", {"named": {INSURER, INSURED}})
    world.things["found"] = Thing("finding.read", places)
    # A look again and the end are for the street and the lead; whoever found it for its client is told why not.
    world.things["done"] = Thing("finding.read", places | {"named": outsiders | official})
    world.things["good"] = Thing("finding.read", places | {"named": outsiders | official})
    world.things["shown"] = Thing("finding.read", {"own": official, "named": {INSURED}})


def self_control(world: World, people: dict[str, User]) -> None:
    """A register of the same manhole with a photo of a check of another, and a case at it."""
    register = selfcontrol.keep(MANHOLE, "daily", "", by=people["enterprise"])
    other = selfcontrol.keep("MH-SIJING-0009", "daily", "", by=people["enterprise"])
    results = [selfcontrol.Result(True)] * len(other.lines)
    checked, _found = selfcontrol.check(other.pk, results, uploads=[picture(60)], by=people["enterprise"])
    assert len(register.lines) == 3
    charge.put_person(register.pk, "李安全", "巡查", by=people["enterprise"])
    charge.put_certificate(register.pk, "有限空间作业证", "A-1", "2030-01-01", by=people["enterprise"])
    duty.answer(world.values["owned"], "confirmed", "", by=people["enterprise"])
    world.values["self_photo"] = checked.photos.get().pk
    world.values["dutied"] = world.values["owned"]
    world.things["self"] = Thing("selfcontrol.read", {"own": {INSURED, WATER}, "named": {INSURER}})
    world.things["photos"] = Thing("selfcontrol.read", {"own": {INSURED, WATER}})
    world.things["dutied"] = Thing("selfcontrol.duty", {"own": {INSURED}})


def _policy(thing: RiskObject, people: dict[str, User]) -> Policy:
    now = clock.now()
    made = Policy.objects.create(
        number="P-FINDINGS", line="comprehensive", insurer=unit(INSURER), insured=unit(INSURED), broker=unit(BROKER),
        starts_at=now - DAY, ends_at=now + 30 * DAY, premium=1, limit_total=1, limit_each=1, registered_at=now,
        registered_by=people["insurer"], **agreed(people["enterprise"], now + 30 * DAY),
    )  # fmt: skip
    Share.objects.create(policy=made, insurer=made.insurer, percent=100)
    Covered.objects.create(policy=made, risk_object=thing, since=made.starts_at, until=made.ends_at, confirmed_at=now)
    told(made, "policy.register", made.number)
    return made


def _order(policy: Policy, thing: RiskObject, people: dict[str, User]) -> ServiceOrder:
    now = clock.now()
    made = ServiceOrder.objects.create(
        number="FW-FINDINGS", policy=policy, by_unit=unit(INSURER), firm=unit(FIRM), insured=unit(INSURED),
        item="inspection", text="隐患排查", due_at=now + DAY, ordered_at=now, ordered_by=people["insurer"],
        risk_object=thing,
    )  # fmt: skip
    told(made, "order.give", made.number)
    return made
