"""What leaves no trace in any row, and stands in the ledger all the same: who came in, was refused, took out, saw.

A view says what was seen with ``note``; it is written by ``write`` after the answer is made, in a transaction of its
own. The same thing by the same person is written once a minute: at once, and then how often it came again, so that
nobody can fill the ledger. Strangers share one count, whatever names they try.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from responsibility import acting, chains, clock, ledger
from responsibility.models import User

log = structlog.get_logger(__name__)
# None of these is work: no record of what somebody has done counts them.
VERBS = (
    "session.open", "session.close", "session.fail", "session.lock", "token.issue", "token.refuse", "key.refuse",
    "access.refuse", "access.take", "original.view",
)  # fmt: skip
# Different subjects that are named of what came again; the rest is counted.
NAMED = 20
COUNTED = """
    INSERT INTO responsibility_repeat (key, chain, verb, subject, told, actor_id)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (key) DO UPDATE SET times = responsibility_repeat.times + 1, last_at = clock_timestamp(),
        subjects = CASE WHEN cardinality(responsibility_repeat.subjects) < %s
            AND NOT excluded.subject[2] = ANY(responsibility_repeat.subjects || responsibility_repeat.subject[2])
            THEN responsibility_repeat.subjects || excluded.subject[2] ELSE responsibility_repeat.subjects END
    RETURNING times
"""
OVER = """
    DELETE FROM responsibility_repeat WHERE key = (
        SELECT key FROM responsibility_repeat WHERE began_at < clock_timestamp() - interval '1 minute' * %s
        ORDER BY began_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING chain, verb, subject, told, actor_id, subjects, times, last_at
"""
# Two who write on one chain at once would refuse each other, and here no row is locked that would keep them apart.
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 5))"


@dataclass(frozen=True)
class Seen:
    """Something that happened. ``door``: what makes it the same thing when it happens again, beside verb and person.

    ``about``: the name of an account that is meant though nobody is signed in; a stranger's otherwise.
    """

    verb: str
    subject_type: str
    subject_id: str = ""
    label: str = ""
    after: dict = field(default_factory=dict)
    door: str = ""
    about: User | None = None


def note(request: HttpRequest, seen: Seen) -> None:
    """Have ``seen`` written when ``request`` has been answered."""
    request.__dict__.setdefault("_seen", []).append(seen)


def noted(request: HttpRequest) -> list[Seen]:
    """What was noted of a request."""
    return request.__dict__.get("_seen", [])


def write(found: Iterable[Seen], by: User | None) -> None:
    """Write ``found`` into the ledger, or count it. Never fails: what cannot be written is logged as an error."""
    for seen in found:
        try:
            with transaction.atomic():
                _write(seen, by)
        except DatabaseError as error:
            log.error("not_in_ledger", verb=seen.verb, subject=seen.subject_id, exc_info=error)


def sum_up(minutes: float = 1) -> int:
    """Write what came again since it was first written, once it is so many minutes old; how many entries."""
    made = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(OVER, [minutes])
            row = cursor.fetchone()
            if row is None:
                return made
            made += _sum_up(*row)


def _sum_up(chain, verb, subject, told, actor_id, subjects, times, last_at) -> bool:
    if times < 2:
        return False
    after = json.loads(told) | {"times": times - 1, "until": last_at.isoformat()}
    if subjects:
        after["subjects"] = subjects
    _record(chain, verb, subject, after, User.objects.filter(pk=actor_id).first())
    return True


def _write(seen: Seen, by: User | None) -> None:
    who = by or seen.about
    owner = f"account:{who.pk}" if who else "strangers"
    chain = chains.monthly(owner, clock.now())
    key = "|".join([owner, seen.verb, seen.door])
    subject = [seen.subject_type, seen.subject_id[:64], seen.label[:200]]
    with connection.cursor() as cursor:
        told = json.dumps(seen.after, ensure_ascii=False)
        cursor.execute(COUNTED, [key, chain, seen.verb, subject, told, by.pk if by else None, NAMED])
        if cursor.fetchone()[0] == 1:
            _record(chain, seen.verb, subject, seen.after, by)


def _record(chain, verb: str, subject: list[str], after: dict, by: User | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ALONE, [str(chain)])
    actor = acting.of(by) if by else acting.SYSTEM
    kind, name, label = subject
    act = ledger.Act(chain, verb, kind, name, label, after=after)
    ledger.record([act], by=actor, post=next(iter(actor.posts), None))
