"""Where a unit's own system is told: set up, ended, tried again; through the ledger, the secret told once."""

import hashlib
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.portals import news, reaching, signing
from insurance.portals.models import OF_BROKERS, Delivery, DeliveryState, Event, Hook
from responsibility import access, acting, clock, ledger
from responsibility.models import Post, Role, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

ACT = "webhook.manage"
MOST = 10
LABEL = 100


@dataclass(frozen=True)
class Wish:
    """What a hook is to be. ``events``: values of ``Event``."""

    label: str
    url: str
    events: list[str] = field(default_factory=list)


def of(actor: acting.Actor) -> QuerySet[Hook]:
    """The hooks of the actor's own units, newest first, ended ones too."""
    return Hook.objects.filter(unit__in=units(actor)).select_related("unit", "made_by").order_by("-pk")


def units(actor: acting.Actor) -> set[int]:
    """The units for whose systems the actor sets up hooks."""
    return {post.unit_id for post in actor.posts if access.scope(ACT, post.role)}


def choices(actor: acting.Actor) -> list[Event]:
    """The events that the actor's unit may be told of."""
    post = _post(actor)
    return [each for each in Event if _whole(post) or each in OF_BROKERS]


@transaction.atomic
def make(wish: Wish, *, by: User) -> tuple[Hook, str]:
    """Set up a hook of the unit of ``by``; it and its secret, which is not shown again.

    ``Forbidden`` for whoever is no insurer or broker, ``Invalid`` for an address or events that cannot be used,
    ``Refused`` beyond ten of one unit. What stands at this moment counts as known to it.
    """
    actor = acting.of(by)
    post = _post(actor)
    Unit.objects.select_for_update(of=("self",), no_key=True).get(pk=post.unit_id)
    label, url, events = typed.text(wish.label, "label", limit=LABEL), _address(wish.url), _events(wish.events, post)
    if Hook.objects.filter(unit=post.unit_id, ended_at=None).count() >= MOST:
        raise Refused("too_many", _("一个单位最多设置 %(most)d 个推送。") % {"most": MOST})
    secret = signing.fresh_secret()
    hook = Hook.objects.create(
        unit_id=post.unit_id, label=label, url=url, secret=secret, events=events, whole=_whole(post),
        made_at=clock.now(), made_by=by,
    )  # fmt: skip
    news.begin(hook)
    told = {"unit": post.unit.code, "events": ",".join(events), "whole": hook.whole, "fingerprint": fingerprint(url)}
    _tell(hook, "webhook.make", {}, told, actor, post)
    return hook, secret


@transaction.atomic
def end(pk: int, *, by: User) -> Hook:
    """Push nothing more and forget the secret; what waited is not sent. Ending it twice changes nothing."""
    hook, actor, post = _locked(pk, by)
    if hook.ended_at is None:
        hook.ended_at, hook.secret = clock.now(), ""
        hook.save(update_fields=["ended_at", "secret"])
        hook.deliveries.filter(status=DeliveryState.WAITING).update(status=DeliveryState.FAILED, error="ended")  # type: ignore[attr-defined]
        _tell(hook, "webhook.end", {"ended": False}, {"ended": True}, actor, post)
    return hook


@transaction.atomic
def again(pk: int, *, by: User) -> Delivery:
    """Try a message anew that had failed. ``Refused`` where it has not, or where its hook has ended."""
    hook_id = Delivery.objects.values_list("hook_id", flat=True).get(pk=pk)
    hook, actor, post = _locked(hook_id, by)
    delivery = Delivery.objects.select_for_update().get(pk=pk)
    if hook.ended_at is not None or delivery.status != DeliveryState.FAILED:
        raise Refused("not_failed", _("只有发送失败的消息可以再发，且推送未停用。"))
    now = clock.now()
    delivery.status, delivery.try_at, delivery.until, delivery.attempts = (
        DeliveryState.WAITING,
        now,
        now + news.TRIED,
        0,
    )
    delivery.save(update_fields=["status", "try_at", "until", "attempts"])
    _tell(hook, "webhook.again", {}, {"delivery": delivery.pk, "event": delivery.event}, actor, post)
    return delivery


def fingerprint(url: str) -> str:
    """What the ledger keeps of an address: enough to tell two apart, not enough to use one."""
    return hashlib.sha256(f"{settings.SECRET_KEY}:{url}".encode()).hexdigest()[:12]


def _post(actor: acting.Actor) -> Post:
    post = access.post_for(actor, ACT, own=actor.unit_ids)
    if post is None:
        raise Forbidden("wrong_role", _("数据推送由保险公司和保险经纪为本单位的系统设置。"))
    return post


def _whole(post: Post) -> bool:
    return post.role == Role.INSURER


def _locked(pk: int, by: User) -> tuple[Hook, acting.Actor, Post]:
    hook = Hook.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    actor = acting.of(by)
    post = access.post_for(actor, ACT, own={hook.unit_id} & actor.unit_ids)
    if post is None:
        raise Forbidden("wrong_role", _("数据推送由保险公司和保险经纪为本单位的系统设置。"))
    return hook, actor, post


def _events(events: object, post: Post) -> list[str]:
    known = [each.value for each in Event if _whole(post) or each in OF_BROKERS]
    if not isinstance(events, list) or not events or any(each not in known for each in events):
        raise Invalid("bad_choice", _("请选择要推送的事件。"), "events")
    return [each for each in known if each in events]


def _address(url: object) -> str:
    text = typed.text(url, "url", limit=reaching.LONGEST)
    try:
        host, _port, _path = reaching.parts(text)
    except ValueError:
        raise Invalid("bad_url", _("地址应以 https:// 开头，且不得带有用户名。"), "url") from None
    if not reaching.allowed(host) and _is_inside(host):
        raise Invalid("bad_host", _("地址不得指向本机或内部网络。"), "url")
    return text


def _is_inside(host: str) -> bool:
    """What can be said without asking for the name; the rest is judged each time it is reached."""
    try:
        return not reaching.is_public(host)
    except ValueError:
        return "." not in host or host.lower().endswith((".localhost", ".local", ".internal"))


def _tell(hook: Hook, verb: str, before: dict, after: dict, actor: acting.Actor, post: Post) -> None:
    act = ledger.Act(hook.chain, verb, "hook", str(hook.pk), hook.label, before, after)
    ledger.record([act], by=actor, post=post)
