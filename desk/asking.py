"""What is asked of the ledger: the fields of the form and of the address, read into keys and words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import parse_qsl, quote

from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from cases.models import Case
from cases.sentences import SENTENCES
from responsibility import clock
from responsibility.directory import Directory
from responsibility.models import User
from responsibility.refusals import Invalid

FIELDS = ("text", "verb", "unit", "number", "person", "since", "until")
LONGEST = 150
# Two neighbouring signs are what is indexed.
SHORTEST = 2
# Of the words of one question; each narrows it.
MOST_WORDS = 8
# Accounts that bear one name.
NAMESAKES = 50

# What means something in an address.
RESERVED = re.compile(r"""[%&=+#;\s"'<>]""")


@dataclass(frozen=True)
class Question:
    """``words``: all of them stand in the entry. ``all_of``: keys it has, ``any_of``: of each list it has one.

    ``since``, ``until``: instants, the latter excluded; ``given``: the fields that were filled in.
    """

    given: dict[str, str]
    words: list[str]
    all_of: list[str]
    any_of: list[list[str]]
    since: datetime | None = None
    until: datetime | None = None

    @property
    def query(self) -> str:
        """As it stands in an address, in words that can be read: whoever must be forgotten is found in it."""
        return "&".join(f"{name}={RESERVED.sub(_escaped, text)}" for name, text in self.given.items())

    @property
    def told(self) -> str:
        """As the ledger is told of it."""
        return told(self.query)

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for more than a period."""
        return bool(self.words or self.all_of or self.any_of)


@dataclass(frozen=True)
class Place:
    """Behind which entry a page begins: the newest come first."""

    at: datetime
    entry: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.entry}"


def read(given: Mapping[str, str], known: Directory) -> Question:
    """The question that ``given`` asks. ``Invalid`` with the field that cannot be read. At most two queries."""
    filled = {name: text for name in FIELDS if (text := given.get(name, "").strip())}
    for name, text in filled.items():
        if len(text) > LONGEST or not storable(text):
            raise Invalid("bad_text", _("内容过长，或含有无法检索的字符。"), name)
    any_of = [*_unit(filled.get("unit"), known), *_number(filled.get("number")), *_person(filled.get("person"))]
    since, until = _midnight(filled, "since", 0), _midnight(filled, "until", 1)
    if since and until and since >= until:
        raise Invalid("bad_period", _("起日应不晚于止日。"), "until")
    return Question(filled, _words(filled.get("text", "")), _verb(filled.get("verb")), any_of, since, until)


def place(text: str) -> Place | None:
    """Where a page begins; ``None`` at the first. ``Invalid`` for what we did not give out."""
    if not text:
        return None
    at, _tilde, entry = text.partition("~")
    try:
        instant = parse_datetime(at)
        if instant is None or instant.utcoffset() is None or not (entry.isascii() and entry.isdigit()):
            raise ValueError(text)
        if not clock.FIRST <= instant <= clock.LAST or len(entry) > 18:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise Invalid("bad_cursor", _("页码无效，请从头查起。"), "after") from None
    return Place(instant, int(entry))


def _words(text: str) -> list[str]:
    words = list(dict.fromkeys(text.split()))
    if any(len(word) < SHORTEST for word in words):
        raise Invalid("too_short", _("每个词至少两个字。"), "text")
    if len(words) > MOST_WORDS:
        raise Invalid("too_many", _("一次最多检索 %(most)d 个词。") % {"most": MOST_WORDS}, "text")
    return words


def _verb(verb: str | None) -> list[str]:
    if verb and verb not in SENTENCES:
        raise Invalid("bad_choice", _("没有这种行为。"), "verb")
    return [f"v:{verb}"] if verb else []


def _unit(code: str | None, known: Directory) -> list[list[str]]:
    """Whose person acted, and of which it speaks."""
    if not code:
        return []
    unit = known.units_by_code.get(code)
    if unit is None:
        raise Invalid("bad_choice", _("没有这个单位。"), "unit")
    return [[f"u:{unit.code}", f"n:{unit.name}"]]


def _number(number: str | None) -> list[list[str]]:
    """The whole chain of the case, and what names its number elsewhere."""
    if not number:
        return []
    chain = Case.objects.filter(number=number).values_list("chain", flat=True).first()
    return [[f"s:{number}", *([f"c:{chain}"] if chain else [])]]


def _person(name: str | None) -> list[list[str]]:
    """Who acted, and whom an act met: by the name as it was written down, or by the accounts that are called so."""
    if not name:
        return []
    users = User.objects.filter(Q(username=name) | Q(full_name=name)).order_by("pk").values_list("pk", flat=True)
    return [[f"p:{name}", *(f"a:{user}" for user in users[:NAMESAKES])]]


def _midnight(filled: Mapping[str, str], name: str, days: int) -> datetime | None:
    if name not in filled:
        return None
    try:
        day = parse_date(filled[name])
        if day is None:
            raise ValueError(filled[name])
        instant = make_aware(datetime.combine(day + timedelta(days=days), time.min))
    except (ValueError, OverflowError):
        raise Invalid("bad_date", _("日期应为 2026-01-31 的形式。"), name) from None
    if not clock.FIRST <= instant <= clock.LAST:
        raise Invalid("bad_date", _("日期应为 2026-01-31 的形式。"), name)
    return instant


def _escaped(sign: re.Match) -> str:
    return quote(sign[0], safe="")


def fields(query: str) -> dict[str, str]:
    """The fields of a question out of its ``query``; ``Invalid`` for what is none."""
    try:
        return dict(parse_qsl(query, max_num_fields=2 * len(FIELDS), errors="strict"))
    except ValueError:
        raise Invalid("bad_text", _("内容过长，或含有无法检索的字符。"), "query") from None


def told(query: str) -> str:
    """A ``query`` as the ledger is told of it."""
    return "；".join(f"{name} {text}" for name, text in fields(query).items())
