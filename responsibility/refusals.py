"""How an act is refused: always with a code for machines and a sentence for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_raised: ContextVar[list | None] = ContextVar("refusals", default=None)


@contextmanager
def gathered() -> Iterator[list["Refused"]]:
    """Every refusal that is thought of inside, also those that only decide which buttons are shown."""
    found: list[Refused] = []
    mark = _raised.set(found)
    try:
        yield found
    finally:
        _raised.reset(mark)


class Refused(Exception):
    """The act is not possible as things stand (HTTP 409). ``detail`` is a lazy sentence in the reader's language."""

    def __init__(self, code: str, detail, attr: str | None = None):
        super().__init__(code)
        self.code, self.detail, self.attr = code, detail, attr
        found = _raised.get()
        if found is not None:
            found.append(self)

    @property
    def at_a_door(self) -> bool:
        """Whether it went all the way to a view, so that it is what somebody was answered."""
        caught = self.__traceback__
        module = caught.tb_frame.f_globals.get("__name__", "") if caught else ""
        return module.endswith(("views", "api", "core.handlers.exception"))


class Invalid(Refused):
    """What was given cannot be used (HTTP 400); ``attr`` names the field."""


class Forbidden(Refused):
    """Seen, but not this person's to do (HTTP 403)."""
