"""What a column may hold: how a cell becomes a value, and a value a cell.

People type numbers as text, dates in six ways and full-width digits; Excel turns codes into numbers and ``1-2`` into a
date. What can only mean one thing is taken; everything else is ``Unreadable``, with a code of ``faults.SENTENCES``.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone, translation

# Excel keeps 15 digits of a number; a longer code has lost its end.
LONGEST_NUMBER = 10**15
# A cell of Excel holds no more, so nothing longer could come back from one.
LONGEST_TEXT = 32_767
# What a spreadsheet program would run when it meets it at the beginning of a CSV cell.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
INVISIBLE = "\u200b\ufeff\u00a0\u3000"
# Control characters, which no database text or sheet should hold, and halves of characters.
UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?))?")
YEARS = range(1900, 2200)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")


class Unreadable(Exception):
    """A cell that cannot be used. ``code`` names the sentence, ``words`` fill it."""

    def __init__(self, code: str, **words: object):
        super().__init__(code)
        self.code, self.words = code, {name: str(word)[:80] for name, word in words.items()}


class Formula:
    """What stands for a cell that holds a formula instead of a value."""


class Broken:
    """What stands for a cell that shows an error, such as #N/A."""


@dataclass(frozen=True)
class Allowed:
    """One value that a column takes, with its names."""

    code: str
    zh: str
    en: str


def text_of(raw: object) -> str:
    """The text of a cell as a person reads it, trimmed; an empty text for an empty cell."""
    if raw is None:
        return ""
    if isinstance(raw, Formula | Broken):
        raise Unreadable("formula" if isinstance(raw, Formula) else "broken")
    if isinstance(raw, str):
        return _clean(raw)
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, int | float):
        return _digits(raw)
    raise Unreadable("date_for_text", found=raw)


def _clean(raw: str) -> str:
    text = raw.strip().strip(INVISIBLE).strip()
    if UNSEEN.search(text):
        raise Unreadable("control")
    # The mark that an export sets before what a spreadsheet would run.
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def _digits(number: float) -> str:
    if not math.isfinite(number) or abs(number) >= LONGEST_NUMBER:
        raise Unreadable("long_number", found=number)
    return str(int(number)) if number == int(number) else repr(number)


def harmless(text: str) -> str:
    """``text`` for a CSV cell: marked where a spreadsheet would run it. ``text_of`` takes the mark away again."""
    return "'" + text if text.startswith(DANGEROUS) else text


class Kind:
    """A column of plain text of at most ``longest`` characters."""

    zh, en = "文本", "text"
    empty: Any = ""

    def __init__(self, longest: int = LONGEST_TEXT):
        self.longest = longest

    def read(self, raw: object) -> Any:
        """The value of a cell; ``empty`` for an empty one. Raises ``Unreadable``."""
        text = text_of(raw)
        if len(text) > self.longest:
            raise Unreadable("too_long", most=self.longest)
        return text

    def show(self, value: Any) -> str | float | None:
        """What stands in the cell for ``value``."""
        return value

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values mean the same."""
        return one == other

    def allowed(self) -> Iterable[Allowed]:
        """The values it takes, where they can be listed."""
        return ()

    def codes(self) -> Collection[str] | None:
        """The codes that must be there already; ``None`` where the table asks for none."""
        return None


class Code(Kind):
    """A code. Full-width letters and digits, which an input method leaves behind, are made narrow."""

    zh, en = "代码", "code"

    def read(self, raw: object) -> str:
        """As the parent."""
        return super().read(raw).translate(NARROW)


class Choice(Kind):
    """One of a Django ``TextChoices``, by code, Chinese or English name; exported by its Chinese name."""

    zh, en = "选项", "one of a list"

    def __init__(self, choices):
        super().__init__()
        self.choices = choices

    def read(self, raw: object) -> str:
        """The code of what was chosen."""
        text = super().read(raw)
        if text and _folded(text) not in self._codes:
            raise Unreadable("unknown_choice", found=text)
        return self._codes[_folded(text)] if text else ""

    def show(self, value: str) -> str:
        """The Chinese name."""
        return next((one.zh for one in self._allowed if one.code == value), value)

    def allowed(self) -> list[Allowed]:
        """All choices in both languages."""
        return self._allowed

    @cached_property
    def _allowed(self) -> list[Allowed]:
        return [Allowed(str(one), _said(one.label, "zh-hans"), _said(one.label, "en")) for one in self.choices]

    @cached_property
    def _codes(self) -> dict[str, str]:
        return {_folded(name): one.code for one in self._allowed for name in (one.code, one.zh, one.en)}


def _said(text: object, language: str) -> str:
    with translation.override(language):
        return str(text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


class Reference(Code):
    """The code of something that is there already; ``known`` gives code → thing with ``name`` and ``name_en``."""

    zh, en = "代码（须已登记）", "code of something registered"

    def __init__(self, known: Callable[[], dict]):
        super().__init__()
        self.known = known

    def allowed(self) -> list[Allowed]:
        """All codes with their names."""
        return [Allowed(code, thing.name, thing.name_en) for code, thing in self.known().items()]

    def codes(self) -> Collection[str]:
        """As the parent."""
        return self.known().keys()


class OneOf(Kind):
    """One of the words that ``known`` gives."""

    zh, en = "选项", "one of a list"

    def __init__(self, known: Callable[[], list[Allowed]]):
        super().__init__()
        self.known = known

    def allowed(self) -> list[Allowed]:
        """All of them."""
        return self.known()

    def codes(self) -> Collection[str]:
        """As the parent."""
        return {one.code for one in self.known()}


class Words(OneOf):
    """Several of the words that ``known`` gives, in any order, parted by commas or spaces."""

    zh, en = "多项，用逗号分开", "several, parted by commas"
    empty: Any = ()

    def read(self, raw: object) -> tuple[str, ...]:
        """The words, sorted, each once."""
        words = re.split(r"[\s,;，；、]+", unicodedata.normalize("NFKC", super().read(raw)))
        return tuple(sorted({word for word in words if word}))

    def show(self, value: Iterable[str]) -> str:
        """The words with commas between."""
        return ", ".join(value)


class Number(Kind):
    """A number from ``low`` to ``high``."""

    zh, en = "数字", "number"
    empty: Any = None

    def __init__(self, low: float, high: float):
        super().__init__()
        self.low, self.high = low, high

    def read(self, raw: object) -> float | None:
        """A float, also from digits typed as text."""
        text = unicodedata.normalize("NFKC", text_of(raw)).replace(" ", "")
        if not text:
            return None
        try:
            number = float(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else float(text)
        except ValueError:
            raise Unreadable("not_a_number", found=text) from None
        if not self.low <= number <= self.high:
            raise Unreadable("out_of_range", found=text, low=self.low, high=self.high)
        return number

    def same(self, one: float | None, other: float | None) -> bool:
        """Equal but for what a spreadsheet rounds away (15 digits; a centimetre in a degree)."""
        return one == other or (one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9))


class Moment(Kind):
    """An instant in the district's time; a date alone is its midnight."""

    zh, en = "日期或时间，如 2026-11-21 或 2026-11-21 08:30", "date or time, as 2026-11-21 or 2026-11-21 08:30"
    empty: Any = None

    def read(self, raw: object) -> Any:
        """An aware datetime from an Excel date, ISO text, 2026/11/21, 2026年11月21日 or 20261121."""
        if isinstance(raw, datetime):
            found: datetime | None = raw
        else:
            found = datetime.combine(raw, time.min) if isinstance(raw, date) else _moment(raw)
        if found and found.year not in YEARS:
            raise Unreadable("not_a_date", found=found)
        return found and found.replace(tzinfo=found.tzinfo or ZoneInfo(settings.TIME_ZONE))

    def show(self, value: Any) -> str:
        """The shortest text that reads back as the same instant."""
        if value is None:
            return ""
        local = timezone.localtime(value, ZoneInfo(settings.TIME_ZONE)).replace(tzinfo=None)
        if local.time() == time.min:
            return local.date().isoformat()
        return local.isoformat(" ", "auto" if local.second or local.microsecond else "minutes")


class Day(Moment):
    """A date."""

    zh, en = "日期，如 2026-11-21", "date, as 2026-11-21"

    def read(self, raw: object) -> date | None:
        """The date; a time of day is dropped."""
        found = super().read(raw)
        return found.date() if found else None

    def show(self, value: date | None) -> str:
        """ISO 8601."""
        return value.isoformat() if value else ""


def _moment(raw: object) -> datetime | None:
    if isinstance(raw, time) or not isinstance(raw, str | int | float | None | Formula | Broken):
        raise Unreadable("not_a_date", found=raw)
    text = unicodedata.normalize("NFKC", text_of(raw))
    if not text:
        return None
    found = DATE.fullmatch(text) or COMPACT.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, day, *clock = found.groups(default="")
        at = time.fromisoformat(("0" if clock[0][1:2] == ":" else "") + clock[0]) if any(clock) else time.min
        return datetime.combine(date(int(year), int(month), int(day)), at)
    except ValueError:
        raise Unreadable("not_a_date", found=text) from None


class Attributes(Kind):
    """A JSON object: whatever else is known."""

    zh, en = 'JSON 对象，如 {"depth_m": 4.8}', 'JSON object, as {"depth_m": 4.8}'
    empty: Any = None

    def read(self, raw: object) -> dict:
        """The object; an empty cell is an empty one."""
        text = super().read(raw)
        try:
            found = json.loads(text, parse_constant=_refuse) if text else {}
            kept = json.dumps(found, ensure_ascii=False)
            kept.encode()
        except (ValueError, RecursionError):
            raise Unreadable("not_json", found=text) from None
        if not isinstance(found, dict) or "\\u0000" in kept:
            raise Unreadable("not_json", found=text)
        return found

    def show(self, value: dict | None) -> str:
        """Its JSON; nothing for an empty one."""
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


def _refuse(constant: str):
    raise ValueError(constant)
