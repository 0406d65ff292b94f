"""A photograph for the demo: a drawn scene with a legible stamp, and time and place in it as a phone writes them."""

import io
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from PIL import ExifTags, Image, ImageDraw, ImageFont

SIZE = (640, 480)


def take(number: str, category: str, at: datetime, lat: float | None, lon: float | None, shot: int = 1) -> bytes:
    """A JPEG of about 20 kB. Every case, time and shot gives other bytes; degrees are WGS84, ``at`` is aware."""
    rng = Random(f"{number} {at.isoformat()} {shot}")
    local = at.astimezone(ZoneInfo(settings.TIME_ZONE))
    image = Image.new("RGB", SIZE, _dim(local.hour))
    draw = ImageDraw.Draw(image)
    _scene(draw, rng)
    place = f"{lat:.5f} N  {lon:.5f} E" if lat is not None and lon is not None else ""
    draw.rectangle((0, 396, 640, 480), fill=(12, 18, 28))
    # The font that comes with Pillow has no Chinese, so the stamp keeps to codes and figures.
    draw.text((16, 404), f"{number}   #{shot}", font=ImageFont.load_default(26), fill=(255, 214, 80))
    stamp = f"{local:%Y-%m-%d %H:%M:%S}   {category}   {place}"
    draw.text((16, 442), stamp, font=ImageFont.load_default(17), fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80, exif=_exif(local, lat, lon))
    return out.getvalue()


def _dim(hour: int) -> tuple[int, int, int]:
    return (150, 172, 190) if 6 <= hour < 18 else (38, 46, 62)


def _scene(draw: ImageDraw.ImageDraw, rng: Random) -> None:
    """A road, an open manhole, cones about it."""
    grey = rng.randint(70, 110)
    draw.rectangle((0, rng.randint(120, 180), 640, 396), fill=(grey, grey, grey + 6))
    x, y, r = rng.randint(220, 420), rng.randint(250, 320), rng.randint(50, 80)
    draw.ellipse((x - r, y - r // 2, x + r, y + r // 2), fill=(18, 18, 20), outline=(190, 190, 180), width=5)
    for _ in range(rng.randint(3, 6)):
        left, foot = rng.randint(20, 600), rng.randint(220, 380)
        draw.polygon([(left, foot), (left + 13, foot - 44), (left + 26, foot)], fill=(224, 92, 30))
        draw.line((left + 6, foot - 18, left + 20, foot - 18), fill="white", width=5)
    for _ in range(300):
        draw.point((rng.randrange(640), rng.randrange(396)), fill=(grey + 30, grey + 30, grey + 30))


def _exif(local: datetime, lat: float | None, lon: float | None) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Bihuan demo"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = f"{local:%Y:%m:%d %H:%M:%S}"
    details[ExifTags.Base.OffsetTimeOriginal] = f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:]
    if lat is not None and lon is not None:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "NS"[lat < 0], _degrees(lat)
        gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "EW"[lon < 0], _degrees(lon)
    return exif


def _degrees(value: float) -> tuple[float, float, float]:
    minutes, seconds = divmod(round(abs(value) * 3600, 2), 60)
    degrees, minutes = divmod(minutes, 60)
    return (degrees, minutes, round(seconds, 2))
