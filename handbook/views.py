"""Handbooks in the browser: parse, fetch what the reader may see, call one act, answer."""

from io import BytesIO

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from handbook import comparing, page, pdf, versions
from handbook.models import Blocks, Step, Version
from handbook.wording import DOERS, Wish
from responsibility import acting, asking, clock, directory
from responsibility.directory import Directory
from responsibility.models import Category, EvidenceKind, Grade, Loop
from responsibility.refusals import Forbidden, Invalid, Refused

TYPED = ("text", "text_en", "how", "how_en", "loop", "role", "unit", "proof", "blocks")


def _status(refused: Refused | None) -> int:
    return {Invalid: 400, Forbidden: 403}.get(type(refused), 409) if refused else 200


def _after(url: str) -> HttpResponse:
    """See other: a reload of the next page does not press the button again."""
    return HttpResponseRedirect(url, status=303)


def _of(version: Version) -> str:
    return f"{reverse('handbook', args=[version.category.code])}?version={version.number}"


def _number(text: str) -> int | None:
    """A whole number as it was typed; ``None`` for nothing, -1 for what is none."""
    if not text.strip():
        return None
    return int(text) if text.strip().isascii() and text.strip().isdigit() and len(text.strip()) <= 9 else -1


def _category(code: str) -> tuple[Category, Directory]:
    known = directory.current()
    if code not in known.categories:
        raise Http404
    return known.categories[code], known


def _visible(request: HttpRequest, code: str, number: int | None) -> tuple[Version, acting.Actor, Directory]:
    actor, (category, known) = acting.of(request.user), _category(code)
    version = page.find(category, number, actor, known)
    if version is None:
        raise Http404
    return version, actor, known


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """``/handbooks/``: one line per category."""
    actor, known = acting.of(request.user), directory.current()
    return render(request, "handbook/list.html", {"actor": actor, "domains": page.shelves(actor, known)})


@require_GET
def handbook(request: HttpRequest, code: str) -> HttpResponse:
    """``/handbooks/<category>/``: the version in force, or ``?version=``; ``grade`` and ``loop`` narrow the steps."""
    actor, (category, known) = acting.of(request.user), _category(code)
    version = page.find(category, _number(request.GET.get("version", "")), actor, known)
    if version is not None:
        return _page(request, version, actor, known)
    if request.GET.get("version"):
        raise Http404
    owner = versions.owner_of(category, known, clock.now())
    drafts = versions.may(actor, "draft", owner.pk if owner else None, known) is not None
    context = {"actor": actor, "category": category, "owner": owner, "drafts": drafts}
    return render(request, "handbook/none.html", context)


def _page(request: HttpRequest, version, actor, known, refused: Refused | None = None) -> HttpResponse:
    grade, loop = request.GET.get("grade", ""), request.GET.get("loop", "")
    narrowing = {"grade": grade if grade in Grade.values else "", "loop": loop if loop in Loop.values else ""}
    context = page.about(version, actor, known, **narrowing)
    context |= {"actor": actor, "known": known, "refused": refused, "typed": request.POST}
    return render(request, "handbook/handbook.html", context, status=_status(refused))


@require_POST
def draft(request: HttpRequest, code: str) -> HttpResponse:
    """``/handbooks/<category>/draft/``: begin a new version."""
    try:
        made = versions.draft(code, by=acting.person(request.user))
    except Refused as refused:
        if isinstance(refused, Invalid):
            raise Http404 from None
        version, actor, known = _visible(request, code, None)
        return _page(request, version, actor, known, refused)
    messages.success(request, _("已起草第 %(number)s 版。") % {"number": made.number})
    return _after(_of(made))


@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, code: str, number: int, verb: str) -> HttpResponse:
    """``/handbooks/<category>/<number>/do/<verb>/``: press one button."""
    if verb not in page.LABELS:
        raise Http404
    version, _actor, _known = _visible(request, code, number)
    if request.method == "GET":
        # Where a person lands who had to sign in again on the way.
        return redirect(_of(version))
    by = acting.person(request.user)
    try:
        if verb == "publish":
            at, seen = asking.local_instant(request.POST), request.POST.get("seen", "")
            versions.publish(version.pk, by=by, at=at, seen=seen)
        elif verb == "take_back":
            versions.take_back(version.pk, by=by, note=request.POST.get("note", ""))
        else:
            getattr(versions, verb)(version.pk, by=by)
    except Refused as refused:
        return _page(request, *_visible(request, code, number), refused)
    messages.success(request, _("已记录：%(verb)s。") % {"verb": page.LABELS[verb]})
    return _after(_of(version))


@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, code: str, number: int, pk: int | None = None) -> HttpResponse:
    """``/handbooks/<category>/<number>/steps/new/``, ``…/steps/<id>/``: add, change or remove a step of a draft."""
    version, actor, known = _visible(request, code, number)
    if versions.may(actor, "steps", version.owner_id, known) is None:
        raise PermissionDenied
    old = version.steps.select_related("unit").filter(pk=pk).first() if pk is not None else None
    if pk is not None and old is None:
        raise Http404
    refused = None
    if request.method == "POST":
        try:
            return _put(request, version, old)
        except Refused as error:
            refused = error
    context = {
        "actor": actor, "known": known, "version": version, "step": old, "refused": refused,
        "typed": _typed(request) if refused else _said(old) if old else {"loop": Loop.SMALL.value},
        "grades": list(Grade), "loops": list(Loop), "roles": [(role.value, role.label) for role in DOERS],
        "kinds": EvidenceKind.choices, "moments": Blocks.choices,
    }  # fmt: skip
    return render(request, "handbook/step.html", context, status=_status(refused))


def _put(request: HttpRequest, version: Version, old: Step | None) -> HttpResponse:
    by = acting.person(request.user)
    if old is not None and "remove" in request.POST:
        versions.remove(version.pk, old.pk, by=by)
        messages.success(request, _("已删去这一步。"))
        return _after(_of(version))
    wish = Wish(
        **{name: request.POST.get(name, "") for name in TYPED},
        grades=request.POST.getlist("grade"),
        minutes=_number(request.POST.get("minutes", "")),
        position=_number(request.POST.get("position", "")),
    )
    made = versions.put(version.pk, wish, by=by, instead_of=old.pk if old else None)
    messages.success(request, _("已保存。"))
    return _after(f"{_of(version)}#s-{made.pk}")


def _typed(request: HttpRequest) -> dict:
    names = (*TYPED, "minutes", "position")
    return {name: request.POST.get(name, "") for name in names} | {"grades": request.POST.getlist("grade")}


def _said(step: Step) -> dict:
    """An existing step as its form shows it."""
    shown = {name: getattr(step, name) for name in TYPED if name != "unit"}
    more = {"unit": step.unit.code if step.unit else "", "minutes": step.minutes or "", "position": step.position}
    return shown | more | {"grades": step.grades}


@require_GET
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """``/handbooks/<category>/compare/``: ``?version=`` beside ``?with=``, by default the one it began from."""
    version, actor, known = _visible(request, code, _number(request.GET.get("version", "")))
    others = list(Version.objects.visible_to(actor, known).filter(category=version.category).exclude(pk=version.pk))
    chosen = request.GET.get("with", "")
    default = version.based_on or next((other for other in others if other.number < version.number), None)
    other = next((one for one in others if str(one.number) == chosen), None) if chosen else default
    if chosen and other is None:
        raise Http404
    found = comparing.compare(page.steps_of(other), page.steps_of(version)) if other else None
    changed = [
        (one, two, "、".join(dict.fromkeys(str(page.DIFFERS[name]) for name in names)))
        for one, two, names in (found.changed if found else [])
    ]
    context = {"actor": actor, "version": version, "other": other, "others": others, "found": found, "changed": changed}
    return render(request, "handbook/compare.html", context)


@require_GET
def printed(request: HttpRequest, code: str) -> FileResponse:
    """``/handbooks/<category>/pdf/``: a version on paper, in the reader's language."""
    version, _actor, _known = _visible(request, code, _number(request.GET.get("version", "")))
    name = f"{version.category.code}-{version.number}-{get_language()}.pdf"
    return FileResponse(BytesIO(pdf.of(version)), filename=name, content_type="application/pdf")
