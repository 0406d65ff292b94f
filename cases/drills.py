"""演练: begin one, feed its alerts, end it. Everything between is the product itself.

The alerts of a drill are rows with the instant at which they are to come (``DrillAlert``), fed by a tick of any number
of workers: the drill is claimed by its row lock, and its alerts are received and ticked off in one transaction.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from alerts import intake, scenarios
from alerts.formats import item
from alerts.models import Drill, DrillAlert, Source
from cases import audit_joint, drillend
from cases.models import Case
from responsibility import access, acting, clock, directory, rows_told, tokens
from responsibility.directory import Directory
from responsibility.models import Post, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

log = structlog.get_logger(__name__)

SLOWEST, FASTEST = 1, 600
# Of one unit at once.
MOST_RUNNING = 3
SOURCE = "drill"


def start(raw: object, *, by: User, speed: int = 1) -> Drill:
    """Begin a drill of the scenario ``raw`` (see ``alerts/scenarios.py``) at ``speed``; what is due comes at once.

    A street begins one within its own bounds only. Raises ``Forbidden``,
    ``Invalid``, or ``Refused`` (``too_many``) while the unit has as many running as it may.
    """
    if isinstance(speed, bool) or not isinstance(speed, int) or not SLOWEST <= speed <= FASTEST:
        told = {"low": SLOWEST, "high": FASTEST}
        raise Invalid("bad_number", _("倍速应为 %(low)d 至 %(high)d 之间的整数。") % told, "speed")
    known, now, actor = directory.current(), clock.now(), acting.of(by)
    if not access.may(actor, "drill.start"):
        raise Forbidden("wrong_role", _("演练由区城运应急办、区安委办或街镇负责人发起。"))
    scenario = scenarios.judge(raw, known, now)
    post = _starter(actor, scenario, known, now)
    with transaction.atomic():
        list(Unit.objects.select_for_update(no_key=True).filter(pk=post.unit_id).values_list("pk"))
        if Drill.objects.filter(unit=post.unit_id, ended_at__isnull=True).count() >= MOST_RUNNING:
            raise Refused("too_many", _("本单位已有 %(most)d 场演练在进行，请先结束。") % {"most": MOST_RUNNING})
        drill = _begin(scenario, by, post, speed, now)
        drillend.tell(drill, "drill.start", _told(drill), by=actor, post=post, at=now)
    _try(feed, drill.pk)
    return drill


def _begin(scenario: dict, by: User, post: Post, speed: int, now: datetime) -> Drill:
    """The drill with its script: when each alert is to come."""
    drill = Drill.objects.create(
        title=scenario["title"], title_en=scenario.get("title_en", ""), scenario=scenario, speed=speed,
        unit=post.unit, started_at=now, started_by=by,
        ends_at=now + timedelta(minutes=scenario.get("minutes", scenarios.A_DAY)) / speed,
    )  # fmt: skip
    DrillAlert.objects.bulk_create(
        DrillAlert(drill=drill, number=number, due_at=now + timedelta(minutes=step["after"]) / speed, body=step)
        for number, step in enumerate(scenario["alerts"], 1)
    )
    return drill


def _told(drill: Drill) -> dict:
    """What the ledger keeps of the beginning: the digest says which scenario it was."""
    return {
        "speed": drill.speed,
        "alerts": len(drill.scenario["alerts"]),
        "scenario": audit_joint.digest(drill.scenario),
    }


def _starter(actor: acting.Actor, scenario: dict, known: Directory, now: datetime) -> Post:
    """The post in which ``actor`` starts it: of the district, or of each street in which it takes place."""
    there = scenarios.streets(scenario, known, now)
    mine = access.units(actor, "drill.start", known.units)
    post = access.post_for(actor, "drill.start", own=mine)
    if post is None or not there <= mine | ({None} if access.everywhere(actor, "drill.start") else set()):
        raise Forbidden("not_your_street", _("街镇只能在本属地内发起演练。"))
    return post


def end(drill_id: int, *, by: User) -> Drill:
    """End it now: its open cases end with it and the report is written. ``Forbidden``, ``Refused``, or none such."""
    with transaction.atomic():
        drill = Drill.objects.select_for_update(no_key=True, of=("self",)).get(pk=drill_id)
        actor = acting.of(by)
        post = access.post_for(actor, "drill.end", named={drill.unit_id})
        if post is None:
            raise Forbidden("wrong_role", _("演练由发起单位、区城运应急办或区安委办结束。"))
        if drill.ended_at is not None:
            raise Refused("ended", _("演练已经结束。"))
        drillend.end(drill, clock.now(), by=actor, post=post)
    return drill


def tick() -> None:
    """Feed what is due, and end what is over or was left open. Safe to run many times at once and to be killed."""
    now = clock.now()
    running = Drill.objects.running()
    due = DrillAlert.objects.filter(drill=OuterRef("pk"), fed_at__isnull=True, due_at__lte=now)
    for pk in list(running.filter(Exists(due)).order_by("pk").values_list("pk", flat=True)):
        _try(feed, pk)
    left = Case.objects.open().filter(drill__ended_at__isnull=False).values("drill")
    over = Drill.objects.filter(Q(ended_at__isnull=True, ends_at__lte=now) | Q(pk__in=left))
    for pk in list(over.order_by("pk").values_list("pk", flat=True)):
        _try(_finish, pk)


def _try(do, drill_id: int) -> None:
    """One that fails does not stop the others; the rows are still there at the next tick."""
    try:
        with transaction.atomic():
            do(drill_id)
    except Exception:
        log.exception("drill_not_moved", drill=drill_id)


def feed(drill_id: int) -> int:
    """Receive the alerts of the drill that are due; how many. None where another worker is at it, or it has ended."""
    drill = Drill.objects.running().select_for_update(no_key=True, skip_locked=True).filter(pk=drill_id).first()
    if drill is None:
        return 0
    now = clock.now()
    rows = list(drill.script.filter(fed_at__isnull=True, due_at__lte=now).order_by("due_at", "number"))
    if not rows:
        return 0

    def read(row: Any, at: datetime, known: Directory) -> intake.Draft | intake.Rejected:
        draft = item.read(scenarios.body_of(row.body, f"{drill.pk}-{row.number}", at), at, known)
        if isinstance(draft, intake.Draft):
            draft.drill_id, draft.speed = drill.pk, drill.speed
        return draft

    for row, answer in zip(rows, intake.receive(_source(), rows, read), strict=True):
        row.fed_at, row.outcome, row.case_number = now, answer.outcome, answer.case or ""
    DrillAlert.objects.bulk_update(rows, ["fed_at", "outcome", "case_number"])
    drillend.tell(
        drill,
        "drill.feed",
        {"alerts": len(rows), "numbers": [row.number for row in rows]},
        by=acting.SYSTEM,
        post=None,
        at=now,
    )
    return len(rows)


def _finish(drill_id: int) -> None:
    drill = Drill.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(pk=drill_id).first()
    if drill is None:
        return
    now = clock.now()
    if drill.ended_at is not None:
        # What was opened or reopened at the very moment of the end.
        drillend.end_cases(drill, now)
    elif drill.ends_at <= now:
        drillend.end(drill, now, by=acting.SYSTEM)


def _source() -> Source:
    """The sub-platform of all drills. It is not active and nobody has its key, so nothing else comes by it."""
    found = Source.objects.filter(code=SOURCE).first()
    if found is None:
        centre = directory.current().unit_with("dispatch")
        if centre is None:
            raise Refused("no_centre", _("没有承担派遣职能的单位，无法演练。"))
        named = {"name": "演练", "name_en": "Drill", "unit": centre, "active": False}
        digest = tokens.digest(secrets.token_hex(32))
        with rows_told.told():
            found, _new = Source.objects.get_or_create(code=SOURCE, defaults=named | {"key_digest": digest})
    return found


def visible(actor: acting.Actor, known: Directory) -> QuerySet[Drill]:
    """The drills that ``actor`` may read: all for the district's desks, else the own unit's and any with its cases."""
    if access.everywhere(actor, "drill.read"):
        return Drill.objects.all()
    mine = access.units(actor, "drill.read", known.units)
    seen = Case.objects.visible_to(actor, known.units).filter(drill=OuterRef("pk"))
    return Drill.objects.filter(Q(unit__in=mine) | Exists(seen)) if mine else Drill.objects.none()
