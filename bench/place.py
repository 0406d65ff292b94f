"""Where it is measured: servers, database and web processes of the bench's own, gone afterwards."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from config.embedded import paths, process
from config.embedded.servers import Servers

HOME = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 60


class Place:
    """A district with its demo people on real servers with their default, durable settings."""

    def __init__(self, var_dir: Path):
        self.var_dir = var_dir
        self.servers = Servers(var_dir)
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> "Place":
        self.stack.callback(self._remove)
        self.stack.callback(self.servers.stop)
        try:
            self.servers.claim()
            for left in ("pg", "valkey", "ledger-keys"):
                shutil.rmtree(self.var_dir / left, ignore_errors=True)
            self.servers.start()
            _prepare()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *exc) -> None:
        from django.db import connection

        connection.close()
        self.stack.close()

    def _remove(self) -> None:
        # The logs stay: they say why something went wrong.
        for left in ("pg", "valkey", "static", "evidence", "run", "ledger-keys"):
            shutil.rmtree(self.var_dir / left, ignore_errors=True)

    def keep(self, name: str) -> None:
        """Keep the database as it is now under ``name``, on the same server."""
        from django.db import connection

        connection.close()  # a database that is in use cannot be copied
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name}")
            server.execute(f"CREATE DATABASE {name} TEMPLATE {paths.DATABASE}")

    def url(self, database: str) -> str:
        """Where ``database`` of this server is found."""
        return paths.database_url(self.var_dir).replace(f"/{paths.DATABASE}?", f"/{database}?", 1)

    @contextlib.contextmanager
    def web(self, application: str = "config.asgi:application", database: str = paths.DATABASE):
        """Serve ``application`` as ``make run`` does, from one process of its own; gives the port.

        ``database`` is the product's, or one that was kept.
        """
        port = _free_port()
        options = ("--no-access-log", "--timeout-graceful-shutdown", "5")
        command = [sys.executable, "-m", "uvicorn", application, "--host", HOST, "--port", str(port), *options]
        name = f"{application.partition(':')[0].replace('.', '-')}-{database}"
        env = os.environ | {"DATABASE_URL": self.url(database)}
        child = process.start(name, command, self.servers.log_dir / f"{name}.log", env=env, cwd=HOME)
        try:
            _wait(child, port)
            yield port
        finally:
            child.stop()


def _prepare() -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    from alerts.loading import load_objects
    from config.demo import people
    from responsibility import loading

    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    data = loading.read(settings.DISTRICT_FILE)
    loading.load(data)
    load_objects(data)
    people.load(data)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _wait(child: process.Child, port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if child.ended():
            raise child.failure(f"{child.name} 未能启动 / did not start:")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    raise child.failure(f"{child.name} 无应答 / does not answer:")


def ask(port: int, requests: Sequence[dict], *, connections: int = 1, seconds: float = 0.0, keep: bool = False) -> dict:
    """Send ``requests`` from a client process; see ``bench/client.py`` for both shapes."""
    spec = {"port": port, "connections": connections, "seconds": seconds, "requests": list(requests), "keep": keep}
    done = subprocess.run(
        [sys.executable, "-m", "bench.client"],
        input=json.dumps(spec).encode(),
        cwd=HOME,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    answer = json.loads(done.stdout)
    if answer["failed"]:
        raise RuntimeError(f"{answer['failed']} requests failed, the first with: {answer['first_failure']}")
    return answer
