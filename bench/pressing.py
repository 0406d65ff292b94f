"""A person presses a button: how long it takes, and when other screens know."""

import http.client
import json
import queue
import threading
import time
from statistics import median

from websockets.sync.client import connect

from bench import people
from bench.figures import Figure, quantile
from bench.intake import take_in
from bench.material import Material
from bench.place import HOST, Place, ask
from cases.models import Deadline

PRESSER, WATCHER = "sijing-duty", "chengyun-check"


def action(place: Place, quick: bool) -> list[Figure]:
    """签收 over HTTP, one after the other, beside a bare view that updates one row."""
    turns, each = (1, 5) if quick else (5, 60)
    ours, bare = [], []
    numbers, headers = _cases(6, (turns + 1) * each), people.token(PRESSER)
    rows = list(Deadline.objects.values_list("pk", flat=True)[:each])
    with place.web() as port, place.web("bench.bare:application") as bare_port:
        for turn in range(turns + 1):
            batch = numbers[turn * each : (turn + 1) * each]
            pressed = ask(port, [_acknowledge(number, headers) for number in batch])
            updated = ask(bare_port, [_update(pk, turn) for pk in rows])
            if turn:  # the first turn warms both up
                ours += pressed["latencies"]
                bare += updated["latencies"]
    value, floor = quantile(ours, 0.95), quantile(bare, 0.95)
    facts = {"p50 ms": median(ours), "bare p50 ms": median(bare), "p50 ratio": median(ours) / median(bare)}
    figure = Figure(
        "action", "签收 acknowledge over HTTP, p95, one at a time", "ms", value, floor,
        "bare DRF view, one-row ORM update", value / floor, facts=facts | {"presses": len(ours)},
    )  # fmt: skip
    return [figure]


def nudge(place: Place, quick: bool) -> list[Figure]:
    """From the answer to the presser until another person's screen is told; below zero when it knew before."""
    count = 5 if quick else 50
    numbers, headers = _cases(7, count + 3), people.token(PRESSER)
    after_answer, after_press = [], []
    with place.web() as port:
        told: queue.Queue[float] = queue.Queue()
        origin = {"Origin": f"http://{HOST}:{port}", **people.cookie(people.browser(WATCHER))}
        with connect(f"ws://{HOST}:{port}/ws/board/", additional_headers=origin) as screen:
            threading.Thread(target=_listen, args=[screen, told], daemon=True).start()
            for number in numbers:
                pressed, answered = _press(port, number, headers)
                heard = told.get(timeout=10)
                after_answer.append((heard - answered) * 1000)
                after_press.append((heard - pressed) * 1000)
    facts = {"p95 ms": quantile(after_answer[3:], 0.95), "after the press, median ms": median(after_press[3:])}
    figure = Figure(
        "nudge", "推送 another screen is told, after the presser's answer, median", "ms", median(after_answer[3:]),
        facts=facts | {"changes": count},
    )  # fmt: skip
    return [figure]


def _cases(series: int, count: int) -> list[str]:
    """Numbers of ``count`` new cases that the presser may answer."""
    material = Material(series=series)
    codes = material.objects(count, people.territory(PRESSER))
    return [answer.case for answer in take_in([material.alert(code, "yellow") for code in codes], "opened")[1]]


def _acknowledge(number: str, headers: dict) -> dict:
    return {"method": "POST", "path": f"/api/v1/cases/{number}/acknowledge/", "headers": headers, "body": "{}"}


def _update(pk: int, turn: int) -> dict:
    headers = {"Content-Type": "application/json"}
    return {
        "method": "POST",
        "path": f"/update/{pk}/",
        "headers": headers,
        "body": json.dumps({"note": f"turn {turn}"}),
    }


def _press(port: int, number: str, headers: dict) -> tuple[float, float]:
    """When the button was pressed and when the answer was there."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    connection.connect()
    pressed = time.perf_counter()
    connection.request("POST", f"/api/v1/cases/{number}/acknowledge/", "{}", headers)
    answer = connection.getresponse()
    body = answer.read()
    answered = time.perf_counter()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {body[:300]!r}")
    return pressed, answered


def _listen(screen, told: queue.Queue) -> None:
    for _message in screen:
        told.put(time.perf_counter())
