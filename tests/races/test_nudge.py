"""A change made in one process is told to the screens that another one serves, and to nobody else's."""

import json
from http.cookies import SimpleCookie

import pytest
from django.test import Client
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

pytestmark = pytest.mark.race

# A nudge is gathered for a twentieth of a second; this much is silence.
SILENCE = 1.0


@pytest.fixture
def screen(people):
    """``screen(port, "sijing-duty")``: an open socket of this person's worklist, or of nobody's."""

    def open_(port: int, name: str = "", query: str = ""):
        headers = {"Origin": f"http://127.0.0.1:{port}"}
        if name:
            browser = Client()
            browser.force_login(people[name])
            headers["Cookie"] = SimpleCookie({"sessionid": browser.cookies["sessionid"].value}).output(header="")
        return connect(f"ws://127.0.0.1:{port}/ws/board/{query}", additional_headers=headers)

    return open_


def test_a_change_made_by_another_process_reaches_the_screens_concerned_and_nobody_else(
    serve, screen, open_case, pressing, at_once
):
    _web, port = serve()
    case = open_case()
    with (
        screen(port, "sijing-duty") as street,
        screen(port, "jiuting-duty") as other_street,
        screen(port, "chengyun-lead") as centre,
        screen(port, "sijing-handler", f"?case={case.number}") as page,
    ):
        [answer] = at_once(pressing(case, "acknowledge", "sijing-duty"))
        assert answer["status"] == 200
        for told in (street, centre, page):
            assert json.loads(told.recv(timeout=10)) == {"changed": True}
        with pytest.raises(TimeoutError):
            other_street.recv(timeout=SILENCE)
    for name, query in (("", ""), ("jiuting-duty", f"?case={case.number}")):
        with pytest.raises(InvalidStatus) as refused:
            screen(port, name, query)
        assert refused.value.response.status_code == 403
