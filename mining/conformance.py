"""Whether what befell the cases is what the published machine allows, replayed move by move from the ledger.

Token-based replay after Rozinat and van der Aalst ("Conformance checking of processes based on monitoring real
behavior", Information Systems 33, 2008): with p tokens produced, c consumed, m missing and r remaining, a log has the
fitness ½(1 − m/c) + ½(1 − r/p). Each of the two machines of a case, its state and its loop, is a net with one token, in
which a move takes one token and puts one. A move that the net does not allow there lacks a token (m) and leaves one
behind (r), so m = r and c = p = moves, and the formula comes to *moves that fit / moves*. Cases still at work are
replayed as far as they have come: what they have not done yet is no fault.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models.enums import TextChoices
from django.utils.translation import gettext_lazy as _

from cases import guards
from cases.models import Loop, State
from mining.reading import Event
from mining.walking import PUBLISHED, VERBS, Move, moves

# Of the cases that do not fit, as many are named.
NAMED = 100
CHOICES = {"state": State, "loop": Loop}


class Why(TextChoices):
    """What does not fit."""

    GAP = "gap", _("此前缺一步：台账上一步停在别处")
    UNPUBLISHED = "unpublished", _("流程中没有这一步")
    VERB = "verb", _("这一步应由别的动作引起")


@dataclass(frozen=True)
class Misfit:
    """The first step of the case ``number`` that does not fit, and why; values of the machine as codes."""

    number: str
    seq: int
    at: object
    verb: str
    field: str
    stood: str
    source: str
    target: str
    why: Why

    @property
    def labels(self) -> tuple[str, str, str]:
        """Where it stood, from where the entry says it went, and to where, in words."""
        choices = CHOICES[self.field]
        return tuple(  # type: ignore[return-value]
            str(choices(value).label) if value in choices.values else value
            for value in (self.stood, self.source, self.target)
        )


@dataclass
class Conformance:
    """How many ``cases`` and ``moves``, how many of each fit, and the first misfit of up to 100 cases."""

    cases: int = 0
    fitting: int = 0
    moves: int = 0
    fits: int = 0
    misfits: list[Misfit] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """The share of cases that fit wholly; ``None`` where there are none."""
        return self.fitting / self.cases if self.cases else None

    @property
    def fitness(self) -> float | None:
        """The token-based fitness of the log, 0 to 1; ``None`` without moves."""
        return self.fits / self.moves if self.moves else None

    def add(self, number: str, events: Iterable[Event]) -> None:
        """Replay one more case."""
        first = None
        for move in moves(events):
            why = judge(move)
            self.moves += 1
            self.fits += why is None
            if why and first is None:
                event = move.event
                first = Misfit(
                    number, event.seq, event.at, event.verb, move.field, move.stood, move.source, move.target, why
                )
        self.cases += 1
        self.fitting += first is None
        if first and len(self.misfits) < NAMED:
            self.misfits.append(first)


def judge(move: Move) -> Why | None:
    """Why ``move`` does not fit the published machine; ``None`` where it does.

    An alert, a decision or a lapse may bring about any published move; a verb of the machine only its own.
    """
    if move.source != move.stood:
        return Why.GAP
    pair = (move.source, move.target)
    if pair not in PUBLISHED[move.field]:
        return Why.UNPUBLISHED
    about, _dot, verb = move.event.verb.partition(".")
    own = move.field == "state" and about == "case" and verb in guards.TABLE
    return Why.VERB if own and VERBS[pair] != verb else None
