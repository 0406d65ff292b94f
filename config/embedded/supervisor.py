"""Keeps our own processes together: they start in order, and fall together."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .process import Child, start

# What may be missing for a while is started again, but not more often than so; seconds.
AGAIN = 10.0
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
    """A group of children; `watched` are servers started elsewhere whose end also ends the group.

    A child that is `spare` does work that may wait: when it ends it is started again, and nothing else falls with it.
    """

    def __init__(self, home: Path, log_dir: Path, watched: Sequence[Child] = ()) -> None:
        self.home = home
        self.log_dir = log_dir
        self.watched = list(watched)
        self.children: list[Child] = []
        # By name: how it is started, and since when it runs (monotonic seconds).
        self.spare: dict[str, tuple[Sequence[str | Path], float]] = {}

    def add(self, name: str, command: Sequence[str | Path], *, spare: bool = False) -> Child:
        """Start a child that works in `home` and writes to `log_dir/<name>.log`."""
        child = self._start(name, command)
        self.children.append(child)
        if spare:
            self.spare[name] = command, time.monotonic()
        return child

    def _start(self, name: str, command: Sequence[str | Path]) -> Child:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        return start(name, command, self.log_dir / f"{name}.log", env=environment, cwd=self.home)

    def check(self) -> None:
        """Start what is spare and has ended again; raise ServerError with the end of the log if any other has ended."""
        for place, child in enumerate(self.children):
            command, since = self.spare.get(child.name, ((), 0.0))
            if command and child.ended() and time.monotonic() - since > AGAIN:
                child.stop()
                self.children[place] = self._start(child.name, command)
                self.spare[child.name] = command, time.monotonic()
        for child in (*self.watched, *self.children):
            if child.ended() and child.name not in self.spare:
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
