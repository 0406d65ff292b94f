"""The visit: its photos one by one as the connection allows, then the record, each taken once however often it comes.

The phone names its record (``sent_as``) before anything is sent. A photo is known by that name and its digest; the
record names the photos that belong to it, and is taken only when all of them are there. So whatever breaks off can be
sent again as it is, and the answer is the first one.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import CLOCK_SKEW
from cases import files
from cases.filetypes import IMAGES
from insurance.firms.fitness import valid_inspectors
from insurance.firms.models import Inspector
from insurance.service import given, keeping, ordering, telling
from insurance.service.models import OrderState, Photo, SentPhoto, ServiceOrder, Visit
from insurance.service.moving import Hand, take
from insurance.service.record import Written
from responsibility import access, acting, ledger
from responsibility.acting import Actor
from responsibility.models import User
from responsibility.refusals import Forbidden, Invalid, Refused

# Higher parts hear of what was found: f(visit, lines as ``Visit.found`` has them, actor), in the same transaction.
FOUND: list[Callable[[Visit, list[dict], Actor], object]] = []
FIRM = ("firm",)
# A record that was kept on a phone for longer is no record of the visit any more.
LATEST = timedelta(days=30)
# Forms tell times to the minute.
MINUTE = timedelta(minutes=1)
MOST_PHOTOS = 60


def receive(pk: int, sent_as: UUID, upload, *, by: User) -> SentPhoto:
    """Take one photo of the record that will come as ``sent_as``. The same file again answers with the first.

    ``Forbidden``; ``Invalid`` for what is no photo or is too large; ``Refused`` when no record is awaited.
    """
    if upload is None:
        raise Invalid("required", _("请选择文件。"), "photo")
    _expect(pk, by, sent_as)
    stored = keeping.receive(upload, "photo", IMAGES)
    with transaction.atomic():
        hand = take(pk, by, "service.work", FIRM, partial(_awaited, pk, sent_as))
        taken = Visit.objects.filter(order=hand.order).exists()
        known = SentPhoto.objects.filter(order=hand.order, sent_as=sent_as, sha256=stored.sha256).first()
        if taken and known is None:
            raise Refused("visited", _("这项委托已经有服务记录。"))
        return known or _keep(hand, sent_as, [stored])[0]


def record(pk: int, written: Written, *, by: User, uploads: Collection = ()) -> Visit:
    """Take the record of the visit; with it the firm has signed. ``uploads``: photos that come along with it.

    The same ``sent_as`` again answers with the first record and changes nothing. ``Forbidden``; ``Invalid``, also for
    people without a valid certificate or photos that have not arrived; ``Refused`` when no visit is agreed, or another
    record was taken.
    """
    _expect(pk, by, written.sent_as)
    stored = [keeping.receive(upload, "photo", IMAGES) for upload in uploads]
    with transaction.atomic():
        hand = take(pk, by, "service.work", FIRM, partial(_awaited, pk, written.sent_as))
        known = Visit.objects.filter(order=hand.order).first()
        if known is not None:
            return known
        if Visit.objects.filter(sent_as=written.sent_as).exists():
            raise Refused("sent_elsewhere", _("这份记录已经用于另一项委托，请重新打开本页填写。"))
        ordering.still_fit(hand.order, localdate(written.arrived_at))
        _keep(hand, written.sent_as, stored)
        photos = _photos(hand.order, written, stored)
        people = _people(hand, written)
        _judge(hand, written)
        return _write(hand, written, people, photos)


@transaction.atomic
def confirm(pk: int, remark: str, *, by: User) -> Visit:
    """The insured signs, also after having refused to; the record is filed. ``Forbidden``, ``Invalid``, ``Refused``."""
    hand = take(pk, by, "service.agree", ("insured",), [OrderState.VISITED, OrderState.DISPUTED])
    visit = Visit.objects.get(order=hand.order)
    visit.confirmed_at, visit.confirmed_by, visit.remark = hand.now, by, remark
    visit.save(update_fields=["confirmed_at", "confirmed_by", "remark"])
    hand.move("service.confirm", [hand.order.by_unit_id, hand.order.firm_id], note=remark,
              state=OrderState.DONE, ended_at=hand.now)  # fmt: skip
    return visit


@transaction.atomic
def dispute(pk: int, reason: str, *, by: User) -> Visit:
    """The insured does not sign, and says why; who ordered settles it. ``Forbidden``, ``Invalid``, ``Refused``."""
    hand = take(pk, by, "service.agree", ("insured",), [OrderState.VISITED])
    visit = Visit.objects.get(order=hand.order)
    visit.refused_at, visit.remark = hand.now, reason
    visit.save(update_fields=["refused_at", "remark"])
    hand.move("service.dispute", [hand.order.by_unit_id, hand.order.firm_id], note=reason,
              state=OrderState.DISPUTED)  # fmt: skip
    return visit


def _expect(pk: int, by: User, sent_as: UUID) -> None:
    """Refuse before a large file is taken in; asked again under the lock."""
    order = ServiceOrder.objects.get(pk=pk)
    if access.post_for(acting.of(by), "service.work", named={order.firm_id}) is None:
        raise Forbidden("not_yours", _("这不是由您办理的委托。"))
    if order.state not in _awaited(pk, sent_as):
        raise Refused("no_visit", _("这项委托现在不接收服务记录。"))


def _awaited(pk: int, sent_as: UUID) -> list[str]:
    """The states in which what is called ``sent_as`` is answered: any, for a record that was taken."""
    known = Visit.objects.filter(order=pk).values_list("sent_as", flat=True).first()
    if known is None:
        return [OrderState.AGREED]
    if known != sent_as:
        raise Refused("visited", _("这项委托已经有服务记录。"))
    return list(OrderState.values)


def _keep(hand: Hand, sent_as: UUID, stored: list[files.Stored]) -> list[SentPhoto]:
    kept, new, acts = [], [], []
    known = {photo.sha256: photo for photo in SentPhoto.objects.filter(order=hand.order, sent_as=sent_as)}
    for one in stored:
        if one.sha256 in known:
            kept.append(known[one.sha256])
            continue
        if len(known) >= MOST_PHOTOS:
            raise Refused("too_many", _("一份记录最多 %(most)d 张照片。") % {"most": MOST_PHOTOS}, "photo")
        photo = known[one.sha256] = SentPhoto(
            order=hand.order, sent_as=sent_as, sha256=one.sha256, size=one.size, content_type=one.content_type,
            path=one.path, original_name=one.original_name[:255], taken_at=one.taken_at, lat=one.lat, lon=one.lon,
            sent_at=hand.now, sent_by=hand.by,
        )  # fmt: skip
        after = {"sha256": one.sha256, "size": one.size, "taken_where": given.told_place(one.lat, one.lon)}
        acts.append(telling.act_of(hand.order, "service.photo", after=after))
        kept.append(photo)
        new.append(photo)
    SentPhoto.objects.bulk_create(new)
    ledger.record(acts, by=hand.actor, post=hand.post, at=hand.now)
    return kept


def _photos(order: ServiceOrder, written: Written, stored: list[files.Stored]) -> list[SentPhoto]:
    there = {photo.sha256: photo for photo in SentPhoto.objects.filter(order=order, sent_as=written.sent_as)}
    named = dict.fromkeys([*written.photos, *(one.sha256 for one in stored)])
    missing = [sha256 for sha256 in named if sha256 not in there]
    if missing:
        raise Invalid("photo_missing", _("还有 %(n)d 张照片没有收到。") % {"n": len(missing)}, "photos")
    return [there[sha256] for sha256 in named]


def _people(hand: Hand, written: Written) -> list[Inspector]:
    day = localdate(written.arrived_at)
    people = list(valid_inspectors(hand.order.firm, day).filter(pk__in=written.people))
    if len(people) != len(set(written.people)):
        raise Invalid("invalid_people", _("服务人员须为本机构当日证书有效的人员。"), "people")
    return people


def _judge(hand: Hand, written: Written) -> None:
    now = hand.now
    if written.left_at < written.arrived_at:
        raise Invalid("bad_time", _("离场时间早于到场时间。"), "left_at")
    if written.left_at > now + CLOCK_SKEW or written.arrived_at < max(hand.order.ordered_at - MINUTE, now - LATEST):
        raise Invalid("bad_time", _("到场和离场应在委托之后、现在之前，且不早于三十天前。"), "arrived_at")


def _write(hand: Hand, written: Written, people: list[Inspector], photos: list[SentPhoto]) -> Visit:
    lat, lon = written.place or (None, None)
    visit = Visit.objects.create(
        order=hand.order, sent_as=written.sent_as, arrived_at=written.arrived_at, left_at=written.left_at, lat=lat,
        lon=lon, work=written.work, readings=written.readings, found=written.found, follow_up=written.follow_up,
        sent_at=hand.now, sent_by=hand.by,
    )  # fmt: skip
    visit.people.set(people)
    copied = ("sha256", "size", "content_type", "path", "original_name", "taken_at", "lat", "lon")
    Photo.objects.bulk_create(
        Photo(visit=visit, note=written.photos.get(photo.sha256, ""), **{name: getattr(photo, name) for name in copied})
        for photo in photos
    )
    after = {
        "state": str(OrderState.VISITED), "sent_as": str(written.sent_as), "where": given.told_place(lat, lon),
        "arrived_at": written.arrived_at.isoformat(), "left_at": written.left_at.isoformat(),
        "people": "、".join(f"{person.name} {person.number}" for person in people),
        "photos": " ".join(photo.sha256 for photo in photos), "found": len(written.found), "sha256": written.digest,
    }  # fmt: skip
    hand.order.state = OrderState.VISITED
    hand.order.save(update_fields=["state"])
    telling.tell(hand.order, "service.visit", by=hand.actor, post=hand.post, at=hand.now,
                 to=[hand.order.insured_id, hand.order.by_unit_id], before={"state": str(OrderState.AGREED)},
                 after=after, note=written.work)  # fmt: skip
    for hear in FOUND:
        hear(visit, written.found, hand.actor)
    return visit
