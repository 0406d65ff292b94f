"""Whether the installation is alive, and whether it can be trusted with the next alarm."""

import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from cases import recomputing, sweeping
from cases.models import Case, Deadline
from config import safeguards
from notary import growing
from notices import inbox
from responsibility import clock, directory

log = structlog.get_logger(__name__)

# Five times the pace of the checkpoints: a key that cannot be read or a past that does not fit, not a slow minute.
WITHOUT_CHECKPOINT = timedelta(minutes=5)
# What proxies add in one way or another.
PROXIED = ("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_VIA")


@never_cache
@login_not_required
def alive(request) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"alive": True})


@never_cache
@login_not_required
def ready(request) -> JsonResponse:
    """200, or 503 with the failing checks in words: database, migrations, triggers, clock, broker."""
    checks = {}
    for name, check in CHECKS.items():
        try:
            checks[name] = check()
        except Exception:
            # Everybody may ask, and what drivers say names hosts and ports.
            log.exception("not_ready", check=name)
            checks[name] = "failed, the log says why"
    good = all(word == "ok" for word in checks.values())
    told = {"ready": good, "checks": checks, "last_sweep": _last_sweep(), "notices": _notices()}
    return JsonResponse(told, status=200 if good else 503)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if not waiting else f"{len(waiting)} migrations are not applied"


def _triggers() -> str:
    # Whoever holds a table must not make every case unreachable.
    faults = safeguards.faults(wait=False)
    return "ok" if not faults else "; ".join(faults)


def _reference() -> str:
    faults = directory.current().faults
    return "ok" if not faults else f"cannot be used: {'; '.join(faults)}"


def _clock() -> str:
    oldest = sweeping.oldest_unswept()
    # Two ticks, and the time that ten thousand at once take.
    allowed = timedelta(seconds=max(2 * settings.SWEEP_SECONDS, 10))
    if oldest is None or clock.now() - oldest <= allowed:
        return "ok"
    return f"a deadline due at {oldest.isoformat()} is not swept"


def _events() -> str:
    last = recomputing.last_check()
    if not last or not last["differences"]:
        return "ok"
    return f"{last['differences']} clocks are not what their events lead to: manage.py recompute_clocks"


def _checkpoints() -> str:
    oldest = growing.oldest_waiting()
    if oldest is None or timezone.now() - oldest <= WITHOUT_CHECKPOINT:
        return "ok"
    return f"an entry of {oldest.isoformat()} is in no checkpoint"


def _broker() -> str:
    cache.set("ready", time.time(), timeout=60)
    return "ok"


CHECKS = {
    "database": _database,
    "migrations": _migrations,
    "triggers": _triggers,
    "reference": _reference,
    "clock": _clock,
    "clock_events": _events,
    "checkpoints": _checkpoints,
    "broker": _broker,
}


def _last_sweep() -> dict | None:
    try:
        return cache.get(sweeping.LAST_SWEEP)
    except Exception:
        return None


def _notices() -> dict | None:
    try:
        waiting, unreached = inbox.behind()
        return {"waiting": waiting, "unreached": unreached}
    except Exception:
        return None


class Domain:
    """Figures of the work itself, read when they are asked for and never before."""

    def describe(self):
        """Nothing is told at registration, so that no database is asked then."""
        return []

    def collect(self):
        """Open cases by loop, deadlines that have passed, and how far behind the sweep is."""
        open_cases = GaugeMetricFamily("bihuan_open_cases", "Open cases", labels=["loop"])
        for loop in ("small", "medium", "large"):
            open_cases.add_metric([loop], Case.objects.open().real().filter(loop=loop).count())
        yield open_cases
        overdue = Deadline.objects.running().filter(missed_at__isnull=False, case__drill__isnull=True).count()
        yield GaugeMetricFamily("bihuan_overdue_deadlines", "Missed deadlines still running", value=overdue)
        oldest = sweeping.oldest_unswept()
        lag = (clock.now() - oldest).total_seconds() if oldest else 0
        waiting, unreached = inbox.behind()
        yield GaugeMetricFamily("bihuan_notices_waiting", "Notices that nobody has been found for yet", value=waiting)
        yield GaugeMetricFamily("bihuan_notices_unreached", "Notices of late that reached nobody", value=unreached)
        yield GaugeMetricFamily("bihuan_sweep_lag_seconds", "Age of the oldest unswept deadline", value=lag)


_domain = CollectorRegistry()
_domain.register(Domain())


@login_not_required
def metrics(request) -> HttpResponse:
    """Prometheus figures, to this machine only: 404 to anybody who comes through a proxy or from elsewhere."""
    proxied = any(name.startswith(PROXIED) for name in request.META)
    if request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1") or proxied:
        raise Http404
    response = ExportToDjangoView(request)
    response.write(generate_latest(_domain))
    return response
