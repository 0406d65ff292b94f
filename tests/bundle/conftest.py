"""A case with everything that must not leave the house, and bundles of it unpacked in empty folders."""

import os
import subprocess
import sys
import venv
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from cases import proof, requests, sharing
from cases.bundle import exporting
from responsibility import clock
from tests.cases.conftest import CONTAINED, alert, open_case, picture, press, send  # noqa: F401

REPORTER, PHONE = "欧阳报险", "13817658811"


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.LEDGER_KEYS = tmp_path / "keys"
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def case(open_case, press, people):  # noqa: F811
    """Worked, asked, ordered, advised, proved, shown to an insurer."""
    case = press(open_case(), *CONTAINED[:2], note=f"报险人{REPORTER} {PHONE} 在现场")
    proof.add(case.pk, picture(7), by=people["sijing-handler"], note=f"{REPORTER}拍摄")
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="extend", reason="内部意见不外传", minutes=30)
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=True, answer="内部答复不外传")
    press(case, "sijing-handler contain", note="内部说明不外传")
    until = clock.now() + timedelta(days=7)
    sharing.share(case.pk, by=people["yingji-office"], until=until, reason="授权理由不外传", username="insurer")
    return case


@pytest.fixture
def unpack(tmp_path, case, people):
    """``unpack("insurer")``: the bundle as that person is given it, in an empty folder; as the server's without."""

    def run(name: str | None = None, to: str = "bundle") -> Path:
        folder = tmp_path / to
        with exporting.export(case.pk, by=people[name] if name else None) as made, zipfile.ZipFile(made) as archive:
            archive.extractall(folder)
        return folder

    return run


@pytest.fixture(scope="session")
def fresh_python(tmp_path_factory) -> tuple[str, dict]:
    """A new virtual environment in which there is nothing but ``cryptography``; its Python and what it is started with.

    The library and what it needs are linked out of the environment of the tests, instead of being downloaded.
    """
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False)
    library, here = folder / "library", Path(sys.modules["cryptography"].__file__).parents[1]
    library.mkdir()
    for name in ("cryptography", "cffi", "pycparser", *(path.name for path in here.glob("_cffi_backend*"))):
        if (here / name).exists():
            (library / name).symlink_to(here / name)
    return str(folder / "bin" / "python"), {"PYTHONPATH": str(library), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}


@pytest.fixture
def verify(fresh_python):
    """``verify(folder, ...)``: exit code and words of the script in the bundle, run by a Python without our code."""

    def run(folder: Path, *more: str) -> tuple[int, str]:
        python, env = fresh_python
        command = [python, str(folder / "verify.py"), *more]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    return run
