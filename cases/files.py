"""Evidence files on disk: received, judged by their bytes, hashed, and copied without metadata.

Under ``root`` (outside the web root) stand ``originals/`` as received, byte for byte; ``shared/``,
the copy without EXIF and other metadata that people see; ``thumbs/``, small JPEGs. Names are the
SHA-256 of the original, so the same file received twice is one file.
"""

import hashlib
import math
import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Protocol
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageOps

PILLOW_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
MP4_BRANDS = {b"isom", b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"MSNV", b"mmp4"}
MP4_BRANDS |= {b"iso%d" % number for number in range(2, 10)}
SHANGHAI = ZoneInfo("Asia/Shanghai")
MAX_PIXELS = 60_000_000  # what a phone's largest mode gives; 180 MB when decoded
THUMBNAIL_SIDE = 640
MAX_NAME = 200
MAX_BOXES = 100_000
BLOCK = 1 << 20
CONTAINERS = {b"moov", b"trak", b"moof", b"traf"}
PRIVATE_BOXES = {b"udta", b"meta", b"uuid"}
EXIF_TIMES = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
)


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


class FileRefused(Exception):
    """A file that is not taken; ``code`` for programs, ``detail`` for the person who sent it."""

    def __init__(self, code: str, detail: Promise):
        super().__init__(code)
        self.code = code
        self.detail = detail


def receive(upload: Upload, *, root: Path, limit: int, tz: tzinfo = SHANGHAI) -> Stored:
    """Take a file of at most ``limit`` bytes into ``root``; durable when this returns.

    Everything is made in a private folder first and renamed into place last, so a refusal
    (``FileRefused``: file_empty, file_size, file_type, file_image, file_video) leaves nothing.
    ``tz`` is the zone of EXIF times that carry no offset.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=root, prefix=".incoming-") as folder:
        original = Path(folder) / "originals"
        sha256, size = _write(upload, original, limit)
        content_type = _content_type(original)
        taken_at = lat = lon = None
        if content_type in PILLOW_FORMATS:
            image = _decode(original, content_type)
            taken_at, (lat, lon) = _taken_at(image, tz), _place(image)
            _copy_image(image, PILLOW_FORMATS[content_type], Path(folder))
        elif content_type.startswith("video/"):
            _copy_video(original, Path(folder) / "shared")
        # The original comes last: whoever finds it finds its copies too.
        for made in ("thumbs", "shared", "originals"):
            if (Path(folder) / made).exists():
                _settle(Path(folder) / made, root / _place_of(made, sha256, content_type))
    path = _place_of("originals", sha256, content_type)
    name = _clean_name(upload.name or "")
    return Stored(sha256, size, content_type, str(path), taken_at, lat, lon, name)


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


def _content_type(path: Path) -> str:
    """The type by the first bytes; the sender's name and header are hearsay."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    return _boxed_type(head)


def _boxed_type(head: bytes) -> str:
    """HEIC, MP4 or QuickTime by the brands of the leading ``ftyp`` box (ISO 14496-12)."""
    if head[4:8] == b"ftyp":
        end = min(int.from_bytes(head[:4]), len(head))
        brands = {head[at : at + 4] for at in (8, *range(16, end - 3, 4))}
        if head[8:12] in HEIC_BRANDS or (head[8:12] == b"mif1" and brands & HEIC_BRANDS):
            return "image/heic"
        if head[8:12] in MP4_BRANDS:
            return "video/mp4"
        if head[8:12] == b"qt  ":  # what an iPhone films; the same boxes
            return "video/quicktime"
    raise FileRefused("file_type", _("只接受 JPEG、PNG、WebP、HEIC 图片、PDF 和 MP4、MOV 视频。"))


def _decode(path: Path, content_type: str) -> Image.Image:
    refused = FileRefused("file_image", _("图片无法读取，或尺寸过大。"))
    try:
        with path.open("rb") as file:
            image = Image.open(file, formats=[PILLOW_FORMATS[content_type]])
            if image.width * image.height > MAX_PIXELS:
                raise refused
            image.load()
            return image
    except FileRefused:
        raise
    except Exception as error:  # decoders fail in a dozen ways on hostile bytes
        raise refused from error


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except Exception:  # a broken block costs place and time, never the proof itself
        return Image.Exif()


def _taken_at(image: Image.Image, tz: tzinfo) -> datetime | None:
    """When the shutter fell, in UTC; None where EXIF does not say or talks nonsense."""
    block = _block(image, ExifTags.IFD.Exif)
    for time_tag, offset_tag in EXIF_TIMES:
        text = str(block.get(time_tag, "")).strip("\0 ")
        offset = str(block.get(offset_tag, "")).strip("\0 ")
        zone = offset if re.fullmatch(r"[+-]\d\d:\d\d", offset, re.ASCII) else ""
        try:
            # EXIF without an offset is local time; the zone is laid on below.
            taken = datetime.strptime(text + zone, "%Y:%m:%d %H:%M:%S" + ("%z" if zone else ""))  # noqa: DTZ007
            return (taken if zone else taken.replace(tzinfo=tz)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _place(image: Image.Image) -> tuple[float | None, float | None]:
    block = _block(image, ExifTags.IFD.GPSInfo)
    lat = _degrees(block.get(ExifTags.GPS.GPSLatitude), block.get(ExifTags.GPS.GPSLatitudeRef))
    lon = _degrees(block.get(ExifTags.GPS.GPSLongitude), block.get(ExifTags.GPS.GPSLongitudeRef))
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
        return None, None
    if lat == lon == 0:  # what phones write before they have a fix
        return None, None
    return lat, lon


def _block(image: Image.Image, tag: int) -> dict[int, Any]:
    try:
        return _exif(image).get_ifd(tag)
    except Exception:  # as in _exif
        return {}


def _degrees(parts: Any, hemisphere: Any) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value):
        return None
    return -value if str(hemisphere).strip("\0 ").upper() in {"S", "W"} else value


def _copy_image(image: Image.Image, pillow_format: str, folder: Path) -> None:
    """Write the shared copy and the thumbnail: upright pixels and colour profile, nothing else."""
    try:
        upright = ImageOps.exif_transpose(image)
    except Exception:  # as in _exif
        upright = image
    if upright.mode.startswith("I"):  # 16-bit grey, which convert() would clip to white
        upright = upright.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    profile = upright.info.get("icc_profile") if upright.mode == mode else None
    plain = upright.convert(mode)
    plain.info = {}
    plain.save(folder / "shared", pillow_format, quality=90, icc_profile=profile)
    plain.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    if mode == "RGBA":
        white = Image.new("RGBA", plain.size, "white")
        plain = Image.alpha_composite(white, plain).convert("RGB")
    plain.save(folder / "thumbs", "JPEG", quality=80, icc_profile=profile)


def _copy_video(original: Path, copy: Path) -> None:
    """Copy a video with the boxes that hold place, maker and comments turned to free space.

    Offsets stay as they are, so the video plays as before.
    """
    with original.open("rb") as source, copy.open("w+b") as target:
        shutil.copyfileobj(source, target)
        kinds = set()
        for start, header, end, kind in _boxes(target, target.tell()):
            kinds.add(kind)
            if kind in PRIVATE_BOXES:
                target.seek(start + 4)
                target.write(b"free")
                target.seek(start + header)
                for at in range(start + header, end, BLOCK):
                    target.write(bytes(min(BLOCK, end - at)))
        if b"moov" not in kinds:
            raise FileRefused("file_video", _("视频不完整，无法播放。"))


def _boxes(file: IO[bytes], size: int) -> Iterator[tuple[int, int, int, bytes]]:
    """(start, header length, end, type) of each box, those inside containers included."""
    waiting, seen = [(0, size)], 0
    while waiting:
        start, limit = waiting.pop()
        if start >= limit:
            continue
        file.seek(start)
        head = file.read(16)
        length, kind, header = int.from_bytes(head[:4]), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:16]), 16
        end = start + length if length else limit
        seen += 1
        if end < start + header or end > limit or seen > MAX_BOXES:
            raise FileRefused("file_video", _("视频不完整，无法播放。"))
        waiting.append((end, limit))
        if kind in CONTAINERS:
            waiting.append((start + header, end))
        yield start, header, end, kind


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
