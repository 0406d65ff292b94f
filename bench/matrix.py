"""What the responsibility matrix costs the intake: a full one and the district's own."""

import time
from statistics import median

import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.figures import Figure
from bench.intake import BATCH, answer_all
from bench.material import Material
from bench.place import Place
from cases.policy import Owners
from responsibility import directory
from responsibility.models import Duty

FULL = "bench_full"
# A row for each category, scenario and territory beside the published ones, in a copy of the database that does without
# the triggers which keep published rows.
FILL = """
    SET session_replication_role = replica;
    INSERT INTO responsibility_duty ({columns}) SELECT {values}
    FROM responsibility_duty d, responsibility_scenario s, responsibility_territory t
    WHERE d.live AND d.category_id IS NOT NULL AND d.scenario_id IS NULL AND d.territory_id IS NULL AND d.stage = ''
        AND d.role IN ('lead', 'supervision');
    UPDATE responsibility_revision SET number = number + 1;
"""


def intake(place: Place, quick: bool) -> list[Figure]:
    """Batches of new cases of all kinds: with a row for each category, scenario and territory, and with the usual."""
    rounds = 1 if quick else 8
    material, whole, plain = Material(series=8), [], []
    rows = Duty.objects.filter(live=True).count()
    place.keep(FULL)
    with psycopg.connect(place.url(FULL)) as server:
        server.execute(_fill())
        counted = server.execute("SELECT count(*) FROM responsibility_duty WHERE live").fetchone()
    with place.web(database=FULL) as port, place.web() as plain_port:
        for turn in range(rounds + 1):
            items = [material.anywhere() for _ in range(BATCH)]
            took = answer_all(port, items, "opened"), answer_all(plain_port, items, "opened")
            if turn:  # the first turn warms both up
                whole.append(took[0])
                plain.append(took[1])
    value, floor = BATCH / median(whole), BATCH / median(plain)
    facts = {"rows": counted[0] if counted else 0, "district's rows": rows, "batches": rounds} | _owners(material)
    figure = Figure(
        "batch-matrix", "整批新案 · all kinds of alerts, with a full matrix", "alerts/s", value, floor,
        "the same with the district's own rows", value / floor, "≥ 0.9", value / floor >= 0.9, facts,
    )  # fmt: skip
    return [figure]


def _fill() -> str:
    columns = [str(field.column) for field in Duty._meta.concrete_fields if not field.primary_key]
    values = {"scenario_id": "s.id", "territory_id": "t.id"}
    return FILL.format(columns=", ".join(columns), values=", ".join(values.get(name, f"d.{name}") for name in columns))


def _owners(material: Material) -> dict:
    """How long a thousand owners take, each for another key where there are so many, and how many statements."""
    keys = [material.key() for _ in range(BATCH)]
    with CaptureQueriesContext(connection) as asked:
        began = time.perf_counter()
        owners = Owners(directory.current(), timezone.now())
        found = [owners.account(*key, None) for key in keys]
        took = (time.perf_counter() - began) * 1000
    return {"1,000 owners ms": took, "statements": len(asked), "keys": len(set(keys)), "owners": len(found)}
