"""被保险人确认: what an insurer sees because of a policy begins when the insured has said that there is this policy.

Only whoever answers for the insured unit says so, for one policy or for many at once, of what he looked at: a policy
that changed meanwhile is refused. What an endorsement adds needs a word of its own (``changing``). What is covered does
not depend on any of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.policies import changing, covering, drafting, telling
from insurance.policies.models import Covered, Policy
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

CONFIRM, DECLINE = "policy.confirm", "policy.decline"
# Asked again once a day at most.
PAUSE = timedelta(days=1)
# Who keeps the district's overview is told that a policy is denied.
OFFICE = "overall_coordination"
MOST = 1000
SAID = ("confirmed_until", "confirmed_tail", "confirmed_at", "confirmed_by")
DENIED = ("declined_at", "declined_by", "decline_reason")
WRONG_ROLE = _("由被保险人确认或者否认保单。")


@dataclass(frozen=True)
class Word:
    """What the insured speaks of: the policy (id) in the ``edition`` that he looked at; why, where he denies it."""

    policy: int
    edition: int
    reason: str = ""


@dataclass
class Answer:
    """What became of one word. ``outcome``: confirmed, declined, unchanged or rejected; ``errors`` in the shared
    shape."""

    policy: int | None
    number: str | None
    outcome: str
    errors: list[dict] = field(default_factory=list)


@dataclass
class _Held:
    """Policies under their locks, as they stand, and who speaks."""

    actor: acting.Actor
    now: datetime
    # ``with_word``: each knows its edition and whether something of it waits.
    policies: dict[int, Any]
    carriers: dict[int, set[int]]

    def post(self, policy: Policy, act: str) -> Post | None:
        """The post in which the actor speaks for the insured of ``policy``."""
        return access.post_for(self.actor, act, named={policy.insured_id})

    def sides(self, policy: Policy) -> bool:
        """Whether the actor also stands on the side of those who carry or broker it."""
        return bool({*self.carriers.get(policy.pk, ()), policy.broker_id} & self.actor.unit_ids)


def read(raw: object, act: str) -> Word | Answer:
    """A ``Word`` of ``{"policy", "edition"}`` (whole numbers, or texts of a form), ``reason`` besides to decline, or
    what is wrong with it."""
    if not isinstance(raw, Mapping):
        return _rejected(None, None, Invalid("not_an_object", _("应为一个 JSON 对象。")))
    try:
        reason = raw.get("reason")
        why = typed.text("" if reason is None else reason, "reason") if act == DECLINE else ""
        return Word(_whole(raw, "policy"), _whole(raw, "edition"), why)
    except Invalid as refused:
        return _rejected(None, None, refused)


@transaction.atomic
def confirm(items: list, *, by: User) -> list[Answer]:
    """The insured confirms each of ``items`` (as ``read`` takes them); answered in order.

    A bad one sinks no other. ``Forbidden`` for who speaks for no insured unit, ``Invalid`` for too many. A fixed number
    of statements, however many come.
    """
    held, words = _hold(items, CONFIRM, by)
    answers, said = _judged(held, words, CONFIRM, _confirmable)
    if not said:
        return answers
    before = {policy.pk: _stands(policy) for policy in said}
    for policy in said:
        policy.confirmed_until, policy.confirmed_tail = policy.ends_at, policy.tail_days
        policy.confirmed_at, policy.confirmed_by = held.now, by
        policy.asked_at = policy.declined_at = policy.declined_by = None
        policy.decline_reason = ""
    Policy.objects.bulk_update(said, [*SAID, *DENIED, "asked_at"])
    ids = [policy.pk for policy in said]
    things = Covered.objects.filter(policy__in=ids, confirmed_at__isnull=True)
    counts = dict(things.order_by().values_list("policy").annotate(made=Count("pk")))
    things.update(confirmed_at=held.now)
    covering.show(ids)
    acts = {}
    for policy in said:
        after = _stands(policy) | {"things": counts.get(policy.pk, 0)}
        acts[policy.pk] = _act(CONFIRM, policy, before[policy.pk], after)
    _record(held, acts, CONFIRM)
    telling.of_words(CONFIRM, said, held.now)
    return answers


@transaction.atomic
def decline(items: list, *, by: User) -> list[Answer]:
    """The insured denies each of ``items``, with a ``reason``: what waits for its word stays unseen. As ``confirm``.

    It may be confirmed later. The insurers, the broker and the district's office are told.
    """
    held, words = _hold(items, DECLINE, by)
    answers, said = _judged(held, words, DECLINE, _declinable)
    if not said:
        return answers
    reasons = {word.policy: word.reason for word in reversed(words) if isinstance(word, Word)}
    for policy in said:
        policy.declined_at, policy.declined_by, policy.decline_reason = held.now, by, reasons[policy.pk]
    Policy.objects.bulk_update(said, DENIED)
    acts = {}
    for policy in said:
        after = {"confirmed": policy.confirmed_until is not None}
        acts[policy.pk] = _act(DECLINE, policy, {}, after, policy.decline_reason)
    _record(held, acts, DECLINE)
    office = directory.current().unit_with(OFFICE)
    telling.of_words(DECLINE, said, held.now, *([office.pk] if office else []))
    return answers


@transaction.atomic
def remind(pk: int, *, by: User) -> Policy:
    """The lead insurer asks the insured once more. ``Forbidden``; ``Refused`` where nothing waits, and within a day."""
    covering.guard()
    policy, actor, post = changing.held(pk, by)
    now = clock.now()
    if policy.declined_at is not None:
        raise Refused("declined", _("被保险人已否认这份保单，请直接与其核实。"))
    if not Policy.objects.waiting(now).filter(pk=pk).exists():
        raise Refused("nothing_waits", _("没有待被保险人确认的内容。"))
    if asked_last(policy) > now - PAUSE:
        raise Refused("asked_today", _("一天之内只提醒一次。"))
    policy.reminded_at = now
    policy.save(update_fields=["reminded_at"])
    act = ledger.Act(policy.chain, "policy.remind", "policy", str(policy.pk), policy.number)
    ledger.record([act], by=actor, post=post, at=now)
    telling.of_reminder(policy, now)
    return policy


def asked_last(policy: Policy) -> datetime:
    """When the insured was told last that its word is asked for."""
    return max(filter(None, (policy.registered_at, policy.reminded_at)))


def owed(policy: Policy, at: datetime | None = None) -> None:
    """``Refused`` where the insured has not confirmed ``policy``, or not for the instant ``at``."""
    if policy.confirmed_until is None or at is not None and policy.confirmed_until <= at:
        raise Refused("not_confirmed", _("被保险人尚未确认这份保单，确认之后才能据以办理。"), "policy")


def may_speak(policy: Policy, by: User, act: str) -> None:
    """``Forbidden`` for whoever sees ``policy`` and does not speak for its insured."""
    if access.post_for(acting.of(by), act, named={policy.insured_id}) is None:
        raise Forbidden("wrong_role", WRONG_ROLE)


def _hold(items: list, act: str, by: User) -> tuple[_Held, list[Word | Answer]]:
    """Lock what is spoken of, then read it and who speaks: each as it stands now. ``Forbidden``, ``Invalid``."""
    if len(items) > MOST:
        raise Invalid("too_many", _("一次最多 %(most)d 条。") % {"most": MOST})
    words = [read(item, act) for item in items]
    ids = sorted({word.policy for word in words if isinstance(word, Word)})
    covering.guard()
    locked = Policy.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    ids = list(locked.values_list("pk", flat=True))
    actor = acting.of(by)
    if not access.may(actor, act):
        raise Forbidden("wrong_role", WRONG_ROLE)
    # In a statement of its own: it has seen what the locks waited for.
    policies = Policy.objects.with_word().in_bulk(ids)
    return _Held(actor, clock.now(), policies, telling.carriers(ids)), words


def _judged(
    held: _Held, words: list[Word | Answer], act: str, judge: Callable[[Any], str]
) -> tuple[list[Answer], list[Policy]]:
    """What each word is told, and the policies of which it holds, each once."""
    answers: list[Answer] = []
    said: dict[int, Policy] = {}
    for word in words:
        if isinstance(word, Answer):
            answers.append(word)
            continue
        policy = held.policies.get(word.policy)
        try:
            if policy is None or held.post(policy, act) is None:
                # What is another's is answered as what is nobody's.
                policy = None
                raise Invalid("unknown_policy", _("没有这份以本单位为被保险人的保单。"), "policy")
            if held.sides(policy):
                raise Refused("both_sides", _("同时任职于保险公司或经纪的人不能代表被保险人。"), "policy")
            if word.edition != policy.edition:
                raise Refused("changed", _("保单在您查看之后有变更，请重新查看后再确认。"), "edition")
            outcome = "unchanged" if policy.pk in said else judge(policy)
        except Refused as refused:
            answers.append(_rejected(policy.pk if policy else None, policy.number if policy else None, refused))
            continue
        if outcome != "unchanged":
            said[policy.pk] = policy
        answers.append(Answer(policy.pk, policy.number, outcome))
    return answers, [said[pk] for pk in sorted(said)]


def _confirmable(policy: Any) -> str:
    return "confirmed" if policy.unconfirmed else "unchanged"


def _declinable(policy: Any) -> str:
    if not policy.unconfirmed:
        raise Refused("confirmed", _("本单位已确认这份保单，不能再否认；有误请与保险公司核实。"), "policy")
    return "declined" if policy.declined_at is None else "unchanged"


def _stands(policy: Policy) -> dict:
    until = policy.confirmed_until.isoformat() if policy.confirmed_until else None
    return {"confirmed_until": until, "confirmed_tail": policy.confirmed_tail}


def _act(verb: str, policy: Any, before: dict, after: dict, note: str = "") -> ledger.Act:
    after = after | {"edition": policy.edition}
    return ledger.Act(policy.chain, verb, "policy", str(policy.pk), policy.number, before, after, note)


def _record(held: _Held, acts: dict[int, ledger.Act], verb: str) -> None:
    """The entries, under the post in which each was said."""
    by_post: dict[int, tuple[Post, list[ledger.Act]]] = {}
    for pk, act in acts.items():
        post = held.post(held.policies[pk], verb)
        assert post is not None
        by_post.setdefault(post.pk, (post, []))[1].append(act)
    for post, mine in by_post.values():
        ledger.record(mine, by=held.actor, post=post, at=held.now)


def _rejected(policy: int | None, number: str | None, refused: Refused) -> Answer:
    return Answer(policy, number, "rejected", [drafting.told(refused)])


def _whole(raw: Mapping, name: str) -> int:
    value = raw.get(name)
    if value is None or value == "":
        raise Invalid("required", _("缺少必填字段。"), name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise Invalid("bad_number", _("应为数字。"), name)
    return value
