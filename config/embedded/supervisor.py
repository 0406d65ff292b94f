"""Keeps our own processes together: they start in order, and fall together."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .process import Child, start

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked us to stop; not an Exception, so that nothing takes it for a fault."""


@contextlib.contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into `Stopped`; later ones cannot disturb the stopping."""

    def stop(signum: int, frame: object) -> None:
        for each in SIGNALS:
            signal.signal(each, lambda *_: None)
        raise Stopped(signal.Signals(signum).name)

    former = {each: signal.signal(each, stop) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


class Supervisor:
    """A group of children; `watched` are servers started elsewhere whose end also ends the group."""

    def __init__(self, home: Path, log_dir: Path, watched: Sequence[Child] = ()) -> None:
        self.home = home
        self.log_dir = log_dir
        self.watched = list(watched)
        self.children: list[Child] = []

    def add(self, name: str, command: Sequence[str | Path]) -> Child:
        """Start a child that works in `home` and writes to `log_dir/<name>.log`."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        child = start(name, command, self.log_dir / f"{name}.log", env=environment, cwd=self.home)
        self.children.append(child)
        return child

    def check(self) -> None:
        """Raise ServerError with the end of the log if any child has ended."""
        for child in (*self.watched, *self.children):
            if child.ended():
                code = child.process.returncode
                raise child.failure(f"{child.name} 意外退出 / ended by itself with code {code}; its last lines:")

    def watch(self, pause: float = 0.25) -> None:
        """Return never; raises what `check` raises as soon as a child ends."""
        while True:
            self.check()
            time.sleep(pause)

    def stop(self) -> None:
        """Stop our children, last first."""
        with contextlib.ExitStack() as stack:
            for child in self.children:
                stack.callback(child.stop)
        self.children = []
