"""What a measurement gives, and the table of all of them."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass
class Figure:
    """One line of the table. ``value`` and ``floor`` are in ``unit``.

    ``ratio`` is value to floor, or for growth the larger size to the smaller. ``aim`` is a sentence, ``met`` whether it
    holds (``None`` without an aim). ``facts`` holds whatever else was counted or timed, names with their unit.
    """

    name: str
    what: str
    unit: str
    value: float
    floor: float | None = None
    against: str = ""
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None
    facts: dict = field(default_factory=dict)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(figures: Sequence[Figure]) -> None:
    """Print the figures to the terminal, what else was counted below them."""
    console = Console(width=max(120, Console().width))
    shown = Table(title="闭环 Bihuan · bench", title_justify="left")
    for heading in ("项目 what", "值 value", "底线 floor", "比 ratio", "目标 aim", ""):
        shown.add_column(heading, justify="left" if heading in ("项目 what", "目标 aim") else "right")
    for f in figures:
        floor = "—" if f.floor is None else f"{_number(f.floor)} {f.unit}\n[dim]{f.against}[/dim]"
        ratio = "—" if f.ratio is None else f"{f.ratio:.2f}"
        mark = {None: "", True: "[green]✓[/green]", False: "[red]✗[/red]"}[f.met]
        shown.add_row(f"[bold]{f.name}[/bold]\n{f.what}", f"{_number(f.value)} {f.unit}", floor, ratio, f.aim, mark)
        shown.add_section()
    console.print(shown)
    for f in figures:
        facts = ", ".join(f"{name} {_number(value)}" for name, value in f.facts.items())
        console.print(f"[bold]{f.name}[/bold]  {facts}", highlight=False)


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def save(figures: Sequence[Figure], path: Path, *, quick: bool, load_before: float) -> None:
    """Write the figures to ``path`` as JSON, with what was known of the machine."""
    machine = {"cpus": os.cpu_count(), "load_before": round(load_before, 2), "quick": quick}
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": machine, "figures": [asdict(f) for f in figures]}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
