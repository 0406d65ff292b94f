"""What the page of a case shows of joint work: the board of all orders, what experts said, who may do what."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils.translation import gettext as _

from cases import advising, arriving, command, dispatching, guards, orders, summary
from cases.models import (
    AdviceKind,
    Case,
    Command,
    Deadline,
    Dispatch,
    Loop,
    Order,
    OrderState,
    Phase,
)  # fmt: skip
from cases.models.work import EvidenceKind
from responsibility import access, authority, clock
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import Post, Power, Role, Unit
from responsibility.refusals import Refused

NOTHING: dict = {"orders": [], "dispatches": [], "joint": False}
COMMAND_ACTS = ("open", "change", "report", "stand_down")
COMMANDERS = (Role.HEAD, Role.MANAGER, Role.EMERGENCY_OFFICE)


@dataclass
class Line:
    """One order on the board: its clock that matters now, and what its reader may do with it."""

    order: Order
    clock: Deadline
    verbs: list[str]


def about(case: Case, actor: Actor, known: Directory) -> dict:
    """The context: ``orders`` with every order, ``gives`` whether the reader may give one, ``advice``.

    There are none of them before the medium loop, so a small case costs no query.
    """
    if case.loop == Loop.SMALL:
        return dict(NOTHING)
    related = ("unit", "by_unit", "clock", "call", "acknowledged_by", "given_by", "ended_by")
    found = case.orders.select_related(*related).prefetch_related("proof")
    lines = [Line(order, _clock(order), _verbs(actor, case, order)) for order in found]
    gives = allows(orders.may_give, actor, case) and allows(orders.able_now, case)
    advice = list(case.advice.select_related("recorded_by", "signed_by", "unit"))
    return {
        "orders": lines,
        "mine_to_do": [line for line in lines if line.verbs and line.verbs != ["withdraw"]],
        "to_withdraw": [line for line in lines if "withdraw" in line.verbs],
        "gives": gives,
        "powers": [Power(power) for power in orders.ORDERABLE],
        "orderable": _orderable(case, known) if gives else [],
        "advice": advice,
        "signs": gives and allows(advising.may_sign, actor, case),
        "advice_kinds": AdviceKind,
        "wanted_kinds": EvidenceKind,
        "dispatches": _dispatches(case, actor),
        "sends": case.is_open and access.may(actor, "dispatch.send"),
        **_command(case, actor, known),
        "joint": True,
    }


@dataclass
class Sent:
    """One dispatch on the board, what its reader may do with it, and by how many minutes it is expected too late."""

    dispatch: Dispatch
    verbs: list[str]
    late: int


def _dispatches(case: Case, actor: Actor) -> list[Sent]:
    related = ("station__unit", "clock", "sent_by", "arrived_by", "released_by")
    found = case.dispatches.select_related(*related).prefetch_related("lines__resource__offers__capability")
    now = clock.now()
    return [Sent(dispatch, _able(actor, dispatch), arriving.expected_late(dispatch, case, now)) for dispatch in found]


def _able(actor: Actor, dispatch: Dispatch) -> list[str]:
    verbs = [verb for verb, states in dispatching.FROM.items() if dispatch.state in states]
    return [verb for verb in verbs if allows(dispatching.may_act, actor, dispatch, verb)]


def _command(case: Case, actor: Actor, known: Directory) -> dict:
    """The commands of the case, the last one with what may be done with it. One query, more once there is one."""
    related = ("commander__user", "commander__unit", "stood_down_by", "opened_by")
    commands = list(Command.objects.filter(case=case).select_related(*related))
    last = commands[-1] if commands else None
    open_ = last if last and last.is_open else None
    may = {act: access.post_for(actor, f"command.{act}", holder=guards.commanding(case)) for act in COMMAND_ACTS}
    acts = [act for act, post in may.items() if act != "open" and post and open_]
    waits = refusal(command.refuse_acute, case)
    return {
        "command": last,
        "reports": list(last.reports.select_related("by").order_by("-number")) if last else [],
        "opens": bool(may["open"]) and open_ is None and case.loop == Loop.LARGE and case.is_open,
        "commands_now": [act for act in acts if act != "stand_down" or not waits],
        "stand_down_waits": waits if "stand_down" in acts else None,
        "report_draft": summary.draft(case, open_) if open_ and may["report"] else {},
        "commanders": _commanders(case) if may["open"] and open_ is None else [],
        "phases": Phase,
        "report_fields": summary.labels(),
        "summed_up": summary.in_words(last.summary, known) if last and last.summary else None,
    }


def _commanders(case: Case) -> list[Post]:
    """Who may be made commander: whoever commands now in the district's office or in a unit of the case."""
    units = case.parties.filter(until__isnull=True).values("unit")
    held = Post.objects.held(clock.now()).filter(role__in=COMMANDERS, user__is_active=True)
    mine = Q(role=Role.EMERGENCY_OFFICE) | Q(unit__in=units)
    return list(held.filter(mine).select_related("user", "unit").order_by("unit__code", "pk"))


def state_of(shown: dict) -> str:
    """What of joint work changes the forms of the page."""
    orders_now = [f"{line.order.pk}{line.order.state}" for line in shown["orders"]]
    if shown.get("command"):
        orders_now += [f"{shown['command'].phase}{len(shown['reports'])}{shown['command'].is_open}"]
    return ",".join([*orders_now, *(f"{sent.dispatch.pk}{sent.dispatch.state}" for sent in shown["dispatches"])])


def waiting(actor: Actor, limit: int) -> list[Order]:
    """The orders that the actor's units still owe, the most urgent first."""
    if not access.may(actor, "order.acknowledge"):
        return []
    owed = Order.objects.open().filter(unit__in=actor.unit_ids).select_related("case", "unit", "by_unit", "clock")
    # A drill's after the real ones.
    return list(owed.order_by(F("case__drill").desc(nulls_first=True), "clock__due_at")[:limit])


def allows(question: Callable, *args) -> bool:
    """Whether ``question`` raises no refusal."""
    return refusal(question, *args) is None


def refusal(question: Callable, *args) -> Refused | None:
    """The refusal that ``question`` raises."""
    try:
        question(*args)
    except Refused as refused:
        return refused
    return None


def _clock(order: Order) -> Deadline:
    return order.call if order.call and order.state == OrderState.GIVEN else order.clock


def _verbs(actor: Actor, case: Case, order: Order) -> list[str]:
    def may(verb: str) -> bool:
        if verb == "withdraw":
            return allows(orders.may_withdraw, actor, case, order)
        return allows(orders.may_answer, actor, order, verb)

    return [verb for verb, states in orders.FROM.items() if order.state in states and may(verb)]


def _orderable(case: Case, known: Directory) -> list[tuple[Unit, str]]:
    """The units that may be ordered anything at all, with what they may do in words."""
    wanted = set(map(str, orders.ORDERABLE))
    found = []
    for unit in known.units.values():
        powers = {power for row in authority.rows_of(unit, known) for power in row.verbs} & wanted
        if powers and unit.closed_on is None and unit.pk not in guards.commanding(case):
            found.append((unit, str(_("、")).join(str(Power(p).label) for p in orders.ORDERABLE if p in powers)))
    return found
