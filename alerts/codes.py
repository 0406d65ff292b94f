"""Codes as senders write them: in full width, with invisible signs, in another case."""

import unicodedata

from alerts.models import RiskObject
from responsibility.copying import fetch

INVISIBLE = ("Cc", "Cf")
NAMED = "code = ANY(%s) OR lower(code) = ANY(%s)"


def plain(code: str, limit: int) -> str:
    """``code`` in one spelling (Unicode NFKC, without invisible signs and outer space), of at most ``limit`` signs."""
    if code.isascii() and code.isprintable():
        return code.strip()[:limit]
    shown = "".join(sign for sign in unicodedata.normalize("NFKC", code) if unicodedata.category(sign) not in INVISIBLE)
    return shown.strip()[:limit]


def registered(codes: set[str]) -> dict[str, RiskObject]:
    """The registered objects that plain ``codes`` name, by code as given; one statement, none for none.

    A code in another case names an object too, unless several differ in nothing else: then only the exact one does.
    """
    if not codes:
        return {}
    found: dict[str, list[RiskObject]] = {}
    for one in fetch(RiskObject, NAMED, [list(codes), [code.lower() for code in codes]]):
        found.setdefault(one.code.lower(), []).append(one)
    meant = {code: found.get(code.lower(), []) for code in codes}
    exact = {code: [one for one in ones if one.code == code] or ones for code, ones in meant.items()}
    return {code: ones[0] for code, ones in exact.items() if len(ones) == 1}
