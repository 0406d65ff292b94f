"""Who is answered what at which door: the doors there are, what the permission table says, and what really comes."""

import re
from collections.abc import Iterable
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

from config import confined
from responsibility import acting, directory
from responsibility.acts import ACTS, Act, Scope
from responsibility.models import Role
from tests.access.rules import NOBODY, PUBLIC, SEEN, SIGNED_IN, SOURCE, Door
from tests.access.world import Thing, World
from tests.cases.conftest import picture

# What a person may be told: the act was reached; not yours; not there for you; sign in first.
IN, OUT, UNSEEN, STRANGER = "in", "out", "unseen", "stranger"
SIGN_IN = ("/accounts/login/?next=", "/admin/login/?next=")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_METHOD = "no such method"


def addresses(patterns=None, before: str = "/") -> Iterable[str]:
    """Every address of the installation, as the resolver spells it."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield before + str(pattern.pattern)
        else:
            yield from addresses(pattern.url_patterns, before + str(pattern.pattern))


def unruled(doors: Iterable[Door]) -> list[str]:
    """The addresses that no rule speaks of; the administration has rules of its own."""
    known = {door.pattern for door in doors}
    found = {address for address in addresses() if not address.startswith("/admin/")}
    return sorted(found - known)


@dataclass
class Person:
    """Somebody who walks: signed in (``actor``), with a source's key (``key``), or a stranger."""

    name: str
    client: Client
    actor: acting.Actor
    is_source: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.actor.user is not None


def person(name: str, user, key: str = "") -> Person:
    """``user`` signed in on a client of his own; a stranger without one; a sub-platform with ``key``."""
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
    client = Client(raise_request_exception=False, **headers)
    if user is not None:
        client.force_login(user)
    actor = acting.of(user) if user is not None else acting.Actor(user=None)
    assert not isinstance(actor.user, AnonymousUser)
    return Person(name, client, actor, bool(key))


# --- what the table says ----------------------------------------------------------
def expected(who: Person, door: Door, world: World, table: dict[str, Act] = ACTS) -> str:
    """What ``who`` must be told at ``door``, by the permission ``table`` and the door's rule alone."""
    if door.act == PUBLIC or (door.act == SOURCE and who.is_source):
        return IN
    if not who.is_signed_in or door.act == SOURCE:
        return STRANGER
    if _only_reads(who, door):
        return OUT
    thing = world.things[door.of] if door.of else None
    if thing and not _sees(who, thing, table):
        return OUT if thing.room and not _fits(who, table[thing.sees], None) else UNSEEN
    if door.act in (SEEN, SIGNED_IN):
        return IN
    if door.act == NOBODY:
        return OUT
    chapter = door.act.removesuffix("*")
    acts = [name for name in table if name.startswith(chapter)] if chapter != door.act else [door.act]
    return IN if any(_fits(who, table[act], thing.places if thing else None) for act in acts) else OUT


def _only_reads(who: Person, door: Door) -> bool:
    """Whoever audits is refused what writes, before it is asked what he sees."""
    written = door.method != "GET" and door.pattern.removeprefix("/") not in confined.OUTSIDE | confined.UNDER
    return written and Role.AUDITOR in who.actor.roles


def _sees(who: Person, thing: Thing, table: dict[str, Act]) -> bool:
    if not thing.sees:
        return True
    granted = thing.sees == "case.read" and _fits(who, table["case.read_granted"], thing.places)
    return granted or _fits(who, table[thing.sees], thing.places)


def _fits(who: Person, act: Act, places: dict[str, set[str]] | None) -> bool:
    """Whether a post of ``who`` has a cell that holds at ``places``; anywhere at all when that is ``None``."""
    for post in who.actor.posts:
        scope = act.cells.get(post.role)
        if scope is None:
            continue
        if scope == Scope.DISTRICT or places is None:
            return True
        meant = places.get(scope.value, set())
        if post.unit.code in meant or who.name in meant:
            return True
        if scope == Scope.OWN and any(post.unit.code in _above(code) for code in meant):
            return True
    return False


def _above(code: str) -> set[str]:
    known, found = directory.current(), set()
    unit = known.units_by_code.get(code)
    while unit is not None:
        found.add(unit.code)
        unit = known.units.get(unit.parent_id or 0)
    return found


# --- what really comes --------------------------------------------------------------
@contextmanager
def undone():
    """Whatever happens inside did not happen."""
    mark = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(mark)


def told(who: Person, door: Door, world: World, judged=None):
    """What ``who`` is really told at ``door``, in a word of ``judged``; afterwards it has not happened."""
    values = world.values
    address = (door.at or door.pattern).format(**values)
    body = _filled(door.body, values)
    as_json = door.method == "POST" and address.startswith("/api/") and not door.file
    if door.file:
        body[door.file] = picture(99)
    kept = deepcopy(who.client.cookies)
    more = {"content_type": "application/json"} if as_json else {}
    with undone():
        answer = getattr(who.client, door.method.lower())(address, body or None, **more)
        word = (judged or judge)(answer, who)
    # Signing out, above all, has not happened either.
    who.client.cookies = kept
    return word


def _filled(value, values: dict):
    """``value`` with its gaps filled, however deep."""
    if isinstance(value, dict):
        return {name: _filled(one, values) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    return value.format(**values) if isinstance(value, str) else value


def judge(answer: HttpResponse, who: Person) -> str:
    """An answer in one word. The administration sends away by its own sign-in page whoever has signed in as well."""
    status = answer.status_code
    if who.is_signed_in and status == 302 and answer["Location"].startswith("/admin/login/?next="):
        return OUT
    if status == 401 or (status == 302 and answer["Location"].startswith(SIGN_IN)):
        return STRANGER
    return {403: OUT, 404: UNSEEN, 405: NO_METHOD}.get(status, IN if status < 500 else f"failed {status}")


def differences(
    doors: Iterable[Door], people: Iterable[Person], world: World, table: dict[str, Act] = ACTS
) -> list[tuple[str, str, str, str]]:
    """``(door, person, what the table says, what was told)`` of every cell in which the two part."""
    found = []
    for door in doors:
        for who in people:
            said, came = expected(who, door, world, table), told(who, door, world)
            if said != came:
                found.append((door.name, who.name, said, came))
    return found


def shape(pattern: str) -> str:
    """An address of the resolver or of the API's description without the names of its gaps."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", pattern)
