"""调度: promise resources to a case, hear that they left and arrived, take them back.

A case is locked before the resources it takes, and those in one order, so that two who send at once wait and never
block each other. What is promised is counted by the database (see ``Resource``), and never beyond what there is.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from cases import actions
from cases.changes import Changes, locked_case, place_of
from cases.models import Case, Dispatch, DispatchLine, DispatchState, Party, State
from resources import travel
from resources.models import Resource, Station
from responsibility import access, acting, clock, directory, roster
from responsibility.models import Post, User
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Forbidden, Invalid, Refused

# More than any kit; a request beyond it is a mistake.
MOST = 200
FROM = {
    "depart": [DispatchState.RESERVED],
    "arrive": [DispatchState.RESERVED, DispatchState.EN_ROUTE],
    "release": [DispatchState.RESERVED, DispatchState.EN_ROUTE, DispatchState.ARRIVED],
}


@dataclass
class Step:
    """One act on one dispatch, with everything that it may need."""

    dispatch: Dispatch
    case: Case
    post: Post
    actor: acting.Actor
    data: dict
    changes: Changes


@transaction.atomic
def send(case_id: int, *, by: User, wanted: dict[str, int]) -> list[Dispatch]:
    """Promise ``wanted`` (resource code → quantity) to the case: one dispatch for each station, all of it or nothing.

    The arrival clock runs from now, with the minutes that the case was promised. Raises ``Forbidden``, ``Refused``
    (``not_free``, naming what is promised elsewhere or not ready) or ``Invalid``.
    """
    _judge(wanted)
    case, changes, actor = _open(case_id, by)
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能调派资源。") % {"state": case.get_state_display()})
    resources = _locked(wanted)
    post = may_send(actor, case, {resource.station.unit_id for resource in resources}, changes)
    held = sent_in_drill(case)
    for resource in resources:
        resource.in_drill = held.get(resource.pk, 0)
    _refuse_promised(resources, wanted)
    by_station: dict[Station, list[Resource]] = defaultdict(list)
    for resource in resources:
        by_station[resource.station].append(resource)
    stations = list(by_station)
    legs = _legs(stations, case)
    sent = [_send(changes, case, by, station, by_station[station], wanted, legs[station.pk]) for station in stations]
    changes.touch(case)
    changes.write(by=actor, post=post)
    return sent


def act(dispatch_id: int, verb: str, *, by: User, data: dict | None = None) -> Dispatch:
    """``depart``, ``arrive`` or ``release`` a dispatch as ``by``.

    ``data``: ``location`` ``{"lat", "lon"}`` (arrive), ``used`` ``{resource code: quantity}`` of material that will not
    come back (release), ``note``. Raises ``Forbidden``, ``Refused`` or ``Invalid``; ``Dispatch.DoesNotExist``.
    """
    data = data or {}
    case_id = Dispatch.objects.values_list("case_id", flat=True).get(pk=dispatch_id)
    with transaction.atomic():
        case, changes, actor = _open(case_id, by)
        dispatch = Dispatch.objects.select_related("station__unit", "clock").get(pk=dispatch_id)
        post = may_act(actor, dispatch, verb)
        if dispatch.state not in FROM[verb]:
            told = {"state": dispatch.get_state_display()}
            raise Refused("wrong_state", _("这批资源%(state)s，不能这样办理。") % told)
        if verb != "release" and _answer(Step(dispatch, case, post, actor, data, changes)):
            # The case has made its move: what follows is the next one.
            case, changes, actor = _open(case_id, by)
        step = Step(dispatch, case, post, actor, data, changes)
        after = DOES[verb](step)
        dispatch.save()
        tell(changes, case, dispatch, f"dispatch.{verb}", after, _note(data))
        changes.touch(case)
        changes.write(by=actor, post=step.post)
    return dispatch


def release(changes: Changes, case: Case, dispatch: Dispatch, by: User | None, used: dict[str, int]) -> dict:
    """Take ``dispatch`` back: what is not ``used`` is free again. Its case is locked; what the ledger is told of it."""
    lines = list(dispatch.lines.select_related("resource").order_by("resource_id"))
    # In the same order as ``send``; a drill has taken nothing.
    if case.drill_id is None:
        list(Resource.objects.select_for_update().filter(pk__in=[line.resource_id for line in lines]).order_by("pk"))
    dispatch.release()
    dispatch.released_at, dispatch.released_by = changes.now, by
    for line in lines:
        line.used, line.ended_at = used.get(line.resource.code, 0), changes.now
        line.save(update_fields=["used", "ended_at"])
    changes.stop_own(dispatch.clock)
    used_up = [line for line in lines if line.used]
    told = {"used": {line.resource.code: line.used for line in used_up}}
    return told | _named((line.resource, line.used) for line in used_up)


def sent_in_drill(case: Case) -> dict[int, int]:
    """What the drill of ``case`` has sent or used up, by the row id of the resource; nothing for a real case.

    The stock itself knows nothing of it, so a real case always finds what a drill has only pretended to take.
    """
    if case.drill_id is None:
        return {}
    lines = DispatchLine.objects.filter(dispatch__case__drill=case.drill_id).order_by().values("resource")
    out = Sum("quantity", filter=Q(ended_at__isnull=True), default=0)
    return {row["resource"]: row["held"] for row in lines.annotate(held=out + Sum("used"))}


def _named(counted: Iterable[tuple[Resource, int]]) -> dict[str, str]:
    """Resources with their quantities as the ledger keeps them, in both languages: names change, entries do not."""
    counted = list(counted)
    return {
        "what": "、".join(f"{resource.name} × {number}" for resource, number in counted),
        "what_en": ", ".join(f"{resource.name_en or resource.name} × {number}" for resource, number in counted),
    }


def _open(case_id: int, by: User) -> tuple[Case, Changes, acting.Actor]:
    case = locked_case(case_id, "holder", "lead", "territory__unit", "category")
    changes = Changes(directory.current(), clock.now())
    changes.remember_parties({case.pk})
    return case, changes, acting.of(by)


def _locked(wanted: dict[str, int]) -> list[Resource]:
    """The resources by row id, locked; ``Invalid`` with the code that is none. Read after the lock."""
    ids = [pk for (pk,) in Resource.objects.filter(code__in=wanted).order_by("pk").values_list("pk")]
    list(Resource.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))
    found = list(Resource.objects.filter(pk__in=ids).select_related("station__unit").order_by("pk"))
    unknown = set(wanted) - {resource.code for resource in found}
    if unknown:
        raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": min(unknown)}, "resources")
    return found


def _refuse_promised(resources: list[Resource], wanted: dict[str, int]) -> None:
    short = [resource for resource in resources if resource.free < wanted[resource.code]]
    if not short:
        return
    told = "；".join(
        str(_("%(name)s（%(station)s）要 %(wanted)d，现有 %(free)d"))
        % {"name": r.label, "station": r.station.label, "wanted": wanted[r.code], "free": r.free}
        for r in short
    )
    raise Refused("not_free", _("已被调走或不可出动：%(what)s。请换其他站点。") % {"what": told}, "resources")


def _legs(stations: list[Station], case: Case) -> dict[int, travel.Leg | None]:
    if case.lat is None or case.lon is None:
        return {station.pk: None for station in stations}
    legs = travel.times([(station.lat, station.lon) for station in stations], (case.lat, case.lon))
    return {station.pk: leg for station, leg in zip(stations, legs, strict=True)}


def _send(
    changes: Changes, case: Case, by: User, station: Station, resources: list[Resource], wanted: dict[str, int],
    leg: travel.Leg | None,
) -> Dispatch:  # fmt: skip
    changes.engage(case, station.unit, DutyRole.SUPPORT)
    dispatch = Dispatch.objects.create(
        case=case, station=station, sent_at=changes.now, sent_by=by,
        clock=changes.start_own(case, "dispatch", station.unit, case.policy["arrive"]),
        km=round(leg.km, 2) if leg else None, minutes=round(leg.minutes, 1) if leg else None,
        approximate=leg is None or leg.approximate,
    )  # fmt: skip
    for resource in resources:
        DispatchLine.objects.create(dispatch=dispatch, resource=resource, quantity=wanted[resource.code])
    sent = {resource.code: wanted[resource.code] for resource in resources}
    after = {"sent": sent, "unit": station.unit.code} | _named((r, wanted[r.code]) for r in resources)
    tell(changes, case, dispatch, "dispatch.send", after)
    return dispatch


def _depart(step: Step) -> dict:
    step.post = roster.standing(step.actor, step.post, step.changes.now).post
    step.dispatch.depart()
    step.dispatch.departed_at = step.changes.now
    return {}


def _arrive(step: Step) -> dict:
    """到场: the first of the case's people on the spot, where nobody was there before."""
    dispatch, changes, case = step.dispatch, step.changes, step.case
    step.post = roster.standing(step.actor, step.post, changes.now).post
    place = _place(step.data.get("location"))
    dispatch.arrive()
    dispatch.arrived_at, dispatch.arrived_by = changes.now, step.actor.user
    dispatch.lat, dispatch.lon = place or (None, None)
    changes.stop_own(dispatch.clock)
    if case.state == State.ACKNOWLEDGED:
        move = actions.Move(case, step.post, step.actor, {"location": step.data.get("location")}, changes)
        told = actions.DOES["arrive"](move) or {}
        changes.tell(case, "case.arrive", after={"state": str(case.state), **told})
    return {"arrived_where": place_of(*place) if place else None}


def _answer(step: Step) -> bool:
    """Whoever moves has heard: written as the unit's answer to the case, where it still owed one."""
    case, changes, unit = step.case, step.changes, step.dispatch.station.unit
    if not Party.objects.filter(case=case, unit=unit, until__isnull=True, acknowledged_at__isnull=True).exists():
        return False
    move = actions.Move(case, step.post, step.actor, step.data, changes)
    told = actions.DOES["acknowledge"](move) or {}
    changes.touch(case)
    changes.tell(case, "case.acknowledge", after={"state": str(case.state), **told})
    changes.write(by=step.actor, post=move.post)
    return True


def _release(step: Step) -> dict:
    used = step.data.get("used") or {}
    lines = {line.resource.code: line for line in step.dispatch.lines.select_related("resource")}
    if not isinstance(used, dict) or set(used) - set(lines):
        raise Invalid("unknown_code", _("消耗应按本次调派的物资填写。"), "used")
    if any(used.values()) and step.dispatch.arrived_at is None:
        raise Refused("not_arrived", _("资源尚未到场，不能登记消耗。"), "used")
    for code, quantity in used.items():
        most = lines[code].quantity if lines[code].resource.kind == "material" else 0
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 <= quantity <= most:
            told = {"name": lines[code].resource.label, "most": most}
            raise Invalid("bad_number", _("%(name)s的消耗应在 0 至 %(most)d 之间。") % told, "used")
    return release(step.changes, step.case, step.dispatch, step.actor.user, used)


DOES: dict[str, Callable[[Step], dict]] = {"depart": _depart, "arrive": _arrive, "release": _release}


def tell(changes: Changes, case: Case, dispatch: Dispatch, verb: str, after: dict, note: str = "") -> None:
    """Write what became of ``dispatch`` into the ledger."""
    told = {"dispatch": dispatch.pk, "station": dispatch.station.code, "progress": str(dispatch.state)}
    told |= {"where": dispatch.station.name, "where_en": dispatch.station.name_en}
    changes.tell(case, verb, after=told | after, note=note)


# --- who ------------------------------------------------------------------------
def may_send(actor: acting.Actor, case: Case, unit_ids: set[int], changes: Changes) -> Post:
    """The post in which ``actor`` sends what ``unit_ids`` keep: the district anything, an engaged unit its own."""
    engaged = changes.engaged[case.pk]
    posts = [access.post_for(actor, "dispatch.send", named={unit} & engaged) for unit in unit_ids]
    if not posts or posts[0] is None or not all(posts):
        raise Forbidden("not_yours", _("只能调派本单位站点的资源；全区资源由区城运应急办调派。"))
    return posts[0]


def may_act(actor: acting.Actor, dispatch: Dispatch, verb: str) -> Post:
    """The post in which ``actor`` does ``verb`` on ``dispatch``; ``Forbidden`` otherwise."""
    post = access.post_for(actor, f"dispatch.{verb}", named={dispatch.station.unit_id})
    if post is None:
        raise Forbidden("not_engaged", _("这批资源由%(unit)s办理。") % {"unit": dispatch.station.unit.label})
    return post


def _judge(wanted: object) -> None:
    if not isinstance(wanted, dict) or not 1 <= len(wanted) <= MOST:
        raise Invalid("required", _("请至少选择一项资源。"), "resources")
    for code, quantity in wanted.items():
        if not isinstance(code, str) or not storable(code):
            raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": "?"}, "resources")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 1 <= quantity <= 10**6:
            raise Invalid("bad_number", _("数量应为正整数。"), "resources")


def _place(value: object) -> tuple[float, float] | None:
    """``(lat, lon)`` of a JSON place; ``Invalid`` for what is none, ``None`` for nothing."""
    if value in (None, "", {}):
        return None
    try:
        lat, lon = float(value["lat"]), float(value["lon"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError, OverflowError):
        lat = lon = math.inf
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise Invalid("bad_location", _("纬度应在 ±90 度、经度应在 ±180 度之内。"), "location")
    return lat, lon


def _note(data: dict) -> str:
    note = data.get("note") or ""
    if not isinstance(note, str) or not storable(note) or len(note) > actions.NOTE_LENGTH:
        raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": actions.NOTE_LENGTH}, "note")
    return note
