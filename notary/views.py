"""``/ledger/checkpoints/``: what was signed, who outside has witnessed it until when, and where it is sent."""

from pathlib import Path

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from notary import growing, handing, proofs, witnessing
from notary.models import Checkpoint, Outlet, SigningKey, Witness
from notary.sighting import Sighting
from responsibility import access, acting, directory
from responsibility.refusals import Forbidden, Refused

SHOWN = 20
STANDALONE = Path(__file__).parent / "standalone"
PROGRAMS = {"witness.py", "draw.py"}


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """For who reads the ledger; the forms are there for who may manage witnesses and outlets."""
    actor = acting.of(request.user)
    if not access.may(actor, "ledger.read"):
        raise PermissionDenied
    witnesses = Witness.objects.select_related("unit").annotate(
        until=Max("cosignatures__checkpoint__size"), last_at=Max("cosignatures__at")
    )
    newest = proofs.newest()
    context = {
        "actor": actor,
        "known": directory.current(),
        "newest": newest,
        "waiting": growing.waiting(),
        "checkpoints": Checkpoint.objects.order_by("-size").prefetch_related("cosignatures__witness__unit")[:SHOWN],
        "keys": SigningKey.objects.order_by("-since", "-pk"),
        "witnesses": witnesses.order_by("ended_at", "pk"),
        "outlets": Outlet.objects.order_by("ended_at", "pk"),
        "sightings": _seen_until(),
        "may_manage": access.may(actor, "ledger.witnesses"),
    }
    return render(request, "notary/checkpoints.html", context)


def _seen_until() -> list[Sighting]:
    """The last sighting of each person, by unit."""
    return list(
        Sighting.objects.order_by("unit_id", "user_id", "-id")
        .distinct("unit_id", "user_id")
        .select_related("unit", "user")
    )


@require_POST
def manage(request: HttpRequest, act: str) -> HttpResponse:
    """Register or end a witness, set up or end an outlet."""
    try:
        said = ACTS[act](request)
    except Forbidden as error:
        raise PermissionDenied(str(error.detail)) from None
    except Refused as error:
        messages.error(request, error.detail)
    except KeyError:
        raise Http404 from None
    else:
        messages.success(request, said)
    return redirect("checkpoints")


@login_not_required
@require_GET
def program(request: HttpRequest, name: str) -> FileResponse:
    """A program that stands alone, for those who check without us."""
    if name not in PROGRAMS:
        raise Http404
    return FileResponse((STANDALONE / name).open("rb"), as_attachment=True, filename=name)


def _register(request: HttpRequest) -> str:
    unit = directory.current().units_by_code.get(request.POST.get("unit", ""))
    witnessing.register(unit.pk if unit else 0, request.POST.get("verifier", ""), by=acting.person(request.user))
    return _("已登记见证公钥。")


def _end_witness(request: HttpRequest) -> str:
    witnessing.end(_of(Witness, request), by=acting.person(request.user))
    return _("已停用见证公钥；已有的见证保留。")


def _add(request: HttpRequest) -> str:
    minutes = request.POST.get("minutes", "").strip()
    fits = minutes.isascii() and minutes.isdigit() and len(minutes) <= 6
    posted = request.POST
    handing.add(
        posted.get("label", ""), posted.get("url", ""), int(minutes) if fits else 0, by=acting.person(request.user)
    )
    return _("已设立外送，一分钟内送出最新存证点。")


def _end_outlet(request: HttpRequest) -> str:
    handing.end(_of(Outlet, request), by=acting.person(request.user))
    return _("已停止外送。")


def _of(model, request: HttpRequest) -> int:
    given = request.POST.get("pk", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 18 and model.objects.filter(pk=given).exists()):
        raise Http404
    return int(given)


ACTS = {"register": _register, "end-witness": _end_witness, "add-outlet": _add, "end-outlet": _end_outlet}
