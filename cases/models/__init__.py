"""Floor 3: the work."""

from cases.models.case import Case, CaseQuerySet
from cases.models.checklist import ChecklistMark
from cases.models.clock import ClockEvent, Deadline, DeadlineKind, Pause
from cases.models.command import Command, Phase, SituationReport
from cases.models.dispatch import Dispatch, DispatchLine, DispatchState
from cases.models.grant import Grant
from cases.models.machine import Loop, State
from cases.models.order import Advice, AdviceKind, Order, OrderState
from cases.models.urging import Urging, UrgingKind
from cases.models.work import Evidence, Party, Request, RequestKind

__all__ = [
    "Advice",
    "AdviceKind",
    "Case",
    "CaseQuerySet",
    "ChecklistMark",
    "ClockEvent",
    "Command",
    "Deadline",
    "DeadlineKind",
    "Dispatch",
    "DispatchLine",
    "DispatchState",
    "Evidence",
    "Grant",
    "Loop",
    "Order",
    "OrderState",
    "Party",
    "Pause",
    "Phase",
    "Request",
    "RequestKind",
    "SituationReport",
    "State",
    "Urging",
    "UrgingKind",
]
