"""The doors of the register of firms."""

REASON = {"text": "试"}
LICENCE = {
    "name": "安全服务", "number": "W-1", "issued_by": "某厅", "items": "drills",
    "since": "2026-01-01", "until": "2030-01-01",
}  # fmt: skip
PERSON = {"name": "周工", "certificate": "注册安全工程师", "number": "W-2", "until": "2030-01-01"}
MEASURED = {
    "answer": "firm.answer", "call": "firm.measure", "hear": "firm.measure", "decide": "firm.measure",
    "appeal": "firm.answer", "rule": "firm.appeal",
}  # fmt: skip


def doors() -> list:
    """Doors: the list is everybody's; the rest is the office's, the firm's, and of complaints the complainant's."""
    from tests.access.rules import SEEN, SIGNED_IN, Door  # which names this module itself

    page, api = "/insurance/firms/", "/api/v1/insurance/firms/"
    firm, act = f"{page}<int:pk>/", f"{page}<int:pk>/<slug:act>/"
    row = "<int:pk>/<slug:act>/"
    return [
        Door("GET", page, SIGNED_IN),
        Door("GET", f"{page}list.xlsx", SIGNED_IN),
        Door("GET", f"{page}complaints/", SIGNED_IN),
        Door("GET", f"{page}new/", "firm.keep"),
        Door("POST", f"{page}new/", "firm.keep", body={"unit": "X-NONE", "credit_code": "x"}),
        Door("GET", firm, SIGNED_IN, "", f"{page}{{firm}}/"),
        Door("GET", firm, SEEN, "firm_new", f"{page}{{firm_new}}/"),
        Door("POST", act, "firm.keep", "firm_new", f"{page}{{firm_new}}/license/", LICENCE),
        Door("POST", act, "firm.people", "firm_public", f"{page}{{firm}}/employ/", PERSON),
        Door("POST", act, "firm.measure", "firm_new", f"{page}{{firm_new}}/measure/",
             {"what": "stop:lent", "text": "试"}),
        Door("POST", act, "complaint.make", "firm_served", f"{page}{{firm}}/complain/", REASON),
        Door("POST", f"{page}licences/{row}", "firm.keep", "", f"{page}licences/{{licence}}/withdraw/",
             {"reason": "试"}),
        Door("POST", f"{page}people/{row}", "firm.people", "firm", f"{page}people/{{inspector}}/leave/"),
        *(
            Door("POST", f"{page}measures/{row}", which, "firm", f"{page}measures/{{measure}}/{verb}/", REASON)
            for verb, which in MEASURED.items()
        ),
        *(
            Door("POST", f"{page}complaints/{row}", "complaint.answer", "complaint",
                 f"{page}complaints/{{complaint}}/{verb}/", REASON)
            for verb in ("check", "answer")
        ),
        Door("GET", api, SIGNED_IN),
        Door("GET", f"{api}scorecard/", "firm.read", "firm", f"{api}scorecard/?unit=X-TPF"),
    ]  # fmt: skip
