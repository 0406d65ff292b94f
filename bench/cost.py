"""What the ledger costs: the same work with it and without it, in one run."""

from contextlib import contextmanager
from statistics import median

import psycopg

from bench import people
from bench.figures import Figure
from bench.intake import BATCH, answer_all, take_in
from bench.material import Material
from bench.place import Place, ask

PRESSER = "sijing-duty"
BARE = "unaccounted"
AIM = 1.10
ASKING = """
    SELECT t.tgrelid::regclass::text, t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND p.prosrc ~ 'bihuan_has_entry|ledgerentry|responsibility_line'
"""


def cost(place: Place, quick: bool) -> list[Figure]:
    """Batches of new cases and 签收 over HTTP, against the same in a copy of the database that has no ledger.

    The copy is made when the objects and cases are there, so both do the very same; the two take turns, and which of
    them is first changes.
    """
    rounds, each = (2, 5) if quick else (20, 20)
    material, headers = Material(series=11), people.token(PRESSER)
    batches = [material.objects(BATCH) for _ in range(rounds)]
    numbers = _cases(material, rounds * each)
    place.keep(BARE)
    off = _without_triggers(place.url(BARE))
    took: dict[str, dict[str, list[float]]] = {what: {"with": [], "without": []} for what in ("intake", "action")}
    with _both(place) as ports:
        for turn in range(rounds):
            alerts = [material.alert(code) for code in batches[turn]]
            presses = [_press(number, headers) for number in numbers[turn * each : (turn + 1) * each]]
            for which in sorted(ports, reverse=turn % 2 == 0):
                intake, answered = answer_all(ports[which], alerts, "opened"), ask(ports[which], presses)
                if turn:  # the first turn warms both up
                    took["intake"][which].append(intake * 1000)
                    took["action"][which].append(median(answered["latencies"]))
    facts = {"batches": rounds - 1, "presses": (rounds - 1) * each, "triggers off": off}
    return [
        _figure("ledger-intake", "整批新案 a batch of 1,000 new cases with the ledger, median", took["intake"], facts),
        _figure("ledger-action", "签收 acknowledge with the ledger, median", took["action"], facts),
    ]


def _figure(name: str, what: str, took: dict[str, list[float]], facts: dict) -> Figure:
    value, floor = median(took["with"]), median(took["without"])
    # Turn by turn: what else the machine did then, it did to both.
    ratio = median(one / bare for one, bare in zip(took["with"], took["without"], strict=True))
    facts = facts | {"cost %": (ratio - 1) * 100}
    return Figure(name, what, "ms", value, floor, "the same without it", ratio, f"≤ {AIM:.2f}", ratio <= AIM, facts)


@contextmanager
def _both(place: Place):
    with place.web() as port, place.web("bench.unaccounted:application", BARE) as bare:
        yield {"with": port, "without": bare}


def _cases(material: Material, count: int) -> list[str]:
    codes = material.objects(count, people.territory(PRESSER))
    return [answer.case for answer in take_in([material.alert(code, "yellow") for code in codes], "opened")[1]]


def _press(number: str, headers: dict) -> dict:
    return {"method": "POST", "path": f"/api/v1/cases/{number}/acknowledge/", "headers": headers, "body": "{}"}


def _without_triggers(url: str) -> int:
    """Switch off, in the copy, every trigger that asks for an entry; how many."""
    with psycopg.connect(url) as server:
        asking = server.execute(ASKING).fetchall()
        for table, name in asking:
            server.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    return len(asking)
