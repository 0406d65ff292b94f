"""What the walk finds of policies: one of X-INS for X-WATER, brokered, endorsed, paid, and covering cases."""

from typing import TYPE_CHECKING

from insurance.policies import changing, covering, premiums, registering
from insurance.policies.models import Policy
from responsibility.models import User
from tests.insurance.given import assented, policy_of

if TYPE_CHECKING:
    from tests.access.world import World


def build(world: "World", people: dict[str, User]) -> None:
    """Bring it about. In the caller's transaction."""
    from tests.access.world import Thing

    (answer,) = registering.register([policy_of(number="WALK-1", broker="X-BROKER")], by=people["insurer"])
    policy = Policy.objects.get(pk=answer.policy)
    at = policy.starts_at.isoformat()
    assented([policy.pk])
    paid = {"amount": "100000", "received_at": at, "reference": "WALK-1"}
    premiums.receive(policy.pk, premiums.read(paid), by=people["insurer"])
    wish = {"number": "WALK-1", "effective_at": at, "fast_limit": "9000"}
    changing.endorse(policy.pk, changing.read(wish), by=people["insurer"])
    covering.judge()
    past = {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-02-01T00:00:00Z", "tail_days": 3650}
    asked = policy_of(number="WALK-2", broker="X-BROKER", **past)
    (waits,) = registering.register([asked], by=people["insurer"])
    world.values |= {"policy": policy.pk, "policy_at": policy.starts_at.isoformat(), "policy_waits": waits.policy}
    world.things["policy"] = Thing("policy.read", {"named": {"X-INS", "X-BROKER", "X-WATER"}})
    world.things["policy_waits"] = Thing("policy.read", {"named": {"X-INS", "X-BROKER", "X-WATER"}})
