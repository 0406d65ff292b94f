"""What becomes of a policy: endorsed, renewed, cancelled, by its lead insurer alone.

Each change is told on the policy's chain, and the cases that it may concern are judged anew (``covering.doubt``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.policies import covering, drafting, registering, telling
from insurance.policies import given as fields
from insurance.policies.models import Covered, Endorsement, Policy
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

# What an endorsement may set anew, and what of the word of the insured it may take back.
TERMS = ("ends_at", "tail_days", *drafting.AMOUNTS)
WORD = (
    "confirmed_until", "confirmed_tail", "asked_at", "reminded_at", "declined_at", "declined_by", "decline_reason",
)  # fmt: skip


@dataclass
class Wish:
    """An endorsement on its way in: ``terms`` that are set anew, objects and territories (codes) added or ended."""

    number: str
    effective_at: datetime
    note: str = ""
    terms: dict[str, Any] = field(default_factory=dict)
    added: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    ended: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


def read(given: Mapping, *, local: bool = False) -> Wish:
    """The ``Wish`` in the fields of the API or of the form; empty ones are left as they stand. ``Invalid``."""
    terms: dict[str, Any] = {}
    if given.get("ends_at") not in (None, ""):
        terms["ends_at"] = fields.instant(given, "ends_at", local=local)
    if given.get("tail_days") not in (None, ""):
        terms["tail_days"] = fields.days(given, "tail_days", most=drafting.LONGEST_TAIL, default=0)
    terms |= {name: fields.amount(given, name) for name in drafting.AMOUNTS if given.get(name) not in (None, "")}
    effective_at = fields.instant(given, "effective_at", local=local)
    assert effective_at is not None
    return Wish(
        number=fields.text(given, "number"), effective_at=effective_at, terms=terms,
        note=fields.text(given, "note", limit=typed.TEXT, needed=False),
        added=(fields.codes(given, "add_objects"), fields.codes(given, "add_territories")),
        ended=(fields.codes(given, "end_objects"), fields.codes(given, "end_territories")),
    )  # fmt: skip


def held(pk: int, by: User) -> tuple[Policy, acting.Actor, Post]:
    """The policy ``pk``, locked, with who acts as its lead insurer. ``Forbidden`` for everybody else.

    ``Policy.DoesNotExist``. Inside a transaction.
    """
    actor = acting.of(by)
    Policy.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk").get()
    policy = Policy.objects.select_related("insurer", "insured", "broker").get(pk=pk)
    return policy, actor, _lead(policy.insurer_id, actor)


def may_change(pk: int, by: User) -> None:
    """``Forbidden`` for whoever is not of the lead insurer, before he is told what is wrong with his fields."""
    lead = Policy.objects.values_list("insurer_id", flat=True).get(pk=pk)
    _lead(lead, acting.of(by))


def _lead(insurer: int, actor: acting.Actor) -> Post:
    post = access.post_for(actor, registering.ACT, named={insurer})
    if post is None:
        raise Forbidden("not_lead", _("只有首席承保人可以变更保单。"))
    return post


@transaction.atomic
def endorse(pk: int, wish: Wish, *, by: User) -> Endorsement:
    """Change the policy from an instant on. ``Invalid``, ``Forbidden``; ``Refused`` when it cannot be changed."""
    covering.guard()
    policy, actor, post = held(pk, by)
    _changeable(policy)
    if policy.endorsements.filter(number=wish.number).exists():
        raise Refused("number_taken", _("该批单号已用于本保单。"), "number")
    if not policy.starts_at <= wish.effective_at < policy.ends_at:
        raise Invalid("outside_period", _("生效时间须在保险期间内。"), "effective_at")
    old_end = policy.ends_at
    waited = Policy.objects.unconfirmed().filter(pk=policy.pk, declined_at__isnull=True).exists()
    changes = _terms(policy, wish.terms)
    if wish.effective_at >= policy.ends_at:
        raise Invalid("outside_period", _("生效时间须在保险期间内。"), "effective_at")
    _places(policy, wish, changes)
    if not changes:
        raise Invalid("no_change", _("没有变更。"))
    now = clock.now()
    widens = _widens(changes, wish)
    _ask(policy, now, widens=widens, waited=waited)
    policy.save(update_fields=[*TERMS, *WORD])
    if "ends_at" in changes:
        _move_ends(policy, old_end)
    if {"ends_at", "tail_days"} & changes.keys():
        policy.covers.update(until=policy.seen_until)
    made = Endorsement.objects.create(
        policy=policy, number=wish.number, effective_at=wish.effective_at, changes=changes, note=wish.note,
        made_at=now, made_by=by,
    )  # fmt: skip
    told = {"endorsement": wish.number, "effective_at": wish.effective_at.isoformat()}
    _record("policy.endorse", policy, _side(changes, 0), told | _side(changes, 1), wish.note, actor, post, now)
    covering.show([policy.pk])
    covering.doubt([policy.pk])
    telling.of_policies("policy.endorse", [policy], now, asks="policy.widen" if widens else "")
    return made


@transaction.atomic
def renew(pk: int, given: Mapping, *, by: User, local: bool = False) -> Policy:
    """A new policy that begins when this one ends, for what it covers then, and is linked to it.

    ``given``: ``number`` and ``ends_at``; amounts and ``tail_days`` as they stand where left out. ``Invalid``,
    ``Forbidden``; ``Refused`` when it was cancelled or renewed before.
    """
    covering.guard()
    policy, actor, post = held(pk, by)
    _changeable(policy)
    if Policy.objects.filter(renews=policy).exists():
        raise Refused("renewed", _("该保单已续保。"))
    (answer,) = registering.settle([_successor(policy, given, local)], actor, post)
    if answer.outcome != "registered":
        taken = {"code": "number_taken", "detail": str(_("该保单号已登记。")), "attr": "number"}
        fault: dict[str, str] = (answer.errors or [taken])[0]
        raise Invalid(fault["code"], fault["detail"], fault["attr"])
    now = clock.now()
    _record("policy.renew", policy, {}, {"renewed_by": answer.number}, "", actor, post, now)
    telling.of_policies("policy.renew", [policy], now)
    return Policy.objects.get(renews=policy)


@transaction.atomic
def cancel(pk: int, at: datetime, reason: str, *, by: User) -> Policy:
    """End the policy at the instant ``at``, for a reason. ``Invalid``, ``Forbidden``; ``Refused`` once it is ended.

    An instant that has passed is possible (Insurance Law art. 16, rescission); the insured is told of it like of any.
    """
    covering.guard()
    policy, actor, post = held(pk, by)
    _changeable(policy)
    reason = typed.text(reason, "reason")
    if not policy.starts_at <= at < policy.ends_at:
        raise Invalid("outside_period", _("解除时间须在保险期间内。"), "at")
    policy.cancelled_at = at
    policy.save(update_fields=["cancelled_at"])
    policy.covers.update(until=policy.seen_until)
    now = clock.now()
    _record("policy.cancel", policy, {}, {"cancelled_at": at.isoformat()}, reason, actor, post, now)
    covering.show([policy.pk])
    covering.doubt([policy.pk])
    telling.of_policies("policy.cancel", [policy], now)
    return policy


def limits_at(policy: Policy, at: datetime) -> dict[str, Decimal]:
    """The amounts (``drafting.AMOUNTS``, yuan) that held at ``at``. One statement, none where they were read before.

    Of several endorsements that were in effect the one that was made last holds; before any was, what it began with.
    """
    began: dict[str, Decimal] = {}
    held: dict[str, Decimal] = {}
    for each in sorted(policy.endorsements.all(), key=lambda made: made.pk):
        for name, (was, becomes) in each.changes.items():
            if name in drafting.AMOUNTS:
                began.setdefault(name, Decimal(was))
                if each.effective_at <= at:
                    held[name] = Decimal(becomes)
    return {name: getattr(policy, name) for name in drafting.AMOUNTS} | began | held


def _changeable(policy: Policy) -> None:
    if policy.cancelled_at is not None:
        raise Refused("cancelled", _("该保单已解除。"))


def _terms(policy: Policy, terms: dict[str, Any]) -> dict[str, list]:
    """Set ``terms`` on the policy; what changed, as ``{field: [before, after]}``. ``Invalid``."""
    changes: dict[str, list] = {}
    for name, value in terms.items():
        before = getattr(policy, name)
        if value != before:
            changes[name] = [plain(before), plain(value)]
            setattr(policy, name, value)
    drafting.period(policy.starts_at, policy.ends_at)
    drafting.limits({name: getattr(policy, name) for name in drafting.AMOUNTS})
    return changes


def plain(value: object) -> object:
    """A value as the ledger keeps it: an instant and an amount as texts."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _widens(changes: dict[str, list], wish: Wish) -> bool:
    """Whether the insurers would see more by it: a longer period or claim tail, an object or a place more."""
    if any(wish.added):
        return True
    end, tail = changes.get("ends_at"), changes.get("tail_days")
    return bool(end and datetime.fromisoformat(end[0]) < datetime.fromisoformat(end[1]) or tail and tail[0] < tail[1])


def _ask(policy: Policy, now: datetime, *, widens: bool, waited: bool) -> None:
    """Narrow what the insured has confirmed to what ``policy`` is now, and ask for its word where it ``widens``."""
    if policy.confirmed_until is not None and policy.confirmed_tail is not None:
        policy.confirmed_until = min(policy.confirmed_until, policy.ends_at)
        policy.confirmed_tail = min(policy.confirmed_tail, policy.tail_days)
    if widens:
        policy.asked_at = policy.asked_at if waited else now
        policy.reminded_at = now
        policy.declined_at = policy.declined_by = None
        policy.decline_reason = ""


def _places(policy: Policy, wish: Wish, changes: dict[str, list]) -> None:
    """Add and end covered objects and territories from the instant of ``wish`` on; told in ``changes``. ``Invalid``."""
    if not any(wish.added + wish.ended):
        return
    if policy.whole:
        raise Invalid("whole_policy", _("该保单承保全部监测对象，不另列标的。"), "add_objects")
    known, at = directory.current(), wish.effective_at
    objects = registering.named_objects(wish.added[0] + wish.ended[0])
    drafting.insured_things(policy.insured, *wish.added, known, objects)
    running = policy.covered.filter(since__lte=at, until__gt=at).select_related("risk_object", "territory")
    by_object = {thing.risk_object.code: thing for thing in running if thing.risk_object}
    by_place = {thing.territory.code: thing for thing in running if thing.territory}
    later = set(policy.covered.filter(since__gt=at).values_list("risk_object__code", "territory__code"))
    kinds: tuple[tuple[str, str, Mapping, Mapping], ...] = (
        ("objects", "risk_object", by_object, objects), ("territories", "territory", by_place, known.territories),
    )  # fmt: skip
    for place, (name, column, have, registered) in enumerate(kinds):
        added, ended = wish.added[place], wish.ended[place]
        _once(name, have, {pair[place] for pair in later}, added, ended)
        Covered.objects.filter(pk__in=[have[code].pk for code in ended]).update(until=at)
        Covered.objects.bulk_create(
            Covered(policy=policy, since=at, until=policy.ends_at, **{column: registered[code]}) for code in added
        )
        if added or ended:
            changes[name] = [registering.listed(ended), registering.listed(added)]


def _once(name: str, have: Mapping, later: set, added: tuple[str, ...], ended: tuple[str, ...]) -> None:
    for code in added:
        if code in have or code in later:
            raise Invalid("covered_already", _("“%(code)s”已在承保标的中。") % {"code": code}, f"add_{name}")
    for code in ended:
        if code not in have:
            raise Invalid("not_covered", _("“%(code)s”此时不是承保标的。") % {"code": code}, f"end_{name}")


def _move_ends(policy: Policy, old_end: datetime) -> None:
    """What was covered up to the old end is covered up to the new one, and nothing beyond it."""
    new_end = policy.ends_at
    policy.covered.filter(Q(until=old_end, since__lt=new_end) | Q(until__gt=new_end, since__lt=new_end)).update(
        until=new_end
    )
    policy.covered.filter(since__gte=new_end).update(until=F("since"))


def _successor(policy: Policy, given: Mapping, local: bool) -> drafting.Draft | drafting.Rejected:
    things = policy.covered.filter(until=policy.ends_at).filter(until__gt=F("since"))
    shares = {share.insurer.code: str(share.percent) for share in policy.shares.select_related("insurer")}
    stands = {name: str(getattr(policy, name)) for name in drafting.AMOUNTS}
    told = {
        "line": policy.line, "insured": policy.insured.code, "broker": policy.broker.code if policy.broker else "",
        "starts_at": policy.ends_at, "whole": policy.whole, "tail_days": policy.tail_days, **stands,
        "objects": list(things.filter(risk_object__isnull=False).values_list("risk_object__code", flat=True)),
        "territories": list(things.filter(territory__isnull=False).values_list("territory__code", flat=True)),
        "shares": [{"insurer": code, "percent": part} for code, part in shares.items()],
    }  # fmt: skip
    for name in ("number", "ends_at", "tail_days", *drafting.AMOUNTS):
        if given.get(name) not in (None, ""):
            told[name] = given[name]
    draft = drafting.read(told, local=local)
    if isinstance(draft, drafting.Draft):
        draft.renews = policy
    return draft


def _side(changes: dict[str, list], side: int) -> dict:
    return {name: pair[side] for name, pair in changes.items()}


def _record(
    verb: str, policy: Policy, before: dict, after: dict, note: str, actor: acting.Actor, post: Post, at: datetime
) -> None:
    act = ledger.Act(policy.chain, verb, "policy", str(policy.pk), policy.number, before, after, note)
    ledger.record([act], by=actor, post=post, at=at)
