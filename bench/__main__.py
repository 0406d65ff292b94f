"""``python -m bench [NAME…] [--quick]``: measure all or some, print the table, write ``bench.json``."""

import argparse
import importlib
import os
import sys
import time

from bench.environment import claim_environment

# name: module and function; in the order in which they are run, the one that fills the tables last.
MEASURES = {
    "batch-new": ("bench.intake", "batch_new"),
    "batch-join": ("bench.intake", "batch_join"),
    "batch-matrix": ("bench.matrix", "intake"),
    "single": ("bench.intake", "single"),
    "action": ("bench.pressing", "action"),
    "nudge": ("bench.pressing", "nudge"),
    "deadlines": ("bench.clock", "deadlines"),
    "insurance": ("bench.insurance", "floor"),
    "ledger": ("bench.chain", "verify"),
    "ledger-cost": ("bench.cost", "cost"),
    "growth": ("bench.growth", "growth"),
    "desk": ("bench.desk", "search"),
    "worklist": ("bench.pages", "worklist"),
}
# Ten million entries take more than half an hour: measured when named, and in small sizes.
LONG = {"growth"}
QUIET_LOAD = 0.7


def main() -> int:
    """Run what the command line asks for; 0 also when an aim is missed, which is a finding and not a fault."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it works, not how fast")
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASURES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    load = os.getloadavg()[0]
    if load > QUIET_LOAD:
        say(f"! 机器繁忙 the machine is busy (load {load:.1f}): figures will be low, ratios unsteady")
    base = claim_environment()
    wanted = set(options.names) or set(MEASURES) - (set() if options.quick else LONG)
    figures = run([name for name in MEASURES if name in wanted], base, options.quick)
    from bench.figures import save, table

    table(figures)
    save(figures, base / "bench.json", quick=options.quick, load_before=load)
    say(f"→ {base / 'bench.json'}")
    return 0


def run(names: list[str], base, quick: bool) -> list:
    """Measure ``names`` one after the other in one place."""
    from bench.place import Place

    figures, began = [], time.monotonic()
    say("服务与数据 servers and data …")
    with Place(base / "bench") as place:
        for name in names:
            say(f"{time.monotonic() - began:5.0f} s  {name} …")
            module, function = MEASURES[name]
            figures += getattr(importlib.import_module(module), function)(place, quick)
    return figures


def say(text: str) -> None:
    """Progress goes to stderr, the table to stdout."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
