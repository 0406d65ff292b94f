"""责权: what a unit may do, asked before it is made to answer for something."""

from django.utils.translation import gettext_lazy as _

from responsibility import directory
from responsibility.directory import Directory
from responsibility.models import Authority, Category, Power, Unit
from responsibility.refusals import Refused


def rows_of(unit: Unit, known: Directory | None = None) -> list[Authority]:
    """The rows that speak of ``unit``: that of its kind and those of its functions."""
    known = known or directory.current()
    return [row for row in known.authorities if _speaks_of(row, unit)]


def may(unit: Unit, verb: str, known: Directory | None = None) -> bool:
    """Whether a row gives ``verb`` to ``unit``."""
    return any(verb in row.verbs for row in rows_of(unit, known))


def require(unit: Unit, verb: str, known: Directory | None = None) -> None:
    """``Refused`` (``no_authority``) unless ``unit`` may ``verb``; the sentence names the rows: who may, on what basis.

    Facts 2.3: a street receives only the verbs in its list, enforcement goes to bodies with power.
    """
    known = known or directory.current()
    if may(unit, verb, known):
        return
    words = {"unit": unit.label, "verb": str(Power(verb).label)}
    own, others = rows_of(unit, known), [row for row in known.authorities if verb in row.verbs]
    words["own"] = "；".join(f"{'、'.join(row.powers)}（{row.basis_label}）" for row in own) or "—"
    words["who"] = "；".join(f"{row.label}（{row.basis_label}）" for row in others) or "—"
    raise Refused("no_authority", _("%(unit)s无权%(verb)s，只可：%(own)s。有此权限的是：%(who)s。") % words)


def needed(category: Category) -> list[str]:
    """What whoever leads on ``category`` must be able to do: ``lead_needs`` of the district file."""
    return category.details.get("lead_needs", [])


def may_lead(unit: Unit, category: Category, known: Directory | None = None) -> bool:
    """Whether ``unit`` has every power that leading on ``category`` needs."""
    return all(may(unit, verb, known) for verb in needed(category))


def require_lead(unit: Unit, category: Category, known: Directory | None = None) -> None:
    """``Refused`` (``no_authority``) unless ``unit`` may be made lead of work on ``category``."""
    for verb in needed(category):
        require(unit, verb, known)


def _speaks_of(row: Authority, unit: Unit) -> bool:
    return row.kind == unit.kind if row.kind else row.function in unit.functions
