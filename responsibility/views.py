"""Signing in, the map of territories and the ledger's reading room."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.views.decorators.http import condition, require_GET

from responsibility import access, acting, clock, directory, shelf
from responsibility.filters import LedgerFilter
from responsibility.models import LedgerEntry, Post

# The named people of a demo stand first in its file; the rest of the district's staff is folded away.
NAMED_PEOPLE = 19
PAGE = 50


@method_decorator(login_not_required, name="dispatch")
class Login(LoginView):
    """``/accounts/login/``. ``?as=NAME`` fills in a demo person, which needs no JavaScript."""

    template_name = "responsibility/login.html"
    redirect_authenticated_user = True

    def get_initial(self) -> dict:
        """The demo person that was tapped."""
        chosen = self.request.GET.get("as", "")[:150] if settings.DEMO else ""
        return super().get_initial() | ({"username": chosen} if chosen else {})

    def get_context_data(self, **kwargs) -> dict:
        """In demo mode the people who may be tried."""
        people = list(_people()) if settings.DEMO else []
        chosen = bool(people and self.request.GET.get("as"))
        return super().get_context_data(
            people=people[:NAMED_PEOPLE],
            more_people=people[NAMED_PEOPLE:],
            demo_password=settings.DEMO_PASSWORD if chosen else "",
            **kwargs,
        )


def _people():
    held = Post.objects.held(clock.now()).filter(user__is_active=True)
    return held.select_related("user", "unit").order_by("user_id", "id")


def _revision(request: HttpRequest) -> str:
    return f'"{directory.current().revision}"'


@require_GET
@condition(etag_func=_revision)
def outlines(request: HttpRequest) -> HttpResponse:
    """``/territories.json``: GeoJSON of all territories, WGS84; asked again only after reference data changed."""
    known = directory.current()
    shapes = [
        {
            "type": "Feature",
            "geometry": territory.boundary,
            "properties": {"code": code, "name": territory.label, "approximate": territory.approximate},
        }
        for code, territory in known.territories.items()
    ]
    answer = JsonResponse({"type": "FeatureCollection", "features": shapes})
    patch_cache_control(answer, private=True, max_age=300)
    return answer


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """``/ledger/``: entries newest first, narrowed as ``LedgerFilter`` says, by ``chain`` or ``number``."""
    actor = acting.of(request.user)
    if not access.may(actor, "ledger.read"):
        raise PermissionDenied
    chain, number = request.GET.get("chain", "").strip(), request.GET.get("number", "").strip()
    if number:
        # The ledger knows chains; the case with this number knows its own.
        if not _is_number(number):
            return _entries(request, actor, None, "")
        others = request.GET.copy()
        others.pop("number")
        return redirect(f"{reverse('case-ledger', args=[number])}?{others.urlencode()}")
    return _entries(request, actor, _uuid(chain), chain)


def _is_number(text: str) -> bool:
    return len(text) <= 40 and text.isascii() and text.replace("-", "").isalnum()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _entries(request: HttpRequest, actor: acting.Actor, chain: UUID | None, asked: str) -> HttpResponse:
    narrowing = LedgerFilter(request.GET, LedgerEntry.objects.order_by("-id"))
    entries = narrowing.qs if narrowing.is_valid() else narrowing.queryset.none()
    unknown = request.GET.get("unknown", "")
    misread = request.GET.get("number", "") or (asked if asked and chain is None else "")
    if misread or unknown:
        entries = entries.none()
    elif chain:
        entries = shelf.reading(entries.filter(chain=chain).order_by("-seq"), [chain])
    before = request.GET.get("before", "")
    if before:
        if not before.isascii() or not before.isdigit() or len(before) > 18:
            raise BadRequest("before")
        entries = entries.filter(**{"seq__lt" if chain else "id__lt": int(before)})
    found = list(entries[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    context = {
        "actor": actor,
        "known": directory.current(),
        "entries": found[:PAGE],
        "more": (last.seq if chain else last.pk) if last else "",
        "chain": chain or "",
        "misread": misread,
        "unknown": unknown,
        "archived": "" if chain else "、".join(f"{month:%Y-%m}" for month in shelf.months()),
        "wanted": narrowing.form,
    }
    return render(request, "responsibility/ledger.html", context)
