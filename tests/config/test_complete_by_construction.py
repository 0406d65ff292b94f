"""Whatever the product writes to its record, it writes with an entry of the ledger in the same transaction.

Doors, pages of the administrator, commands and tasks are found where Django and Celery find them, never from a list:
a new one that is not met here fails the walk.
"""

import io
import json
from contextlib import suppress

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import CommandError, call_command, get_commands
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.utils import timezone

from cases.models import Case
from config.celery import app
from responsibility.models import LedgerEntry
from tests.access import walking, world
from tests.access.rules import DOORS, NOBODY, PUBLIC, SOURCE
from tests.access.test_the_walk import WALKERS
from tests.config.recording import LEDGER, OUTSIDE, recording, silent

pytestmark = pytest.mark.django_db
# What a command is called with; nothing for those that start servers or speak to a running one by its doors.
COMMANDS = {
    "demo_key": (), "draw_states": None, "drill": ("h2s-manhole", "--by", "yingji-office"),
    "erase_person": ("--name", "陆工", "--basis", "consent", "--reason", "撤回"),
    "exchange": ("units", "--export"), "export_case": ("CASE", "FILE"), "ledger_key": (),
    "load_demo": ("--no-history",), "load_district": (), "recompute_clocks": (), "replay": None, "safeguards": (),
    "simulate": None, "sweep": (),
    "conformance": (), "export_log": ("--format", "xes", "--output", "FILE"), "auditor_roles": (),
    "auditor_login": ("auditor", "--days", "1"), "retention": (),
    "archive_ledger": ("--before", "2026-01"), "restore_ledger": ("2026-01",),
    "up": None, "verify_ledger": ("--skip-files",), "whatif": None,
}  # fmt: skip
OWN = (
    "accountability", "alerts", "cases", "config", "desk", "handbook", "insurance", "mining", "notary", "notices",
    "resources", "responsibility", "retention",
)  # fmt: skip


@pytest.fixture
def stood(people, source, settings, tmp_path):
    settings.EVIDENCE_ROOT, settings.EXCHANGE_ROOT = tmp_path / "evidence", tmp_path / "exchange"
    settings.LEDGER_KEYS = tmp_path / "keys"
    return world.build(people, source)


@pytest.fixture
def recorder(stood, monkeypatch):
    with recording(monkeypatch) as found:
        yield found


@pytest.fixture
def walkers(people, key):
    named = [walking.person(name, people[name]) for name in WALKERS]
    return [*named, walking.person("stranger", None), walking.person("source", None, key)]


def own(name: str) -> bool:
    return name.partition(".")[0] in OWN


# --- the recorder finds what it is for -----------------------------------------------------
def test_a_write_beside_its_entry_is_found(recorder, people):
    recorder.written()
    Case.objects.update(title="x")
    assert silent(recorder.written()) == {"cases_case"}


# --- doors ---------------------------------------------------------------------------------
def test_every_door_that_writes_to_the_record_leaves_an_entry(recorder, stood, walkers):
    untold, spoke = [], set()
    for door in [door for door in DOORS if door.method != "GET"]:
        for who in walkers:
            if door.act not in (PUBLIC, NOBODY, SOURCE) and walking.expected(who, door, stood) != walking.IN:
                continue
            units = _through(recorder, door, who, stood)
            untold += [(door.name, who.name, table) for table in silent(units)]
            if any(LEDGER in tables for tables in units.values()):
                spoke.add(door.pattern)
                break
    assert untold == []
    assert {"/cases/<number:number>/<slug:verb>/", "/api/v1/cases/<str:number>/<str:verb>/"} <= spoke


def _through(recorder, door, who, stood) -> dict[str, set[str]]:
    """What was written when ``who`` went through ``door``; afterwards it has not happened."""
    units: dict[str, set[str]] = {}

    def judged(answer, person):
        units.update(recorder.written())
        return answer

    recorder.written()
    walking.told(who, door, stood, judged)
    return units


# --- the administrator -----------------------------------------------------------------------
def test_every_page_of_the_administrator_that_writes_leaves_an_entry(recorder, people, walkers):
    client, untold, wrote = walking.person("admin", people["admin"]).client, [], set()
    for model, of in admin.site._registry.items():
        request = type("R", (), {"user": people["admin"]})()
        sample = model._default_manager.order_by("-pk").first()
        at = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        if sample is None or not of.has_change_permission(request):
            continue
        for address, form in (
            (f"{at}{sample.pk}/change/", _changed(client, f"{at}{sample.pk}/change/", sample)),
            (f"{at}{sample.pk}/delete/", {"post": "yes"}),
            (at, {"action": "delete_selected", "_selected_action": [sample.pk], "post": "yes"}),
        ):
            with walking.undone():
                recorder.written()
                with suppress(ProtectedError, IntegrityError):
                    client.post(address, form)
                units = recorder.written()
            untold += [(address, table) for table in silent(units)]
            if any(model._meta.db_table in tables for tables in units.values()):
                wrote.add(model._meta.db_table)
    assert untold == []
    assert {"responsibility_user", "responsibility_unit", "alerts_source"} <= wrote


def _changed(client, address: str, sample) -> dict:
    """The form of a page, filled as it stands, with one text changed."""
    form, data = client.get(address).context["adminform"].form, {}
    for bound in form:
        value = bound.value()
        parts = getattr(bound.field.widget, "widgets", None)
        if parts:
            for number, part in enumerate(bound.field.widget.decompress(value)):
                data[f"{bound.html_name}_{number}"] = "" if part is None else part
        elif value not in (None, False):
            data[bound.html_name] = json.dumps(value) if isinstance(value, dict) else value
    for name in ("full_name", "name_en", "source", "basis_en", "title_en"):
        if name in data or name in form.fields:
            data[name] = f"{data.get(name) or ''}x"
            break
    return data


# --- commands and tasks ------------------------------------------------------------------------
def test_every_command_is_called_or_has_its_reason():
    assert {name for name, where in get_commands().items() if own(str(where))} == set(COMMANDS)


@pytest.mark.parametrize("name", [name for name, given in COMMANDS.items() if given is not None])
def test_every_command_that_writes_to_the_record_leaves_an_entry(recorder, stood, name, tmp_path):
    filled = {"CASE": stood.values["street"], "FILE": str(tmp_path / "case.zip")}
    given = [filled.get(word, word) for word in COMMANDS[name]]
    with suppress(CommandError):
        call_command(name, *given, stdout=io.StringIO(), stderr=io.StringIO())
    assert silent(recorder.written()) == set()


def test_every_task_that_writes_to_the_record_leaves_an_entry(recorder, stood, monkeypatch):
    app.loader.import_default_modules()
    tasks = {name: task for name, task in app.tasks.items() if own(name)}
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(tasks)
    later = timezone.now() + timezone.timedelta(days=2)
    monkeypatch.setattr("responsibility.clock.now", lambda: later)
    for name, task in tasks.items():
        task()
        assert silent(recorder.written()) == set(), name
    assert LedgerEntry.objects.filter(verb="deadline.missed").exists()


def test_every_table_of_the_product_is_recorded(recorder):
    assert all(apps.get_models())
    assert OUTSIDE not in recorder.written()
