"""Alerts a second: batches that open cases, batches that join them, single posts."""

import json
import time
from statistics import median

from django.db import connection

from alerts import intake
from alerts.formats import item
from alerts.models import Alert
from bench import copying
from bench.figures import Figure, quantile
from bench.material import Material, batch_request, single_request, source
from bench.place import Place, ask

BATCH = 1000
CONNECTIONS = 8


def batch_new(place: Place, quick: bool) -> list[Figure]:
    """Batches in which every alert opens a case, over HTTP and in this process, beside COPY of the very same rows."""
    rounds = 1 if quick else 8
    material, copied, inside, posted, rows = Material(series=1), [], [], [], 0
    copying.twins()
    with place.web() as port:
        answer_all(port, [material.alert(code) for code in material.objects(BATCH)], "opened")
        for _ in range(rounds):
            items = [material.alert(code) for code in material.objects(BATCH)]
            posted.append(answer_all(port, items, "opened"))
            items = [material.alert(code) for code in material.objects(BATCH)]
            before = copying.marks()
            inside.append(take_in(items, "opened")[0])
            batch = copying.since(before)
            copied.append(copying.seconds_to_copy(batch))
            rows = sum(taken.count for taken in batch)
    value, floor = BATCH / median(posted), BATCH / median(copied)
    facts = {
        "in-process alerts/s": BATCH / median(inside),
        "in-process ratio": median(copied) / median(inside),
        "rows an alert": rows / BATCH,
        "batches": rounds,
    }
    figure = Figure(
        "batch-new", "整批新案 · HTTP, NDJSON, 1,000 new cases a batch", "alerts/s", value, floor,
        "COPY of the same rows", value / floor, "≥ 0.15", value / floor >= 0.15, facts,
    )  # fmt: skip
    return [figure]


def batch_join(place: Place, quick: bool) -> list[Figure]:
    """Batches in which every alert joins an open case of its own, beside INSERT … ON CONFLICT of the alert rows."""
    rounds = 1 if quick else 8
    material, inserted, posted, inside = Material(series=2), [], [], []
    codes = material.objects(BATCH)
    copying.twins()
    with place.web() as port:
        answer_all(port, [material.alert(code, "yellow") for code in codes], "opened")
        answer_all(port, [material.alert(code, "yellow") for code in codes], "joined")
        for _ in range(rounds):
            posted.append(answer_all(port, [material.alert(code, "yellow") for code in codes], "joined"))
            before = copying.marks()
            inside.append(take_in([material.alert(code, "yellow") for code in codes], "joined")[0])
            inserted.append(_insert(before))
    value, floor = BATCH / median(posted), BATCH / median(inserted)
    facts = {"in-process alerts/s": BATCH / median(inside), "batches": rounds}
    figure = Figure(
        "batch-join", "整批并案 · HTTP, NDJSON, 1,000 joining alerts a batch", "alerts/s", value, floor,
        "executemany INSERT … ON CONFLICT of the alert rows", value / floor, facts=facts,
    )  # fmt: skip
    return [figure]


def single(place: Place, quick: bool) -> list[Figure]:
    """Single posts that each open a case, over eight connections, beside a bare DRF view that inserts one row."""
    rounds, seconds = (1, 1.0) if quick else (6, 3.0)
    material, ours, bare, latencies = Material(series=3), [], [], []
    count = int(seconds * 1000)
    copying.twins()
    copying.keep_keys("alerts_alert")
    with place.web() as port, place.web("bench.bare:application") as bare_port:
        for turn in range(rounds + 1):
            codes = material.objects(count)
            answer = ask(
                port, [single_request(material.alert(c)) for c in codes], connections=CONNECTIONS, seconds=seconds
            )
            floor = ask(bare_port, [_row(material.alert(c)) for c in codes], connections=CONNECTIONS, seconds=seconds)
            if turn:  # the first turn warms both up
                ours.append(answer["count"] / answer["seconds"])
                bare.append(floor["count"] / floor["seconds"])
                latencies += answer["latencies"]
    value, floor = median(ours), median(bare)
    facts = {f"p{round(share * 100)} ms": quantile(latencies, share) for share in (0.5, 0.95, 0.99)}
    figure = Figure(
        "single", f"单条预警 · HTTP, {CONNECTIONS} keep-alive connections, all new cases", "alerts/s", value, floor,
        "bare DRF view, one ORM insert", value / floor, "≥ 0.5", value / floor >= 0.5, facts,
    )  # fmt: skip
    return [figure]


def answer_all(port: int, items: list[dict], outcome: str) -> float:
    """Post one batch and see that all of it had ``outcome``; seconds until the answer was read."""
    answer = ask(port, [batch_request(items)], keep=True)
    results = json.loads(answer["bodies"][0])["results"]
    _expect(outcome, [result["outcome"] for result in results], len(items))
    return answer["latencies"][0] / 1000


def take_in(items: list[dict], outcome: str) -> tuple[float, list[intake.Answer]]:
    """Take one batch in this process; seconds and the answers, each of which had ``outcome``."""
    sender = source()
    began = time.perf_counter()
    answers = intake.receive(sender, items, item.read)
    taken = time.perf_counter() - began
    _expect(outcome, [answer.outcome for answer in answers], len(items))
    return taken, answers


def _expect(wanted: str, outcomes: list[str], count: int) -> None:
    if outcomes != [wanted] * count:
        raise RuntimeError(f"expected {count} × {wanted}, but got {dict.fromkeys(outcomes)}")


def _insert(before: dict) -> float:
    """Write the alert rows that came after ``before`` into the twin, none of them a duplicate; seconds."""
    with connection.cursor() as cursor:
        names = [field.column for field in Alert._meta.concrete_fields]
        as_text = ", ".join(f"{name}::text" for name in names)
        cursor.execute(f"SELECT {as_text} FROM alerts_alert WHERE received_at > %s", [before["alerts_alert"]])
        rows = cursor.fetchall()
        columns, places = ", ".join(names), ", ".join(["%s"] * len(names))
        sql = f"INSERT INTO bench.alerts_alert ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING"
        began = time.perf_counter()
        cursor.execute("BEGIN")
        cursor.executemany(sql, rows)
        cursor.execute("COMMIT")
        return time.perf_counter() - began


def _row(alert: dict) -> dict:
    """The post of the bare view: the same alert in the names of its columns."""
    names = {"category": "category_code", "object": "object_code"}
    body = {names.get(name, name): value for name, value in alert.items() if name != "scenario"}
    return {
        "method": "POST",
        "path": "/insert/",
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(body),
    }
