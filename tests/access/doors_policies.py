"""The doors of policies, and of what must be insured and is not."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.access.rules import Door


def doors() -> "list[Door]":
    """A rule for each of them."""
    from tests.access.rules import SEEN, Door

    api, page = "/api/v1/insurance/policies/", "/insurance/policies/"
    one, verb = f"{api}<int:pk>/", f"{page}<int:pk>/<slug:verb>/"
    read, write = "policy.read", "policy.register"
    premium = {"amount": "1", "received_at": "{policy_at}", "reference": "W-1"}
    endorse = {"number": "W-1", "effective_at": "{policy_at}", "limit_each": "900000"}
    word = {"edition": "1", "reason": "没有投保"}
    return [
        Door("GET", page, read),
        Door("GET", f"{page}new/", write),
        Door("POST", f"{page}new/", write),
        Door("GET", f"{page}<int:pk>/", SEEN, "policy", f"{page}{{policy}}/"),
        *(Door("POST", verb, write, "policy", f"{page}{{policy}}/{v}/", endorse)
          for v in ("endorse", "renew", "cancel", "premium", "remind")),
        *(Door("POST", verb, f"policy.{v}", "policy_waits", f"{page}{{policy_waits}}/{v}/", word)
          for v in ("decline", "confirm")),
        Door("GET", f"{page}waiting/", "policy.confirm"),
        Door("POST", f"{page}waiting/", "policy.confirm"),
        Door("POST", f"{api}confirm/", "policy.confirm"),
        Door("POST", f"{api}decline/", "policy.decline"),
        Door("POST", f"{one}remind/", write, "policy", f"{api}{{policy}}/remind/"),
        Door("GET", "/insurance/gaps/", "policy.gaps"),
        Door("GET", "/insurance/gaps/export.xlsx", "policy.gaps"),
        Door("GET", api, read),
        Door("POST", api, write),
        Door("GET", one, SEEN, "policy", f"{api}{{policy}}/"),
        Door("POST", f"{one}premiums/", write, "policy", f"{api}{{policy}}/premiums/", premium),
        Door("POST", f"{one}endorsements/", write, "policy", f"{api}{{policy}}/endorsements/", endorse),
    ]  # fmt: skip
