"""The doors of preventive service: plans, orders, visits, the account of prevention, assessments."""

from tests.access.rules import SEEN, SIGNED_IN, Door

# Each verb with its act, the order of the world it is tried with, and what its form holds.
VERBS = {
    "accept": ("service.work", "asked", {}),
    "decline": ("service.work", "asked", {"reason": "人手不足"}),
    "agree": ("service.appoint", "running", {}),
    "confirm": ("service.agree", "visited", {"remark": "属实"}),
    "dispute": ("service.agree", "visited", {"reason": "不实"}),
    "withdraw": ("service.order", "running", {"reason": "改期"}),
    "place": ("service.order", "running", {"firm": "X-TPF-B"}),
}
GIVEN = {"policy": "{service_policy}", "firm": "X-TPF", "item": "inspection", "text": "排查", "due_at": "{until}"}
VISIT = {"sent_as": "{service_name}", "arrived_at": "{service_now}", "left_at": "{service_now}", "work": "排查"}


def service() -> list[Door]:
    """Pages and operations."""
    return [*_orders(), *_policies()]


def _orders() -> list[Door]:
    page, api = "/insurance/orders/", "/api/v1/insurance/orders/"
    doors = [
        Door("GET", page, "service.read"),
        Door("GET", api, "service.read"),
        Door("GET", f"{page}worker.js", SIGNED_IN),
        Door("GET", f"{page}new/", "service.order"),
        Door("POST", f"{page}new/", "service.order", "", "", GIVEN),
        Door("POST", api, "service.order", "", "", GIVEN),
        Door("GET", f"{page}<str:order>/", SEEN, "service", f"{page}{{service_asked}}/"),
        Door("GET", f"{api}<str:order>/", SEEN, "service", f"{api}{{service_visited}}/"),
        Door("GET", "/insurance/photos/<int:pk>/", SEEN, "service_photo", "/insurance/photos/{service_photo}/"),
        Door("GET", "/insurance/photos/<int:pk>/thumb/", SEEN, "service_photo",
             "/insurance/photos/{service_photo}/thumb/"),
        Door("GET", f"{page}<str:order>/visit/", "service.work", "service", f"{page}{{service_running}}/visit/"),
    ]  # fmt: skip
    for root in (page, api):
        at, of = f"{root}{{service_running}}", f"{root}<str:order>"
        doors.append(Door("POST", f"{of}/visit/", "service.work", "service", f"{at}/visit/", VISIT))
        sent = {"sent_as": "{service_name}"}
        doors.append(Door("POST", f"{of}/photos/", "service.work", "service", f"{at}/photos/", sent, "photo"))
        for verb, (act, name, body) in VERBS.items():
            pressed = f"{root}{{service_{name}}}/{verb}/"
            doors.append(Door("POST", f"{of}/<slug:verb>/", act, "service", pressed, body))
    return doors


def _policies() -> list[Door]:
    page, api = "/insurance/service/", "/api/v1/insurance/service/"
    policy, year = "<int:policy>/", "<int:policy>/<int:year>/"
    of, in_year = "{service_policy}/", "{service_policy}/{service_year}/"
    plan, account = "service_plan", "service_account"
    laid = {"item_1": "inspection", "measures_1": "排查", "times_1": "4"}
    spent = {"order": "{service_visited}", "amount": "1", "voucher": "W-9"}
    budget, back = {"amount": "1000"}, {"reason": "写错"}
    lines = {"lines": [{"item": "inspection", "measures": "排查", "times": "4"}]}
    asked = {"policy": "{service_policy}", "item": "training", "text": "请培训"}
    counter = f"{api}{policy}account/expenses/<int:expense>/counter/"
    return [
        Door("GET", page, "service.read"),
        Door("POST", f"{page}requests/", "service.request", "", "", asked),
        Door("GET", f"{api}requests/", SIGNED_IN),
        Door("POST", f"{api}requests/", "service.request", "", "", asked),
        Door("GET", f"{page}{year}plan/", SEEN, plan, f"{page}{in_year}plan/"),
        Door("POST", f"{page}{year}plan/", "service.plan", plan, f"{page}{in_year}plan/", laid),
        Door("POST", f"{page}{year}plan/", "service.agree", plan, f"{page}{in_year}plan/",
             {"answer": "agree", "proposed_at": "{service_proposed}"}),
        Door("GET", f"{page}{year}assessment/", SEEN, plan, f"{page}{in_year}assessment/"),
        Door("POST", f"{page}{year}assessment/", "service.plan", plan, f"{page}{in_year}assessment/",
             {"conclusion": "良好"}),
        Door("GET", f"{page}{policy}account/", "account.read", account, f"{page}{of}account/"),
        Door("POST", f"{page}{policy}account/<slug:verb>/", "account.spend", account, f"{page}{of}account/budget/",
             budget),
        Door("POST", f"{page}{policy}account/<slug:verb>/", "account.spend", account, f"{page}{of}account/spend/",
             spent, "file"),
        Door("POST", f"{page}{policy}account/<slug:verb>/", "account.spend", account, f"{page}{of}account/counter/",
             back | {"expense": "{service_spent}"}),
        Door("GET", "/insurance/vouchers/<int:pk>/", SEEN, account, "/insurance/vouchers/{service_spent}/"),
        Door("GET", f"{api}{policy}account/", SEEN, account, f"{api}{of}account/"),
        Door("POST", f"{api}{policy}account/budget/", "account.spend", account, f"{api}{of}account/budget/", budget),
        Door("POST", f"{api}{policy}account/expenses/", "account.spend", account, f"{api}{of}account/expenses/", spent,
             "file"),
        Door("POST", counter, "account.spend", account, f"{api}{of}account/expenses/{{service_spent}}/counter/", back),
        Door("GET", f"{api}{year}plan/", SEEN, plan, f"{api}{in_year}plan/"),
        Door("POST", f"{api}{year}plan/", "service.plan", plan, f"{api}{in_year}plan/", lines),
        Door("POST", f"{api}{year}plan/answer/", "service.agree", plan, f"{api}{in_year}plan/answer/",
             {"agree": True, "proposed_at": "{service_proposed}"}),
        Door("GET", f"{api}{year}figures/", SEEN, plan, f"{api}{in_year}figures/"),
    ]  # fmt: skip
