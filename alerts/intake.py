"""The door for every alert: one batch in, one answer per item, all of it on disk before the answer is given.

The number of SQL statements does not depend on the size of the batch. Two batches that meet on one alert or
on one object are told apart by the database's own constraints; the loser is run again and then sees the winner.
"""

import json
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Q

from alerts import codes, coordinates
from alerts.models import Alert, Outcome, RiskObject, Source
from alerts.signals import alerts_received
from responsibility import acting, chains, clock, directory, ledger
from responsibility.copying import copy, together
from responsibility.models import Category, Scenario, Territory

# Each collision means that another batch is through, so there is an end to them; this many is a fault.
TRIES = 30
PAUSE_SECONDS = 0.01
# As long as their columns.
CATEGORY_LENGTH, CODE_LENGTH = 200, 64
# A place that is stated farther from the register than this is told on the case.
AWAY_METRES = 500
# An observation older than this is told late. It is worked all the same: nobody has answered that danger yet.
LATE = timedelta(hours=24)


@dataclass
class Draft:
    """A valid alert on its way in. ``cases/`` sets ``outcome``, ``case_number`` and, when it joins, ``chain``.

    ``effect``: ``raise`` danger, ``clear`` or ``cancel`` an earlier alert, or only ``observe``. ``drill_id``: it is
    only pretended, meets nothing but what belongs to the same drill, and is worked at its ``speed``.
    """

    external_id: str
    category_code: str
    observed_at: datetime
    scenario_code: str = ""
    object_code: str = ""
    grade: str = ""
    value: float | None = None
    unit: str = ""
    lat: float | None = None
    lon: float | None = None
    stated: dict = field(default_factory=dict)
    title: str = ""
    payload: dict = field(default_factory=dict)
    effect: str = "raise"
    references: list[str] = field(default_factory=list)

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    chain: uuid.UUID = field(default_factory=chains.dated)
    category: Category | None = None
    scenario: Scenario | None = None
    risk_object: RiskObject | None = None
    territory: Territory | None = None
    outcome: str = ""
    case_number: str = ""
    drill_id: int | None = None
    speed: int = 1

    def __post_init__(self) -> None:
        self.category_code = codes.plain(self.category_code, CATEGORY_LENGTH)
        self.scenario_code = codes.plain(self.scenario_code, CODE_LENGTH)
        self.object_code = codes.plain(self.object_code, CODE_LENGTH)

    def remarks(self, now: datetime) -> dict:
        """What its case is told about it: ``away_m`` metres from the register, ``late_hours`` after it was seen."""
        late = {"late_hours": (now - self.observed_at) // timedelta(hours=1)} if self.is_late(now) else {}
        return late | {name: self.stated[name] for name in ("away_m",) if name in self.stated}

    def is_late(self, now: datetime) -> bool:
        """Whether it was seen long before it was sent."""
        return now - self.observed_at > LATE

    @property
    def marked(self) -> dict:
        """What the ledger is told of whatever belongs to a drill."""
        return {"drill": self.drill_id} if self.drill_id else {}

    @property
    def at_home(self) -> bool:
        """Whether category and place are known, so that a street can be sent."""
        return self.category is not None and self.territory is not None


@dataclass
class Answer:
    """What one item is told. ``errors``: ``[{"code", "detail", "attr"}]``, empty unless rejected."""

    external_id: str | None
    alert: uuid.UUID | None
    outcome: str
    case: str | None
    errors: list[dict] = field(default_factory=list)


@dataclass
class Rejected:
    """An item that cannot be used."""

    external_id: str | None
    errors: list[dict]


def receive(
    source: Source, items: list, read: Callable[[object, datetime, directory.Directory], Draft | Rejected]
) -> list[Answer]:
    """Take a batch from ``source`` and answer each item in order.

    ``read`` turns a raw item into a ``Draft`` or a ``Rejected``. A bad item never sinks its neighbours;
    a repeated ``external_id``, now or later, is answered ``duplicate`` with the first answer's alert and case.
    Raises ``OperationalError``, with nothing written, when others got in the way too often.
    """
    now, known = clock.now(), directory.current()
    collision: IntegrityError | None = None
    for attempt in range(TRIES):
        parsed = [read(item, now, known) for item in items]
        try:
            with transaction.atomic():
                return _take(source, parsed, known, now)
        except IntegrityError as error:
            # Another batch opened the same case or brought the same alert a moment earlier. Whoever lost often
            # waits longer, so that two which keep meeting fall out of step.
            collision = error
            time.sleep(random.uniform(0, PAUSE_SECONDS * attempt))  # noqa: S311
    raise OperationalError("too many collisions") from collision


def _take(source: Source, parsed: list, known: directory.Directory, now: datetime) -> list[Answer]:
    drafts = [item for item in parsed if isinstance(item, Draft)]
    replayed = _replayed(source, drafts)
    fresh: dict[str, Draft] = {}
    for draft in drafts:
        if draft.external_id not in replayed:
            fresh.setdefault(draft.external_id, draft)
    accepted = list(fresh.values())
    if accepted:
        place(accepted, known)
        _refer(source, accepted)
        alerts_received.send(sender=Alert, drafts=accepted, now=now, known=known)
        _write(source, accepted, now)
    return [_answer(item, fresh, replayed) for item in parsed]


def _replayed(source: Source, drafts: list[Draft]) -> dict[str, Answer]:
    """The answers to alerts that are on disk already, by external id. In SQL, because every single post asks."""
    ids = {draft.external_id for draft in drafts}
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT external_id, id, case_number FROM alerts_alert WHERE source_id = %s AND external_id = ANY(%s)",
            [source.pk, list(ids)],
        )
        return {key: Answer(key, pk, "duplicate", number or None) for key, pk, number in cursor.fetchall()}


def place(drafts: list[Draft], known: directory.Directory) -> None:
    """Find category, scenario, object and territory. A registered object is where the register says it is."""
    objects = codes.registered({draft.object_code for draft in drafts if draft.object_code})
    for draft in drafts:
        draft.category = known.categories.get(draft.category_code)
        draft.risk_object = objects.get(draft.object_code)
        draft.scenario = known.scenarios.get(draft.scenario_code)
        if draft.risk_object and not draft.scenario_code:
            draft.scenario = next((s for s in known.scenarios.values() if s.pk == draft.risk_object.scenario_id), None)
        if draft.risk_object:
            draft.object_code = draft.risk_object.code
            _go_by_register(draft, draft.risk_object)
    placed = [draft for draft in drafts if draft.lat is not None]
    territories = known.territories_of([(draft.lat or 0.0, draft.lon or 0.0) for draft in placed])
    for draft, territory in zip(placed, territories, strict=True):
        draft.territory = territory


def _go_by_register(draft: Draft, found: RiskObject) -> None:
    """Take the registered place; what was stated stays beside it, with the distance where that is worth a word."""
    place = found.lat, found.lon
    if draft.lat is not None and draft.lon is not None:
        away = coordinates.metres((draft.lat, draft.lon), place)
        if away > AWAY_METRES:
            draft.stated = draft.stated | {"away_m": round(away)}
    draft.lat, draft.lon = place


def _refer(source: Source, drafts: list[Draft]) -> None:
    """Let an update, a cancellation or an all-clear carry the chain of the alert it speaks of."""
    named = {reference for draft in drafts for reference in draft.references}
    if not named:
        return
    chains = dict(Alert.objects.filter(source=source, external_id__in=named).values_list("external_id", "chain"))
    for draft in drafts:
        draft.chain = next((chains[r] for r in draft.references if r in chains), draft.chain)


def _write(source: Source, drafts: list[Draft], now: datetime) -> None:
    # In one order, as the cases are: two batches with the same alerts must not wait for each other in a ring.
    drafts = sorted(drafts, key=lambda draft: draft.external_id)
    quiet = [draft for draft in drafts if not draft.case_number]
    ledger.record(
        [
            ledger.Act(
                chain=draft.chain,
                verb=f"alert.{draft.outcome}",
                subject_type="alert",
                subject_id=str(draft.id),
                subject_label=draft.title or draft.external_id,
                after={"source": source.code, "external_id": draft.external_id} | draft.marked,
            )
            for draft in quiet
        ],
        by=acting.SYSTEM,
        at=now,
    )
    # After all entries, for which the database asks.
    with together(len(drafts)):
        copy(Alert, [_row(source, draft, now) for draft in drafts])


def _row(source: Source, draft: Draft, now: datetime) -> dict:
    found = {"category": draft.category, "scenario": draft.scenario, "territory": draft.territory}
    keys = {f"{name}_id": thing.pk for name, thing in (found | {"risk_object": draft.risk_object}).items() if thing}
    return vars(draft) | keys | {"source_id": source.pk, "received_at": now}


def _answer(item: Draft | Rejected, fresh: dict[str, Draft], replayed: dict[str, Answer]) -> Answer:
    if isinstance(item, Rejected):
        return Answer(item.external_id, None, "rejected", None, item.errors)
    if item.external_id in replayed:
        return replayed[item.external_id]
    first = fresh[item.external_id]
    return Answer(
        first.external_id, first.id, first.outcome if first is item else "duplicate", first.case_number or None
    )


def size_of(payload: object) -> int:
    """Bytes of ``payload`` as JSON; ``ValueError`` when the database could not hold it (NaN, NUL, lone surrogates)."""
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False)
    if "\\u0000" in text:
        raise ValueError("NUL in JSON")
    return len(text.encode())


def unregistered():
    """Objects that sources speak of and nobody has registered: ``{"object_code", "count", "last"}`` rows."""
    from django.db.models import Count, Max

    return (
        Alert.objects.filter(Q(risk_object__isnull=True) & ~Q(object_code=""), drill__isnull=True)
        .values("object_code")
        .annotate(count=Count("id"), last=Max("received_at"))
        .order_by("-last")
    )


__all__ = ["Answer", "Draft", "Outcome", "Rejected", "receive", "unregistered"]
