"""A policy as an insurer's system sends it."""

from datetime import timedelta

from responsibility import clock

DAY = timedelta(days=1)
MANHOLE = "MH-SIJING-0088"


def policy_of(**fields) -> dict:
    """The fields of the API for a policy of X-WATER over the manhole, in force; ``None`` leaves one out."""
    now = clock.now()
    whole = {
        "number": "PN-1", "line": "comprehensive", "insured": "X-WATER", "objects": [MANHOLE],
        "starts_at": (now - 10 * DAY).isoformat(), "ends_at": (now + 355 * DAY).isoformat(), "premium": "100000.00",
        "limit_total": "5000000", "limit_each": "1000000", "fast_limit": "10000",
    }  # fmt: skip
    return {name: value for name, value in (whole | fields).items() if value is not None}
