"""From the sockets to Django's threads: a thread is taken only for a request that has arrived whole.

Eight threads answer everybody, so whoever could hold one by sending or reading slowly could hold them all. Bodies are
therefore read here, where waiting costs no thread, up to what the door takes; what is answered waits here too.
"""

import asyncio
import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BufferedRandom
from tempfile import SpooledTemporaryFile, TemporaryFile
from threading import Lock
from typing import Any, cast

import structlog
from a2wsgi.wsgi import WSGIResponder
from django.conf import settings

log = structlog.get_logger(__name__)

THREADS = 8
UNBOUNDED = 0
MEGABYTE = 1 << 20
IN_MEMORY = MEGABYTE
# A page may bring one file of each kind of proof; beside the files stand a few fields and boundaries.
FILES_A_PAGE = 4
# Read this much of an overlong body before answering, so that the sender hears the answer and not a reset.
DRAINED = 128 * MEGABYTE
DOORS = [
    (re.compile(r"/api/v1/(alerts|readings|heartbeat)/"), lambda: settings.INTAKE_MAX_BYTES),
    (re.compile(r"/api/v1/cases/[^/]+/evidence/$"), lambda: settings.EVIDENCE_MAX_BYTES + MEGABYTE),
    (re.compile(r"/cases/[^/]+/[^/]+/$"), lambda: FILES_A_PAGE * settings.EVIDENCE_MAX_BYTES + MEGABYTE),
    (
        re.compile(r"/(api/v1/)?insurance/(orders/[^/]+/(visit|photos)|service/\d+/account/[a-z]+)/$"),
        lambda: FILES_A_PAGE * settings.EVIDENCE_MAX_BYTES + MEGABYTE,
    ),
    (re.compile(r"/exchange/[^/]+/$"), lambda: settings.EXCHANGE_MAX_BYTES + MEGABYTE),
    # Boundaries are edited as text.
    (re.compile(r"/admin/"), lambda: settings.INTAKE_MAX_BYTES),
]


def largest(path: str) -> int:
    """The bytes that the door at ``path`` takes at most."""
    return next((limit() for door, limit in DOORS if door.match(path)), MEGABYTE)


class Gone(Exception):
    """The sender left before the end of the body."""


class TooLong(Exception):
    """More than the door takes."""


class Bridge:
    """A WSGI application as an ASGI one. ``pause``: seconds without a byte, either way, after which a client is left.

    The application finds the body whole in ``wsgi.input`` with its ``CONTENT_LENGTH``, also when it came in chunks.
    ``environ["bihuan.refused"]`` is ``None``, or ``(code, limit in bytes)`` of a body that was not taken; it is then
    empty, and ``config.middleware.Refusals`` says so to the sender.
    """

    def __init__(self, application, pause: float):
        self.application, self.pause = partial(_with_body, application), pause
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="WSGI")

    async def __call__(self, scope, receive, send) -> None:
        async def send_on(message) -> None:
            async with asyncio.timeout(self.pause):
                await send(message)

        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            try:
                arrived = await self._arrived(scope, receive, body)
                await _Responder(self.application, self.threads, UNBOUNDED)(arrived, receive, send_on)
            except Gone:
                pass
            except TimeoutError:
                log.info("reader_left", path=scope["path"])

    async def _arrived(self, scope, receive, body) -> Any:
        """``scope`` with its whole body, or with the reason why there is none."""
        headers, refused = scope["headers"], None
        length = _header(scope, b"content-length")
        if length not in (None, b"0") or _header(scope, b"transfer-encoding"):
            limit = largest(scope["path"])
            try:
                await self._read(scope, receive, body, limit)
            except TooLong:
                refused = ("too_large", limit)
            except TimeoutError:
                refused = ("too_slow", limit)
            if refused:
                body.seek(0)
                body.truncate()
            if refused or length is None:
                headers = [pair for pair in headers if pair[0] not in (b"content-length", b"transfer-encoding")]
                headers.append((b"content-length", b"%d" % body.tell()))
            body.seek(0)
        return scope | {"headers": headers, "body": body, "refused": refused}

    async def _read(self, scope, receive, body, limit: int) -> None:
        """Fill ``body``. Raises ``TooLong`` beyond ``limit`` bytes, ``TimeoutError`` after a pause, ``Gone``."""
        told = int(_header(scope, b"content-length") or 0)
        if told > limit and _header(scope, b"expect"):
            raise TooLong
        size, more = 0, True
        while more and size <= max(limit, DRAINED):
            async with asyncio.timeout(self.pause):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece, more = message.get("body", b""), message.get("more_body", False)
            size += len(piece)
            if max(size, told) <= limit:
                body.write(piece)
        if size > limit:
            raise TooLong


class _Responder(WSGIResponder):
    """What is answered is left for the loop to send: the thread neither waits for the loop nor for the reader.

    What waits beyond a megabyte waits on disk, so that a long answer to a slow reader takes no memory either.
    """

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.lock, self.unsent = Lock(), 0
        self.aside: BufferedRandom | None = None
        self.end = 0

    async def __call__(self, scope, receive, send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self.aside is not None:
                self.aside.close()

    def send(self, message) -> None:
        """Called in the thread."""
        body = message.get("body", b"")
        with self.lock:
            self.unsent += len(body)
            full = self.unsent > IN_MEMORY
        if full and body:
            message = message | {"body": self._put_aside(body)}
        self.loop.call_soon_threadsafe(self.send_queue.put_nowait, message)

    def _put_aside(self, body: bytes) -> range:
        """Where on disk ``body`` waits. Only the thread writes, only the loop reads, each at a place it names."""
        if self.aside is None:
            self.aside = cast(BufferedRandom, TemporaryFile(buffering=0))  # noqa: SIM115, closed at the end
        place = range(self.end, self.end + len(body))
        while body:
            body = body[os.pwrite(self.aside.fileno(), body, place.stop - len(body)) :]
        self.end = place.stop
        return place

    async def sender(self, send) -> None:
        """Called in the loop: sends until there is no more."""
        while (message := await self.send_queue.get()) is not None:
            body = message.get("body", b"")
            if isinstance(body, range) and self.aside is not None:
                message = message | {"body": os.pread(self.aside.fileno(), len(body), body.start)}
            await send(message)
            with self.lock:
                self.unsent -= len(body)


def _header(scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


def _with_body(application, environ: dict[str, Any], start_response):
    scope = environ["asgi.scope"]
    environ["wsgi.input"], environ["bihuan.refused"] = scope["body"], scope["refused"]
    return application(environ, start_response)
