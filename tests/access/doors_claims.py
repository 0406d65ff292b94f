"""The doors of claims, of the whole chain of a case, and of the history of an insured object."""

from tests.access.rules import SEEN, Door


def doors() -> list[Door]:
    """One for each address; verbs that differ in who may have a line each."""
    page, api = "/insurance/claims/<str:number>/", "/api/v1/insurance/claims/<str:number>/"
    verb, verbs = page + "<slug:verb>/", api + "<slug:verb>/"
    claim, at = "/insurance/claims/{claim}/", "/api/v1/insurance/claims/{claim}/"
    paper = "/insurance/claims/papers/<int:pk>/"
    notice = {"policy": "{claimed_policy}", "case": "{fresh}", "loss": "井盖损坏"}
    history = "/insurance/objects/<str:code>/history/"
    return [
        Door("GET", "/insurance/claims/", "claim.read"),
        Door("GET", "/api/v1/insurance/claims/", "claim.read"),
        Door("GET", "/insurance/claims/notice/", "claim.notice"),
        Door("POST", "/insurance/claims/notice/", "claim.notice", "", "", {"cover": "1", "loss": "x"}),
        Door("POST", "/api/v1/insurance/claims/", "claim.notice", "claimable", "", notice),
        Door("GET", page, SEEN, "claim", claim),
        Door("GET", api, SEEN, "claim", at),
        Door("POST", page + "papers/", "claim.notice", "claim", claim + "papers/", file="file"),
        Door("POST", api + "papers/", "claim.notice", "claim", at + "papers/", file="file"),
        Door("GET", paper, SEEN, "claim_paper", "/insurance/claims/papers/{claim_paper}/"),
        Door("GET", f"/api/v1{paper}", SEEN, "claim_paper", "/api/v1/insurance/claims/papers/{claim_paper}/"),
        Door("POST", verb, "claim.handle", "claim", claim + "reserve/", {"amount": "1", "reason": "试"}),
        Door("POST", verb, "claim.agree", "claim", claim + "agree/"),
        Door("POST", verb, "claim.notice", "claim", claim + "supplied/"),
        Door("POST", verbs, "claim.handle", "claim", at + "reserve/", {"amount": "1", "reason": "试"}),
        Door("POST", verbs, "claim.agree", "claim", at + "agree/"),
        Door("POST", verbs, "claim.notice", "claim", at + "supplied/"),
        Door("GET", "/insurance/cases/<str:number>/chain/", SEEN, "chained", "/insurance/cases/{chained}/chain/"),
        Door("GET", history, SEEN, "insured_object", "/insurance/objects/{insured_object}/history/"),
        Door("GET", f"/api/v1{history}", SEEN, "insured_object", "/api/v1/insurance/objects/{insured_object}/history/"),
    ]
