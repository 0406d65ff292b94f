"""A wrong value in the environment stops the start with a sentence that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent.parent


def check(var: Path, **values: str) -> subprocess.CompletedProcess:
    """``manage.py check`` with these values, as somebody types it."""
    environment = os.environ | {"DEMO": "1", "VAR_DIR": str(var)} | values
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Mars/X"),
        ("TIME_ZONE", "../etc/passwd"),
        ("LOG_LEVEL", "LOUD"),
        ("VAR_DIR", "/dev/null/x"),
        ("DISTRICT_FILE", "/nonexistent.json"),
        ("DISTRICT_FILE", "/"),
        ("PORT", "99999"),
        ("DEMO", "perhaps"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(tmp_path, name, value):
    said = check(tmp_path, **{name: value})
    assert said.returncode == 1
    assert said.stderr.startswith(f"{name}=")
    assert "Traceback" not in said.stderr
    assert len(said.stderr.splitlines()) == 1


def test_right_values_are_taken(tmp_path):
    said = check(tmp_path / "new", TIME_ZONE="Europe/Berlin", LOG_LEVEL="warning")
    assert (said.returncode, said.stderr[-300:]) == (0, "")
    assert (tmp_path / "new").is_dir()
