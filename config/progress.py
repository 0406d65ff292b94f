"""Progress of a long command: a bar on a terminal, one line at the end elsewhere."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def bar(stream, label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function that is told how many of ``total`` are done. ``stream`` is a command's ``stdout``."""
    if stream.isatty():
        rate = TextColumn("{task.fields[rate]}")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeElapsedColumn())
        with Progress(*columns, console=console(stream)) as progress:
            task, began = progress.add_task(label, total=total, rate=""), monotonic()
            yield lambda done: progress.update(task, completed=done, rate=_rate(done, monotonic() - began))
        return
    began, last = monotonic(), [0]

    def note(done: int) -> None:
        last[0] = done

    yield note
    seconds = monotonic() - began
    stream.write(f"{label}: {last[0]}/{total}  {seconds:.1f} s  {_rate(last[0], seconds)}\n")


def console(stream) -> Console:
    """Where ``rich`` writes; a command's own ``stdout`` would end each piece with a line break."""
    return Console(file=getattr(stream, "_out", stream))


def _rate(done: int, seconds: float) -> str:
    return f"{done / seconds:,.0f}/s" if seconds > 0 else ""


@contextmanager
def quiet(logger: str) -> Iterator[None]:
    """Keep what ``logger`` says in passing out of a command that tells the same in its own words."""
    log = logging.getLogger(logger)
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(level)
