"""Posts are rights: who is given one, and who loses one, stands in the ledger.

Each person's posts have a chain of their own. The database refuses a post that comes, changes or goes without an entry
on it in the same transaction.
"""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC
from uuid import UUID

from django.db import transaction

from responsibility import acting, ledger
from responsibility.auditing import Mismatch, differing
from responsibility.models import LedgerEntry, Post, User

GIVEN, CHANGED, REMOVED = "post.given", "post.changed", "post.removed"


def chain_of(user_id: int) -> UUID:
    """The chain of one person's posts; the database derives it likewise."""
    return UUID(hashlib.md5(f"post:{user_id}".encode(), usedforsecurity=False).hexdigest())


@contextmanager
def accounted(user_ids: Collection[int], *, by: acting.Actor) -> Iterator[None]:
    """Write into the ledger what happens inside to the posts of ``user_ids``, in one transaction with it.

    A post that stands as it did, but of which the ledger tells nothing or something else, is told as well.
    """
    with transaction.atomic():
        # One after the other: two entries of one chain at once would refuse each other.
        list(User.objects.select_for_update().filter(pk__in=user_ids).order_by("pk").values_list("pk"))
        before = _standing(user_ids)
        yield
        acts = _acts(before, _standing(user_ids), _told(user_ids))
        ledger.record(acts, by=by, post=by.posts[0] if by.posts else None)


def _standing(user_ids: Collection[int]) -> dict[tuple[UUID, str], tuple[str, dict]]:
    """``(label, fields)`` of each post by its chain and id."""
    posts = Post.objects.filter(user__in=user_ids).select_related("unit", "user").order_by("pk")
    return {(chain_of(post.user_id), str(post.pk)): (f"{post.user} · {post.title}", _fields(post)) for post in posts}


def _fields(post: Post) -> dict:
    return {
        "unit": post.unit.code,
        "role": str(post.role),
        "title": post.title,
        "title_en": post.title_en,
        "since": post.since.astimezone(UTC).isoformat(),
        "until": post.until.astimezone(UTC).isoformat() if post.until else None,
    }


def _told(user_ids: Collection[int]) -> dict[tuple[UUID, str], dict]:
    """What the ledger told last of each post: an empty record for one that was removed."""
    chains = [chain_of(pk) for pk in user_ids]
    entries = LedgerEntry.objects.filter(chain__in=chains, subject_type="post").order_by("chain", "seq")
    return {(entry.chain, entry.subject_id): entry.after for entry in entries}


def _acts(before: dict, after: dict, told: dict) -> list[ledger.Act]:
    acts = []
    for key in sorted({*before, *after}):
        (_label, was), (_label, now) = before.get(key, ("", {})), after.get(key, ("", {}))
        if was == now == told.get(key, {}):
            continue
        chain, subject_id = key
        verb = REMOVED if not now else CHANGED if was and told.get(key) else GIVEN
        label = (after.get(key) or before[key])[0]
        acts.append(ledger.Act(chain, verb, "post", subject_id, label, before=was, after=now))
    return acts


# Every field of the post beside the latest entry of it on its person's chain.
COMPARED = """
    SELECT COALESCE(told.subject_label, 'post ' || p.id), COALESCE(told.chain, p.chain), 'post',
        concat_ws(' ', p.username, p.unit, p.role, p.title, p.since, p.until), NULLIF(told.after, '{}')::text
    FROM (
        SELECT p.*, u.code AS unit, who.username, md5('post:' || p.user_id)::uuid AS chain FROM responsibility_post p
        JOIN responsibility_unit u ON u.id = p.unit_id JOIN responsibility_user who ON who.id = p.user_id
    ) p FULL JOIN (
        SELECT DISTINCT ON (chain, subject_id) chain, subject_id, subject_label, after FROM responsibility_ledgerentry
        WHERE verb IN ('post.given', 'post.changed', 'post.removed') ORDER BY chain, subject_id, seq DESC
    ) told ON told.chain = p.chain AND told.subject_id = p.id::text
    WHERE (p.unit, p.role, p.title, p.title_en, p.since, p.until)
        IS DISTINCT FROM (told.after ->> 'unit', told.after ->> 'role', told.after ->> 'title',
            told.after ->> 'title_en', (told.after ->> 'since')::timestamptz, (told.after ->> 'until')::timestamptz)
        AND (%(chain)s::uuid IS NULL OR COALESCE(told.chain, p.chain) = %(chain)s)
"""


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Posts that are not what the ledger told last of them, or of which it tells nothing. One statement."""
    yield from differing(COMPARED, chain)
