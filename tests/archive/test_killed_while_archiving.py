"""Killed between any two steps, the archiving has lost nothing and can be done again."""

import io
import os
import signal
import subprocess
import sys
from datetime import date
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection

from notary import checkpoints
from notary.archiving import taking
from responsibility import ledger, parts, shelf
from responsibility.models import LedgerEntry, Volume
from tests.notary.conftest import _keys, tell  # noqa: F401
from tests.notary.tampering import found
from tests.notary.test_archiving import named

pytestmark = pytest.mark.django_db(transaction=True)
MONTH = date(2026, 8, 1)
# Takes the month, and kills itself without warning right after the step that is named.
SCRIPT = """
import importlib, os, signal, sys
import django
django.setup()
from datetime import date
from notary.archiving import taking
module, name = sys.argv[1].rsplit(".", 1)
module = importlib.import_module(module)
step = getattr(module, name)
def last(*given, **more):
    step(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, name, last)
taking.take(date(2026, 8, 1))
"""
STEPS = [
    "responsibility.volumes.write",
    "responsibility.volumes.put",
    "notary.archiving.taking.verified",
    "notary.archiving.taking.tell",
    "notary.archiving.marks.add",
    "responsibility.parts.make",
    "notary.archiving.taking._swap",
]


def killed_after(step: str, folder, keys) -> int:
    url = urlsplit(configured.DATABASE_URL)
    environment = os.environ | {
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{connection.settings_dict['NAME']}")),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEMO": "1",
        "LEDGER_ARCHIVE": str(folder),
        "LEDGER_KEYS": str(keys),
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT, step], env=environment, capture_output=True, timeout=60)
    return done.returncode


@pytest.mark.parametrize("step", STEPS)
def test_nothing_is_lost(step, tell, settings, tmp_path):  # noqa: F811
    settings.LEDGER_ARCHIVE, settings.VAR_DIR = tmp_path / "archive", tmp_path
    parts.make(MONTH)
    for number in range(5):
        tell(4, named(1 + number, number))
    checkpoints.make()
    assert killed_after(step, settings.LEDGER_ARCHIVE, settings.LEDGER_KEYS) == -signal.SIGKILL
    done = step.endswith("_swap")
    assert Volume.objects.count() == done
    assert LedgerEntry.objects.filter(chain__range=(named(1), named(28))).count() == (0 if done else 20)
    assert found() == []
    call_command("archive_ledger", before="2026-09", stdout=io.StringIO())
    (volume,) = Volume.objects.all()
    assert volume.entries == 20
    assert [file.name for file in sorted(settings.LEDGER_ARCHIVE.iterdir())] == [
        volume.name, taking.manifest_of(shelf.place(volume)).name,
    ]  # fmt: skip
    assert found() == []
    assert ledger.story(named(3, 2)).count() == 4
