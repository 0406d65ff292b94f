"""Floor 3: the work."""

from cases.models.case import Case, CaseQuerySet
from cases.models.clock import Deadline, DeadlineKind, Pause
from cases.models.grant import Grant
from cases.models.machine import Loop, State
from cases.models.work import Evidence, Party, Request, RequestKind

__all__ = [
    "Case",
    "CaseQuerySet",
    "Deadline",
    "DeadlineKind",
    "Evidence",
    "Grant",
    "Loop",
    "Party",
    "Pause",
    "Request",
    "RequestKind",
    "State",
]
