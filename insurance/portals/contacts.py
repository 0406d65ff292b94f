"""联系人: kept by each unit for itself, shown masked, the whole number only for a reason that is told.

Whoever looks stands with the other unit on an order that runs or on a policy in force (facts 3.5); that he looked, and
why, stands on the contact's chain, where the other unit reads it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance import inboxes
from insurance.policies.models import Policy, Share
from insurance.portals.models import Contact
from insurance.service.models import RUNNING, ServiceOrder
from notices import outbox
from notices.models import Notice
from responsibility import access, acting, clock, ledger
from responsibility.directory import Directory
from responsibility.models import LedgerEntry, Post, Role, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

KEEP, LOOK = "contact.keep", "outside.unmask"
LOOKED = "contact.unmask"
# A mobile or fixed number of the mainland, or one from abroad, without blanks and strokes.
NUMBER = re.compile(r"(\+\d{8,15}|1\d{10}|0\d{9,11}|[2-9]\d{6,7}|400\d{7})", re.ASCII)
MOST, LOOKS = 20, 100
SHOWN = 200


@dataclass(frozen=True)
class Look:
    """Who looked at the number of a contact, of which unit, when and why."""

    contact: Contact
    who: str
    unit: str
    at: datetime
    why: str


def masked(phone: str) -> str:
    """``138****1234``: at most three signs of the beginning and four of the end; of short numbers fewer."""
    if len(phone) >= 10:
        return f"{phone[:3]}****{phone[-4:]}"
    return f"****{phone[-2:]}" if phone else ""


def own(actor: acting.Actor) -> QuerySet[Contact]:
    """The contacts of the actor's own units."""
    mine = {post.unit_id for post in actor.posts if access.scope(KEEP, post.role)}
    return Contact.objects.filter(unit__in=mine, removed_at=None).select_related("unit")


def others(actor: acting.Actor, now: datetime) -> QuerySet[Contact]:
    """The contacts of units with which the actor's unit has an order that runs or a policy in force."""
    mine = {post.unit_id for post in actor.posts if access.scope(LOOK, post.role)}
    found = Contact.objects.filter(removed_at=None, unit__in=partners(mine, now)).exclude(unit__in=mine)
    return found.select_related("unit").order_by("unit__code", "pk")


def partners(mine: set[int], now: datetime) -> QuerySet[Unit]:
    """The units that stand on an order that runs, or on a policy in force, together with one of ``mine``.

    A policy that the insured has not confirmed opens nothing but to the insured.
    """
    if not mine:
        return Unit.objects.none()
    orders = ServiceOrder.objects.filter(state__in=RUNNING)
    orders = orders.filter(Q(by_unit__in=mine) | Q(firm__in=mine) | Q(insured__in=mine))
    carried = Policy.objects.of_insurers(mine).values("pk")
    # The insured may ask whoever names it; they reach the insured once it has confirmed.
    agreed = Q(confirmed_until__gt=now) & (Q(insurer__in=mine) | Q(broker__in=mine) | Q(pk__in=carried))
    policies = Policy.objects.in_force(now).filter(Q(insured__in=mine) | agreed)
    return Unit.objects.filter(
        Q(pk__in=orders.values("by_unit")) | Q(pk__in=orders.values("firm")) | Q(pk__in=orders.values("insured"))
        | Q(pk__in=policies.values("insurer")) | Q(pk__in=policies.values("insured"))
        | Q(pk__in=policies.filter(broker__isnull=False).values("broker"))
        | Q(pk__in=Share.objects.filter(policy__in=policies.values("pk")).values("insurer"))
    )  # fmt: skip


@transaction.atomic
def keep(name: object, phone: object, duty: object, *, by: User) -> Contact:
    """Enter a contact of the unit of ``by``. ``Invalid`` for what is no number, ``Refused`` beyond twenty."""
    actor = acting.of(by)
    post = access.post_for(actor, KEEP, own=actor.unit_ids)
    if post is None:
        raise Forbidden("wrong_role", _("联系人由各单位自行登记。"))
    Unit.objects.select_for_update(of=("self",), no_key=True).get(pk=post.unit_id)
    called, number = typed.text(name, "name", limit=60), _number(phone)
    does = typed.text(duty, "duty", limit=60, needed=False)
    if Contact.objects.filter(unit=post.unit_id, removed_at=None).count() >= MOST:
        raise Refused("too_many", _("一个单位最多登记 %(most)d 位联系人。") % {"most": MOST})
    contact = Contact.objects.create(
        unit_id=post.unit_id, name=called, phone=number, duty=does, kept_at=clock.now(), kept_by=by
    )
    _tell(contact, "contact.keep", actor, post, after={"unit": post.unit.code})
    return contact


@transaction.atomic
def remove(pk: int, *, by: User) -> Contact:
    """Take a contact away and forget name and number. Removing it twice changes nothing."""
    contact = Contact.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    actor = acting.of(by)
    post = access.post_for(actor, KEEP, own={contact.unit_id} & actor.unit_ids)
    if post is None:
        raise Forbidden("wrong_role", _("联系人由各单位自行登记。"))
    if contact.removed_at is None:
        contact.name = contact.phone = contact.duty = ""
        contact.removed_at = clock.now()
        contact.save(update_fields=["name", "phone", "duty", "removed_at"])
        _tell(contact, "contact.remove", actor, post, before={"removed": False}, after={"removed": True})
    return contact


@transaction.atomic
def unmask(pk: int, reason: object, *, by: User) -> Contact:
    """The whole number, for a ``reason`` that the other unit reads.

    ``Forbidden`` for whoever stands on no order that runs and no policy in force with that unit, ``Invalid`` without a
    reason, ``Refused`` when the contact is gone.
    """
    contact = Contact.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=pk)
    actor, now = acting.of(by), clock.now()
    if contact.unit_id in {post.unit_id for post in actor.posts if access.scope(KEEP, post.role)}:
        raise Refused("own", _("这是本单位的联系人，无须另行查看。"))
    joined = _joined(actor, contact, now)
    post = access.post_for(actor, LOOK, named=joined)
    if post is None:
        raise Forbidden("no_business", _("没有与该单位的有效保单或在办委托。"))
    if contact.removed_at is not None:
        raise Refused("removed", _("该联系人已被移除。"))
    why = typed.text(reason, "reason", limit=200)
    _tell(contact, LOOKED, actor, post, after={"unit": post.unit.code}, note=why)
    about = inboxes.About(contact.chain, "", reverse("insurance-contacts"))
    outbox.write(inboxes.rows(LOOKED, about, [contact.unit_id], now, words={"unit": post.unit_id}))
    return contact


def looks(actor: acting.Actor) -> list[Look]:
    """Who looked at the numbers of the actor's own unit, the newest first, up to 100. Two statements."""
    chains = {contact.chain: contact for contact in own(actor)}
    entries = LedgerEntry.objects.filter(chain__in=list(chains), verb=LOOKED).order_by("-id")[:LOOKS]
    return [Look(chains[entry.chain], entry.actor_label, entry.unit_label, entry.at, entry.note) for entry in entries]


def _joined(actor: acting.Actor, contact: Contact, now: datetime) -> set[int]:
    """The units of the actor's posts that have business with the contact's unit."""
    posts = {post.unit_id for post in actor.posts if post.role in _LOOKERS}
    return {unit for unit in posts if partners({unit}, now).filter(pk=contact.unit_id).exists()} - {contact.unit_id}


_LOOKERS = {Role.INSURER, Role.BROKER, Role.FIRM, Role.ENTERPRISE}


def _number(phone: object) -> str:
    text = typed.text(phone, "phone", limit=30)
    plain = re.sub(r"[ \-－()（）]", "", text)
    if not NUMBER.fullmatch(plain):
        raise Invalid("bad_phone", _("请填写手机号或带区号的固定电话。"), "phone")
    return plain


def _tell(
    contact: Contact, verb: str, actor: acting.Actor, post: Post, *, before: dict | None = None,
    after: dict | None = None, note: str = "",
) -> None:  # fmt: skip
    # Neither name nor number: what the ledger holds is kept for good.
    act = ledger.Act(contact.chain, verb, "contact", str(contact.pk), str(contact.pk), before or {}, after or {}, note)
    ledger.record([act], by=actor, post=post)


def speak() -> None:
    """Have the notice to the unit said whose number was looked at."""

    def words(notice: Notice, known: Directory) -> dict:
        return {"unit": inboxes.name(notice, known)}

    inboxes.speak({LOOKED: _("{unit}查看了贵单位一位联系人的号码，理由见联系人页。")}, words)
