"""An auditor at every door of the installation, by every method: nothing is written but what is named."""

import pytest
from django.apps import apps
from django.db import connection

from config import confined
from responsibility import confining, tokens
from tests.access import walking, world
from tests.access.rules import DOORS, PUBLIC

pytestmark = pytest.mark.django_db
# What an auditor writes by the named ways: entries of the ledger, the checkpoint under which a bundle is proved; and
# by the doors at which nobody works as an auditor: his session, his tokens, what he has read in his inbox.
NAMED = {
    "responsibility_ledgerentry", "notary_leaf", "notary_tile", "notary_checkpoint", "notary_signingkey",
    "django_session", "responsibility_token", "axes_accesslog",
}  # fmt: skip
SIGNING = {"/accounts/logout/", "/admin/logout/", "/accounts/login/", "/admin/login/", "/api/v1/token/"}


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.EVIDENCE_ROOT, settings.EXCHANGE_ROOT = tmp_path / "evidence", tmp_path / "exchange"
    settings.LEDGER_KEYS, settings.DESK_ROOT = tmp_path / "keys", tmp_path / "desk"


def standing() -> dict[str, tuple]:
    """Of each table how many rows there are, and a digest of what stands in them."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {table} t")
            found[table] = cursor.fetchone()
    return found


def changed(before: dict, after: dict) -> set[str]:
    return {table for table in before if before[table] != after[table]}


def body_of(door, things) -> dict:
    return walking._filled(door.body, things.values)


@pytest.mark.parametrize("by", ["page", "token"])
def test_an_auditor_writes_nothing_at_any_door_by_any_method(people, source, by):
    things = world.build(people, source)
    who = walking.person("auditor", people["auditor"])
    if by == "token":
        who.client.logout()
        who.client.defaults["HTTP_AUTHORIZATION"] = f"Token {tokens.issue(people['auditor'])}"
    before, opened = standing(), []
    for door in DOORS:
        at = (door.at or door.pattern).format(**things.values)
        if at in SIGNING or "<" in at:
            continue
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            more = {"content_type": "application/json"} if at.startswith("/api/") else {}
            answer = getattr(who.client, method.lower())(at, body_of(door, things) or {}, **more)
            if hasattr(answer, "streaming_content"):
                b"".join(answer.streaming_content)
            assert not confining.confined()
            allowed = {"/" + route for route in confined.OUTSIDE | confined.UNDER}
            if answer.status_code not in (401, 403, 404, 405) and door.act != PUBLIC and door.pattern not in allowed:
                opened.append((method, at, answer.status_code))
    assert [each for each in opened if not (by == "token" and each[2] == 302)] == []
    assert changed(before, standing()) <= NAMED


def test_looking_at_everything_leaves_entries_and_nothing_else(people, source):
    things = world.build(people, source)
    who = walking.person("auditor", people["auditor"])
    before = standing()
    for door in DOORS:
        at = (door.at or door.pattern).format(**things.values)
        if door.method == "GET" and "<" not in at:
            answer = who.client.get(at, body_of(door, things) or None)
            assert answer.status_code < 500 or at == "/readyz", at
            if hasattr(answer, "streaming_content"):
                b"".join(answer.streaming_content)
    assert changed(before, standing()) <= NAMED


def test_every_way_out_of_the_role_says_what_for():
    routes = {address.removeprefix("/") for address in walking.addresses()}
    assert routes >= confined.OUTSIDE | confined.UNDER
    assert all(confining.PATHS.values())
