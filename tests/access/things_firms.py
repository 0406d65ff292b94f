"""A firm on the list with a person, a measure announced and a complaint; and one that is not on the list yet."""

from insurance.firms import complaints, measures, register
from insurance.firms.models import Firm
from responsibility.models import Post, Role, Unit, User
from tests.cases.conftest import hold

CODES = {"X-TPF": "91310117MA1J0TPF0", "X-TPF-B": "91310117MA1J0TPF1"}
LICENCE = {"number": "L-1", "name": "安全服务", "issued_by": "某厅", "since": "2020-01-01", "until": "2040-01-01"}


def listed(people, unit: str = "X-TPF", items=("inspection", "drills"), categories=()) -> Firm:
    """A firm of the register on the list, by the actions."""
    made = registered(people, unit)
    register.license_firm(made.pk, LICENCE, items, categories, by=people["anwei-office"])
    measures.bring(made.pk, "list", "qualified", "资质齐全", by=people["anwei-office"])
    return Firm.objects.get(pk=made.pk)


def registered(people, unit: str = "X-TPF") -> Firm:
    """A firm of the register, without a licence."""
    return register.register(unit, whole(CODES[unit]), by=people["anwei-office"])


def whole(first: str) -> str:
    """A credit code that begins so."""
    from insurance.firms import credit

    return first + credit.check_character(first)


def build(world, people) -> None:
    """Enter them into the walk's ``world``."""
    from tests.access.world import Thing

    firm, later = listed(people), registered(people, "X-TPF-B")
    told = {"name": "周工", "certificate": "注册安全工程师", "number": "S-1", "until": "2040-01-01"}
    person = register.employ(firm.pk, told, by=people["firm"])
    # Brought by somebody who does not walk, so that everybody else may hear it as far as the post goes.
    brings = User.objects.create_user("walk-brings")
    hold(brings, Unit.objects.get(code="SJ-ANWEI"), Role.COMMITTEE_OFFICE)
    notice = measures.bring(firm.pk, "suspend", "poor", "迟到三次", "30", by=brings)
    complaint = complaints.make(firm.pk, "没有到场", by=people["enterprise"])
    world.values |= {
        "firm": firm.pk, "firm_new": later.pk, "licence": firm.licences.get().pk, "inspector": person.pk,
        "measure": notice.pk, "complaint": complaint.pk,
    }  # fmt: skip
    served = Post.objects.filter(role__in=(Role.ENTERPRISE, Role.INSURER)).values_list("unit__code", flat=True)
    world.things |= {
        "firm": Thing("firm.read", {"named": {"X-TPF"}}),
        "firm_new": Thing("firm.read", {"named": {"X-TPF-B"}}),
        "firm_public": Thing("", {"named": {"X-TPF"}}),
        "firm_served": Thing("", {"named": set(served)}),
        "complaint": Thing("complaint.read", {"named": {"X-TPF", complaint.by_unit.code}}),
    }
