"""The doors of findings and self-control."""

from tests.access.rules import SEEN, Door

NOTE = {"note": "试"}


def findings() -> list[Door]:
    """Findings by page and by API; ``found`` waits for the work, ``done`` for a look, ``good`` for its end."""
    page, api = "/insurance/findings/", "/api/v1/insurance/findings/"
    one, line = f"{page}<number:number>/", f"{api}<str:number>/"
    told = {"object": "MH-SIJING-0088", "severity": "general", "text": "试"}
    lines = {"object": "MH-SIJING-0088", "lines": [{"severity": "general", "text": "试"}]}
    passed = {"passed": "yes", "note": "试"}
    return [
        Door("GET", page, "finding.read"),
        Door("GET", api, "finding.read"),
        Door("GET", f"{page}tell/", "finding.tell"),
        Door("POST", f"{page}tell/", "finding.tell", "telling", f"{page}tell/", told),
        Door("POST", api, "finding.tell", "telling", api, lines),
        Door("GET", one, SEEN, "found", f"{page}{{found}}/"),
        Door("GET", line, SEEN, "found", f"{api}{{found}}/"),
        Door("POST", f"{one}<slug:verb>/", "finding.rectify", "found", f"{page}{{found}}/prove/", NOTE, "file"),
        Door("POST", f"{one}<slug:verb>/", "finding.rectify", "found", f"{page}{{found}}/rectify/", NOTE, "file"),
        Door("POST", f"{one}<slug:verb>/", "finding.recheck", "done", f"{page}{{done}}/recheck/", passed),
        Door("POST", f"{one}<slug:verb>/", "finding.close", "good", f"{page}{{good}}/close/", NOTE),
        Door("POST", f"{line}proof/", "finding.rectify", "found", f"{api}{{found}}/proof/", NOTE, "file"),
        Door("POST", f"{line}rectify/", "finding.rectify", "found", f"{api}{{found}}/rectify/", NOTE),
        Door(
            "POST", f"{line}recheck/", "finding.recheck", "done", f"{api}{{done}}/recheck/", {"passed": "true"} | NOTE
        ),
        Door("POST", f"{line}close/", "finding.close", "good", f"{api}{{good}}/close/", NOTE),
        Door("GET", f"{page}proofs/<int:pk>/", SEEN, "shown", f"{page}proofs/{{proof}}/"),
        Door("GET", f"{page}proofs/<int:pk>/thumb/", SEEN, "shown", f"{page}proofs/{{proof}}/thumb/"),
    ]


def self_control() -> list[Door]:
    """Registers, self-checks, and the duty on cases."""
    page, api = "/insurance/self-control/", "/api/v1/insurance/self-checks/"
    act, at = f"{page}<str:code>/<slug:verb>/", f"{page}MH-SIJING-0088/"
    met = {"met-0": "yes", "met-1": "yes", "met-2": "yes"}
    sent = {"object": "MH-SIJING-0088", "results": [{"met": "true"}] * 3}
    acts = {
        "keep": {"period": "daily"}, "check": met,
        "person": {"name": "李", "task": "巡查"}, "person-end": {"line": "1"},
        "certificate": {"name": "证", "number": "1", "until": "2030-01-01"}, "certificate-end": {"line": "1"},
    }  # fmt: skip
    duties = "/insurance/duties/"
    return [
        Door("GET", page, "selfcontrol.read"),
        Door("GET", api, "selfcontrol.read"),
        Door("POST", api, "selfcontrol.keep", "self", api, sent),
        Door("GET", f"{page}<str:code>/", SEEN, "self", at),
        *(Door("POST", act, "selfcontrol.keep", "self", f"{at}{verb}/", body) for verb, body in acts.items()),
        Door("GET", f"{page}photos/<int:pk>/", SEEN, "photos", f"{page}photos/{{self_photo}}/"),
        Door("GET", f"{page}photos/<int:pk>/thumb/", SEEN, "photos", f"{page}photos/{{self_photo}}/thumb/"),
        Door("GET", duties, "selfcontrol.duty"),
        Door("GET", f"{duties}said/", "case.read"),
        Door("POST", f"{duties}<number:number>/", "selfcontrol.duty", "dutied", f"{duties}{{dutied}}/",
             {"stance": "confirmed"}),
    ]  # fmt: skip
