"""The event log leaves the house: who took it, of which period and what for stands in the ledger."""

from collections.abc import Callable, Iterable, Iterator

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accountability.period import Period
from alerts.formats.item import storable
from mining import finding, ocel, reading, xes
from mining.reading import Event
from responsibility import acting, chains, directory, ledger
from responsibility.models import User
from responsibility.refusals import Invalid

LONGEST = 500
PIECE = 1 << 16
TYPES = {"ocel": "application/json", "xes": "application/xml"}
ENDINGS = {"ocel": "json", "xes": "xes"}
Cases = Iterable[tuple[str, Iterable[Event]]]
WRITE: dict[str, Callable[[Cases], Iterator[bytes]]] = {
    "ocel": lambda cases: ocel.Log(directory.current()).write(cases),
    "xes": xes.write,
}


def export(
    form: str, asked: Period, *, by: User | None, purpose: str = "", say: Callable[[int], None] = lambda done: None
) -> Iterator[bytes]:
    """The log of the cases opened in ``asked`` as ``ocel`` or ``xes``, in pieces; read while it is given out.

    ``by`` ``None`` is whoever rules the server; ``say`` is told how many cases have been read. The entry of the export
    is written before the first piece. ``Forbidden`` for who may not look across cases, ``Invalid`` for a form or
    purpose that cannot be used.
    """
    if form not in WRITE:
        raise Invalid("bad_choice", _("格式应为 ocel 或 xes。"), "form")
    purpose = purpose.strip()
    if len(purpose) > LONGEST or not storable(purpose):
        raise Invalid("too_long", _("用途不超过 500 字。"), "purpose")
    _tell(form, asked, by, purpose)
    return gathered(WRITE[form](_counted(reading.cases(asked), say)))


@transaction.atomic
def _tell(form: str, asked: Period, by: User | None, purpose: str) -> None:
    """One export, one chain: it begins and ends with itself, so nothing need be locked."""
    actor = acting.of(by) if by else acting.SYSTEM
    post = finding.reader(actor) if by else None
    told = {"form": form, "first": asked.first, "last": asked.last, "cases": reading.count(asked)}
    act = ledger.Act(chains.dated(), "mining.export", "mining", form, form.upper(), after=told, note=purpose)
    ledger.record([act], by=actor, post=post, new_chains=True)


def _counted(cases: Cases, say: Callable[[int], None]) -> Cases:
    for done, case in enumerate(cases, 1):
        yield case
        say(done)


def gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth sending, of 64 KiB or a little more."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def filename(form: str, asked: Period) -> str:
    """What the file is called."""
    return f"bihuan-{asked.first}-{asked.last}.{ENDINGS[form]}"
