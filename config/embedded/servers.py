"""The servers that the environment did not name, started together and stopped together."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType

from . import paths
from .postgres import Postgres
from .process import Child, ServerError
from .valkey import Valkey

Step = Callable[[str], AbstractContextManager[object]]


class AlreadyRunningError(ServerError):
    """Another process holds the same folder."""


class Servers:
    """PostgreSQL unless DATABASE_URL is set, and Valkey unless REDIS_URL is, with data in `var_dir`.

    Addresses are those of `paths.database_url(var_dir)` and `paths.redis_url(var_dir)`. `step` wraps
    each start so that a terminal can show progress. `postgres_settings` are server settings such as
    {"fsync": "off"}. Use as a context manager, or call start() and stop().
    """

    def __init__(
        self,
        var_dir: Path,
        log_dir: Path | None = None,
        *,
        postgres_settings: Mapping[str, str] | None = None,
        step: Step = nullcontext,
    ) -> None:
        self.var_dir = Path(var_dir).resolve()
        self.log_dir = log_dir or self.var_dir / "log"
        self.postgres_settings = postgres_settings
        self.step = step
        self.children: list[Child] = []
        self._lock: int | None = None

    def claim(self) -> None:
        """Take `var_dir` for this process. Raises AlreadyRunningError with the other's process id."""
        if self._lock is not None:
            return
        path = self.var_dir / "run" / "up.lock"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            paths.create_runtime_dir(self.var_dir)
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ServerError(f"无法写入 / cannot write below {self.var_dir}: {error}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).decode(errors="replace").strip()
            os.close(lock)
            raise AlreadyRunningError(
                f"已在运行 / already running: process {holder} uses {self.var_dir}. "
                f"Stop it with Ctrl-C in its terminal or with: kill {holder}"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def start(self) -> None:
        """Start what the environment leaves to us; return when it answers. Raises ServerError."""
        self.claim()
        try:
            if not os.environ.get("DATABASE_URL"):
                with self.step("数据库 database"):
                    self.children.append(Postgres(self.var_dir, self.log_dir, self.postgres_settings).start())
            if not os.environ.get("REDIS_URL"):
                with self.step("消息 broker"):
                    self.children.append(Valkey(self.var_dir, self.log_dir).start())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what was started, last first, and give the folder free."""
        with contextlib.ExitStack() as stack:  # one that resists does not keep the others running
            for child in self.children:
                stack.callback(child.stop)
        self.children = []
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> "Servers":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
