"""Floor 3: the work."""

from cases.models.case import Case, CaseQuerySet
from cases.models.clock import ClockEvent, Deadline, DeadlineKind, Pause
from cases.models.grant import Grant
from cases.models.machine import Loop, State
from cases.models.order import Advice, AdviceKind, Order, OrderState
from cases.models.work import Evidence, Party, Request, RequestKind

__all__ = [
    "Advice",
    "AdviceKind",
    "Case",
    "CaseQuerySet",
    "ClockEvent",
    "Deadline",
    "DeadlineKind",
    "Evidence",
    "Grant",
    "Loop",
    "Order",
    "OrderState",
    "Party",
    "Pause",
    "Request",
    "RequestKind",
    "State",
]
