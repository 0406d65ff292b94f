"""The inbox, what reached nobody, and the channels of a unit."""

from datetime import time

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_time
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notices import channels as settings_of
from notices import inbox
from notices.models import Channel
from responsibility import access, acting, clock, directory
from responsibility.models import Grade, Post, Unit
from responsibility.refusals import Forbidden, Invalid, Refused

UNREACHED_SHOWN = 200


@require_GET
def messages_page(request: HttpRequest) -> HttpResponse:
    """``/inbox/``: what the reader was told; ``before`` pages on, ``message`` opens one whole."""
    actor, known, me = acting.of(request.user), directory.current(), acting.person(request.user)
    one = _whole(request.GET.get("message", ""))
    opened, more = (
        (inbox.whole(me, one), None) if one else inbox.page(me, _whole(request.GET.get("before", "")) or None)
    )
    context = {
        "actor": actor,
        "known": known,
        "opened": opened,
        "more": more,
        "one": one,
        "newest": max((o.message.pk for o in opened), default=0),
        "may_channel": bool(settings_of.kept(actor, known)),
        "sees_unreached": access.may(actor, "notice.unreached"),
    }
    return render(request, "notices/inbox.html", context)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """``/inbox/read/``: everything up to the message ``upto`` has been read, which answers no call."""
    inbox.read(acting.person(request.user), _whole(request.POST.get("upto", "")))
    return redirect("inbox")


@require_GET
def unreached(request: HttpRequest) -> HttpResponse:
    """``/inbox/unreached/``: what reached nobody, and who can be told in the inbox alone."""
    actor, known = acting.of(request.user), directory.current()
    if not access.may(actor, "notice.unreached"):
        raise PermissionDenied
    context = {
        "actor": actor,
        "known": known,
        "notices": list(inbox.unreached()[:UNREACHED_SHOWN]),
        "without": inbox.without_channel(known),
    }
    return render(request, "notices/unreached.html", context)


@require_http_methods(["GET", "POST"])
def channels(request: HttpRequest) -> HttpResponse:
    """``/channels/``: the channels of ``unit`` (a code) and of its posts; a form adds one."""
    unit = _unit(request, request.POST.get("unit", "") or request.GET.get("unit", ""))
    if request.method == "GET":
        return _channels(request, unit)
    try:
        settings_of.add(unit.pk, _wish(request), by=acting.person(request.user))
    except Refused as refused:
        return _channels(request, unit, refused)
    messages.success(request, _("渠道已设置，地址不再显示。"))
    return _back(unit)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """``/channels/<id>/remove/``."""
    channel = Channel.objects.select_related("unit").filter(pk=pk).first()
    if channel is None:
        raise Http404
    unit = _unit(request, channel.unit.code)
    settings_of.remove(pk, by=acting.person(request.user))
    messages.success(request, _("渠道已停用，地址已删除。"))
    return _back(unit)


def _unit(request: HttpRequest, code: str) -> Unit:
    """The unit ``code``, or the first that the reader is in command of; 404 for a unit of others, 403 for none."""
    actor, known = acting.of(request.user), directory.current()
    kept = [known.units[pk] for pk in settings_of.kept(actor, known)]
    if not kept:
        raise PermissionDenied
    mine = sorted(kept, key=lambda unit: (unit.pk not in actor.unit_ids, unit.code))
    found = next((unit for unit in mine if unit.code == code or not code), None)
    if found is None:
        raise Http404
    return found


def _channels(request: HttpRequest, unit: Unit, refused: Refused | None = None) -> HttpResponse:
    actor, known, now = acting.of(request.user), directory.current(), clock.now()
    kept = sorted((known.units[pk] for pk in settings_of.kept(actor, known)), key=lambda unit: unit.code)
    context = {
        "actor": actor,
        "known": known,
        "unit": unit,
        "units": kept,
        "channels": list(Channel.objects.filter(unit=unit, removed_at=None).select_related("post__user")),
        "posts": list(Post.objects.held(now).filter(unit=unit, user__is_active=True).select_related("user")),
        "grades": Grade,
        "refused": refused,
        # Never the address, not even one that was refused.
        "typed": {name: request.POST[name] for name in request.POST if name != "url"} if refused else {},
    }
    status = {Invalid: 400, Forbidden: 403}.get(type(refused), 409) if refused else 200
    return render(request, "notices/channels.html", context, status=status)


def _wish(request: HttpRequest) -> settings_of.Wish:
    given = {name: request.POST.get(name, "").strip() for name in ("label", "url", "language", "least")}
    post = request.POST.get("post", "").strip()
    return settings_of.Wish(
        **given,
        post_id=_whole(post) if post else None,
        quiet_from=_time(request, "quiet_from"),
        quiet_until=_time(request, "quiet_until"),
    )


def _time(request: HttpRequest, name: str) -> time | None:
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    try:
        found = parse_time(text)
    except ValueError:
        found = None
    if found is None:
        raise Invalid("bad_time", gettext_lazy("请填写时间，如 22:00。"), name)
    return found.replace(second=0, microsecond=0, tzinfo=None)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def _back(unit: Unit) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('channels')}?unit={unit.code}", status=303)
