"""Floor 1: who answers for what, and what was done."""

from responsibility.models.archive import ArchivedBlock, ArchivedChain, Volume
from responsibility.models.authority import Authority, Power
from responsibility.models.calendar import CalendarDay, CalendarYear
from responsibility.models.district import District, Grade, Loop, Revision, Territory, Unit
from responsibility.models.edition import Edition, EditionState, Opinion, Stance
from responsibility.models.exchange import Upload, UploadState
from responsibility.models.ledger import LedgerEntry
from responsibility.models.matrix import Category, Duty, EvidenceKind, Scenario
from responsibility.models.people import Post, Role, Token, User
from responsibility.models.roster import HandOver, Shift

__all__ = [
    "ArchivedBlock",
    "ArchivedChain",
    "Authority",
    "CalendarDay",
    "CalendarYear",
    "Category",
    "District",
    "Duty",
    "Edition",
    "EditionState",
    "EvidenceKind",
    "Grade",
    "HandOver",
    "LedgerEntry",
    "Loop",
    "Opinion",
    "Post",
    "Power",
    "Revision",
    "Role",
    "Scenario",
    "Shift",
    "Stance",
    "Territory",
    "Token",
    "Unit",
    "Upload",
    "UploadState",
    "User",
    "Volume",
]
