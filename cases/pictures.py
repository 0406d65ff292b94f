"""Pictures: what they tell of time and place, and the copies of them that others may see."""

import io
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from threading import Lock
from typing import Any

from django.utils.translation import gettext_lazy as _
from PIL import ExifTags, Image, ImageCms, ImageOps

from cases.filetypes import PILLOW_FORMATS, FileRefused

# 50 million is what a phone's largest mode gives, as JPEG; other formats are screenshots, and read whole or not at all.
MAX_PIXELS = {"image/jpeg": 60_000_000, "image/png": 20_000_000, "image/webp": 20_000_000}
SHARED_PIXELS = 20_000_000
THUMBNAIL_SIDE = 640
EXIF_TIMES = (
    (ExifTags.Base.DateTimeOriginal, ExifTags.Base.OffsetTimeOriginal),
    (ExifTags.Base.DateTimeDigitized, ExifTags.Base.OffsetTimeDigitized),
)


# A picture takes a hundred times its bytes while it is open, so one is open at a time.
ONE = Lock()


@dataclass(frozen=True)
class Seen:
    """What a file tells of itself: when and where it was taken, in UTC and WGS84 degrees."""

    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None


def copy(original: Path, content_type: str, tz: tzinfo) -> Seen:
    """Read the picture ``original`` and write ``shared`` and ``thumbs`` beside it; ``FileRefused`` when it is none.

    ``tz`` is the zone of EXIF times that carry no offset.
    """
    with ONE:
        image = _decode(original, content_type)
        seen = Seen(_taken_at(image, tz), *_place(image))
        _copy_image(image, PILLOW_FORMATS[content_type], original.parent)
    return seen


def _decode(path: Path, content_type: str) -> Image.Image:
    refused = FileRefused("file_image", _("图片无法读取，或尺寸过大。"))
    try:
        with path.open("rb") as file:
            image = Image.open(file, formats=[PILLOW_FORMATS[content_type]])
            if image.width * image.height > MAX_PIXELS[content_type]:
                raise refused
            if image.width * image.height > SHARED_PIXELS:
                # A JPEG can be read at half its size, for a quarter of the memory; nothing else can.
                image.draft(None, (image.width // 2, image.height // 2))
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
    """Write the shared copy and the thumbnail: upright pixels in sRGB, and nothing else."""
    try:
        upright = ImageOps.exif_transpose(image)
    except Exception:  # as in _exif
        upright = image
    plain = _plain(upright)
    plain.info = {}
    plain.save(folder / "shared", pillow_format, quality=90)
    plain.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    if plain.mode == "RGBA":
        white = Image.new("RGBA", plain.size, "white")
        plain = Image.alpha_composite(white, plain).convert("RGB")
    plain.save(folder / "thumbs", "JPEG", quality=80)


def _plain(image: Image.Image) -> Image.Image:
    """``image`` as RGB or RGBA in sRGB. A colour profile is applied and left behind: its bytes could hold anything."""
    if image.mode.startswith("I"):  # 16-bit grey, which convert() would clip to white
        image = image.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            described = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, described, srgb, outputMode=mode)
            return converted or image
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass  # a broken profile costs the exact colours, never the proof
    return image if image.mode == mode else image.convert(mode)
