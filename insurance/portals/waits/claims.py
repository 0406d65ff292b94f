"""Claims: what the insurer owes by the law, what the insured has to answer, what a broker follows."""

from dataclasses import replace
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from cases.templatetags.display import due
from insurance.claims import seeing
from insurance.claims.models import Claim
from insurance.portals import mine, places
from insurance.portals.waiting import One, Waiting, told
from responsibility.acting import Actor
from responsibility.models import Role


def waits(actor: Actor, now: datetime) -> list[Waiting]:
    """For insurer and insured what waits for them, late where a deadline of the law is over; all that runs besides."""
    found: list[Waiting] = []
    seen = mine.claims(actor).select_related("case__risk_object").prefetch_related("terms")
    url = places.at("claims")
    late = Q(pk__in=seeing.late(mine.claims(actor), now).values("pk"))
    if insurer := mine.units(actor, Role.INSURER):
        ours = seeing.waiting(seen, mine.outside(actor, Role.INSURER))
        turn = f"{url}?view=waiting"
        found += told(_("理赔等我办理"), ours, "noticed_at", _owed, url=turn, late=late)
        over = seen.filter(late, policy__insurer__in=insurer).exclude(pk__in=ours.values("pk"))
        found += told(_("理赔超过法定期限"), over, "noticed_at", _owed, url=f"{url}?view=late", late=late)
    if mine.units(actor, Role.ENTERPRISE):
        ours = seeing.waiting(seen, mine.outside(actor, Role.ENTERPRISE))
        found += told(_("理赔等我确认或补充材料"), ours, "noticed_at", _own, url=f"{url}?view=waiting")
    brokered, insured = mine.units(actor, Role.BROKER), mine.units(actor, Role.ENTERPRISE)
    if brokered or insured:
        followed = seen.filter(Q(policy__broker__in=brokered) | Q(policy__insured__in=insured), ended_at=None)
        if insured:
            followed = followed.exclude(pk__in=ours.values("pk"))
        show = _own if insured else _state
        found += told(_("理赔办理中"), followed, "noticed_at", show, url=url, news=True)
    return found


def _state(claim: Claim) -> One:
    """For a broker, who follows states and no times."""
    return One(claim.number, claim.get_state_display(), places.at("claim", claim.number), None)


def _owed(claim: Claim) -> One:
    """For the insurer, with what the law asks of it next."""
    next_term = seeing.next_term(claim)
    one = _claim(claim)
    if next_term is None:
        return one
    at = due(next_term)  # type: ignore[arg-type]  # it asks for ``due_at`` alone
    said = _("%(what)s：%(at)s 前") % {"what": next_term.get_kind_display(), "at": at}
    return One(one.name, f"{one.text} · {said}", one.url, one.at)


def _claim(claim: Claim) -> One:
    text = f"{claim.get_state_display()} · {claim.case.number}"
    return One(claim.number, text, places.at("claim", claim.number), claim.noticed_at)


def _own(claim: Claim) -> One:
    """For the insured, who knows the place by its name."""
    thing = claim.case.risk_object
    return replace(_claim(claim), text=f"{claim.get_state_display()} · {thing.label}") if thing else _claim(claim)
