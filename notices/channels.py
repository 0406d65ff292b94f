"""The channels of a unit and of its posts: set up and removed through the ledger, their addresses told to nobody."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from notices import transports
from notices.models import Channel
from responsibility import access, acting, clock, directory, ledger
from responsibility.auditing import Mismatch, differing
from responsibility.models import Grade, Post, Unit, User
from responsibility.refusals import Forbidden, Invalid

ADDED, REMOVED = "channel.add", "channel.remove"
# These go to any host that is typed, so the installation names the hosts.
TO_ANY_HOST = {"json", "jsons", "form", "forms", "xml", "xmls", "smseagles", "smseagle", "httpsms"}
WEBHOOKS = {"json", "jsons", "form", "forms", "xml", "xmls"}
LABEL_LENGTH, URL_LENGTH = 100, 1000


@dataclass(frozen=True)
class Wish:
    """What somebody wants a channel to be. ``url``: an address of Apprise, or of e-mail; ``post_id`` empty: the
    unit's own."""

    label: str
    url: str
    post_id: int | None = None
    language: str = "zh-hans"
    least: str = Grade.BLUE.value
    quiet_from: time | None = None
    quiet_until: time | None = None


def kept(actor: acting.Actor, known: directory.Directory) -> set[int]:
    """The units whose channels the actor sets up: those he is in command of; all for the administrator."""
    return access.units(actor, "channel.manage", known.units)


def chain_of(unit_id: int) -> UUID:
    """The chain of one unit's channels."""
    return UUID(hashlib.md5(f"channels:{unit_id}".encode(), usedforsecurity=False).hexdigest())


def fingerprint(url: str) -> str:
    """What the ledger keeps of an address: enough to tell two apart, not enough to use one."""
    return hashlib.sha256(f"{settings.SECRET_KEY}:{url}".encode()).hexdigest()[:12]


@transaction.atomic
def add(unit_id: int, wish: Wish, *, by: User) -> Channel:
    """Set up a channel. ``Forbidden`` for who is not in command of the unit, ``Invalid`` for what cannot be used."""
    unit, actor = _locked(unit_id, by)
    kind = kind_of(wish.url)
    _judge(wish, unit)
    channel = Channel.objects.create(
        unit=unit, post_id=wish.post_id, label=wish.label.strip(), kind=kind, url=wish.url.strip(),
        language=wish.language, least=wish.least, quiet_from=wish.quiet_from, quiet_until=wish.quiet_until,
        added_at=clock.now(),
    )  # fmt: skip
    _record(channel, ADDED, actor, {}, {**told(channel), "fingerprint": fingerprint(channel.url)})
    return channel


@transaction.atomic
def remove(channel_id: int, *, by: User) -> Channel:
    """Stop using a channel and forget its address. Removing it twice changes nothing."""
    unit_id = Channel.objects.values_list("unit_id", flat=True).get(pk=channel_id)
    _unit, actor = _locked(unit_id, by)
    channel = Channel.objects.get(pk=channel_id)
    if channel.removed_at is None:
        before = told(channel)
        channel.removed_at, channel.url = clock.now(), ""
        channel.save(update_fields=["removed_at", "url"])
        _record(channel, REMOVED, actor, before, {})
    return channel


def kind_of(url: str) -> str:
    """``mail`` or the scheme of Apprise; ``Invalid`` for what this installation does not send to.

    The sentences never repeat what was typed: it is a secret even when it is wrong.
    """
    url = url.strip()
    if not url or len(url) > URL_LENGTH or "\x00" in url:
        raise Invalid("required", _("请填写渠道地址。"), "url")
    if "://" not in url:
        return _mail(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _unreadable() from None
    allowed = [*settings.NOTICE_SCHEMES, *(sorted(WEBHOOKS) if settings.NOTICE_HOSTS else [])]
    if parts.scheme not in allowed:
        told = "、".join(allowed)
        raise Invalid("bad_scheme", _("渠道地址应为电子邮箱，或以这些开头：%(known)s。") % {"known": told}, "url")
    if parts.scheme in TO_ANY_HOST and (parts.hostname or "") not in settings.NOTICE_HOSTS:
        raise Invalid("bad_host", _("该主机不在允许的名单（NOTICE_HOSTS）内。"), "url")
    if parts.query or transports.plugin(url) is None:
        raise _unreadable()
    return parts.scheme


def _unreadable() -> Invalid:
    return Invalid("bad_url", _("渠道地址无法读取，且不得带有 ? 参数。"), "url")


def _mail(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        raise _unreadable() from None
    if settings.NOTICES_SEND and not settings.EMAIL_CONFIGURED:
        raise Invalid("no_mail_server", _("本系统未配置邮件服务器（EMAIL_URL）。"), "url")
    return transports.MAIL


def _judge(wish: Wish, unit: Unit) -> None:
    if not wish.label.strip() or len(wish.label) > LABEL_LENGTH or "\x00" in wish.label:
        raise Invalid("required", _("请填写名称（100 字以内）。"), "label")
    if wish.language not in dict(settings.LANGUAGES):
        raise Invalid("bad_choice", _("请选择语言。"), "language")
    if wish.least not in Grade.values:
        raise Invalid("bad_grade", _("颜色应为 red、orange、yellow 或 blue。"), "least")
    if (wish.quiet_from is None) != (wish.quiet_until is None) or (
        wish.quiet_from is not None and wish.quiet_from == wish.quiet_until
    ):
        raise Invalid("bad_time", _("免打扰时段须有起止，且起止不同。"), "quiet_until")
    if wish.post_id is not None and not Post.objects.held(clock.now()).filter(pk=wish.post_id, unit=unit).exists():
        raise Invalid("unknown_post", _("该岗位不在本单位。"), "post")


def _locked(unit_id: int, by: User) -> tuple[Unit, acting.Actor]:
    unit = Unit.objects.select_for_update(of=("self",)).get(pk=unit_id)
    actor = acting.of(by)
    if unit.pk not in kept(actor, directory.current()):
        raise Forbidden("not_in_command", _("渠道由单位负责人或系统管理员设置。"))
    return unit, actor


def told(channel: Channel) -> dict:
    """What the ledger tells of a channel: everything but the address."""
    hours = [f"{hour:%H:%M}" for hour in (channel.quiet_from, channel.quiet_until) if hour]
    return {
        "unit": channel.unit.code,
        "post": channel.post_id,
        "kind": channel.kind,
        "language": channel.language,
        "least": str(channel.least),
        "quiet": "-".join(hours),
    }


def _record(channel: Channel, verb: str, actor: acting.Actor, before: dict, after: dict) -> None:
    act = ledger.Act(chain_of(channel.unit_id), verb, "channel", str(channel.pk), channel.label, before, after)
    post = actor.post_in({channel.unit_id}) or (actor.posts[0] if actor.posts else None)
    ledger.record([act], by=actor, post=post, at=channel.removed_at or channel.added_at)


# Every field beside the latest entry of it; a channel that was removed is told with nothing after.
COMPARED = """
    SELECT COALESCE(told.subject_label, c.label), COALESCE(told.chain, c.chain), 'channel',
        concat_ws(' ', c.code, c.post_id, c.kind, c.language, c.least, c.quiet, c.added_at, c.removed_at),
        concat_ws(' ', told.after::text, told.at)
    FROM (
        SELECT c.*, u.code, md5('channels:' || c.unit_id)::uuid AS chain,
            concat_ws('-', to_char(c.quiet_from, 'HH24:MI'), to_char(c.quiet_until, 'HH24:MI')) AS quiet
        FROM notices_channel c JOIN responsibility_unit u ON u.id = c.unit_id
    ) c FULL JOIN (
        SELECT e.chain, e.subject_id, max(e.subject_label) AS subject_label,
            max(e.at) FILTER (WHERE e.verb = 'channel.add') AS at,
            max(e.at) FILTER (WHERE e.verb = 'channel.remove') AS removed_at,
            (array_agg(e.after) FILTER (WHERE e.verb = 'channel.add'))[1] AS after
        FROM responsibility_ledgerentry e WHERE e.verb IN ('channel.add', 'channel.remove') GROUP BY 1, 2
    ) told ON told.chain = c.chain AND told.subject_id = c.id::text
    WHERE (c.label, c.code, c.post_id::text, c.kind, c.language, c.least, c.quiet, c.added_at, c.removed_at)
        IS DISTINCT FROM (told.subject_label, told.after ->> 'unit', told.after ->> 'post', told.after ->> 'kind',
            told.after ->> 'language', told.after ->> 'least', told.after ->> 'quiet', told.at, told.removed_at)
        AND (%(chain)s::uuid IS NULL OR COALESCE(told.chain, c.chain) = %(chain)s)
"""


def mismatches(chain: UUID | None = None) -> Iterator[Mismatch]:
    """Channels that are not what the ledger tells of them, or of which it tells nothing. One statement."""
    yield from differing(COMPARED, chain)
