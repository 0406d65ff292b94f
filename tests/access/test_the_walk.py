"""Every person at every door: the permission table, the rule of each address, and what is really answered agree."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest
from django.apps import apps
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.generators import SchemaGenerator

from config import urls
from responsibility.acts import ACTS, Scope
from responsibility.exchange.tables import TABLES
from responsibility.models import Role, Unit
from tests.access import rules, walking, world
from tests.access.rules import DOORS, PUBLIC, SEEN, SIGNED_IN, SOURCE, WITHIN, Door
from tests.cases.conftest import leave

pytestmark = pytest.mark.django_db
# So that several processes share the way.
PARTS = 4
# One of each role, and of each relation to the things of the world: engaged, leading, elsewhere, shown by a grant.
WALKERS = [
    "sijing-duty", "sijing-head", "sijing-handler", "jiuting-duty", "shuiwu-head", "jianguan-head", "chengyun-lead",
    "chengyun-head", "chengyun-check", "yingji-office", "anwei-office", "auditor", "insurer", "insurer-b", "broker",
    "firm", "enterprise", "admin",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.EVIDENCE_ROOT, settings.EXCHANGE_ROOT = tmp_path / "evidence", tmp_path / "exchange"


@pytest.fixture
def walkers(people, key):
    named = [walking.person(name, people[name]) for name in WALKERS]
    return [*named, walking.person("stranger", None), walking.person("source", None, key)]


@pytest.fixture
def things(people, source):
    return world.build(people, source)


def doors(*patterns: str) -> list[Door]:
    return [door for door in DOORS if door.pattern in patterns]


# --- the rules are complete -------------------------------------------------------------
def test_somebody_of_every_role_walks(people):
    assert {post.role for name in WALKERS for post in people[name].posts.all()} == set(Role)


def test_every_address_has_its_rule():
    assert walking.unruled(DOORS) == []
    assert {door.pattern for door in DOORS} <= {*walking.addresses()}


def test_every_operation_of_the_api_has_its_rule_and_the_other_way_round():
    described = {
        (method.upper(), walking.shape(address))
        for address, operations in SchemaGenerator().get_schema(request=None, public=True)["paths"].items()
        for method in operations
    }
    ruled = {(door.method, walking.shape(door.pattern)) for door in DOORS if door.pattern.startswith("/api/v1/")}
    assert described == ruled


def test_every_act_of_the_table_is_tried_at_a_door():
    tried = {door.act for door in DOORS} | {"case.read", "case.read_granted", "edition.read", "objects.read"}
    assert set(ACTS) - tried - {"admin.use"} == set(WITHIN)
    assert {door.act for door in DOORS} - set(ACTS) == {PUBLIC, SIGNED_IN, SEEN, SOURCE, "exchange.*"}
    assert {f"exchange.{name}" for name in TABLES} == {act for act in ACTS if act.startswith("exchange.")}


# --- the walk ------------------------------------------------------------------------------
@pytest.mark.parametrize("part", range(PARTS))
def test_every_person_is_answered_at_every_door_as_the_table_says(walkers, things, part):
    found = walking.differences(DOORS[part::PARTS], walkers, things)
    assert found == [], "\n".join(map(str, found))


def test_no_door_opens_by_another_method(walkers, things):
    """As who may most: whatever is not declared is no method there, or is refused."""
    ruled = {(door.pattern, door.method) for door in DOORS}
    filled = {door.pattern: door.at or door.pattern for door in DOORS if door.act != PUBLIC}
    who = [person for person in walkers if person.name in ("anwei-office", "admin")]
    opened = [
        (method, pattern, person.name)
        for pattern, at in filled.items()
        for method in walking.METHODS
        if (pattern, method) not in ruled
        for person in who
        if walking.told(person, Door(method, pattern, "", "", at), things) in (walking.IN, "failed 500")
    ]
    assert opened == []


def test_the_administration_is_walked_as_well(walkers, things):
    for name, thing in {"unit": Unit.objects.first(), "user": walkers[0].actor.user}.items():
        things.values[name] = thing.pk
    samples = {
        f"{model._meta.app_label}/{model._meta.model_name}": model._default_manager.values_list("pk", flat=True).first()
        for model in apps.get_models()
        if model in admin.site._registry
    }
    patterns = [address for address in walking.addresses() if address.startswith("/admin/")]
    found = walking.differences(rules.administration(patterns, samples), walkers, things)
    assert found == [], "\n".join(map(str, found))


# --- the walk finds what it is for ----------------------------------------------------------
@pytest.fixture
def built(settings):
    """Build a door into the installation: ``built(path(...))``; it stands before all others."""

    def add(door) -> None:
        module = ModuleType("tests.access.built")
        module.urlpatterns = [door, *urls.urlpatterns]
        module.handler500 = urls.handler500
        sys.modules[module.__name__] = module
        settings.ROOT_URLCONF = module.__name__

    yield add
    sys.modules.pop("tests.access.built", None)


@pytest.mark.parametrize("address", ["backdoor/", "api/v1/backdoor/<int:pk>/"])
def test_an_address_without_a_rule_fails_the_walk(built, address):
    built(path(address, lambda request, **more: HttpResponse()))
    assert walking.unruled(DOORS) == [f"/{address}"]


def test_a_door_that_forgets_its_guard_is_found(built, walkers, things):
    built(path("ledger/", lambda request: HttpResponse()))
    found = walking.differences(doors("/ledger/"), walkers, things)
    assert {(name, said, came) for _door, name, said, came in found} == {
        (name, "out", "in") for name in WALKERS if name not in ("auditor", "anwei-office")
    }


def test_a_wrong_cell_is_found(walkers, things):
    ledger, closing = ACTS["ledger.read"], ACTS["case.close"]
    planted = ACTS | {
        "ledger.read": replace(ledger, cells=ledger.cells | {Role.BROKER: Scope.DISTRICT}),
        "case.close": replace(closing, cells={Role.CHECKER: Scope.DISTRICT}),
    }
    where = doors("/ledger/", "/api/v1/cases/<str:number>/<str:verb>/")
    assert walking.differences(where, walkers, things, planted) == [
        ("POST /api/v1/cases/{street}/close/ (case.close)", "chengyun-lead", "out", "in"),
        ("GET /ledger/ (ledger.read)", "broker", "in", "out"),
    ]


# --- one table ------------------------------------------------------------------------------
def test_a_change_of_one_cell_changes_guard_button_page_and_api(client, people, walkers, things, monkeypatch):
    client.force_login(people["admin"])
    assert client.get("/ledger/").status_code == 403
    assert 'href="/ledger/"' not in client.get("/objects/").content.decode()
    changed = replace(ACTS["ledger.read"], cells=ACTS["ledger.read"].cells | {Role.ADMIN: Scope.DISTRICT})
    monkeypatch.setitem(ACTS, "ledger.read", changed)
    assert client.get("/ledger/").status_code == 200
    assert 'href="/ledger/"' in client.get("/objects/").content.decode()
    assert 'id="ledger.read"' in client.get("/permissions/?role=admin").content.decode()
    told = {row["act"]: row["roles"] for row in client.get("/api/v1/permissions/").json()}
    assert told["ledger.read"]["admin"] == "district"
    assert walking.differences(doors("/ledger/", "/api/v1/ledger/"), walkers, things) == []


def test_a_verb_follows_its_cell_to_button_and_guard(client, people, things, monkeypatch):
    number = things.values["street"]
    client.force_login(people["sijing-handler"])
    contain = f"/api/v1/cases/{number}/contain/"
    assert "contain" in client.get(f"/api/v1/cases/{number}/").json()["allowed"]
    cells = {role: scope for role, scope in ACTS["case.contain"].cells.items() if role != Role.HANDLER}
    monkeypatch.setitem(ACTS, "case.contain", replace(ACTS["case.contain"], cells=cells))
    assert "contain" not in client.get(f"/api/v1/cases/{number}/").json()["allowed"]
    assert client.post(contain, {}, "application/json").status_code == 403
    client.force_login(people["sijing-duty"])
    assert client.post(contain, {}, "application/json").status_code == 200


def test_the_table_is_read_as_a_page_a_file_and_data_in_both_languages(client, people):
    client.force_login(people["auditor"])
    page = client.get("/permissions/").content.decode()
    assert all(f'id="{name}"' in page for name in ACTS)
    assert all(str(role.label) in page for role in Role)
    alone = client.get("/permissions/?role=insurer").content.decode()
    insurers = [name for name, act in ACTS.items() if Role.INSURER in act.cells]
    assert [name for name in ACTS if f'id="{name}"' in alone] == insurers
    assert "policy.register" in insurers
    assert "case.close" not in insurers
    assert client.get("/permissions/?role=nobody").status_code == 400
    sheet = client.get("/permissions/table.csv", headers={"Accept-Language": "en"})
    lines = sheet.content.decode("utf-8-sig").splitlines()
    assert len(lines) == len(ACTS) + 1
    assert lines[0].startswith("Kind,Act,Code,Duty officer,")
    assert {row["act"] for row in client.get("/api/v1/permissions/").json()} == set(ACTS)


def test_to_whom_a_case_was_shown_is_told_to_those_whom_the_table_names(client, people, things):
    for name in ("anwei-office", "yingji-office", "auditor", "chengyun-lead", "sijing-head", "insurer-b"):
        client.force_login(people[name])
        page = client.get(f"/cases/{things.values['street']}/")
        named = people[name].posts.get().role in ACTS["case.grants"].cells
        assert (len(page.context["grants"]) == 1) == named, name


def test_who_decides_a_determination_finds_it_among_the_requests(client, people, things):
    for name in ("anwei-office", "yingji-office"):
        client.force_login(people[name])
        waiting = [asked.pk for asked, _row in client.get("/requests/").context["to_decide"]]
        assert things.values["determine"] in waiting, name


def test_only_a_unit_that_owns_the_case_is_offered_to_return_it(client, people, things):
    offered = {}
    for name in ("sijing-head", "shuiwu-head"):
        client.force_login(people[name])
        offered[name] = client.get(f"/cases/{things.values['wide']}/").context["askable"]
    assert "return" in offered["shuiwu-head"]
    assert "return" not in offered["sijing-head"]
    assert "extend" in offered["sijing-head"]


def test_the_mark_of_an_administrator_opens_nothing_once_the_post_is_given_up(client, people):
    client.force_login(people["admin"])
    assert client.get("/admin/").status_code == 200
    leave(people["admin"])
    assert client.get("/admin/").status_code == 302
