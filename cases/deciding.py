"""Who decides what was asked, in words. The rule itself is ``requests.decider``; a test holds the two together."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases.models import Case, Loop, RequestKind
from responsibility.models import Role

BY_SHIFT_LEADER = (RequestKind.EXTEND, RequestKind.SUSPEND, RequestKind.VOID)


def whose(kind: str, case: Case) -> str:
    """The post that decides a request of ``kind`` on ``case``, such as 区水务局部门负责人."""
    if kind in BY_SHIFT_LEADER:
        return str(_("区城运中心值班长"))
    if kind == RequestKind.DETERMINE:
        return str(Role.COMMITTEE_OFFICE.label)
    if kind == RequestKind.ESCALATE and case.lead and case.loop == Loop.SMALL:
        return str(format_lazy(_("{unit}{role}"), unit=case.lead.label, role=Role.MANAGER.label))
    return str(Role.EMERGENCY_OFFICE.label)
