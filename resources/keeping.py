"""Stock and readiness, kept by the unit of the station: what cannot go out is not offered, and the ledger knows."""

import hashlib
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from resources.models import Resource, ResourceKind
from responsibility import access, acting, clock, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

MOST, NOTE = 10**6, 200


@transaction.atomic
def keep(
    resource_id: int, *, by: User, stock: int | None = None, ready: bool | None = None, note: str = ""
) -> Resource:
    """Write down how many of a resource there are and whether it can go out; ``None`` leaves either as it is.

    Nothing is written when nothing changes. Raises ``Forbidden`` for who does not keep the station, ``Refused``
    (``promised``) for a stock below what is out, ``Invalid`` with the field; ``Resource.DoesNotExist``.
    """
    resource = Resource.objects.select_for_update(of=("self",), no_key=True).get(pk=resource_id)
    actor = acting.of(by)
    post = may_keep(actor, resource)
    before = {"stock": resource.stock, "ready": resource.ready}
    if stock is not None:
        resource.stock = _counted(stock, resource)
    if ready is not None:
        resource.ready = bool(ready)
    after = {"stock": resource.stock, "ready": resource.ready}
    if after == before:
        return resource
    resource.save(update_fields=["stock", "ready"])
    act = ledger.Act(
        chain_of(resource.pk), "resource.keep", "resource", resource.code, resource.name, before, after, _short(note)
    )
    ledger.record([act], by=actor, post=post, at=clock.now())
    return resource


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
