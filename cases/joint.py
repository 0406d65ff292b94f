"""What the page of a case shows of joint work: the board of all orders, what experts said, who may do what."""

from collections.abc import Callable
from dataclasses import dataclass

from cases import advising, guards, orders
from cases.models import AdviceKind, Case, Deadline, Loop, Order, OrderState
from cases.models.work import EvidenceKind
from responsibility import access, authority
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import Power, Unit
from responsibility.refusals import Refused


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
        return {"orders": [], "joint": False}
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
        "joint": True,
    }


def state_of(lines: list[Line]) -> str:
    """What of the orders changes the forms of the page."""
    return ",".join(f"{line.order.pk}{line.order.state}" for line in lines)


def waiting(actor: Actor, limit: int) -> list[Order]:
    """The orders that the actor's units still owe, the most urgent first."""
    if not access.may(actor, "order.acknowledge"):
        return []
    owed = Order.objects.open().filter(unit__in=actor.unit_ids).select_related("case", "unit", "by_unit", "clock")
    return list(owed.order_by("clock__due_at")[:limit])


def allows(question: Callable, *args) -> bool:
    """Whether ``question`` raises no refusal."""
    try:
        question(*args)
    except Refused:
        return False
    return True


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
            found.append((unit, "、".join(str(Power(p).label) for p in orders.ORDERABLE if p in powers)))
    return found
