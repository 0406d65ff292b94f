"""What of a case somebody may see and carry away: the one source of what page, interface and bundle keep from whom.

Who is shown a case by a grant is told no names and no inner words (facts 3.5). Whatever is kept from him stands in the
bundle as the digest under which it was sealed, so that the proof holds.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass

from cases.models import Case, DeadlineKind
from responsibility import access
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import LedgerEntry
from responsibility.sealing import INNER

# How those in office ask, order, advise, command and urge each other, and who else was shown the case.
INTERNAL = (
    "request.", "order.", "advice.", "urging.", "command.", "dispatch.", "privacy.", "case.share", "case.unshare",
    "consequence.", "recheck.", "statement.", "retention.",
)  # fmt: skip
OF_OFFICE = {
    DeadlineKind.DECIDE, DeadlineKind.ORDER, DeadlineKind.ORDER_CALL, DeadlineKind.DISPATCH,
    DeadlineKind.SITUATION_REPORT, DeadlineKind.SUPERVISE,
}  # fmt: skip
# Sealed parts that stand on every page of the case: its title.
OPEN_TO_ALL = frozenset({"subject"})


@dataclass(frozen=True)
class Reader:
    """``inside``: reads the case by office, or all of the ledger. ``originals``: the proofs as they were received."""

    inside: bool
    originals: bool

    def shows(self, entry: LedgerEntry) -> bool:
        """Whether more of ``entry`` is shown than its digest."""
        if self.inside:
            return True
        sealed = entry.salt is not None or bool(entry.salts)
        of_office = "urged" in entry.after or entry.after.get("kind") in OF_OFFICE
        return sealed and not of_office and not entry.verb.startswith(INTERNAL)

    def opens(self, part: str) -> bool:
        """Whether the sealed ``part`` of a shown entry is opened."""
        return self.inside or part in OPEN_TO_ALL

    def owes(self, kind: str) -> bool:
        """Whether the clock ``kind`` is shown."""
        return self.inside or kind not in OF_OFFICE

    def duties(self, case: Case) -> list[dict]:
        """Who answers for what on ``case``: the posts, and who held them as far as this reader is told."""
        if self.inside:
            return case.duties
        return [line | {"post": line["post"] | {"person": ""}} if line.get("post") else line for line in case.duties]

    def told(self, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
        """Of ``entries`` those that are shown, each as this reader may see it."""
        return [self.masked(entry) for entry in entries if self.shows(entry)]

    def masked(self, entry: LedgerEntry) -> LedgerEntry:
        """``entry`` as this reader may see it put into words."""
        if self.inside:
            return entry
        seen = copy(entry)
        seen.actor_label = seen.note = ""
        seen.before, seen.after = (
            {key: value for key, value in said.items() if key not in INNER} for said in (entry.before, entry.after)
        )
        return seen


def towards(actor: Actor, *, inside: bool) -> Reader:
    """What ``actor``, who sees a case, is told of it; ``inside``: he sees it otherwise than by a grant."""
    return Reader(inside, access.may(actor, "evidence.original"))


def whole() -> Reader:
    """Somebody who rules the server: nothing is kept from him, so nothing is kept out."""
    return Reader(inside=True, originals=True)


def of(actor: Actor, case: Case, known: Directory) -> Reader | None:
    """What ``actor`` may carry away of ``case``; ``None`` for who does not see it."""
    seen = Case.objects.filter(pk=case.pk)
    reads = access.may(actor, "ledger.read")
    if not reads and not seen.visible_to(actor, known.units).exists():
        return None
    return towards(actor, inside=reads or seen.inside_for(actor, known.units).exists())
