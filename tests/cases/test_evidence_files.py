"""Evidence is kept byte for byte, and shown to others without its metadata."""

import hashlib
import io
import random
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from cases.files import FileRefused, receive, shareable, thumbnail

LIMIT = 5_000_000
Base, Gps = ExifTags.Base, ExifTags.GPS


def exif(taken="2026:11:21 09:20:00", offset=None, orientation=1, gps=None):
    block = Image.Exif()
    block[Base.Make] = "PhoneMaker"
    block[Base.Orientation] = orientation
    inner = block.get_ifd(ExifTags.IFD.Exif)
    inner[Base.DateTimeOriginal] = taken
    if offset:
        inner[Base.OffsetTimeOriginal] = offset
    place = {Gps.GPSLatitudeRef: "N", Gps.GPSLatitude: (31.0, 6.0, 51.84)}
    place |= {Gps.GPSLongitudeRef: "E", Gps.GPSLongitude: (121.0, 16.0, 5.88)}
    block.get_ifd(ExifTags.IFD.GPSInfo).update(place | (gps or {}))
    return block


def picture(image_format="JPEG", size=(800, 600), mode="RGB", **options):
    image = Image.new(mode, size, 40 if len(mode) == 1 else (40,) * len(mode))
    image.paste((200,) * len(mode) if len(mode) > 1 else 200, (0, 0, size[0] // 2, size[1] // 2))
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def box(kind, *contents):
    body = b"".join(contents)
    return (len(body) + 8).to_bytes(4) + kind + body


SECRET = b"+31.1144+121.2683/ PhoneMaker"
FTYP = box(b"ftyp", b"isom", b"\0\0\0\0", b"isommp42")
VIDEO = (
    FTYP
    + box(b"moov", box(b"mvhd", b"x" * 100), box(b"trak", box(b"udta", SECRET)), box(b"meta", SECRET))
    + box(b"uuid", b"u" * 16, SECRET)
    + box(b"mdat", b"frames" * 50)
)
HEIC_FTYP = box(b"ftyp", b"heic", b"\0\0\0\0", b"mif1heic")


def catalogue(width=4032, height=3024):
    """The ``meta`` box of a HEIC picture, with as much in it as tells its size and where its pixels are."""
    size = box(b"ispe", b"\0\0\0\0", width.to_bytes(4), height.to_bytes(4))
    return box(b"meta", b"\0\0\0\0", box(b"iloc", b"\0" * 16), box(b"iprp", box(b"ipco", size)))


HEIC = HEIC_FTYP + catalogue() + box(b"mdat", b"x" * 5000)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"


@dataclass
class Plain:
    """The least that counts as an upload."""

    body: bytes
    name: str = "photo.jpg"

    def chunks(self):
        for start in range(0, len(self.body), 1000):
            yield self.body[start : start + 1000]


def files_under(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def take(root, body, name="photo.jpg", **options):
    return receive(SimpleUploadedFile(name, body), root=root, limit=LIMIT, **options)


def refusal_of(root, body, name="photo.jpg", limit=LIMIT):
    with pytest.raises(FileRefused) as refusal:
        receive(SimpleUploadedFile(name, body), root=root, limit=limit)
    assert str(refusal.value.detail)
    assert list(root.iterdir()) == []
    return refusal.value


def test_the_original_is_kept_byte_for_byte_under_its_hash(tmp_path):
    body = picture(exif=exif())
    stored = take(tmp_path, body, name="现场.JPG")
    digest = hashlib.sha256(body).hexdigest()
    assert (stored.sha256, stored.size, stored.content_type) == (digest, len(body), "image/jpeg")
    assert stored.path == f"originals/{digest[:2]}/{digest[2:4]}/{digest}.jpg"
    assert (tmp_path / stored.path).read_bytes() == body
    assert stored.original_name == "现场.JPG"


def test_anything_that_streams_is_an_upload(tmp_path):
    body = picture()
    assert receive(Plain(body), root=tmp_path, limit=LIMIT) == take(tmp_path, body)


def test_time_and_place_come_from_exif(tmp_path):
    stored = take(tmp_path, picture(exif=exif()))
    assert stored.taken_at == datetime(2026, 11, 21, 1, 20, tzinfo=UTC)
    assert (stored.lat, stored.lon) == (pytest.approx(31.1144), pytest.approx(121.2683))


def test_an_exif_offset_goes_before_the_given_zone(tmp_path):
    stored = take(tmp_path, picture(exif=exif(offset="+05:30")), tz=ZoneInfo("Europe/Paris"))
    assert stored.taken_at == datetime(2026, 11, 21, 3, 50, tzinfo=UTC)
    stored = take(tmp_path, picture(exif=exif()), tz=ZoneInfo("Europe/Paris"))
    assert stored.taken_at == datetime(2026, 11, 21, 8, 20, tzinfo=UTC)


def test_southern_and_western_places_are_negative(tmp_path):
    block = exif(gps={Gps.GPSLatitudeRef: "S", Gps.GPSLongitudeRef: "W"})
    stored = take(tmp_path, picture(exif=block))
    assert (stored.lat, stored.lon) == (pytest.approx(-31.1144), pytest.approx(-121.2683))


@pytest.mark.parametrize("image_format", ["PNG", "WEBP"])
def test_png_and_webp_carry_time_and_place_too(tmp_path, image_format):
    stored = take(tmp_path, picture(image_format, exif=exif()))
    assert stored.taken_at == datetime(2026, 11, 21, 1, 20, tzinfo=UTC)
    assert stored.lat == pytest.approx(31.1144)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", "", "0001:01:01 00:00:00"])
def test_a_senseless_exif_time_is_no_time(tmp_path, taken):
    assert take(tmp_path, picture(exif=exif(taken=taken))).taken_at is None


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((95.0, 0.0, 0.0), (121.0, 0.0, 0.0)),
        ((31.0,), (121.0,)),
    ],
)
def test_a_senseless_exif_place_is_no_place(tmp_path, latitude, longitude):
    block = exif(gps={Gps.GPSLatitude: latitude, Gps.GPSLongitude: longitude})
    stored = take(tmp_path, picture(exif=block))
    assert (stored.lat, stored.lon) == (None, None)


def test_a_picture_without_exif_has_neither_time_nor_place(tmp_path):
    stored = take(tmp_path, picture())
    assert (stored.taken_at, stored.lat, stored.lon) == (None, None, None)


def test_broken_exif_does_not_cost_the_proof(tmp_path):
    body = picture(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 200)
    stored = take(tmp_path, body)
    assert stored.taken_at is None
    assert shareable(stored, tmp_path).exists()


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_others_see_upright_pixels_and_no_metadata(tmp_path, image_format):
    also = {"JPEG": {"comment": b"PhoneMaker"}, "WEBP": {"xmp": b"PhoneMaker"}}
    options = also.get(image_format, {})
    body = picture(image_format, exif=exif(orientation=6), **options)
    stored = take(tmp_path, body)
    copy = shareable(stored, tmp_path)
    assert b"PhoneMaker" in body
    assert b"PhoneMaker" not in copy.read_bytes()
    with Image.open(copy) as image:
        assert (image.format, image.size) == (image_format, (600, 800))
        assert not image.getexif()
        assert not {"exif", "xmp", "comment", "XML:com.adobe.xmp"} & image.info.keys()
        assert image.convert("L").getpixel((550, 50)) > 180  # the bright corner, turned right


@pytest.mark.parametrize(("image_format", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB")])
def test_a_colour_profile_is_applied_and_its_bytes_go_no_further(tmp_path, image_format, mode):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET
    stored = take(tmp_path, picture(image_format, mode=mode, icc_profile=profile))
    for copy in (shareable(stored, tmp_path), thumbnail(stored, tmp_path)):
        assert SECRET not in copy.read_bytes()
        with Image.open(copy) as image:
            assert "icc_profile" not in image.info
            assert image.convert("L").getpixel((10, 10)) > 180


def test_a_broken_colour_profile_does_not_cost_the_proof(tmp_path):
    stored = take(tmp_path, picture(icc_profile=SECRET * 20))
    assert SECRET not in shareable(stored, tmp_path).read_bytes()


def test_the_thumbnail_is_a_small_clean_jpeg(tmp_path):
    stored = take(tmp_path, picture(size=(2000, 1000), exif=exif(orientation=6)))
    small = thumbnail(stored, tmp_path)
    assert b"PhoneMaker" not in small.read_bytes()
    with Image.open(small) as image:
        assert (image.format, image.size) == ("JPEG", (320, 640))


@pytest.mark.parametrize(
    ("image_format", "mode"),
    [
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("PNG", "I;16"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("WEBP", "RGBA"),
    ],
)
def test_every_kind_of_pixel_gets_its_copies(tmp_path, image_format, mode):
    file = io.BytesIO()
    Image.new(mode, (900, 300)).save(file, image_format)
    stored = take(tmp_path, file.getvalue())
    for copy in (shareable(stored, tmp_path), thumbnail(stored, tmp_path)):
        with Image.open(copy) as image:
            image.load()


def test_sixteen_bit_grey_is_not_washed_out(tmp_path):
    file = io.BytesIO()
    Image.new("I;16", (10, 10), 30_000).save(file, "PNG")
    with Image.open(shareable(take(tmp_path, file.getvalue()), tmp_path)) as image:
        assert image.getpixel((5, 5))[0] == pytest.approx(117, abs=1)


def test_a_picture_of_many_frames_shows_its_first(tmp_path):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    for image_format in ("WEBP", "MPO", "PNG"):
        file = io.BytesIO()
        frames[0].save(file, image_format, save_all=True, append_images=frames[1:])
        stored = take(tmp_path, file.getvalue())
        with Image.open(shareable(stored, tmp_path)) as image:
            red, _green, blue = image.convert("RGB").getpixel((30, 30))
        assert red > 200 > 50 > blue


def test_the_shared_video_keeps_its_frames_and_loses_place_and_maker(tmp_path):
    stored = take(tmp_path, VIDEO, name="clip.mp4")
    shared = shareable(stored, tmp_path).read_bytes()
    assert stored.content_type == "video/mp4"
    assert (tmp_path / stored.path).read_bytes() == VIDEO
    assert SECRET not in shared
    assert len(shared) == len(VIDEO)
    assert shared.index(b"mdat") == VIDEO.index(b"mdat")
    assert shared.endswith(VIDEO[VIDEO.index(b"mdat") :])
    assert thumbnail(stored, tmp_path) is None


def test_what_an_iphone_films_is_taken_and_loses_place_and_maker(tmp_path):
    filmed = box(b"ftyp", b"qt  ", b"\0\0\0\0", b"qt  ") + box(b"wide") + VIDEO[len(FTYP) :]
    stored = take(tmp_path, filmed, name="IMG_0001.MOV")
    assert (stored.content_type, Path(stored.path).suffix) == ("video/quicktime", ".mov")
    assert SECRET not in shareable(stored, tmp_path).read_bytes()


def test_a_video_with_long_sizes_and_an_open_end_is_understood(tmp_path):
    wide = (1).to_bytes(4) + b"free" + (20).to_bytes(8) + b"wide"
    open_ended = (0).to_bytes(4) + b"mdat" + b"frames"
    body = FTYP + wide + box(b"moov", box(b"udta", SECRET)) + open_ended
    assert SECRET not in shareable(take(tmp_path, body), tmp_path).read_bytes()


@pytest.mark.parametrize(
    "body",
    [VIDEO[:-1], FTYP, FTYP + box(b"mdat", b"x"), VIDEO + b"\0\0\0\x04free", VIDEO + b"\0\0\1"],
)
def test_a_broken_video_is_refused(tmp_path, body):
    assert refusal_of(tmp_path, body).code == "file_video"


def test_a_video_of_countless_boxes_is_refused(tmp_path):
    assert refusal_of(tmp_path, FTYP + box(b"moov") + box(b"free") * 100_001).code == "file_video"


def test_a_pdf_is_shared_as_it_is(tmp_path):
    stored = take(tmp_path, PDF, name="report.pdf")
    assert stored.content_type == "application/pdf"
    assert shareable(stored, tmp_path).read_bytes() == PDF
    assert files_under(tmp_path) == [stored.path]


def test_a_heic_picture_is_kept_but_never_shown_with_its_metadata(tmp_path):
    stored = take(tmp_path, HEIC, name="IMG_1.HEIC")
    assert stored.content_type == "image/heic"
    assert (tmp_path / stored.path).read_bytes() == HEIC
    assert shareable(stored, tmp_path) is None
    assert thumbnail(stored, tmp_path) is None


@pytest.mark.parametrize(
    "body",
    [
        HEIC_FTYP,
        HEIC_FTYP + box(b"mdat", b"x" * 5000),
        HEIC_FTYP + catalogue(),
        HEIC_FTYP + catalogue() + box(b"mdat", b"x" * 50),
        HEIC_FTYP + catalogue(width=1) + box(b"mdat", b"x" * 5000),
        HEIC[:-1],
    ],
    ids=["a name", "no catalogue", "no pixels", "few pixels", "a line", "cut short"],
)
def test_what_only_calls_itself_a_heic_picture_is_refused(tmp_path, body):
    assert refusal_of(tmp_path, body).code == "file_image"


@pytest.mark.parametrize("body", [b"%PDF-<html><script>alert(1)</script>", PDF[:-6], PDF + b"x" * 2000])
def test_what_only_begins_like_a_pdf_is_refused(tmp_path, body):
    assert refusal_of(tmp_path, body).code == "file_pdf"


def test_a_file_of_a_type_that_is_not_asked_for_is_refused(tmp_path):
    with pytest.raises(FileRefused) as refusal:
        take(tmp_path, PDF, types=["image/jpeg"])
    assert refusal.value.code == "file_kind"
    assert files_under(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(PDF, "application/pdf"), (picture("PNG"), "image/png"), (VIDEO, "video/mp4")],
)
def test_the_bytes_decide_the_type_and_not_the_name(tmp_path, body, content_type):
    stored = take(tmp_path, body, name="photo.jpg")
    assert stored.content_type == content_type
    assert not stored.path.endswith(".jpg")


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>",
        b"MZ" + b"\0" * 100,
        b"GIF89a" + b"\0" * 100,
        picture("BMP"),
        picture("TIFF"),
        box(b"ftyp", b"3gp4", b"\0\0\0\0"),
        box(b"ftyp", b"avif", b"\0\0\0\0", b"mif1avif"),
        b"\0\0\0\xffftyp",
        b"RIFF\0\0\0\0WAVE",
    ],
)
def test_any_other_type_is_refused(tmp_path, body):
    assert refusal_of(tmp_path, body, name="photo.jpg").code == "file_type"


def test_an_empty_file_is_refused(tmp_path):
    assert refusal_of(tmp_path, b"").code == "file_empty"


def test_a_file_at_the_limit_passes_and_one_byte_more_does_not(tmp_path):
    body = picture()
    refusal = refusal_of(tmp_path, body, limit=len(body) - 1)
    assert refusal.code == "file_size"
    assert receive(Plain(body), root=tmp_path, limit=len(body)).size == len(body)


def test_a_stream_over_the_limit_is_cut_off_and_not_read_to_its_end(tmp_path):
    class Endless:
        name = "endless.jpg"

        def chunks(self):
            while True:
                yield b"\xff\xd8\xff" + bytes(10_000)

    with pytest.raises(FileRefused) as refusal:
        receive(Endless(), root=tmp_path, limit=LIMIT)
    assert refusal.value.code == "file_size"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_short_is_refused(tmp_path, image_format):
    noise = Image.frombytes("RGB", (200, 200), random.Random(5).randbytes(120_000))
    file = io.BytesIO()
    noise.save(file, image_format)
    assert refusal_of(tmp_path, file.getvalue()[: len(file.getvalue()) // 2]).code == "file_image"


def test_a_decompression_bomb_is_refused(tmp_path):
    file = io.BytesIO()
    Image.new("1", (10_000, 7_000)).save(file, "PNG")
    assert len(file.getvalue()) < 50_000
    assert refusal_of(tmp_path, file.getvalue()).code == "file_image"


def test_a_bomb_that_is_no_photograph_is_refused_sooner(tmp_path):
    file = io.BytesIO()
    Image.new("L", (7000, 3000)).save(file, "PNG")
    assert refusal_of(tmp_path, file.getvalue()).code == "file_image"


CROWD = """
import io, resource, sys, tempfile, threading
from pathlib import Path
from PIL import Image
from cases.files import receive
from tests.cases.test_evidence_files import Plain

file = io.BytesIO()
Image.new("RGB", (8000, 6000), (40, 90, 140)).save(file, "JPEG")
root = Path(tempfile.mkdtemp())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rooms = [threading.Thread(target=receive, args=[Plain(file.getvalue())], kwargs={"root": root / str(n), "limit": 10**7})
         for n in range(6)]
for room in rooms:
    room.start()
for room in rooms:
    room.join()
assert len(list(root.glob("*/originals/*/*/*.jpg"))) == 6
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_six_photographs_of_48_million_pixels_at_once_need_no_more_memory_than_one():
    # In a process of its own, whose peak is nobody else's. One whole photograph would be 144 MB.
    done = subprocess.run([sys.executable, "-c", CROWD], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 144


def test_a_large_photograph_is_shared_at_half_its_size(tmp_path):
    file = io.BytesIO()
    Image.new("RGB", (8000, 6000)).save(file, "JPEG", exif=exif(orientation=6))
    with Image.open(shareable(take(tmp_path, file.getvalue()), tmp_path)) as image:
        assert image.size == (3000, 4000)


def test_a_bomb_beyond_the_decoders_own_limit_is_refused(tmp_path):
    body = bytearray(picture("PNG", size=(10, 10)))
    body[16:24] = (60_000).to_bytes(4) + (60_000).to_bytes(4)
    assert refusal_of(tmp_path, bytes(body)).code == "file_image"


def test_the_same_file_twice_is_one_file(tmp_path):
    body = picture(exif=exif())
    assert take(tmp_path, body) == take(tmp_path, body)
    stored = take(tmp_path, body)
    assert len(files_under(tmp_path)) == 3
    assert stored.path in files_under(tmp_path)


def test_a_refusal_leaves_earlier_files_alone(tmp_path):
    stored = take(tmp_path, picture())
    before = files_under(tmp_path)
    with pytest.raises(FileRefused):
        take(tmp_path, b"hello")
    assert files_under(tmp_path) == before
    assert shareable(stored, tmp_path).exists()


def test_a_broken_stream_leaves_nothing(tmp_path):
    class Broken:
        name = "photo.jpg"

        def chunks(self):
            yield b"\xff\xd8\xff"
            raise OSError("connection lost")

    with pytest.raises(OSError, match="connection lost"):
        receive(Broken(), root=tmp_path, limit=LIMIT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\Users\\zhang\\现场.jpg", "现场.jpg"),
        ("a\0b\r\n\u202egpj.jpg", "abgpj.jpg"),
        ("", ""),
        (None, ""),
        ("长" * 300 + ".jpg", "长" * 196 + ".jpg"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_cleaned_before_it_is_kept(tmp_path, name, shown):
    assert receive(Plain(PDF, name), root=tmp_path, limit=LIMIT).original_name == shown


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([picture(exif=exif()), picture("PNG"), VIDEO, HEIC, PDF]), st.data())
def test_damaged_files_are_taken_or_refused_and_never_crash(tmp_path: Path, body, data):
    damaged = bytearray(body)
    for _bite in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, min(len(body), 1500) - 1))] = data.draw(st.integers(0, 255))
    try:
        stored = take(tmp_path, bytes(damaged))
    except FileRefused as refusal:
        assert refusal.code in {"file_type", "file_image", "file_video", "file_pdf"}
    else:
        assert (tmp_path / stored.path).read_bytes() == bytes(damaged)
