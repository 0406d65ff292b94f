"""What is sent: risk objects and alerts, the same for the same seed."""

import json
from datetime import timedelta
from random import Random

from django.utils import timezone

from alerts.models import RiskObject
from config.demo.mix import GRADES
from config.demo.people import SOURCE, source_key
from responsibility import directory, rows_told
from responsibility.copying import copy

SEED = 20261121
CATEGORY = "LL-CONF-H2S"
SCENARIO = "drain/sewer"


class Material:
    """Objects that nothing has spoken of yet, and alerts about them. Every alert is of the contract's shape.

    ``series`` keeps the codes of one measurement apart from those of another.
    """

    def __init__(self, series: int) -> None:
        self.rng = Random(SEED + series)
        self.known = directory.current()
        self.series = series
        self.made = self.sent = 0

    def objects(self, count: int, territory: str = "") -> list[str]:
        """Register ``count`` manholes near the seats of all territories, or of one; their codes."""
        codes = [f"BENCH-{self.series}-{self.made + i:06d}" for i in range(count)]
        self.made += count
        with rows_told.told():
            copy(RiskObject, [vars(self._object(code, territory)) for code in codes], leave_out=["id"])
        return codes

    def _object(self, code: str, territory: str) -> RiskObject:
        place = self.known.territories[territory or self.rng.choice(sorted(self.known.territories))]
        return RiskObject(
            code=code,
            name=f"{place.name}污水井{code[6:]}",
            category=self.known.categories[CATEGORY],
            scenario=self.known.scenarios[SCENARIO],
            territory=place,
            main_body=self.known.unit_with("dispatch"),
            lat=place.lat + self.rng.uniform(-0.002, 0.002),
            lon=place.lon + self.rng.uniform(-0.002, 0.002),
        )

    def alert(self, code: str, grade: str = "") -> dict:
        """An alert about the object ``code``; colours in the shares of the demo district."""
        self.sent += 1
        return {
            "external_id": f"bench-{self.series}-{self.sent:07d}",
            "category": CATEGORY,
            "scenario": SCENARIO,
            "object": code,
            "observed_at": (timezone.localtime() - timedelta(seconds=30)).isoformat(timespec="seconds"),
            "grade": grade or self.rng.choices(list(GRADES), list(GRADES.values()))[0],
            "value": round(self.rng.uniform(10.0, 30.0), 1),
            "unit": "mg/m3",
            "title": f"污水井 {code} 硫化氢超限",
            "payload": {"device": code, "battery": self.rng.randint(20, 100), "rssi": -self.rng.randint(50, 110)},
        }

    def key(self) -> tuple:
        """A category, a scenario and a territory, any of them."""
        known = self.known
        kinds = (known.categories, known.scenarios, known.territories)
        return tuple(self.rng.choice(list(kind.values())) for kind in kinds)

    def anywhere(self) -> dict:
        """An alert of any kind at any place, from no registered object."""
        self.sent += 1
        category, scenario, territory = self.key()
        return {
            "external_id": f"bench-{self.series}-{self.sent:07d}",
            "category": category.code,
            "scenario": scenario.code,
            "location": {"lat": territory.lat, "lon": territory.lon},
            "observed_at": (timezone.localtime() - timedelta(seconds=30)).isoformat(timespec="seconds"),
            "grade": self.rng.choices(list(GRADES), list(GRADES.values()))[0],
            "title": f"{territory.name} {category.name}",
        }


def headers(kind: str = "application/json") -> dict:
    """The headers of the demo source."""
    return {"Authorization": f"Bearer {source_key()}", "Content-Type": kind}


def batch_request(items: list[dict]) -> dict:
    """One POST of ``items`` as NDJSON."""
    body = "\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    return {"method": "POST", "path": "/api/v1/alerts/", "headers": headers("application/x-ndjson"), "body": body}


def single_request(item: dict) -> dict:
    """One POST of one alert."""
    return {
        "method": "POST",
        "path": "/api/v1/alerts/",
        "headers": headers(),
        "body": json.dumps(item, ensure_ascii=False),
    }


def source():
    """The demo source."""
    from alerts.models import Source

    return Source.objects.get(code=SOURCE)
