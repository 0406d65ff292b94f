"""Loaded before the settings are read (``-p tests.environment``): servers and a folder of the run's own.

A serving installation beside the tests is left alone. Workers of xdist share what their parent started.
"""

import os
import shutil
import tempfile
from pathlib import Path

OWNED = "TEST_VAR_DIR" not in os.environ
if OWNED:
    os.environ["TEST_VAR_DIR"] = tempfile.mkdtemp(prefix="bihuan-test-")
VAR = Path(os.environ["TEST_VAR_DIR"])
os.environ["VAR_DIR"] = str(VAR)
os.environ["DEMO"] = "1"
# Playwright runs an event loop in the thread of the test.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

_servers = None


def pytest_configure(config):
    """Start PostgreSQL and Valkey for the run."""
    global _servers
    if OWNED and not hasattr(config, "workerinput") and not config.option.collectonly:
        from config.embedded.servers import Servers

        _servers = Servers(VAR, postgres_settings={"fsync": "off", "max_connections": "200"})
        _servers.start()


def pytest_unconfigure(config):
    """Stop them and leave nothing behind."""
    if _servers is not None:
        _servers.stop()
        shutil.rmtree(VAR, ignore_errors=True)
