"""CAP messages through the door: judged rightly, or refused with nothing written."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from alerts.formats.item import CAP_PAYLOAD_BYTES
from alerts.intake import size_of
from alerts.models import Alert
from cases import requests
from cases.models import Case
from responsibility import clock, ledger
from tests.cases import conftest as work
from tests.cases.conftest import CLOSED, CONTAINED

press, evidence_folder = work.press, work._evidence_folder
pytestmark = pytest.mark.django_db

MESSAGES = Path(__file__).parent / "cap"
CAP = "urn:oasis:names:tc:emergency:cap:1.2"


def message(
    identifier: str, *, grade: str = "yellow", event: str = "LL-CONF-H2S", sent=None, info: str = "", **head
) -> bytes:
    """A CAP 1.2 message for the point of the manhole in 泗泾镇."""
    sent = sent or timezone.now() - timedelta(minutes=1)
    whole = {
        "identifier": identifier,
        "sender": "sub@songjiang.example",
        "sent": sent.isoformat(timespec="seconds"),
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
    } | head
    severity = {"red": "Extreme", "orange": "Severe", "yellow": "Moderate", "blue": "Minor"}[grade]
    elements = "".join(f"<{name}>{value}</{name}>" for name, value in whole.items())
    return (
        f'<alert xmlns="{CAP}">{elements}<info><category>Safety</category><event>{event}</event>{info}'
        f"<urgency>Immediate</urgency><severity>{severity}</severity><certainty>Observed</certainty>"
        "<area><areaDesc>泗泾镇</areaDesc><circle>31.1144,121.2683 0.1</circle></area></info></alert>"
    ).encode()


def speaks_of(*identifiers: str) -> str:
    return " ".join(f"sub@songjiang.example,{name},2026-01-01T00:00:00+08:00" for name in identifiers)


@pytest.fixture
def tell(knock):
    """Post a message; the answer's body, after a look at its status."""

    def send(body: bytes, status: int = 201) -> dict:
        answer = knock(body, door="alerts/cap/", content_type="application/cap+xml")
        assert answer.status_code == status, answer.content
        return answer.json()

    return send


PUBLISHED = {"australia": "triage", "earthquake": "triage", "weather": "triage", "canada": "cleared"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_message_from_elsewhere_is_taken_and_put_before_the_shift_leader(tell, name):
    body = (MESSAGES / f"{name}.cap").read_bytes()
    first = tell(body)
    assert first["outcome"] == PUBLISHED[name]
    assert tell(body, 200) == {**first, "outcome": "duplicate"}
    assert Case.objects.filter(state="triage").count() == (first["outcome"] == "triage")
    kept = Alert.objects.get()
    assert kept.payload["version"] in ("1.1", "1.2")
    assert list(ledger.verify(ledger.story(kept.chain))) == []


def test_a_warning_at_home_opens_a_case_held_by_the_street(tell):
    answer = tell(message("a-1"))
    case = Case.objects.get(number=answer["case"])
    assert (answer["outcome"], case.holder.name, case.lead.code, case.grade) == ("opened", "泗泾镇", "SJ-SW", "yellow")


HOSTILE = {
    "billion laughs": (
        '<!DOCTYPE l [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {n} "{f"&{p};" * 10}">' for p, n in zip("abcdefgh", "bcdefghi", strict=True))
        + "]>",
        "&i;",
    ),
    "quadratic blowup": (f'<!DOCTYPE l [<!ENTITY a "{"x" * 50_000}">]>', "&a;" * 1000),
    "external entity": ('<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "&x;"),
    "external subset": ('<!DOCTYPE l SYSTEM "http://127.0.0.1:9/cap.dtd">', "x"),
    "parameter entity": ('<!DOCTYPE l [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]>', "x"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_entity_is_never_resolved(tell, written, name):
    before = written()
    declaration, event = HOSTILE[name]
    errors = tell(declaration.encode() + message("h-1", event=event), 400)["errors"]
    assert errors[0]["code"] == "cap_entity"
    assert written() == before


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"<alert/>", b"<a>" * 100_000])
def test_what_is_no_message_is_refused(tell, written, body):
    before = written()
    assert tell(body, 400)["errors"][0]["code"].startswith("cap_")
    assert written() == before


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft"])
def test_what_is_not_actual_opens_nothing(tell, status):
    assert tell(message("e-1", status=status, grade="red"))["outcome"] == "observed"
    assert not Case.objects.exists()
    assert Alert.objects.get().outcome == "observed"


def test_an_exercise_about_a_real_case_leaves_it_alone(tell):
    number = tell(message("a-1"))["case"]
    before = Case.objects.filter(number=number).values().get()
    tell(message("e-2", status="Exercise", msgType="Update", grade="red", references=speaks_of("a-1")))
    assert Case.objects.filter(number=number).values().get() == before


def test_an_update_raises_the_grade_and_the_loop_of_the_same_case(tell):
    number = tell(message("a-1"))["case"]
    answer = tell(message("a-2", grade="orange", msgType="Update", references=speaks_of("a-1")))
    case = Case.objects.get()
    assert (answer["outcome"], answer["case"]) == ("joined", number)
    assert (case.grade, case.loop, case.holder.code, case.alert_count) == ("orange", "medium", "SJ-SW", 2)
    # An update of the update belongs to it as well.
    assert tell(message("a-3", grade="red", msgType="Update", references=speaks_of("a-2")))["case"] == number
    case.refresh_from_db()
    assert (case.loop, case.alert_count) == ("large", 3)
    assert list(ledger.verify(ledger.story(case.chain))) == []


def test_an_update_never_lowers_the_grade(tell):
    tell(message("a-1", grade="orange"))
    tell(message("a-2", grade="blue", msgType="Update", references=speaks_of("a-1")))
    assert Case.objects.get().grade == "orange"


@pytest.mark.parametrize(
    "clearing", [{"msgType": "Cancel"}, {"msgType": "Update", "info": "<responseType>AllClear</responseType>"}]
)
def test_an_all_clear_is_noted_on_the_case_and_closes_nothing(tell, clearing):
    number = tell(message("a-1"))["case"]
    answer = tell(message("c-1", references=speaks_of("a-1"), **clearing))
    case = Case.objects.get()
    assert (answer["outcome"], answer["case"], case.state) == ("cleared", number, "dispatched")
    assert case.alert_count == 1
    assert "alert.cleared" in ledger.story(case.chain).values_list("verb", flat=True)


def test_an_all_clear_of_something_never_heard_of_opens_nothing(tell):
    answer = tell(message("c-1", msgType="Cancel", references=speaks_of("nobody-knows")))
    assert (answer["outcome"], answer["case"]) == ("cleared", None)
    assert not Case.objects.exists()


def test_a_reference_to_another_sources_alert_is_not_followed(tell, knock, source):
    from alerts.keys import issue
    from alerts.models import Source

    tell(message("a-1"))
    other = Source.objects.create(code="other", name="另一平台", unit=source.unit, key_digest="x")
    body = message("b-1", grade="red", msgType="Update", references=speaks_of("a-1"))
    answer = knock(body, door="alerts/cap/", bearer=issue(other)).json()
    assert answer["outcome"] == "opened"
    assert Case.objects.count() == 2
    assert Case.objects.order_by("pk").first().grade == "yellow"


def test_an_update_of_a_voided_case_opens_a_new_one(tell, people):
    number = tell(message("a-1"))["case"]
    case = Case.objects.get(number=number)
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    answer = tell(message("a-2", msgType="Update", references=speaks_of("a-1")))
    assert answer["outcome"] == "opened"
    assert answer["case"] != number
    case.refresh_from_db()
    assert (case.state, case.alert_count) == ("void", 1)
    assert tell(message("a-3", msgType="Update", references=speaks_of("a-2")))["case"] == answer["case"]


def test_an_all_clear_of_a_voided_case_leaves_it_as_it_is(tell, people):
    case = Case.objects.get(number=tell(message("a-1"))["case"])
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="void", reason="误报")
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
    assert tell(message("c-1", msgType="Cancel", references=speaks_of("a-1")))["outcome"] == "cleared"
    case.refresh_from_db()
    assert case.state == "void"
    assert list(ledger.verify(ledger.story(case.chain))) == []


@pytest.mark.parametrize(("days", "outcome"), [(29, "joined"), (31, "opened")])
def test_an_update_of_a_closed_case_reopens_it_for_thirty_days(tell, press, days, outcome):
    with clock.as_if(timezone.now() - timedelta(days=days)):
        case = Case.objects.get(number=tell(message("a-1", sent=clock.now()))["case"])
        press(case, *CLOSED)
    answer = tell(message("a-2", msgType="Update", references=speaks_of("a-1")))
    assert answer["outcome"] == outcome
    assert (answer["case"] == case.number) == (outcome == "joined")


def test_an_update_of_a_contained_case_joins_it(tell, press):
    case = press(Case.objects.get(number=tell(message("a-1"))["case"]), *CONTAINED)
    assert tell(message("a-2", msgType="Update", references=speaks_of("a-1")))["case"] == case.number


def test_a_warning_may_speak_of_tomorrow_but_not_come_from_it(tell, written):
    tomorrow = timezone.now() + timedelta(days=1)
    onset = f"<onset>{tomorrow.isoformat(timespec='seconds')}</onset>"
    assert tell(message("t-1", info=onset))["outcome"] == "opened"
    before = written()
    errors = tell(message("t-2", sent=tomorrow), 400)["errors"]
    assert (errors[0]["code"], errors[0]["attr"]) == ("future_time", "sent")
    assert written() == before


def test_an_unknown_event_goes_to_triage_with_what_was_said(tell):
    answer = tell(message("u-1", event="彗星撞击"))
    case = Case.objects.get(number=answer["case"])
    assert (answer["outcome"], case.state, case.category_code) == ("triage", "triage", "彗星撞击")


def test_a_severity_that_says_nothing_goes_to_triage(tell):
    body = message("u-2").replace(b"Moderate", b"Unknown")
    assert tell(body)["outcome"] == "triage"


def test_of_a_very_long_message_the_head_is_kept_and_the_cut_is_marked(tell):
    long = message("L-1", info=f"<description>{'漏' * 1_000_000}</description>")
    assert tell(long)["outcome"] == "opened"
    payload = Alert.objects.get(external_id="L-1").payload
    assert payload["cut"] is True
    assert payload["description"].endswith("…")
    assert (payload["sender"], payload["event"]) == ("sub@songjiang.example", "LL-CONF-H2S")
    assert size_of(payload) <= CAP_PAYLOAD_BYTES


def test_a_message_of_ordinary_length_is_kept_whole(tell):
    tell(message("W-1", info=f"<description>{'漏' * 15_000}</description>"))
    payload = Alert.objects.get(external_id="W-1").payload
    assert len(payload["description"]) == 15_000
    assert "cut" not in payload


def test_the_case_page_does_not_load_what_it_does_not_show(client, people, tell, django_assert_max_num_queries):
    number = tell(message("D-1"))["case"]
    client.force_login(people["chengyun-lead"])
    with django_assert_max_num_queries(100) as asked:
        assert client.get(f"/cases/{number}/").status_code == 200
    of_alerts = [query["sql"] for query in asked.captured_queries if 'FROM "alerts_alert"' in query["sql"]]
    assert of_alerts
    assert not any('"payload"' in sql for sql in of_alerts)
