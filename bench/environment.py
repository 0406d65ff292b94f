"""Which folder, and that no other installation is touched. Imported before anything of Django is."""

import os
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent


def claim_environment() -> Path:
    """Point the settings at a folder of the bench's own; call before Django is imported. The folder.

    The bench empties tables and turns triggers off, so an installation that the environment names is never used.
    """
    base = Path(os.environ.get("VAR_DIR") or HOME / "var").resolve()
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "VAR_DIR": str(base / "bench"),
        "DEMO": "1",
        "DEBUG": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    # The bench's own process prints a table, not a log.
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    return base
