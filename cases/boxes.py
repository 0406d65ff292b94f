"""Films and HEIC pictures: files made of boxes (ISO 14496-12, 23008-12)."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.utils.translation import gettext_lazy as _

from cases.filetypes import FileRefused

MAX_BOXES = 100_000
BLOCK = 1 << 20
CONTAINERS = {b"moov", b"trak", b"moof", b"traf"}
PRIVATE_BOXES = {b"udta", b"meta", b"uuid"}
# A picture has a catalogue with its size, and the pixels themselves; a kilobyte holds no photograph.
OF_PICTURE = {b"meta": 4, b"iprp": 0, b"ipco": 0}
LEAST_SIDE, LEAST_BYTES = 64, 1024


def check_heic(path: Path) -> None:
    """``FileRefused`` for what cannot be a picture: no decoder is at hand, so its boxes must hang together."""
    refused = FileRefused("file_image", _("图片无法读取，或尺寸过大。"))
    with path.open("rb") as file:
        sides, pixels, kinds = 0, 0, set()
        for start, header, end, kind in boxes(file, path.stat().st_size, OF_PICTURE, refused):
            kinds.add(kind)
            if kind == b"mdat":
                pixels += end - start - header
            elif kind == b"ispe":  # after version and flags: width, height; a tiled picture has one of each size
                file.seek(start + header + 4)
                size = file.read(8)
                sides = max(sides, min(int.from_bytes(size[:4]), int.from_bytes(size[4:])))
    if not {b"meta", b"iloc", b"ispe", b"mdat"} <= kinds or sides < LEAST_SIDE or pixels < LEAST_BYTES:
        raise refused


def copy_film(original: Path, copy: Path) -> None:
    """Copy a video with the boxes that hold place, maker and comments turned to free space.

    Offsets stay as they are, so the video plays as before.
    """
    refused = FileRefused("file_video", _("视频不完整，无法播放。"))
    with original.open("rb") as source, copy.open("w+b") as target:
        shutil.copyfileobj(source, target)
        kinds = set()
        for start, header, end, kind in boxes(target, target.tell(), dict.fromkeys(CONTAINERS, 0), refused):
            kinds.add(kind)
            if kind in PRIVATE_BOXES:
                target.seek(start + 4)
                target.write(b"free")
                target.seek(start + header)
                for at in range(start + header, end, BLOCK):
                    target.write(bytes(min(BLOCK, end - at)))
        if not {b"moov", b"mdat"} <= kinds:
            raise refused


def boxes(
    file: IO[bytes], size: int, containers: dict[bytes, int], refused: FileRefused
) -> Iterator[tuple[int, int, int, bytes]]:
    """(start, header length, end, type) of each box; those inside ``containers`` too, after so many bytes of their own.

    ``refused`` is raised where the boxes do not hang together.
    """
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
            raise refused
        waiting.append((end, limit))
        if kind in containers:
            waiting.append((start + header + containers[kind], end))
        yield start, header, end, kind
