"""Our checkpoints and proofs before a verifier that is not ours: Go's own for signed notes and transparent logs."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from notary import checkpoints, proofs
from notary.models import SigningKey
from responsibility.models import LedgerEntry

HERE = Path(__file__).parent / "verifier"
# Where Debian's golang-golang-x-mod-dev puts it.
SOURCES = Path("/usr/share/gocode")

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (shutil.which("go") and SOURCES.exists()),
        reason="needs Debian's golang-go and golang-golang-x-mod-dev; .ci/run installs them",
    ),
]


@pytest.fixture(scope="module")
def verifier(tmp_path_factory):
    """The verifier, built."""
    place = tmp_path_factory.mktemp("go")
    env = {**os.environ, "GOPATH": str(SOURCES), "GO111MODULE": "off", "GOCACHE": str(place / "cache"), "GOFLAGS": ""}
    built = subprocess.run(["go", "build", "-o", place / "verifier", "."], cwd=HERE, env=env, capture_output=True)
    assert built.returncode == 0, built.stderr.decode()
    return place / "verifier"


@pytest.fixture
def told(tell):
    """Three checkpoints, proofs of every entry in the last, and of each checkpoint in the next."""
    points = []
    for count in (5, 300, 2):
        tell(count)
        points.append(checkpoints.make())
    digests = dict(LedgerEntry.objects.values_list("id", "digest"))
    leaf = lambda entry: base64.b64encode(bytes.fromhex(digests[entry])).decode()  # noqa: E731
    return {
        "Key": SigningKey.objects.get().verifier,
        "Notes": [point.note for point in points],
        "Inclusions": [
            {"Leaf": leaf(found.entry), "Index": found.index, "Path": _b64(found.path)}
            for found in proofs.inclusions(list(digests), points[-1])
        ],
        "Consistency": [
            _b64(proofs.consistency(old.size, new.size)) for old, new in zip(points, points[1:], strict=False)
        ],
    }


def _b64(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]


def run(verifier: Path, told: dict) -> subprocess.CompletedProcess:
    return subprocess.run([verifier], input=json.dumps(told), capture_output=True, text=True)


def test_it_accepts_every_checkpoint_and_proof(verifier, told):
    done = run(verifier, told)
    assert done.stdout == f"ok 3 {len(told['Inclusions'])} 2\n", done.stderr
    assert len(told["Inclusions"]) == LedgerEntry.objects.count()


def test_it_refuses_what_was_altered(verifier, told):
    for spoil in (
        lambda: told["Notes"].__setitem__(1, told["Notes"][1].replace("\n", "\n1", 1)),
        lambda: told["Inclusions"][7].update(Leaf=base64.b64encode(bytes(32)).decode()),
        lambda: told["Inclusions"][7].update(Index=8),
        lambda: told["Consistency"][0].reverse(),
    ):
        whole = json.dumps(told)
        spoil()
        assert run(verifier, told).returncode == 1
        told.clear()
        told.update(json.loads(whole))
