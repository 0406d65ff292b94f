"""归属裁定: whose case it is, when a unit says it is not its own, when nobody is named, and when the list has changed.

The case stays where it is until somebody has decided; it never goes straight to another unit. A designation ends the
dispute: nobody may return the case afterwards (design 4.3; facts 0, no. 3). No clock starts anew because of it.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.changes import Changes, locked, place_of
from cases.loops import rise
from cases.models import Case, Loop, Party, Request, RequestKind, State
from cases.models.work import RequestState
from cases.policy import Owners, leader_line, terms
from responsibility import acting, authority, chains, directory, editions
from responsibility.models import Power, Unit, User
from responsibility.models.district import UnitKind
from responsibility.models.matrix import DutyRole
from responsibility.ownership import Question
from responsibility.refusals import Invalid, Refused

# What can own a case: insurers, firms and enterprises have duties of their own, never a case.
STREETS = {UnitKind.STREET, UnitKind.TOWN, UnitKind.ZONE}
OWNERS = STREETS | {UnitKind.DEPARTMENT, UnitKind.DISTRICT_OFFICE}
DISPUTES = [RequestKind.RETURN, RequestKind.DETERMINE, RequestKind.REDISPATCH]


def may_return(case: Case) -> None:
    """``Refused`` unless it may be said of ``case`` as it stands that it is somebody else's."""
    if case.no_return:
        raise Refused("no_return", _("本案已由区里指定责任单位，不得再退回。"))
    if not case.is_open or case.state in (State.TRIAGE, State.SUSPENDED):
        raise Refused("wrong_state", _("案件目前%(state)s，不能退回。") % {"state": case.get_state_display()})


def begin_clock(changes: Changes, case: Case) -> None:
    """The dispute runs against the district's command."""
    minutes = case.policy.get("arbitrate", 15)
    changes.start(case, "arbitrate", changes.known.unit_with("large_loop_command"), minutes=minutes)


def unit_to_designate(known: directory.Directory, code: str) -> Unit:
    """The unit with ``code``; ``Invalid`` when there is none or it cannot own a case."""
    unit = known.units_by_code.get(code)
    if unit is None or unit.kind not in OWNERS or unit.closed_on is not None:
        raise Invalid("unknown_code", _("没有可指定的单位：%(code)s。") % {"code": code or "—"}, "designate")
    return unit


def owners(known: directory.Directory) -> list[Unit]:
    """The units that may be designated: departments first, then the district's offices and the streets."""
    order = [UnitKind.DEPARTMENT, UnitKind.DISTRICT_OFFICE, *STREETS]
    found = [unit for unit in known.units.values() if unit.kind in OWNERS and unit.closed_on is None]
    return sorted(
        found, key=lambda unit: (order.index(UnitKind(unit.kind)) if unit.kind in order[:2] else 9, unit.code)
    )


def require_power(known: directory.Directory, case: Case, asking: int | None, unit: Unit) -> None:
    """``Refused`` (``no_authority``) unless ``unit`` has the powers to own ``case``.

    The first action where a street takes over from a street, else all that leading on the category needs. ``asking``
    is the id of the unit that says the case is not its own.
    """
    if _to_street(case, asking, unit):
        authority.require(unit, Power.FIRST_ACTION, known)
    elif case.category is not None:
        authority.require_lead(unit, case.category, known)


def candidates(known: directory.Directory, case: Case, asking: int | None = None) -> list[Unit]:
    """Those of ``owners`` that ``require_power`` lets own ``case``; only who may lead when nobody is ``asking``."""
    # By its code: a list of requests does not carry the category of each case.
    category = known.categories.get(case.category_code)
    return [
        unit
        for unit in owners(known)
        if (
            authority.may(unit, Power.FIRST_ACTION, known)
            if _to_street(case, asking, unit)
            else category is None or authority.may_lead(unit, category, known)
        )
    ]


def _to_street(case: Case, asking: int | None, unit: Unit) -> bool:
    """Whether another street takes the place of the one that holds ``case``, and the lead stays."""
    former = case.lead_id if asking in (None, case.lead_id) else case.holder_id
    return former is not None and former != case.lead_id and unit.kind in STREETS


def designate(changes: Changes, case: Case, request: Request, unit: Unit) -> None:
    """指定: ``unit`` answers for ``case`` from now on, and nobody may return it."""
    require_power(changes.known, case, request.unit_id, unit)
    request.designated = unit
    former = case.lead if request.unit_id in (None, case.lead_id) else case.holder
    case.no_return = True
    changes.stop(case, "arbitrate", "determine")
    if former == unit:
        return
    before = {"lead": _code(case.lead), "holder": _code(case.holder)}
    if former is not None and former == case.lead:
        changes.release(case, former, DutyRole.LEAD)
    if former is not None and _to_street(case, request.unit_id, unit):
        _move_street(changes, case, former, unit)
    else:
        _lead(changes, case, unit)
    if former is not None:
        changes.hand_on(case, former, unit)
        case.hops += 1
    after = {
        "lead": _code(case.lead),
        "holder": _code(case.holder),
        "territory": case.territory.code if case.territory else None,
        "terms": terms(case.policy, case.duties),
        "hops": case.hops,
    }
    changes.tell(case, "case.designate", before=before, after=after, note=request.reason)


def grant(code: str):
    """What grants a dispute: the unit ``code`` is designated, the proposed one when it is empty."""

    def granted(changes: Changes, case: Case, request: Request, by: User) -> None:
        wanted = code or (request.proposed.code if request.proposed else "")
        designate(changes, case, request, unit_to_designate(changes.known, wanted))

    return granted


def stay(changes: Changes, case: Case, request: Request) -> None:
    """The dispute is over and the case stays; a refused return may not be asked again."""
    changes.stop(case, "arbitrate", "determine")
    if request.kind == RequestKind.RETURN:
        case.no_return = True
        request.designated = request.unit


def link_second(changes: Changes, case: Case, request: Request, code: str) -> None:
    """Open the second owner's case with the decision of a dispute; ``Invalid`` with any other request."""
    if request.kind not in DISPUTES:
        raise Invalid("bad_choice", _("只有归属裁定可以同时关联立案。"), "second")
    link(changes, case, unit_to_designate(changes.known, code), why=request.reason)


def link(changes: Changes, case: Case, unit: Unit, *, why: str) -> Case:
    """A case of its own for a second owner of the same danger, in the same family; it begins in the medium loop.

    ``Refused`` when ``unit`` leads already or has not the power to.
    """
    if case.linked.filter(lead=unit).exists() or unit == case.lead:
        raise Refused("already_linked", _("该单位在本案或关联案件中已是牵头单位。"), "second")
    if case.category is None or case.territory is None:
        raise Refused("not_filed", _("案件尚未立案，不能关联立案。"), "second")
    authority.require_lead(unit, case.category, changes.known)
    street = case.territory.unit
    ((pk, number),) = changes.numbers(1)
    second = Case(
        pk=pk, number=number, chain=chains.dated(), linked_to=case.linked_to or case, category=case.category,
        category_code=case.category_code, scenario=case.scenario, title=case.title, territory=case.territory,
        risk_object=case.risk_object, lat=case.lat, lon=case.lon, opened_at=changes.now, proof_since=changes.now,
        last_alert_at=changes.now, filed_at=changes.now, policy=case.policy, lead=unit, holder=street,
        duties=_with_lead(changes, case.duties, unit, why), no_return=True, drill_id=case.drill_id, speed=case.speed,
    )  # fmt: skip
    second.regrade(case.grade)
    second.file()
    changes.open(second)
    changes.engage(second, street, DutyRole.TERRITORY)
    changes.start(second, "contain", unit, minutes=case.policy["contain"])
    after = {
        "state": str(second.state), "grade": str(second.grade), "category": second.category_code,
        "scenario": case.scenario.code if case.scenario else None, "territory": case.territory.code, "object": "",
        "place": place_of(second.lat, second.lon), "holder": street.code, "lead": unit.code,
        "terms": terms(second.policy, second.duties), "linked_to": case.number,
    }  # fmt: skip
    changes.tell(second, "case.open", before={"state": str(State.TRIAGE)}, after=after)
    rise(changes, second, Loop.MEDIUM, why="second_owner")
    changes.tell(case, "case.link", after={"case": number, "second": unit.code}, note=why)
    return second


def propose_redispatch(now, at) -> int:
    """After a new edition: a proposal for each open case that its rows would give to another lead; how many.

    Nothing moves by itself. A case whose owner was designated keeps him. In the transaction of the publication.
    """
    known = directory.current()
    waiting = Request.objects.filter(state=RequestState.PENDING, kind__in=DISPUTES).values("case")
    rows = Case.objects.open().real().filter(filed_at__isnull=False, no_return=False).exclude(pk__in=waiting)
    wanted = {}
    for pk, category, scenario, territory, lead in rows.values_list(
        "pk", "category__code", "scenario__code", "territory__code", "lead"
    ):
        question = Question(known.categories[category], known.scenarios.get(scenario), known.territories[territory], at)
        row = known.book.ask(question).lead
        if row and row.unit_id and row.unit_id != lead:
            wanted[pk] = known.units[row.unit_id]
    changes = Changes(known, now)
    for case in locked(pk__in=list(wanted)) if wanted else ():
        changes.ask(case, RequestKind.REDISPATCH, proposed=wanted[case.pk], reason="edition")
        changes.touch(case)
    changes.write(by=acting.SYSTEM)
    return len(wanted)


def propose_row(request_id: int, *, by: User) -> "editions.Edition":
    """A determination as a row of the next edition, in one step; the draft it went into.

    The newest open draft takes it, once, else one is begun. ``Refused`` unless the determination has been made.
    """
    with transaction.atomic():
        request = Request.objects.select_related("case", "designated").get(pk=request_id)
        case = request.case
        if case.drill_id is not None:
            raise Refused("drill", _("演练中的指定不列入责任清单。"))
        if request.kind != RequestKind.DETERMINE or request.designated is None or case.category is None:
            raise Refused("not_determined", _("还没有指定牵头单位，不能形成清单条目。"))
        # Locked, so that a second press sees the row of the first.
        edition = editions.Edition.objects.select_for_update().filter(state="draft").first()
        if edition is None:
            edition = editions.draft(by=by, title=str(_("责任清单（修订）")))
        there = edition.duties.filter(
            role=DutyRole.LEAD, category=case.category, scenario=case.scenario, territory=None, stage=""
        )
        if there.filter(unit=request.designated).exists():
            return edition
        row = editions.Row(
            "lead",
            case.category.code,
            scenario=case.scenario.code if case.scenario else "",
            unit=request.designated.code,
            basis=str(_("《安全生产法》第十条；区指定（%(number)s）") % {"number": case.number}),
            source=f"case {case.number}",
        )
        declared = there.filter(unit=None)
        editions.put(edition.pk, [row], by=by, instead_of=declared.values_list("pk", flat=True))
    return edition


def _code(unit: Unit | None) -> str | None:
    return unit.code if unit else None


def _lead(changes: Changes, case: Case, unit: Unit) -> None:
    former, case.lead = case.lead, unit
    if case.holder_id == (former and former.pk) or case.loop == Loop.MEDIUM:
        case.holder = unit
    party = Party.objects.filter(case=case, unit=unit, until__isnull=True).first()
    if party is None:
        changes.engage(case, unit, DutyRole.LEAD)
    elif party.role not in (DutyRole.TERRITORY, DutyRole.COMMAND):
        Party.objects.filter(pk=party.pk).update(role=DutyRole.LEAD)
    case.duties = _with_lead(changes, case.duties, unit, "designated")


def _move_street(changes: Changes, case: Case, former: Unit, unit: Unit) -> None:
    """The point lies with another street than the map says; the boundaries are approximate."""
    known = changes.known
    place = next((t for t in known.territories.values() if t.unit_id == unit.pk), None)
    if place is None:
        raise Invalid("unknown_code", _("没有可指定的单位：%(code)s。") % {"code": unit.code}, "designate")
    changes.release(case, former, DutyRole.TERRITORY)
    case.territory = place
    if case.holder_id == former.pk:
        case.holder = unit
    changes.engage(case, unit, DutyRole.TERRITORY)
    body = case.risk_object.main_body_id if case.risk_object else None
    case.duties = Owners(known, changes.now).account(case.category, case.scenario, place, body)


def _with_lead(changes: Changes, duties: list[dict], unit: Unit, why: str) -> list[dict]:
    """``duties`` under another lead, whose own head leads from now on where the list names no leader itself."""
    line = {
        "role": str(DutyRole.LEAD),
        "unit": unit.code,
        "name": unit.short_name or unit.name,
        "name_en": unit.name_en,
        "basis": f"《安全生产法》第十条：区指定（{why}）" if why != "designated" else "《安全生产法》第十条：区指定",
        "basis_en": "Work Safety Law, art. 10: designated by the district",
        "duty": None,
    }
    rest = [duty for duty in duties if duty["role"] != DutyRole.LEAD]
    if not any(duty["role"] == DutyRole.LEADER and duty["duty"] for duty in rest):
        rest = [duty for duty in rest if duty["role"] != DutyRole.LEADER]
        rest.append(leader_line(changes.known, unit, changes.now))
    return [line, *rest]
