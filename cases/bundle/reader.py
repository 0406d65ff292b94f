"""What of a case somebody may see and carry away: the one source of what page, interface and bundle keep from whom.

Who is shown a case by a grant is told no names and no inner words (facts 3.5). Whatever is kept from him stands in the
bundle as the digest under which it was sealed, so that the proof holds.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass

from cases import outside
from cases.models import Case, DeadlineKind
from cases.outside import Standing
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
    """``inside``: reads the case by office, or all of the ledger. ``originals``: the proofs as they were received.

    ``by``: what a policy, an order or an own object opens, where nothing else does (``cases/outside.py``).
    """

    inside: bool
    originals: bool
    by: frozenset[Standing] = frozenset()

    def reads(self, field: str) -> bool:
        """Whether ``field`` of the case is shown."""
        return not self.by or outside.shows(self.by, field)

    def shows(self, entry: LedgerEntry) -> bool:
        """Whether more of ``entry`` is shown than its digest."""
        if self.inside:
            return True
        if self.by:
            open_keys = (entry.before.keys() | entry.after.keys()) - INNER
            return self._in_story(entry) and open_keys <= outside.SAID
        sealed = entry.salt is not None or bool(entry.salts)
        of_office = "urged" in entry.after or entry.after.get("kind") in OF_OFFICE
        return sealed and not of_office and not entry.verb.startswith(INTERNAL)

    def opens(self, part: str) -> bool:
        """Whether the sealed ``part`` of a shown entry is opened."""
        return self.inside or (part in OPEN_TO_ALL and not self.by)

    def owes(self, kind: str) -> bool:
        """Whether the clock ``kind`` is shown."""
        if self.by:
            return self.reads("deadlines") and kind in outside.CLOCKS
        return self.inside or kind not in OF_OFFICE

    def _in_story(self, entry: LedgerEntry) -> bool:
        sealed = entry.salt is not None or bool(entry.salts)
        return sealed and self.reads("story") and entry.verb in outside.STORY

    def duties(self, case: Case) -> list[dict]:
        """Who answers for what on ``case``: the posts, and who held them as far as this reader is told."""
        if not self.reads("duties"):
            return []
        if self.inside:
            return case.duties
        return [line | {"post": line["post"] | {"person": ""}} if line.get("post") else line for line in case.duties]

    def told(self, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
        """Of ``entries`` those that are shown, each as this reader may see it."""
        of = self._in_story if self.by else self.shows
        return [self.masked(entry) for entry in entries if of(entry)]

    def masked(self, entry: LedgerEntry) -> LedgerEntry:
        """``entry`` as this reader may see it put into words."""
        if self.inside:
            return entry
        seen = copy(entry)
        seen.actor_label = seen.note = ""
        if self.by:
            # The title is in the words of whoever reported it; by whom and where something was done is not said.
            seen.subject_label, seen.request_id = entry.subject_id, ""
            seen.unit_label = seen.post_label = ""
        seen.before, seen.after = (
            {key: value for key, value in said.items() if self._says(key)} for said in (entry.before, entry.after)
        )
        return seen

    def _says(self, key: str) -> bool:
        return key in outside.SAID if self.by else key not in INNER


def towards(actor: Actor, *, inside: bool) -> Reader:
    """What ``actor``, who sees a case, is told of it; ``inside``: he sees it otherwise than by a grant."""
    return Reader(inside, access.may(actor, "evidence.original"))


def outsider(by: frozenset[Standing]) -> Reader:
    """Somebody who sees a case ``by`` these alone."""
    return Reader(inside=False, originals=False, by=by)


def whole() -> Reader:
    """Somebody who rules the server: nothing is kept from him, so nothing is kept out."""
    return Reader(inside=True, originals=True)


def of(actor: Actor, case: Case, known: Directory) -> Reader | None:
    """What ``actor`` may carry away of ``case``; ``None`` for who does not see it."""
    seen = Case.objects.filter(pk=case.pk)
    reads = access.may(actor, "ledger.read")
    if not reads and not seen.visible_to(actor, known.units).exists():
        by = outside.standings(actor, [case.pk]).get(case.pk, frozenset())
        return outsider(by) if outside.shows(by, "bundle") else None
    return towards(actor, inside=reads or seen.inside_for(actor, known.units).exists())
