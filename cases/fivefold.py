"""五项责任 and 三管三必须: what every case must show, who fills it, and how many open cases leave it empty.

Leadership, territory, supervision, industry and main body are the five duties; sector, line of business and production
unit the three subjects of the three musts (Work Safety Law art. 3; facts 2.1). Sector is the industry duty and
production unit the main body, so there are six to fill. All is read from ``Case.duties``, as copied at opening.
"""

from dataclasses import dataclass

from django.db.models import BooleanField, Count, F, Func, Q, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from responsibility.models.matrix import DutyRole


@dataclass(frozen=True)
class Duty:
    """One thing that somebody must answer for. ``roles``: the lines that show it, the first of which must be filled.

    ``must`` is which of the three musts it is, if any; ``remedy`` what to do when nobody fills it.
    """

    roles: tuple[DutyRole, ...]
    label: Promise
    remedy: Promise
    must: Promise | str = ""

    @property
    def code(self) -> str:
        """The role by which machines know it."""
        return str(self.roles[0])


@dataclass
class Shown:
    """A duty on the page of a case: its lines, and whether nobody fills it."""

    duty: Duty
    lines: list[dict]
    vacant: bool


DUTIES = (
    Duty(
        (DutyRole.LEADER,),
        _("领导责任"),
        _("没有牵头单位，或其没有在任的负责人：请在岗位中任命，或在责任清单中写明领导责任单位。"),
    ),
    Duty((DutyRole.TERRITORY,), _("属地责任"), _("请核对事发地点，由地点确定属地。")),
    Duty(
        (DutyRole.SUPERVISION, DutyRole.SPECIAL),
        _("监管责任"),
        _("责任清单中没有综合监管单位：请在下一版清单中补上。"),
    ),
    Duty(
        (DutyRole.LEAD,),
        _("行业责任"),
        _("没有牵头单位：请区里指定，并在下一版清单中补上。"),
        _("管行业"),
    ),
    Duty(
        (DutyRole.BUSINESS,),
        _("业务责任"),
        _("责任清单中没有业务主管单位：请在下一版清单中补上。"),
        _("管业务"),
    ),
    Duty(
        (DutyRole.MAIN_BODY,),
        _("主体责任"),
        _("监测对象没有登记主体责任单位：请在监测对象中登记。"),
        _("管生产经营"),
    ),
)
# Who helps and who commands answers for none of the six.
ASIDE = (DutyRole.SUPPORT, DutyRole.COMMAND)


def filled(line: dict) -> bool:
    """Whether a line of ``Case.duties`` names somebody: a unit, for the leader a post."""
    return bool(line.get("post") if line["role"] == DutyRole.LEADER else line.get("unit"))


def vacant(duties: list[dict]) -> list[str]:
    """The codes of the duties that nobody fills, in their order."""
    there = {line["role"] for line in duties if filled(line)}
    return [duty.code for duty in DUTIES if duty.code not in there]


def shown(duties: list[dict]) -> list[Shown]:
    """All six with their lines, the empty ones too."""
    empty = vacant(duties)
    return [
        Shown(duty, [line for line in duties if line["role"] in duty.roles and filled(line)], duty.code in empty)
        for duty in DUTIES
    ]


class Filled(Func):
    """``filled`` in SQL, for the line of one role."""

    function = "jsonb_path_exists"
    template = "%(function)s(%(expressions)s::jsonpath)"
    output_field = BooleanField()

    def __init__(self, role: str):
        by = "post" if role == DutyRole.LEADER else "unit"
        super().__init__(F("duties"), Value(f'$[*] ? (@.role == "{DutyRole(role).value}" && @.{by} != null)'))


def standing() -> tuple[int, list[tuple[Duty, int]]]:
    """How many filed cases are open, and for each duty how many of them leave it empty. One statement."""
    counts = {duty.code: Count("pk", filter=~Q(Filled(duty.code))) for duty in DUTIES}
    found = Case.objects.open().real().filter(filed_at__isnull=False).aggregate(total=Count("pk"), **counts)
    return found["total"], [(duty, found[duty.code]) for duty in DUTIES]
