"""``/ledger/checkpoints/witness/``: look, press 我见证, carry the text away; bring it back to have it checked."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notary import notes, seeing
from notary.api import whole
from notary.models import Checkpoint
from notary.sighting import Sighting
from responsibility import access, acting
from responsibility.refusals import Forbidden, Invalid, Refused

SHOWN = 20


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """For outside bodies; POST keeps that the reader saw the checkpoint that the page showed him."""
    user = acting.person(request.user)
    if request.method == "GET":
        return _page(request)
    size = request.POST.get("size", "")
    fits = size.isascii() and size.isdigit() and len(size) <= 18
    try:
        made = seeing.see(int(size) if fits else 0, request.POST.get("root", ""), by=user)
    except Refused as refused:
        return _page(request, refused)
    messages.success(request, _("已见证 %(size)d 条处的存证点。请下载文本，保存在本系统之外。") % {"size": made.size})
    return redirect("witness")


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Whether a checkpoint that was kept outside stands in the tree: ``file``, or its text as ``note``."""
    file = request.FILES.get("file")
    content = file.read(notes.LONGEST + 1) if file else request.POST.get("note", "").encode()
    try:
        size = seeing.check(_text(content), by=acting.person(request.user))
    except Refused as refused:
        return _page(request, refused)
    messages.success(request, _("是同一棵树：该存证点的 %(size)d 条台账原样在现在的台账之中。") % {"size": size})
    return redirect("witness")


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Invalid("bad_note", _("签名文本应为 UTF-8。"), "file") from None


@require_GET
def text(request: HttpRequest) -> HttpResponse:
    """``…/checkpoint.txt``: the signed note of ``size`` as a file to be kept."""
    if not access.may(acting.of(request.user), "ledger.witness"):
        raise PermissionDenied
    size = request.GET.get("size", "")
    fits = size.isascii() and size.isdigit() and len(size) <= 18
    found = Checkpoint.objects.filter(size=int(size)).first() if fits else Checkpoint.objects.last()
    if found is None:
        return render(request, "refused.html", {"status": 409, "detail": _("没有这样的存证点。")}, status=409)
    answer = HttpResponse(whole(found), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="checkpoint-{found.size}.txt"'
    return answer


def _page(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    actor = acting.of(request.user)
    if isinstance(refused, Forbidden) or actor.user is None or not access.may(actor, "ledger.witness"):
        raise PermissionDenied
    shown = seeing.view(actor.user)
    context = {
        "actor": actor, "shown": shown, "root": bytes(shown.newest.root).hex() if shown.newest else "",
        "mine": Sighting.objects.filter(user=actor.user)[:SHOWN], "refused": refused,
    }  # fmt: skip
    status = 200 if refused is None else 400 if isinstance(refused, Invalid) else 409
    return render(request, "notary/witness.html", context, status=status)
