"""Evidence as files: what may be shared for whoever sees the case, the original for the auditor alone."""

from pathlib import Path

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from cases import files, originals
from cases.models import Case, Evidence
from responsibility import access, acting, directory, looking
from responsibility.looking import Seen

log = structlog.get_logger(__name__)

# A file never changes under its address, but a shared machine must not keep it for the next person.
KEPT = cache_control(private=True, max_age=3600)


def _seen(request: HttpRequest, pk: int) -> tuple[Evidence, acting.Actor]:
    actor = acting.of(request.user)
    cases = Case.objects.visible_to(actor, directory.current().units)
    evidence = Evidence.objects.select_related("case").filter(pk=pk, case__in=cases).first()
    if evidence is None:
        raise Http404
    return evidence, actor


def _gone(request: HttpRequest, evidence: Evidence, actor: acting.Actor) -> HttpResponse:
    """410: the file went under retention; that there was one, and its digest, stays."""
    return render(request, "cases/removed.html", {"actor": actor, "evidence": evidence}, status=410)


def _send(path: Path | None, content_type: str, name: str) -> FileResponse:
    if path is None or not path.is_file():
        raise Http404
    shown = content_type.startswith(("image/", "video/"))
    return FileResponse(path.open("rb"), as_attachment=not shown, filename=name, content_type=content_type)


@require_GET
@KEPT
def thumb(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/evidence/<id>/thumb/``: a small JPEG."""
    evidence, actor = _seen(request, pk)
    if evidence.removed_at:
        return _gone(request, evidence, actor)
    return _send(files.thumbnail(evidence, settings.EVIDENCE_ROOT), "image/jpeg", f"{evidence.sha256[:12]}.jpg")


@require_GET
@KEPT
def shared(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/evidence/<id>/``: the copy without metadata; 410 when the file went under retention."""
    evidence, actor = _seen(request, pk)
    if evidence.removed_at:
        return _gone(request, evidence, actor)
    path = files.shareable(evidence, settings.EVIDENCE_ROOT)
    return _send(path, evidence.content_type, files.shown_name(evidence, evidence.original_name))


@require_GET
@KEPT
def original(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """``/evidence/<id>/original/``: byte for byte what was received, for the auditor; 409 when it is no longer that."""
    evidence, actor = _seen(request, pk)
    if not access.may(actor, "evidence.original"):
        raise PermissionDenied
    if evidence.removed_at:
        return _gone(request, evidence, actor)
    told = {"case": evidence.case.number, "sha256": evidence.sha256}
    looking.note(request, Seen("original.view", "evidence", str(pk), after=told, door=f"evidence {pk}"))
    path = settings.EVIDENCE_ROOT / evidence.path
    if path.is_file():
        with path.open("rb") as file:
            if not originals.same(file, evidence.sha256):
                log.error("original_altered", evidence=evidence.pk, sha256=evidence.sha256)
                return render(request, "cases/altered.html", {"actor": actor, "evidence": evidence}, status=409)
    return _send(path, evidence.content_type, files.shown_name(evidence, evidence.original_name))
