"""What waits, part by part; one function each, named in ``waiting.WAITS``."""

from insurance.portals import waiting
from insurance.portals.waits import claims, findings, firms, policies, selfcontrol, service


def register() -> None:
    """Let the home page ask all of them."""
    waiting.WAITS += [policies.waits, service.waits, findings.waits, claims.waits, firms.waits, selfcontrol.waits]
