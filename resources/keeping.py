"""Stock and readiness, kept by the unit of the station: what cannot go out is not offered, and the ledger knows."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from resources.models import Resource, ResourceKind
from responsibility import access, acting, clock, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

MOST, NOTE = 10**6, 200


@dataclass(frozen=True)
class Wish:
    """How many of a resource there are and whether it can go out; ``None`` leaves either as it is."""

    stock: int | None = None
    ready: bool | None = None


def keep(
    resource_id: int, *, by: User, stock: int | None = None, ready: bool | None = None, note: str = ""
) -> Resource:
    """Write down how many of a resource there are and whether it can go out; ``None`` leaves either as it is.

    Nothing is written when nothing changes. Raises ``Forbidden`` for who does not keep the station, ``Refused``
    (``promised``) for a stock below what is out, ``Invalid`` with the field; ``Resource.DoesNotExist``.
    """
    found = keep_all({resource_id: Wish(stock, ready)}, by=by, note=note)
    if not found:
        raise Resource.DoesNotExist
    return found[0]


@transaction.atomic
def keep_all(wanted: dict[int, Wish], *, by: User, note: str = "") -> list[Resource]:
    """The same for several resources by row id, all or nothing; five statements however many there are.

    Locked in the order in which they are sent, so that two who need the same ones wait and never block each other.
    """
    locked = Resource.objects.select_for_update(of=("self",), no_key=True).select_related("station")
    found, actor, note = list(locked.filter(pk__in=wanted).order_by("pk")), acting.of(by), _short(note)
    told: dict[int, tuple[Post, list[ledger.Act]]] = {}
    changed = []
    for resource in found:
        post, before = may_keep(actor, resource), _standing(resource)
        _apply(resource, wanted[resource.pk])
        if (after := _standing(resource)) != before:
            changed.append(resource)
            about = ("resource", resource.code, resource.name, before, after, note)
            told.setdefault(post.pk, (post, []))[1].append(ledger.Act(chain_of(resource.pk), "resource.keep", *about))
    Resource.objects.bulk_update(changed, ["stock", "ready"])
    for post, acts in told.values():
        ledger.record(acts, by=actor, post=post, at=clock.now())
    return found


def _apply(resource: Resource, wish: Wish) -> None:
    if wish.stock is not None:
        resource.stock = _counted(wish.stock, resource)
    if wish.ready is not None:
        resource.ready = bool(wish.ready)


def _standing(resource: Resource) -> dict:
    return {"stock": resource.stock, "ready": resource.ready}


def may_keep(actor: acting.Actor, resource: Resource) -> Post:
    """The post in which ``actor`` keeps ``resource``; ``Forbidden`` otherwise."""
    post = access.post_for(actor, "resources.keep", named={resource.station.unit_id})
    if post is None:
        raise Forbidden("not_keeper", _("库存与可出动状态由站点所属单位登记。"))
    return post


def chain_of(resource_id: int) -> UUID:
    """The chain of the ledger on which a resource is told of; the database derives it likewise."""
    return UUID(hashlib.md5(f"resource:{resource_id}".encode(), usedforsecurity=False).hexdigest())


def _counted(stock: object, resource: Resource) -> int:
    most = MOST if resource.kind == ResourceKind.MATERIAL else 1
    if isinstance(stock, bool) or not isinstance(stock, int) or not 0 <= stock <= most:
        raise Invalid("bad_number", _("库存须为 0 至 %(most)d 之间的整数。") % {"most": most}, "stock")
    if stock < resource.reserved:
        told = {"out": resource.reserved}
        raise Refused("promised", _("已有 %(out)d 份调派在外，库存不能少于此数。") % told, "stock")
    return stock


def _short(note: str) -> str:
    if "\x00" in note:
        raise Invalid("bad_character", _("含有无法保存的字符。"), "note")
    if len(note) > NOTE:
        raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": NOTE}, "note")
    return note.strip()
