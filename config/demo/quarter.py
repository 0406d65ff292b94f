"""A simulated period: alerts as the sub-platforms would send them, read by the door of the real ones.

Days have their rhythm, weeks theirs, and some days are storms, when many times as many dangers come of the weather.

The registry of a demo holds a sample of what a district watches. So each registered object stands for many like it
nearby: a danger is at a place of its own, and some are at one that had a danger before.
"""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.utils.timezone import localtime

from alerts import intake
from alerts.formats import item
from alerts.grading import is_measured
from alerts.models import Alert, RiskObject
from cases.opening import REOPEN_WITHIN
from cases.staffing.arrivals import Period
from config.demo.mix import GRADES, HOURS, Mix, location
from responsibility import loading
from responsibility.directory import Directory
from responsibility.models import Category
from responsibility.models.district import by_language as say
from responsibility.worktime import YearNotLoaded

QUARTER_DAYS, QUARTER_ALERTS = 92, 10_000
# Alerts from which the district's own shares of categories are taken.
ENOUGH = 200
YEAR = timedelta(days=365)
# Defaults of ours: how much comes on a day off, how often a day is a storm, and how much comes of the weather then.
DAY_OFF, STORM_DAYS, STORM, WEATHER = 0.8, 0.06, 3.0, 12
# Of dangers at watched objects, those at one that had a danger lately enough to be work again; a default of ours.
RECURRING = 0.08
# Dangers that come with rain and wind, by the beginnings of their codes; other districts may have none of them.
OF_WEATHER = ("ND-", "LL-ROAD-POND", "LL-UNDERPASS", "PS-SIGN", "WS-CRANE-WIND")


@dataclass(frozen=True)
class Shares:
    """How often each category is told of, in whatever measure, and where that is known from."""

    weights: dict[str, float]
    origin: str


def shares(known: Directory, now: datetime) -> Shares:
    """From the alerts of the last year, else the district file's example, else one for each object watched."""
    usable = {code for code, category in known.categories.items() if _thresholds(category)}
    rows = Alert.objects.filter(received_at__gte=now - YEAR, category_code__in=usable)
    real = Counter(rows.order_by().values_list("category_code", flat=True))
    if real.total() >= ENOUGH:
        return Shares(dict(real), say(f"实测，n = {real.total():,} 条预警", f"measured, n = {real.total():,} alerts"))
    given = _example(usable)
    if given:
        return Shares(given, say("默认：区数据文件 alert_mix", "default: alert_mix of the district file"))
    objects = RiskObject.objects.filter(category__code__in=usable).values_list("category__code", flat=True)
    return Shares(dict(Counter(objects)), say("默认：每个监测对象一份", "default: one share for each object"))


def _example(usable: set[str]) -> dict[str, float]:
    try:
        mix = loading.read(settings.DISTRICT_FILE).get("demo", {}).get("alert_mix", {})
    except loading.BadDistrictFile:
        return {}
    weights = mix.get("weights", {})
    return {code: share for code, share in weights.items() if code in usable and isinstance(share, int) and share > 0}


def _thresholds(category: Category) -> dict:
    """The colours that a simulated alert of the category can have."""
    found = {name: step for name, step in category.thresholds.items() if name in GRADES}
    if is_measured(category):
        return {name: step for name, step in found.items() if step.get("value") is not None}
    return found


def period(known: Directory, shares: Shares, begins: datetime, days: int, alerts: int, seed: str) -> Period:
    """``days`` with ``alerts``, the same for the same ``seed`` and beginning. Two statements."""
    mix = Weather(_data(known, shares), Random(seed), known, begins, days)
    made = Period(begins, begins + timedelta(days=days))
    told = []
    for post in mix.plan(alerts, begins, 24.0 * days):
        drafts = [item.read(raw, post.at, known) for raw in post.items]
        told += [(post.at, draft) for draft in drafts if isinstance(draft, intake.Draft)]
    intake.place([draft for _at, draft in told], known)
    for at, draft in told:
        made.add(draft, at)
    return made


def _data(known: Directory, shares: Shares) -> dict:
    """The district as ``Mix`` reads it: as a district file tells it."""
    categories = [
        {"code": code, "thresholds": _thresholds(category), "operator": category.operator, "unit": category.unit}
        for code, category in known.categories.items()
    ]
    rows = RiskObject.objects.filter(category__isnull=False).order_by("code")
    objects = rows.values("code", "name", "lat", "lon", "category__code", "scenario__code")
    places = known.territories.values()
    return {
        "district": {"lat": known.district.lat, "lon": known.district.lon},
        "categories": categories,
        "territories": [{"name": place.name, "lat": place.lat, "lon": place.lon} for place in places],
        "demo": {
            "objects": [row | {"category": row["category__code"]} for row in objects],
            "alert_mix": {"weights": shares.weights, "titles": dict.fromkeys(known.categories, {"zh": "{place}"})},
        },
    }


class Weather(Mix):
    """``Mix`` with days off and storms, and with a place of its own for most dangers; a burst has one place."""

    def __init__(self, data: dict, rng: Random, known: Directory, begins: datetime, days: int):
        super().__init__(data, rng, "whatif")
        self.storms = {day for day in range(days) if rng.random() < STORM_DAYS}
        # By category, the places with a danger of the last days, oldest first; and that of the burst under way.
        self.places: dict[str, deque[tuple[datetime, dict]]] = defaultdict(deque)
        self.cause: dict | None = None
        self.begins, self.calm = begins, dict(self.weights)
        self.wild = {
            code: weight * (WEATHER if code.startswith(OF_WEATHER) else 1) for code, weight in self.calm.items()
        }
        self.days = [
            (DAY_OFF if _off(known, begins + timedelta(days=day)) else 1.0) * (STORM if day in self.storms else 1.0)
            for day in range(days)
        ]

    def _instant(self, start: datetime, hours: float) -> datetime:
        day = self.rng.choices(range(len(self.days)), self.days)[0]
        hour = self.rng.choices(range(24), HOURS)[0]
        midnight = localtime(start + timedelta(days=day, hours=12)).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight.replace(hour=hour) + timedelta(hours=self.rng.random())

    def _burst(self, at: datetime, size: int) -> list[dict]:
        self.weights = self.wild if (at - self.begins).days in self.storms else self.calm
        self.cause = {} if size > 1 else None
        return super()._burst(at, size)

    def _item(self, at: datetime, code: str, grade: str, scenario: str, thing: dict | None, place=None) -> dict:
        if thing is None:
            return super()._item(at, code, grade, scenario, thing, place)
        spot = self.cause or self._spot(at, code, thing)
        if self.cause is not None:
            self.cause = spot
        item = super()._item(at, code, grade, scenario or spot.get("scenario__code") or "", spot, place)
        # Put in, not joined on: what repeats it later copies this very item.
        item["location"] = location(spot)
        return item

    def _spot(self, at: datetime, code: str, thing: dict) -> dict:
        """A place like ``thing``, near it: mostly one that nothing was told of yet."""
        known = self.places[code]
        while known and at - known[0][0] > REOPEN_WITHIN:
            known.popleft()
        if known and self.rng.random() < RECURRING:
            spot = self.rng.choice(known)[1]
        else:
            near = location(thing, self.rng)
            spot = thing | {"code": f"{self.prefix}-at-{self.sent}", "lat": near["lat"], "lon": near["lon"]}
        known.append((at, spot))
        return spot


def _off(known: Directory, at: datetime) -> bool:
    day = localtime(at).date()
    try:
        return not known.calendar.is_workday(day)
    except YearNotLoaded:
        return day.weekday() >= 5
