"""Evidence files on disk: received, judged by their bytes, hashed, and copied without metadata.

Under ``root`` (outside the web root) stand ``originals/`` as received, byte for byte; ``shared/``,
the copy without EXIF and other metadata that people see; ``thumbs/``, small JPEGs. Names are the
SHA-256 of the original, so the same file received twice is one file.
"""

import hashlib
import os
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from cases import boxes, filetypes, pictures
from cases.filetypes import PILLOW_FORMATS, SUFFIXES, FileRefused

SHANGHAI = ZoneInfo("Asia/Shanghai")
MAX_NAME = 200


class Upload(Protocol):
    """A Django ``UploadedFile``, or anything that streams like one."""

    name: str | None

    def chunks(self) -> Iterable[bytes]: ...


@dataclass(frozen=True)
class Stored:
    """A received file: ``path`` is relative to the root, ``lat``/``lon`` are WGS84 degrees."""

    sha256: str
    size: int
    content_type: str
    path: str
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    original_name: str


class Kept(Protocol):
    """What the finders below need to know of a file; ``Stored`` and a model row both do."""

    @property
    def sha256(self) -> str: ...

    @property
    def content_type(self) -> str: ...


def receive(
    upload: Upload, *, root: Path, limit: int, tz: tzinfo = SHANGHAI, types: Collection[str] = tuple(SUFFIXES)
) -> Stored:
    """Take a file of at most ``limit`` bytes and of one of ``types`` into ``root``; durable when this returns.

    Everything is made in a private folder first and renamed into place last, so a refusal (``FileRefused``:
    file_empty, file_size, file_type, file_kind, file_image, file_video, file_pdf) leaves nothing.
    ``tz`` is the zone of EXIF times that carry no offset.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=root, prefix=".incoming-") as folder:
        original = Path(folder) / "originals"
        sha256, size = _write(upload, original, limit)
        content_type = filetypes.of(original)
        if content_type not in types:
            raise FileRefused(
                "file_kind", _("文件与凭证类别不符：照片须为图片，视频须为影片，文书和读数须为 PDF 或图片。")
            )
        seen = _look(original, content_type, tz)
        # The original comes last: whoever finds it finds its copies too.
        for made in ("thumbs", "shared", "originals"):
            if (Path(folder) / made).exists():
                _settle(Path(folder) / made, root / _place_of(made, sha256, content_type))
    path = _place_of("originals", sha256, content_type)
    name = _clean_name(upload.name or "")
    return Stored(sha256, size, content_type, str(path), seen.taken_at, seen.lat, seen.lon, name)


def _look(original: Path, content_type: str, tz: tzinfo) -> pictures.Seen:
    """Judge the whole of the file, and make the copies that others may see beside it."""
    if content_type in PILLOW_FORMATS:
        return pictures.copy(original, content_type, tz)
    if content_type == "image/heic":
        boxes.check_heic(original)
    elif content_type == "application/pdf":
        filetypes.check_pdf(original)
    else:
        boxes.copy_film(original, original.with_name("shared"))
    return pictures.Seen()


def shareable(stored: Kept, root: Path) -> Path | None:
    """The copy that others may see, or None where no clean copy can be made (HEIC).

    Images are re-encoded upright without metadata; a video has its metadata boxes blanked; a PDF is
    shared as it is.
    """
    if stored.content_type == "image/heic":
        return None
    folder = "originals" if stored.content_type == "application/pdf" else "shared"
    return root / _place_of(folder, stored.sha256, stored.content_type)


def thumbnail(stored: Kept, root: Path) -> Path | None:
    """A JPEG of at most 640 pixels a side, or None for what is not a readable image."""
    if stored.content_type not in PILLOW_FORMATS:
        return None
    return root / _place_of("thumbs", stored.sha256, stored.content_type)


def shown_name(stored: Kept, name: str) -> str:
    """The name under which a file is handed out: the sender's, with the ending of what it really is."""
    return os.path.splitext(name)[0] + SUFFIXES[stored.content_type]


def _place_of(folder: str, sha256: str, content_type: str) -> Path:
    suffix = ".jpg" if folder == "thumbs" else SUFFIXES[content_type]
    return Path(folder, sha256[:2], sha256[2:4], sha256 + suffix)


def _write(upload: Upload, path: Path, limit: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk in upload.chunks():
            size += len(chunk)
            if size > limit:
                most = f"{limit / 1024 / 1024:.4g}"
                raise FileRefused("file_size", format_lazy(_("文件超过 {limit} MB。"), limit=most))
            digest.update(chunk)
            file.write(chunk)
    if not size:
        raise FileRefused("file_empty", _("文件是空的。"))
    return digest.hexdigest(), size


def _settle(made: Path, place: Path) -> None:
    """Move a finished file to its place so that a crash leaves it whole or absent."""
    place.parent.mkdir(parents=True, exist_ok=True)
    _sync(made)
    made.replace(place)
    for folder in place.parents[:4]:  # up to the root, for folders made just now
        _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _clean_name(name: str) -> str:
    """The last part of a sender's file name, free of control and direction marks."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    stem, suffix = os.path.splitext(shown)
    suffix = suffix[:20]
    return stem[: MAX_NAME - len(suffix)] + suffix
