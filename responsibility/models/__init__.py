"""Floor 1: who answers for what, and what was done."""

from responsibility.models.calendar import CalendarDay, CalendarYear
from responsibility.models.district import District, Grade, Revision, Territory, Unit
from responsibility.models.edition import Edition, EditionState, Opinion, Stance
from responsibility.models.ledger import LedgerEntry
from responsibility.models.matrix import Category, Duty, Scenario
from responsibility.models.people import Post, Role, Token, User

__all__ = [
    "CalendarDay",
    "CalendarYear",
    "Category",
    "District",
    "Duty",
    "Edition",
    "EditionState",
    "Grade",
    "LedgerEntry",
    "Opinion",
    "Post",
    "Revision",
    "Role",
    "Scenario",
    "Stance",
    "Territory",
    "Token",
    "Unit",
    "User",
]
