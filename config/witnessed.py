"""What is noted of a request when it has been answered: refusals, files that were taken, and what views noted."""

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from responsibility import looking, refusals
from responsibility.looking import Seen
from responsibility.models import User
from responsibility.refusals import Invalid, Refused

FORBIDDEN, CONFLICT = 403, 409
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
# Files that tell nothing of anybody, or whose handing out is an entry of its action already.
NOT_TAKEN = {
    "exchange-template": "an empty form",
    "ledger-program": "a program that anybody may have",
    "case-bundle": "told by its action, with the digest of what was given",
    "api/v1/cases/<str:number>/bundle/": "told by its action, with the digest of what was given",
    "officer-table": "told by its action",
    "evidence": "a copy within a case that the reader sees, as its page shows it",
    "evidence-thumb": "the same, small",
    "evidence-original": "noted by its view, also where it is shown and not taken",
}


class Witnessed:
    """Outermost but for the request's name, so that whatever the rest of the request may not do, this may."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with refusals.gathered() as found:
            response = self.get_response(request)
            seen = [*looking.noted(request), *_refused(request, response, found), *_taken(request, response)]
            found.clear()
        if seen:
            looking.write(seen, _person(request))
        return response


def _person(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else getattr(request, "witness", None)


def _refused(request: HttpRequest, response: HttpResponse, found: list[Refused]) -> list[Seen]:
    """What somebody who has signed in wanted and was not given; what he could not see is no refusal."""
    told = [refused for refused in found if refused.at_a_door and not isinstance(refused, Invalid)]
    if not told and response.status_code not in (FORBIDDEN, CONFLICT):
        return []
    if _person(request) is None:
        return []
    with translation.override("zh-hans"):
        why = str(told[-1].detail) if told else ""
    code = told[-1].code if told else {FORBIDDEN: "forbidden", CONFLICT: "conflict"}[response.status_code]
    match, kind, name = request.resolver_match, "door", request.path
    given = match.kwargs if match else {}
    if "number" in given:
        kind, name = "case", str(given["number"])
    # Whoever invents methods, or addresses, is one refusal.
    door = f"{request.method if request.method in METHODS else '?'} /{match.route if match else ''}"
    after = {"door": door, "act": str(given.get("verb") or given.get("decision") or ""), "code": code, "why": why}
    return [Seen("access.refuse", kind, name, after=after, door=f"{door} {after['act']} {code}")]


def _taken(request: HttpRequest, response: HttpResponse) -> list[Seen]:
    """A file that was taken away."""
    if response.status_code != HttpResponse.status_code or request.resolver_match is None:
        return []
    named, match = response.headers.get("Content-Disposition", ""), request.resolver_match
    if not named.startswith("attachment") or (match.url_name or match.route) in NOT_TAKEN or _person(request) is None:
        return []
    after = {
        "door": request.get_full_path()[:500],
        "file": named.partition("filename")[2].lstrip("*=").strip('"')[:200],
    }
    return [Seen("access.take", "file", request.path, after=after, door=match.route)]
