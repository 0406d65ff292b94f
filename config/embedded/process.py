"""Child processes that never outlive us, and a word about why they ended."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LOG_LIMIT = 20_000_000  # bytes; a longer log is set aside once, at the next start


class ServerError(RuntimeError):
    """Something that must run does not; the message is a sentence for the person at the terminal."""


@dataclass
class Child:
    """A running child process with its log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int = 0
    stop_signal: signal.Signals = field(default=signal.SIGTERM)

    def ended(self) -> bool:
        """Say whether the process is gone."""
        return self.process.poll() is not None

    def tail(self, lines: int = 20) -> str:
        """Return the last lines the process has logged since its start, indented."""
        with self.log.open("rb") as log:
            log.seek(max(self.log_start, self.log.stat().st_size - 65_536))
            text = log.read().decode(errors="replace")
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

    def failure(self, what: str) -> ServerError:
        """Return an error that says `what` and shows the end of the log."""
        return ServerError(f"{what}\n{self.tail()}\n  日志 log: {self.log}")

    def stop(self, grace: float = 20.0) -> None:
        """End the process and its group; after `grace` seconds by force."""
        end(self.process, self.stop_signal, grace)


def end(process: subprocess.Popen[bytes], signum: signal.Signals, grace: float) -> None:
    """Ask a process that leads its session to end, wait `grace` seconds, then kill its group."""
    if process.poll() is None:
        process.send_signal(signum)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    # Also after a clean end: a grandchild may still sit in the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def start(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    run_as: Sequence[str] = (),
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals = signal.SIGKILL,
) -> Child:
    """Start `command` in a session of its own, writing to `log`.

    `run_as` is a prefix that changes the account; `death_signal` is what the kernel sends the child
    when we are killed without a chance to stop it. Call from the main thread: the kernel means the
    death of the starting thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
    # The death signal is forgotten at a change of account, so it must come after `run_as`.
    words = [*run_as, *_dies_with_us(death_signal), *(str(word) for word in command)]
    with log.open("ab") as output:
        log_start = output.tell()  # before the child has it: both share one position in the file
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
        return Child(name, process, log, log_start, stop_signal)


def run_here(command: Sequence[str | Path], cwd: Path) -> int:
    """Run `command` to its end with our terminal as its output, and return its exit code."""
    words = [*_dies_with_us(signal.SIGKILL), *(str(word) for word in command)]
    process = subprocess.Popen(words, cwd=cwd, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait()
    finally:
        end(process, signal.SIGTERM, grace=10)


def _dies_with_us(death_signal: signal.Signals) -> list[str]:
    if not _has_death_signal():
        return []
    return ["setpriv", "--pdeathsig", death_signal.name.removeprefix("SIG"), "--"]


@cache
def _has_death_signal() -> bool:
    """Linux with util-linux; elsewhere left-over servers are only found at the next start."""
    return shutil.which("setpriv") is not None and succeeds(["setpriv", "--pdeathsig", "TERM", "true"])


def succeeds(command: Sequence[str | Path]) -> bool:
    """Run a short probe and say whether it ended well."""
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def stop_leftovers(program: str, folder: Path, grace: float = 20.0) -> None:
    """End every `program` that still works in `folder` though its supervisor is gone."""
    for signum, patience in ((signal.SIGINT, grace), (signal.SIGKILL, 5.0)):
        for pid in leftovers(program, folder):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signum)
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if not any(leftovers(program, folder)):
                return
            time.sleep(0.05)
    raise ServerError(f"{program} 仍占用 {folder} / a {program} we cannot end still uses {folder}.")


def leftovers(program: str, folder: Path) -> Iterable[int]:
    """Yield the ids of processes named `program` that work in `folder` or were given it.

    Both marks are needed: PostgreSQL's backends show only the working directory, and a container
    may forbid to read that of another account.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if not (entry / "comm").read_text().startswith(program[:15]):
                continue
            given = os.fsencode(folder) in (entry / "cmdline").read_bytes().split(b"\0")
            if given or _works_in(entry, folder):
                yield int(entry.name)


def _works_in(entry: Path, folder: Path) -> bool:
    try:
        return (entry / "cwd").readlink() == folder
    except OSError:
        return False
