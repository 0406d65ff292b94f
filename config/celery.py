"""Celery, with the one static schedule of the installation."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready
from django.conf import settings
from kombu import Queue
from kombu.transport.redis import QoS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("bihuan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Two queues: what hangs on the insurance side holds up no place in which the sweeps of cases are worked. A worker that
# is told of no queue takes both.
CASES, INSURANCE = "celery", "insurance"
app.conf.task_queues = (Queue(CASES), Queue(INSURANCE))
app.conf.task_default_queue = CASES
app.conf.task_routes = {"insurance.*": {"queue": INSURANCE}}

# The insurance side finds its own work; it shares nothing with the sweeps of cases but the machine.
INSURANCE_TASKS = {
    "cover": "insurance.policies.tasks.judge",
    "portals": "insurance.portals.tasks.push",
    "reminding": "insurance.portals.tasks.remind",
    "findings": "insurance.findings.tasks.raise_alerts",
}

# What is on its way when the broker goes is a tick, worth nothing. Trying to put it back ends the worker instead of
# letting it wait for the broker (kombu 5.7: the closed connection is asked for its host).
QoS.restore_at_shutdown = False

app.conf.beat_schedule = {
    # A tick that could not be taken before the next one is worthless, so it expires.
    "sweep": {
        "task": "cases.tasks.sweep_deadlines",
        "schedule": settings.SWEEP_SECONDS,
        "options": {"expires": settings.SWEEP_SECONDS},
    },
    "remind": {
        "task": "cases.tasks.remind",
        "schedule": settings.REMIND_SECONDS,
        "options": {"expires": settings.REMIND_SECONDS},
    },
    "drills": {
        "task": "cases.tasks.run_drills",
        "schedule": settings.SWEEP_SECONDS,
        "options": {"expires": settings.SWEEP_SECONDS},
    },
    "checkpoint": {
        "task": "notary.tasks.make_checkpoint",
        "schedule": settings.CHECKPOINT_SECONDS,
        "options": {"expires": settings.CHECKPOINT_SECONDS},
    },
    "desk-index": {
        "task": "desk.tasks.index",
        "schedule": settings.INDEX_SECONDS,
        "options": {"expires": settings.INDEX_SECONDS},
    },
    "ledger-parts": {"task": "notary.tasks.keep_parts_ready", "schedule": crontab(hour=2, minute=10)},
    "draws": {"task": "accountability.tasks.keep_draws", "schedule": crontab(minute=20)},
    "clocks": {"task": "cases.tasks.check_clocks", "schedule": crontab(hour=3, minute=40)},
    "tell": {
        "task": "notices.tasks.tell",
        "schedule": settings.NOTICE_SECONDS,
        "options": {"expires": settings.NOTICE_SECONDS},
    },
    "retention": {"task": "retention.tasks.run", "schedule": crontab(hour=4, minute=10)},
    "sealed-expire": {"task": "retention.tasks.expire", "schedule": crontab(minute=25)},
    "exchange": {
        "task": "responsibility.tasks.import_files",
        "schedule": settings.EXCHANGE_SECONDS,
        "options": {"expires": settings.EXCHANGE_SECONDS},
    },
    "repeats": {
        "task": "responsibility.tasks.sum_up",
        "schedule": settings.REPEATS_SECONDS,
        "options": {"expires": settings.REPEATS_SECONDS},
    },
    "rows": {
        "task": "responsibility.tasks.tell_rows",
        "schedule": settings.ROWS_SECONDS,
        "options": {"expires": settings.ROWS_SECONDS},
    },
}
for _name, _task in INSURANCE_TASKS.items():
    app.conf.beat_schedule[_name] = {
        "task": _task,
        "schedule": settings.INSURANCE_SECONDS,
        "options": {"expires": settings.INSURANCE_SECONDS, "queue": INSURANCE},
    }


@worker_ready.connect
def _catch_up(**kwargs) -> None:
    """What was written before all stopped is signed at once, not a minute after all runs again."""
    # Here, because the models are not there yet when this module is read.
    from django.db import connection

    from notary.tasks import make_checkpoint

    if set(app.amqp.queues.consume_from) == {INSURANCE}:
        return
    try:
        make_checkpoint()
    finally:
        # Processes that are started later must not share it.
        connection.close()
