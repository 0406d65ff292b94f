"""A claim with everything that can hang on one, for the walk."""

from datetime import timedelta
from decimal import Decimal

from alerts.models import RiskObject
from cases.models import Case
from insurance.claims import handling, noticing, paying
from insurance.policies.models import Covered, Policy, Share
from responsibility import clock
from responsibility.models import Unit
from tests.cases.conftest import picture
from tests.insurance.claiming import cover, noticed
from tests.insurance.conftest import told
from tests.insurance.given import agreed

NAMED = {"X-INS", "X-BROKER", "X-WATER"}
OBJECT = "MH-SIJING-0088"


def build(world, people) -> None:
    """A policy of X-INS for X-WATER that covers a case, and a claim on it."""
    from tests.access.world import Thing

    case, policy = Case.objects.get(number=world.values["fresh"]), _policy(people)
    cover(case, policy)
    claim = noticed(case, policy, people, estimate="900")
    noticing.ask(claim.pk, "发票", by=people["insurer"])
    paper = noticing.give(claim.pk, picture(71), by=people["enterprise"], note="发票")
    handling.register(claim.pk, by=people["insurer"], reserve="900")
    paying.advance(claim.pk, "100", "A-1", by=people["insurer"])
    paying.pursue(claim.pk, by=people["insurer"], against="某施工公司", basis="侵权", sought="50")
    handling.assess(claim.pk, "900", "属实", by=people["insurer"])
    world.values |= {
        "claim": claim.number, "claim_paper": paper.pk, "claimed_policy": policy.number, "chained": case.number,
        "insured_object": OBJECT,
    }  # fmt: skip
    world.things["claim"] = Thing("claim.read", {"named": NAMED})
    world.things["claim_paper"] = Thing("claim.read", {"named": NAMED - {"X-BROKER"}})
    world.things["claimable"] = Thing("claim.notice", {"named": NAMED}, room=True)
    # Who is named by its cover sees a case on this page as if it were shown to him.
    world.things["chained"] = Thing("case.read", world.things["fresh"].places | {"granted": NAMED})
    world.things["insured_object"] = Thing("claim.handle", {"named": {"X-INS"}}, room=True)


def _policy(people) -> Policy:
    now = clock.now()
    insurer, insured = Unit.objects.get(code="X-INS"), Unit.objects.get(code="X-WATER")
    made = Policy.objects.create(
        number="WALK-CLAIMS", line="comprehensive", insurer=insurer, insured=insured, premium=Decimal(1000),
        broker=Unit.objects.get(code="X-BROKER"), starts_at=now - timedelta(days=9), ends_at=now + timedelta(days=99),
        limit_total=Decimal(10_000), limit_each=Decimal(1000), registered_at=now, registered_by=people["insurer"],
        **agreed(people["enterprise"], now + timedelta(days=99)),
    )  # fmt: skip
    Share.objects.create(policy=made, insurer=insurer, percent=100)
    thing = RiskObject.objects.get(code=OBJECT)
    Covered.objects.create(policy=made, risk_object=thing, since=made.starts_at, until=made.ends_at, confirmed_at=now)
    told(made, "policy.register", made.number)
    return made
