"""Words of the pages of claims."""

from decimal import Decimal

from django import template
from django.utils.translation import gettext as _

from insurance.claims.models import Claim, Term, TermKind
from insurance.claims.terms import LAW

register = template.Library()


@register.filter
def yuan(amount: Decimal | None) -> str:
    """An amount in yuan, in thousands; a dash for none."""
    return "—" if amount is None else _("%(amount)s 元") % {"amount": f"{amount:,.2f}"}


@register.filter
def law(term: Term) -> str:
    """The rule that sets the deadline."""
    return str(LAW[TermKind(term.kind)])


@register.filter
def is_late(term: Term, now) -> bool:
    """Whether it was met, or still runs, after its end."""
    return term.late(now)


@register.filter
def tone(claim: Claim) -> str:
    """The class of a claim's state on a page."""
    return {"settled": "approved", "refused": "refused", "withdrawn": ""}.get(claim.state, "pending")


@register.filter
def item(typed, name: str) -> str:
    """What was typed into the field ``name``."""
    return typed.get(name, "")


@register.filter
def unlocalized(number: float) -> str:
    """A number as a picture takes it, whatever the language."""
    return f"{number:g}"
