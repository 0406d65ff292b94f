"""The application as `make run` serves it, on the database of the tests."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from config.embedded import process
from config.management.commands.up import WEB_OPTIONS
from tests.environment import VAR

HOME = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
START_SECONDS = 60


@contextlib.contextmanager
def serving(**surroundings: str) -> Iterator[str]:
    """Serve until the block is left; gives the address. ``ServerError`` with the log when it does not come up.

    ``surroundings`` are further variables of its environment.
    """
    environment = os.environ | {"DATABASE_URL": _test_database(), "DEMO": "1", "DEBUG": "0"} | surroundings
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(collect, env=environment, cwd=HOME, check=True)
    port = _free_port()
    options = (*WEB_OPTIONS, "--host", HOST, "--port", str(port), "--timeout-graceful-shutdown", "1")
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", *options]
    child = process.start("web", command, VAR / "log" / "web.log", env=environment, cwd=HOME)
    try:
        _wait(child, port)
        yield f"http://{HOST}:{port}"
    finally:
        child.stop()


def _test_database() -> str:
    return urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _wait(child: process.Child, port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if child.ended():
            raise child.failure("the server did not start:")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    raise child.failure("the server does not answer:")
