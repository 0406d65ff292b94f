"""Which row of the permission table tells who decides a request, and the same in words."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Loop, RequestKind
from responsibility import access
from responsibility.acts import Scope
from responsibility.models import Role

ACTS = ["decide.escalate_large", *(f"decide.{kind}" for kind in RequestKind)]


def act(kind: str, case: Case) -> str:
    """The act of deciding a request of ``kind`` on ``case``; a wider loop than the medium is the district's to open."""
    wide = kind == RequestKind.ESCALATE and not (case.lead_id and case.loop == Loop.SMALL)
    return "decide.escalate_large" if wide else f"decide.{kind}"


def whose(kind: str, case: Case) -> str:
    """The post that decides a request of ``kind`` on ``case``, such as 区水务局部门负责人."""
    decision = act(kind, case)
    return "、".join(_words(role, access.scope(decision, role), case) for role in access.roles(decision))


def _words(role: Role, scope: Scope | None, case: Case) -> str:
    if role == Role.SHIFT_LEADER:
        return str(_("区城运中心值班长"))
    if scope == Scope.LEAD and case.lead:
        return str(format_lazy(_("{unit}{role}"), unit=case.lead.label, role=role.label))
    return str(role.label)
