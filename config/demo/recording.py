"""Recorded alerts in files: NDJSON, a JSON array or object, or one CAP message. Told apart by content."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

BATCH_ITEMS = 1000
# Well below what the intake takes in one request.
BATCH_BYTES = 4_000_000


class Unreadable(Exception):
    """The file as a whole cannot be read; the text says why."""


@dataclass
class Batch:
    """Items to be sent together. ``lines``: the line (or place in the array) of each, from 1.

    ``faults``: ``(line, reason)`` of what is not JSON; ``read_bytes`` of the file up to here.
    """

    cap: bool = False
    texts: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    read_bytes: int = 0

    @property
    def body(self) -> bytes:
        return self.texts[0] if self.cap else b"[" + b",".join(self.texts) + b"]"


def batches(path: Path) -> Iterator[Batch]:
    """The batches of ``path``, of at most 1,000 items; NDJSON is streamed. Raises ``Unreadable``."""
    with path.open("rb") as file:
        head = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if head == b"<":
        yield Batch(True, [path.read_bytes()], [1], read_bytes=path.stat().st_size)
    elif not head:
        raise Unreadable("文件为空 / the file is empty")
    elif head not in (b"{", b"["):
        raise Unreadable("不是 NDJSON、JSON 或 CAP / is none of NDJSON, JSON and CAP")
    elif head == b"[" or (head == b"{" and not _is_lines(path)):
        yield from _packed(_array(path))
    else:
        yield from _packed(_lines(path))


def _is_lines(path: Path) -> bool:
    """Whether the first line is a whole object, as in NDJSON; otherwise one object is spread over lines."""
    with path.open("rb") as file:
        first = next((line for line in file if line.strip(b"\xef\xbb\xbf \t\r\n")), b"")
    return _parsed(first) is not None


def _lines(path: Path) -> Iterator[tuple[int, bytes, int]]:
    done = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            done += len(line)
            text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
            if text:
                yield number, text, done


def _array(path: Path) -> Iterator[tuple[int, bytes, int]]:
    content = path.read_bytes()
    found = _parsed(content)
    if found is None:
        raise Unreadable("不是有效的 JSON / is not valid JSON")
    items = found if isinstance(found, list) else [found]
    for number, item in enumerate(items, 1):
        yield number, json.dumps(item).encode(), len(content) * number // len(items)


def _parsed(text: bytes):
    """``text`` as strict JSON, ``None`` when it is not; the intake refuses NaN, and a whole batch with it."""
    try:
        return json.loads(text.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(name: str):
    raise ValueError(name)


def _packed(items: Iterable[tuple[int, bytes, int]]) -> Iterator[Batch]:
    batch, size = Batch(), 0
    for number, text, done in items:
        if batch.lines and (len(batch.lines) == BATCH_ITEMS or size + len(text) > BATCH_BYTES):
            yield batch
            batch, size = Batch(), 0
        if _parsed(text) is None:
            batch.faults.append((number, "不是有效的 JSON / not JSON"))
        else:
            batch.texts.append(text)
            batch.lines.append(number)
            size += len(text)
        batch.read_bytes = done
    if batch.lines or batch.faults:
        yield batch
