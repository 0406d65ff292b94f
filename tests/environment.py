"""Loaded before the settings are read (``-p tests.environment``): servers and a folder of the run's own.

A serving installation beside the tests is left alone. Each worker of xdist has servers of its own in the folder that
their parent made, so that none meets what another left in a cache or a channel.
"""

import os
import shutil
import tempfile
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER")
OWNED = "TEST_VAR_DIR" not in os.environ
if OWNED:
    os.environ["TEST_VAR_DIR"] = tempfile.mkdtemp(prefix="bihuan-test-")
VAR = Path(os.environ["TEST_VAR_DIR"], WORKER or "")
os.environ["VAR_DIR"] = str(VAR)
os.environ["DEMO"] = "1"
# Playwright runs an event loop in the thread of the test.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

_servers = None


def pytest_configure(config):
    """Start PostgreSQL and Valkey for whoever runs tests."""
    global _servers
    divides = config.getoption("numprocesses", None)
    if WORKER or (OWNED and not divides and not config.option.collectonly):
        from config.embedded.servers import Servers

        VAR.mkdir(exist_ok=True)
        _servers = Servers(VAR, postgres_settings={"fsync": "off", "max_connections": "200"})
        _servers.start()


def pytest_unconfigure(config):
    """Stop them and leave nothing behind."""
    if _servers is not None:
        _servers.stop()
    if OWNED:
        shutil.rmtree(VAR, ignore_errors=True)
