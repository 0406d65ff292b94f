"""Alerts as a district's sub-platforms would send them, in the shares that the district file gives.

The same seed gives the same alerts. They are written in the public contract, so they can be posted or taken in.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings

# The object of the example in the contract: whoever tries it by hand shall find it without an open case.
KEPT_FREE = {"MH-SIJING-0088"}
# From low to high, in shares of our own making: most alarms are yellow, few are red.
GRADES = {"blue": 20, "yellow": 68, "orange": 9, "red": 3}
# Alerts by local hour, 0 to 23: evenings and nights carry more, because nobody looks then.
HOURS = [9, 9, 8, 7, 5, 4, 4, 5, 6, 5, 5, 5, 5, 5, 5, 5, 6, 7, 9, 10, 11, 11, 10, 10]
REPEATS, UNREGISTERED, ASTRAY, BURSTS = 0.12, 0.03, 0.02, 0.10
UNKNOWN_CATEGORY = "UNLISTED"
REPEAT_WITHIN = timedelta(hours=3)


@dataclass
class Post:
    """What one source sends at one instant."""

    at: datetime
    items: list[dict] = field(default_factory=list)


class Mix:
    """Draws alerts from ``data`` (a district file); ``prefix`` makes the external ids of this run its own."""

    def __init__(self, data: dict, rng: Random, prefix: str):
        self.data, self.rng, self.prefix = data, rng, prefix
        self.categories = {row["code"]: row for row in data["categories"]}
        mix = data["demo"]["alert_mix"]
        self.titles = mix["titles"]
        self.weights = {code: weight for code, weight in mix["weights"].items() if code in self.categories}
        self.objects = _by_category(data["demo"]["objects"], self.weights)
        self.sent = 0
        self.recent: deque[tuple[datetime, dict]] = deque()

    def plan(self, count: int, start: datetime, hours: float) -> list[Post]:
        """``count`` alerts over ``hours`` from ``start`` on, some of them in bursts, in order of time."""
        sizes: list[int] = []
        left = count
        while left > 0:
            sizes.append(min(left, self.rng.randint(3, 8)) if self.rng.random() < BURSTS else 1)
            left -= sizes[-1]
        times = sorted(self._instant(start, hours) for _ in sizes)
        return [Post(at, self._burst(at, size)) for at, size in zip(times, sizes, strict=True)]

    def alert(
        self, at: datetime, *, category: str = "", grade: str = "", territory: str = "", scenario: str = ""
    ) -> dict:
        """One alert observed at ``at``; what is not given is drawn. ``territory`` is a name as objects carry it."""
        code = category or self._pick(self.weights)
        place = next((row for row in self.data["territories"] if row["name"] == territory), None)
        return self._item(at, code, grade, scenario, self._object(code, territory), place)

    def apart(self, at: datetime, **wanted: str) -> dict:
        """An alert whose object nothing else of this run will speak of; ``wanted`` as for ``alert``."""
        item = self.alert(at, **wanted)
        things = self.objects.get(item["category"], [])
        self.objects[item["category"]] = [thing for thing in things if thing["code"] != item.get("object")]
        if self.recent and self.recent[-1][1] is item:
            self.recent.pop()
        return item

    def _instant(self, start: datetime, hours: float) -> datetime:
        zone = ZoneInfo(settings.TIME_ZONE)
        while True:
            at = start + timedelta(hours=self.rng.random() * hours)
            if self.rng.random() * max(HOURS) < HOURS[at.astimezone(zone).hour]:
                return at

    def _burst(self, at: datetime, size: int) -> list[dict]:
        """Several alerts of one kind at once, as one cause gives them."""
        if size == 1:
            return [self._stray(at) or self.alert(at)]
        category = self._pick(self.weights)
        return [self.alert(at, category=category) for _ in range(size)]

    def _stray(self, at: datetime) -> dict | None:
        """A repeat of a recent alert, or one that somebody must look at first; mostly nothing."""
        while self.recent and at - self.recent[0][0] > REPEAT_WITHIN:
            self.recent.popleft()
        chance = self.rng.random()
        if chance < REPEATS and self.recent:
            return {**self.rng.choice(self.recent)[1], "external_id": self._id(), "observed_at": at.isoformat()}
        if chance > 1 - ASTRAY:
            return self.rng.choice([self.outside, self.unlisted])(at)
        if chance > 1 - ASTRAY - UNREGISTERED:
            return self.unregistered(at)
        return None

    def unregistered(self, at: datetime, territory: str = "") -> dict:
        """An alert of an object that nobody has registered, with its place."""
        code = self._pick(self.weights)
        near = self._object(code, territory) or self.rng.choice(self.data["territories"])
        thing = {**near, "code": f"NEW-{self.prefix}-{self.sent + 1:04d}"[:64]}
        return self._item(at, code, "", "", thing) | {"location": location(near)}

    def outside(self, at: datetime) -> dict:
        """An alert from beyond the district's border."""
        district = self.data["district"]
        beyond = {"name": "区界外", "lat": district["lat"] + 0.6, "lon": district["lon"]}
        return self._item(at, self._pick(self.weights), "", "", None, beyond)

    def unlisted(self, at: datetime, territory: str = "") -> dict:
        """An alert of a category that the district does not know."""
        near = self._object(self._pick(self.weights), territory) or self.rng.choice(self.data["territories"])
        return {
            "external_id": self._id(),
            "category": UNKNOWN_CATEGORY,
            "observed_at": at.isoformat(),
            "grade": "yellow",
            "title": f"{near['name']}未知类别告警",
            "location": location(near),
        }

    def _item(
        self, at: datetime, code: str, grade: str, scenario: str, thing: dict | None, place: dict | None = None
    ) -> dict:
        place = thing or place or self.rng.choice(self.data["territories"])
        item = {
            "external_id": self._id(),
            "category": code,
            "observed_at": at.isoformat(),
            "title": self.titles[code]["zh"].format(place=place["name"]),
            **self._measure(code, grade),
        }
        if scenario:
            item["scenario"] = scenario
        if thing:
            item["object"] = thing["code"]
            self.recent.append((at, item))
        else:
            item["location"] = location(place, self.rng)
        return item

    def _measure(self, code: str, grade: str) -> dict:
        """A value that earns the colour, or the colour itself where nothing is measured."""
        category = self.categories[code]
        offered = {name: weight for name, weight in GRADES.items() if name in category["thresholds"]}
        grade = grade if grade in offered else self._pick(offered)
        if category["operator"] not in (">=", "<="):
            return {"grade": grade}
        low = category["thresholds"][grade]["value"]
        higher = [name for name in list(GRADES)[list(GRADES).index(grade) + 1 :] if name in offered]
        beyond = low * (1.2 if category["operator"] == ">=" else 0.8)
        high = category["thresholds"][higher[0]]["value"] if higher else beyond
        value = low + (high - low) * self.rng.uniform(0.05, 0.9)
        return {"value": round(value, 3), "unit": category["unit"]}

    def _object(self, code: str, territory: str) -> dict | None:
        things = self.objects.get(code, [])
        if territory:
            things = [thing for thing in things if thing["name"].startswith(territory)]
        return self.rng.choice(things) if things else None

    def _pick(self, weights: dict[str, int]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def _id(self) -> str:
        self.sent += 1
        return f"{self.prefix}-{self.sent:06d}"


def _by_category(objects: list[dict], codes) -> dict[str, list[dict]]:
    """Objects of each category; one without its own takes those of its family (methane rises from manholes, too)."""
    found: dict[str, list[dict]] = defaultdict(list)
    for thing in objects:
        if thing["code"] not in KEPT_FREE:
            found[thing["category"]].append(thing)
    own = dict(found)
    for code in codes:
        family = code.rpartition("-")[0]
        if code not in own and "-" in family:
            found[code] = [thing for kind, things in own.items() if kind.startswith(family) for thing in things]
    return found


def location(place: dict, rng: Random | None = None) -> dict:
    """A location of the contract at ``place``, or with ``rng`` somewhere near it."""
    # A few hundred metres about the place, well within the territory of a seat.
    east, north = (rng.uniform(-0.003, 0.003), rng.uniform(-0.003, 0.003)) if rng else (0.0, 0.0)
    return {"lat": round(place["lat"] + north, 6), "lon": round(place["lon"] + east, 6), "crs": "WGS84"}
