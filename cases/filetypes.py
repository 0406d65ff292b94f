"""What sort of file it is, by its bytes, and what sort of proof it can be."""

from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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
IMAGES = [content_type for content_type in SUFFIXES if content_type.startswith("image/")]
VIDEOS = [content_type for content_type in SUFFIXES if content_type.startswith("video/")]
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
MP4_BRANDS = {b"isom", b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"MSNV", b"mmp4"}
MP4_BRANDS |= {b"iso%d" % number for number in range(2, 10)}
# Readers look for the end of a PDF in its last kilobyte (ISO 32000-1, annex H).
PDF_END = 1024


class FileRefused(Exception):
    """A file that is not taken; ``code`` for programs, ``detail`` for the person who sent it."""

    def __init__(self, code: str, detail: Promise):
        super().__init__(code)
        self.code = code
        self.detail = detail


def of(path: Path) -> str:
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


def check_pdf(path: Path) -> None:
    """``FileRefused`` for what only begins like a PDF: it has an end, too, which says where its contents are listed."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - PDF_END))
        end = file.read()
    if b"startxref" not in end or b"%%EOF" not in end:
        raise FileRefused("file_pdf", _("PDF 不完整，无法打开。"))


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
