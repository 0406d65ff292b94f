"""How an act is refused: always with a code for machines and a sentence for people."""


class Refused(Exception):
    """The act is not possible as things stand (HTTP 409). ``detail`` is a lazy sentence in the reader's language."""

    def __init__(self, code: str, detail, attr: str | None = None):
        super().__init__(code)
        self.code, self.detail, self.attr = code, detail, attr


class Invalid(Refused):
    """What was given cannot be used (HTTP 400); ``attr`` names the field."""


class Forbidden(Refused):
    """Seen, but not this person's to do (HTTP 403)."""
