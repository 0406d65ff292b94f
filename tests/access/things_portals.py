"""What the doors of the portals speak of: an insurer's hook with a message that failed, an enterprise's contact."""

from datetime import timedelta
from uuid import uuid4

from insurance.policies.models import Policy, Share
from insurance.portals import contacts, hooks
from insurance.portals.models import Delivery
from responsibility import acting, clock, ledger
from responsibility.models import Unit
from tests.insurance.given import agreed

DAY = timedelta(days=1)


def portals(world, people, thing) -> None:
    """Enter ``hook``, ``message``, ``contact`` into ``world``; ``thing`` makes what a rule speaks of."""
    hook, _secret = hooks.make(hooks.Wish("系统", "https://hooks.example.org/", ["claim"]), by=people["insurer"])
    now = clock.now()
    message = Delivery.objects.create(
        hook=hook, key=uuid4(), event="claim.noticed", subject="LP-1", at=now, body={}, status="failed", try_at=now,
        until=now,
    )  # fmt: skip
    contact = contacts.keep("周师傅", "13812341234", "", by=people["enterprise"])
    _policy(people, now)
    world.values |= {"hook": hook.pk, "message": message.pk, "contact": contact.pk}
    world.things["hook"] = thing("webhook.manage", {"own": {"X-INS"}})
    own = contact.unit.code
    # X-TPF has an order there (``things_service``).
    world.things["contact"] = thing("outside.unmask", {"named": {"X-INS", "X-BROKER", "X-TPF", own}, "own": {own}})


def _policy(people, now) -> None:
    unit = Unit.objects.get
    made = Policy.objects.create(
        number="P-WALK-PORTAL", line="public", insurer=unit(code="X-INS"), broker=unit(code="X-BROKER"),
        insured=unit(code="X-WATER"), starts_at=now - DAY, ends_at=now + DAY, premium=1, limit_total=1, limit_each=1,
        registered_at=now, registered_by=people["insurer"], **agreed(people["enterprise"], now + DAY),
    )  # fmt: skip
    Share.objects.create(policy=made, insurer=made.insurer, percent=100)
    act = ledger.Act(made.chain, "policy.register", "policy", str(made.pk), made.number)
    ledger.record([act], by=acting.SYSTEM)
