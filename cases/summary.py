"""What is known of a case, gathered: the report that fills itself, and the summary written at the stand-down."""

from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cases import dispatching
from cases.models import Case, Command, Deadline, Dispatch, DispatchLine, Order, OrderState, SituationReport
from cases.models.dispatch import OUT
from resources import matching
from resources.models import Resource, Station
from responsibility import ledger
from responsibility.directory import Directory

LENGTH = 1000
# The acts that tell how it went; readings and repeated alerts would drown them.
FIELDS = ("situation", "done", "forces", "casualties", "ahead", "needs")
TOLD = ("case.", "order.", "dispatch.", "command.", "deadline.missed")


def labels() -> list[tuple[str, str]]:
    """The fields of a situation report with their words."""
    fields = {field.name: field for field in SituationReport._meta.concrete_fields}
    return [(name, str(fields[name].verbose_name)) for name in FIELDS]


def draft(case: Case, command: Command) -> dict:
    """The six fields of a situation report as far as the case can tell them, in the reader's language."""
    last = command.reports.order_by("-number").first()
    sent = (
        Dispatch.objects.filter(case=case, state__in=OUT).select_related("station").prefetch_related("lines__resource")
    )
    told = {
        "situation": _("%(grade)s，%(state)s，累计预警 %(alerts)d 次")
        % {"grade": case.get_grade_display(), "state": case.get_state_display(), "alerts": case.alert_count},
        "done": _("；").join(_done(case)),
        "forces": _("；").join(f"{d.station.label} {_lines(d)} {d.get_state_display()}" for d in sent),
        "ahead": command.objectives,
        "needs": _("；").join(_needs(case)),
    }
    return {name: text[:LENGTH] for name, text in told.items()} | {"casualties": last.casualties if last else 0}


def _lines(dispatch: Dispatch) -> str:
    return _("、").join(f"{line.resource.label}×{line.quantity}" for line in dispatch.lines.all())


def _done(case: Case) -> list[str]:
    finished = Order.objects.filter(case=case, state=OrderState.DONE).select_related("unit").order_by("-ended_at")[:10]
    return [f"{localtime(order.ended_at):%H:%M} {order.unit.label} {order.text}" for order in finished]


def _needs(case: Case) -> list[str]:
    place = None if case.lat is None or case.lon is None else (case.lat, case.lon)
    held = [(line.resource, line.quantity) for line in lines_out(case)]
    lacking = matching.kit_for(case.category, place, held, dispatching.sent_in_drill(case)).lacking
    return [f"{line.capability.label} {line.lacking} {line.capability.measured}" for line in lacking]


def after_action(case: Case, command: Command, now: datetime) -> dict:
    """The after-action summary: plain values, instants in ISO 8601.

    ``{"opened_at", "ended_at", "timeline": [{"seq", "at", "verb"}], "answers": [{"unit", "due_at", "answered_at",
    "in_time"}], "orders": [{"unit", "text", "state", "due_at", "ended_at", "in_time"}], "resources": [{"station",
    "resource", "quantity", "used", "sent_at", "due_at", "arrived_at", "in_time"}], "reports": int, "missed": [kind]}``.
    ``in_time`` is empty for what was never due, because it was withdrawn or sent back before.
    """
    clocks = list(Deadline.objects.filter(case=case).select_related("unit").order_by("started_at", "pk"))
    story = ledger.story(case.chain)
    return {
        "opened_at": case.opened_at.isoformat(),
        "ended_at": now.isoformat(),
        "timeline": [
            {"seq": entry.seq, "at": entry.at.isoformat(), "verb": entry.verb}
            for entry in story.only("seq", "at", "verb").order_by("seq")
            if entry.verb.startswith(TOLD)
        ],
        "answers": [_answer(clock) for clock in clocks if clock.kind == "acknowledge"],
        "orders": [_order(order) for order in case.orders.select_related("unit", "clock")],
        "resources": [_resource(line) for line in _sent(case)],
        "reports": command.reports.count(),
        "missed": [clock.kind for clock in clocks if clock.missed_at],
    }


def _sent(case: Case):
    found = DispatchLine.objects.filter(dispatch__case=case).select_related("resource", "dispatch__station")
    return found.select_related("resource", "dispatch__station", "dispatch__clock").order_by("pk")


def _answer(clock: Deadline) -> dict:
    return {
        "unit": clock.unit.code if clock.unit else None,
        "due_at": clock.due_at.isoformat(),
        "answered_at": _iso(clock.stopped_at),
        "in_time": clock.stopped_at is not None and clock.stopped_at <= clock.due_at,
    }


def _order(order: Order) -> dict:
    done = order.ended_at if order.state == OrderState.DONE else None
    return {
        "unit": order.unit.code,
        "text": order.text,
        "state": str(order.state),
        "due_at": order.clock.due_at.isoformat(),
        "ended_at": _iso(order.ended_at),
        "in_time": done <= order.clock.due_at if done else None,
    }


def _resource(line: DispatchLine) -> dict:
    sent = line.dispatch
    late = False if sent.clock.missed_at else None
    return {
        "station": sent.station.code,
        "resource": line.resource.code,
        "quantity": line.quantity,
        "used": line.used,
        "sent_at": sent.sent_at.isoformat(),
        "due_at": sent.clock.due_at.isoformat(),
        "arrived_at": _iso(sent.arrived_at),
        "in_time": sent.arrived_at <= sent.clock.due_at if sent.arrived_at else late,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def lines_out(case: Case) -> list[DispatchLine]:
    """What belongs to the case now, with its capabilities. Two queries."""
    held = DispatchLine.objects.filter(dispatch__case=case, ended_at__isnull=True)
    return list(held.select_related("resource").prefetch_related("resource__offers"))


def in_words(told: dict, known: Directory) -> dict:
    """What ``after_action`` gave, with what a page says of it: shares in time, who was late, each resource by name."""

    def share(rows: list[dict]) -> tuple[int, int]:
        judged = [row["in_time"] for row in rows if row["in_time"] is not None]
        return sum(judged), len(judged)

    began, ended = (datetime.fromisoformat(told[name]) for name in ("opened_at", "ended_at"))
    stations = {row["station"] for row in told["resources"]}
    names = {station.code: station.label for station in Station.objects.filter(code__in=stations)}
    codes = {row["resource"] for row in told["resources"]}
    things = {thing.code: thing.label for thing in Resource.objects.filter(code__in=codes)}
    return told | {
        "shares": {name: share(told[name]) for name in ("answers", "orders", "resources")},
        "late": [known.units_by_code.get(row["unit"]) for row in told["answers"] if row["in_time"] is False],
        "used": [
            row | {"where": names.get(row["station"]), "what": things.get(row["resource"])} for row in told["resources"]
        ],
        "minutes": (
            datetime.fromisoformat(told["ended_at"]) - datetime.fromisoformat(told["opened_at"])
        ).total_seconds()
        / 60,
    }
