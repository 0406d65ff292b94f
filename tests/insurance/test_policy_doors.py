"""Policies by API, by spreadsheet and on pages; and that no door lets an official choose an insurer."""

import json

import pytest
from django.urls import URLPattern, get_resolver
from django.utils.timezone import localtime

from insurance.policies import api, covering, registering
from insurance.policies.exchange import Policies
from insurance.policies.models import Policy
from responsibility.acts import ACTS, Kind, Scope
from responsibility.models import Role
from tests.cases.conftest import open_case, send  # noqa: F401
from tests.exchange.conftest import apply, book, bring, exchange_folder, text  # noqa: F401
from tests.insurance.given import MANHOLE, assented, policy_of
from tests.insurance.test_policies import JOINT

pytestmark = pytest.mark.django_db
API = "/api/v1/insurance/policies/"
OUTSIDERS = {Role.INSURER, Role.BROKER, Role.FIRM, Role.ENTERPRISE}


@pytest.fixture
def ask(client, people):
    """Ask a door as somebody: ``ask("insurer", "post", path, body)``."""

    def run(who: str, method: str, path: str, body=None):
        client.force_login(people[who])
        more = {"data": json.dumps(body), "content_type": "application/json"} if method == "post" else {}
        return getattr(client, method)(path, **more)

    return run


@pytest.fixture
def standing(people):
    (answer,) = registering.register([policy_of(shares=JOINT, broker="X-BROKER")], by=people["insurer"])
    assented([answer.policy])
    return Policy.objects.get(pk=answer.policy)


# --- nobody in office chooses an insurer ------------------------------------------------------
def test_no_office_may_register_change_or_import_a_policy():
    for act in ("policy.register", "exchange.policies"):
        assert set(ACTS[act].cells) == {Role.INSURER}


def test_an_office_has_no_act_of_policies_but_reading():
    offices = set(Role) - OUTSIDERS
    acts = {act for act, row in ACTS.items() if act.startswith("policy.") and offices & set(row.cells)}
    assert acts == {"policy.read", "policy.gaps", "policy.confirm", "policy.decline"}
    # Of a policy that insures the office itself it speaks as the insured, of no other.
    for act in ("policy.confirm", "policy.decline"):
        assert set(ACTS[act].cells.values()) == {Scope.NAMED}
        assert not {Role.INSURER, Role.BROKER, Role.FIRM, Role.AUDITOR, Role.ADMIN} & set(ACTS[act].cells)
    assert all(ACTS[act].kind == Kind.INSURANCE for act in acts)


def test_the_lead_is_no_field_of_any_door():
    """An insurer is named as the share of a joint policy only, by the lead itself."""
    for serializer in (api.PolicyInSerializer, api.EndorsementInSerializer, api.PremiumInSerializer):
        assert not {"insurer", "lead", "leader"} & set(serializer().fields)
    assert not {"insurer", "lead"} & {column.name for column in Policies.columns}


def test_whatever_is_sent_the_lead_is_who_sends_it(ask):
    ask("insurer-b", "post", API, policy_of(insurer="X-INS", lead="X-INS"))
    assert Policy.objects.get().insurer.code == "X-INS-B"


def test_every_door_that_writes_is_closed_to_every_office(ask, people, standing):
    found = []
    writes = [API, "/insurance/policies/new/", f"{API}{standing.pk}/premiums/", f"{API}{standing.pk}/endorsements/"]
    writes += [f"/insurance/policies/{standing.pk}/{verb}/" for verb in (
        "endorse", "renew", "cancel", "premium", "remind", "confirm", "decline",
    )]  # fmt: skip
    for name in ("anwei-office", "yingji-office", "jianguan-head", "sijing-head", "chengyun-lead", "auditor", "admin"):
        found += [(name, path) for path in writes if ask(name, "post", path, {}).status_code not in (403, 404)]
    assert found == []
    known = {str(each.pattern) for each in get_resolver("insurance.policies.routes").url_patterns
             + get_resolver("insurance.policies.urls").url_patterns if isinstance(each, URLPattern)}  # fmt: skip
    assert known == {
        "policies/", "policies/new/", "policies/<int:pk>/", "policies/<int:pk>/premiums/",
        "policies/<int:pk>/endorsements/", "policies/waiting/", "policies/confirm/", "policies/decline/",
        "policies/<int:pk>/remind/",
        "policies/<int:pk>/<slug:verb>/", "gaps/", "gaps/export.xlsx",
    }  # fmt: skip


# --- the API ----------------------------------------------------------------------------------
def test_an_array_is_answered_item_by_item_in_order(ask):
    one = policy_of()
    answer = ask("insurer", "post", API, [one, one | {"number": "PN-2", "line": "x"}, "?", one])
    assert answer.status_code == 200
    assert [each["outcome"] for each in answer.json()["results"]] == ["registered", "rejected", "rejected", "unchanged"]


def test_one_object_is_answered_as_one(ask):
    one = policy_of()
    assert ask("insurer", "post", API, one).status_code == 201
    assert ask("insurer", "post", API, one).status_code == 200
    again = ask("insurer", "post", API, one | {"premium": "1"})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "number_taken")


@pytest.mark.parametrize("body", [[{}] * 1001, 7, None, "x", {"number": ["x"]}, {"shares": {"a": 1}}])
def test_hostile_bodies_are_bad_requests(ask, body):
    assert ask("insurer", "post", API, body).status_code == 400


def test_each_outsider_reads_its_own_and_is_told_nothing_of_others(ask, standing):
    for who, seen in {"insurer": 1, "insurer-b": 1, "broker": 1, "enterprise": 1, "anwei-office": 1}.items():
        assert len(ask(who, "get", API).json()["results"]) == seen
        assert ask(who, "get", f"{API}{standing.pk}/").status_code == 200
    registering_by = ask("insurer-b", "post", API, policy_of(number="B-1")).json()["policy"]
    assert ask("insurer", "get", f"{API}{registering_by}/").status_code == 404
    assert ask("insurer", "post", f"{API}{registering_by}/premiums/", {}).status_code == 404
    assert ask("insurer", "get", f"{API}?number=B-1").json()["results"] == []
    # Who may be insured reads what names its unit, and that is nothing here.
    assert ask("shuiwu-head", "get", API).json()["results"] == []
    assert ask("shuiwu-head", "get", f"{API}{standing.pk}/").status_code == 404
    for who in ("firm", "sijing-duty", "admin"):
        assert ask(who, "get", API).status_code == 403
        assert ask(who, "get", f"{API}{standing.pk}/").status_code == 404
    assert ask("insurer", "get", f"{API}{10**30}/").status_code == 404


def test_premiums_and_endorsements_come_in_and_are_read_back(ask, standing):
    paid = {"amount": "100", "received_at": "2026-01-01T00:00:00Z", "reference": "R-1"}
    assert ask("insurer", "post", f"{API}{standing.pk}/premiums/", paid).status_code == 201
    assert ask("insurer", "post", f"{API}{standing.pk}/premiums/", paid).status_code == 200
    wish = {"number": "PD-1", "effective_at": standing.starts_at.isoformat(), "limit_each": "900000"}
    assert ask("insurer", "post", f"{API}{standing.pk}/endorsements/", wish).status_code == 201
    assert ask("insurer-b", "post", f"{API}{standing.pk}/endorsements/", wish).status_code == 403
    told = ask("insurer", "get", f"{API}{standing.pk}/").json()
    assert (told["received"], told["limit_each"], told["covered"][0]["object"]) == ("100.00", "900000.00", MANHOLE)
    assert told["endorsements"][0]["changes"] == {"limit_each": ["1000000.00", "900000.00"]}


# --- spreadsheets -----------------------------------------------------------------------------
HEADER = [
    "保单号",
    "险种",
    "被保险人",
    "共保份额",
    "承保监测对象",
    "保险期间起",
    "保险期间止",
    "签单保费",
    "累计责任限额",
    "每次事故责任限额",
]
LINE = [
    "PX-1",
    "安全生产责任险",
    "X-WATER",
    "X-INS 70, X-INS-B 30",
    MANHOLE,
    "2026-01-01",
    "2027-01-01",
    1000.5,
    500,
    100,
]


def test_policies_come_in_by_spreadsheet_and_once(bring, apply):  # noqa: F811
    upload = bring("policies", book(HEADER, LINE), by="insurer")
    assert upload.counts["created"] == 1, upload.faults
    apply(upload, by="insurer")
    policy = Policy.objects.get()
    assert (policy.insurer.code, policy.premium, policy.shares.count()) == ("X-INS", 1000.5, 2)
    again = bring("policies", book(HEADER, LINE), by="insurer")
    assert again.faults == []
    assert again.counts["unchanged"] == 1


def test_what_stands_is_not_changed_by_a_spreadsheet(bring, standing):  # noqa: F811
    line = [standing.number, *LINE[1:]]
    upload = bring("policies", book(HEADER, line), by="insurer")
    assert [fault["code"] for fault in upload.faults] == ["policy_stands"]


def test_the_cell_that_is_wrong_is_named(bring):  # noqa: F811
    wrong = ["PX-2", "安全生产责任险", "X-INS-B", "X-INS 70", "NO-SUCH", "2027-01-01", "2026-01-01", "x", 500, 60]
    upload = bring(
        "policies", book(HEADER, wrong, ["PX-3", *wrong[1:5], "2026-01-01", "2027-01-01", 1, 6, 5]), by="insurer"
    )
    assert {fault["cell"] for fault in upload.faults} >= {"H2", "D3"}
    assert not Policy.objects.exists()


def test_an_export_holds_ones_own_alone_and_comes_back_unchanged(client, people, standing, bring):  # noqa: F811
    registering.register([policy_of(number="B-1")], by=people["insurer-b"])
    client.force_login(people["insurer"])
    answer = client.get("/exchange/policies/export.csv")
    content = b"".join(answer.streaming_content)
    assert standing.number.encode() in content
    assert b"B-1" not in content
    upload = bring("policies", text(content.decode("utf-8-sig")), by="insurer")
    assert upload.faults == []
    assert upload.counts["unchanged"] == 1


# --- pages ------------------------------------------------------------------------------------
def test_the_page_shows_a_policy_with_its_cases_to_whom_it_names(ask, standing, open_case):  # noqa: F811
    case = open_case()
    covering.judge()
    for who in ("insurer", "insurer-b", "broker", "enterprise", "anwei-office"):
        page = ask(who, "get", f"/insurance/policies/{standing.pk}/").content.decode()
        assert case.number in page
        assert case.title not in page
        assert standing.number in ask(who, "get", "/insurance/policies/").content.decode()
    assert ask("firm", "get", f"/insurance/policies/{standing.pk}/").status_code == 404
    assert ask("firm", "get", "/insurance/policies/").status_code == 403
    assert "<form" in ask("insurer", "get", f"/insurance/policies/{standing.pk}/").content.decode().split("<main")[1]
    assert "/cancel/" not in ask("insurer-b", "get", f"/insurance/policies/{standing.pk}/").content.decode()


def test_the_forms_endorse_renew_cancel_and_take_premium(client, people, standing):
    client.force_login(people["insurer"])
    at = f"/insurance/policies/{standing.pk}/"

    def press(verb, **fields):
        return client.post(f"{at}{verb}/", fields)

    assert press("premium", amount="500", received_at="2026-01-01T08:00", reference="R-1").status_code == 303
    back = {"amount": "200", "returned": "yes", "received_at": "2026-01-02T08:00:01", "reference": "R-2"}
    assert press("premium", **back).status_code == 303
    day = localtime(standing.starts_at).date().isoformat()
    assert press("endorse", number="PD-1", effective_at=f"{day}T23:59:59", limit_each="2000000").status_code == 303
    page = client.get(at).content.decode()
    assert "300.00" in page
    assert "2,000,000.00" in page
    until = standing.ends_at.replace(year=standing.ends_at.year + 1).strftime("%Y-%m-%dT%H:%M")
    assert press("renew", number="PN-9", ends_at=until).status_code == 303
    assert press("cancel", at=f"{day}T23:59:59", reason="").status_code == 400
    assert press("cancel", at=f"{day}T23:59:59", reason="停产").status_code == 303
    assert press("cancel", at=f"{day}T23:59:59", reason="停产").status_code == 409
    assert press("nothing").status_code == 404


@pytest.mark.parametrize("query", ["before=x", "before=" + "9" * 30, "q=%00", "q=" + "x" * 99])
def test_hostile_questions_are_bad_requests(client, people, query):
    client.force_login(people["insurer"])
    assert client.get(f"/insurance/policies/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["state=ended", "state=in_force", "state=x", "line=safety", "q=PN", "before=1"])
def test_the_list_is_narrowed(client, people, standing, query):
    client.force_login(people["insurer"])
    found = client.get(f"/insurance/policies/?{query}")
    shown = query in ("state=in_force", "state=x", "q=PN")
    assert (standing.number in found.content.decode()) == shown
