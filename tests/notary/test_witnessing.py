"""Those outside: what they are given, what they may sign, and that they notice a history that was rewritten."""

import base64
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as configured
from django.db import transaction
from rest_framework.test import APIClient

from notary import checkpoints, handing, merkle, notes, witnessing
from notary.models import Checkpoint, Cosignature, Outlet, SigningKey
from responsibility.models import LedgerEntry, Unit
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.test_the_audit import behind_the_triggers

pytestmark = pytest.mark.django_db
NAME = "insurer.example/witness"
API = "/api/v1/ledger/"


@pytest.fixture
def private():
    return Ed25519PrivateKey.generate()


@pytest.fixture
def witness(people, private):
    """The key of the insurer's, registered by the committee's office."""
    key = notes.Key(NAME, notes.COSIGNATURE, notes.raw(private))
    return witnessing.register(Unit.objects.get(code="X-INS").pk, str(key), by=people["anwei-office"])


def cosigned(checkpoint: Checkpoint, private, at: int = 1_790_000_000) -> str:
    note = notes.Note.read(checkpoint.note)
    return checkpoint.note + str(notes.cosign(note.text, NAME, private, at))


# --- what everybody is given ----------------------------------------------------------------
def test_a_stranger_reads_the_newest_checkpoint_and_any_earlier_one(tell, client):
    assert client.get(f"{API}checkpoint/").status_code == 404
    tell(2)
    first = checkpoints.make()
    tell(2)
    second = checkpoints.make()
    newest = client.get(f"{API}checkpoint/")
    assert newest["Content-Type"] == "text/plain; charset=utf-8"
    assert newest.content.decode() == second.note
    assert client.get(f"{API}checkpoint/?size={first.size}").content.decode() == first.note
    assert client.get(f"{API}checkpoint/?size={first.size + 1}").status_code == 404
    for wrong in ("x", "-1", "9" * 40, "²", "%00"):
        assert client.get(f"{API}checkpoint/?size={wrong}").status_code == 400


def test_a_stranger_checks_that_one_checkpoint_continues_another(tell, client):
    points = []
    for count in (3, 300, 7):
        tell(count)
        points.append(checkpoints.make())
    told = client.get(f"{API}consistency/?old={points[0].size}&new={points[2].size}").json()
    proof = [base64.b64decode(each) for each in told["proof"]]
    first, last = points[0], points[2]
    assert merkle.consistent(first.size, bytes(first.root), last.size, bytes(last.root), proof)
    for wrong in (f"old={last.size}&new={first.size}", "old=1", "", "old=x", f"old={first.size}&new=99999999"):
        assert client.get(f"{API}consistency/?{wrong}").status_code in (400, 404)


def test_the_keys_are_told(tell, client, witness):
    tell()
    checkpoints.make()
    told = client.get(f"{API}keys/").json()
    assert told["log"] == [{"verifier": SigningKey.objects.get().verifier, "since": Checkpoint.objects.get().size,
                            "until": None}]  # fmt: skip
    assert told["witnesses"][0]["unit"] == "X-INS"


def test_who_reads_the_ledger_gets_the_proof_of_an_entry(tell, people):
    tell(20)
    asker = APIClient()
    asker.force_authenticate(people["auditor"])
    entry = LedgerEntry.objects.latest("id")
    early = asker.get(f"{API}entries/{entry.pk}/proof/")
    assert (early.status_code, early.json()["errors"][0]["code"]) == (409, "not_yet")
    made = checkpoints.make()
    told = asker.get(f"{API}entries/{entry.pk}/proof/").json()
    path = [base64.b64decode(each) for each in told["path"]]
    leaf = merkle.leaf(bytes.fromhex(told["digest"]))
    assert merkle.root_of(leaf, told["index"], told["size"], path) == bytes(made.root)
    assert asker.get(f"{API}entries/{2**62}/proof/").status_code == 404
    assert asker.get(f"{API}entries/{10**30}/proof/").status_code == 404
    asker.force_authenticate(people["sijing-duty"])
    assert asker.get(f"{API}entries/{entry.pk}/proof/").status_code == 403


# --- countersigning --------------------------------------------------------------------------
def test_a_witness_countersigns_and_its_line_stands_under_the_checkpoint(tell, witness, private, people, client):
    made = checkpoints.make()
    sender = APIClient()
    sender.force_authenticate(people["insurer"])
    given = cosigned(made, private)
    answer = sender.post(f"{API}cosign/", given, content_type="text/plain")
    assert answer.json() == {"size": made.size, "new": 1}
    assert sender.post(f"{API}cosign/", given, content_type="text/plain").json()["new"] == 0
    note = notes.Note.read(client.get(f"{API}checkpoint/?size={made.size}").content.decode())
    assert note.signed_by(notes.Key.read(witness.verifier))
    assert LedgerEntry.objects.get(verb="witness.cosign").after["size"] == made.size


def test_what_is_no_countersignature_of_ours_is_refused_with_its_reason(tell, witness, private, people):
    made = checkpoints.make()
    by, given = people["insurer"], cosigned(made, private)
    for text, code, kind in [
        ("", "bad_note", Invalid),
        ("x\n\ny\n", "bad_note", Invalid),
        (made.note, "bad_signature", Invalid),
        (cosigned(made, Ed25519PrivateKey.generate()), "bad_signature", Invalid),
        (cosigned(made, private, at=2**62), "future", Invalid),
        (given.replace(f"\n{made.size}\n", f"\n{made.size + 9}\n"), "not_ours", Refused),
    ]:
        with pytest.raises(kind) as refused:
            witnessing.cosign(text, by=by)
        assert refused.value.code == code
    with pytest.raises(Forbidden):
        witnessing.cosign(given, by=people["sijing-duty"])
    witnessing.end(witness.pk, by=people["anwei-office"])
    with pytest.raises(Refused, match="ended"):
        witnessing.cosign(given, by=by)
    assert not Cosignature.objects.exists()


def test_only_the_committees_office_lists_witnesses_and_only_keys_of_witnesses(people, private):
    unit = Unit.objects.get(code="X-INS").pk
    good = str(notes.Key(NAME, notes.COSIGNATURE, notes.raw(private)))
    with pytest.raises(Forbidden):
        witnessing.register(unit, good, by=people["insurer"])
    for wrong in ("", "x", good[:-4], good.replace(NAME, "other"), "a b" + good, "\x00",
                  str(notes.Key(NAME, notes.ED25519, notes.raw(private)))):  # fmt: skip
        with pytest.raises(Invalid):
            witnessing.register(unit, wrong, by=people["anwei-office"])
    witnessing.register(unit, good, by=people["anwei-office"])
    with pytest.raises(Refused, match="known_key"):
        witnessing.register(unit, good, by=people["anwei-office"])


# --- out of the house --------------------------------------------------------------------------
def test_an_outlet_is_brought_up_to_the_newest_checkpoint(tell, people, settings, tmp_path, mailoutbox):
    settings.NOTICES_SEND = settings.EMAIL_CONFIGURED = True
    outlet = handing.add("纪检", "discipline@example.org", 60, by=people["anwei-office"])
    made = checkpoints.make()
    handing.hand_out()
    assert [mail.body for mail in mailoutbox] == [made.note]
    tell()
    checkpoints.make()
    handing.hand_out()
    assert len(mailoutbox) == 1, "not before its time"
    Outlet.objects.update(next_at=made.made_at)
    handing.hand_out()
    assert len(mailoutbox) == 2
    outlet.refresh_from_db()
    assert outlet.size == Checkpoint.objects.latest("size").size
    handing.end(outlet.pk, by=people["anwei-office"])
    assert Outlet.objects.get().url == ""


def test_an_outlet_that_fails_is_tried_again_and_shown(people, settings):
    settings.NOTICES_SEND = settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.nowhere.EmailBackend"
    handing.add("纪检", "discipline@example.org", 1, by=people["anwei-office"])
    made = checkpoints.make()
    handing.hand_out()
    outlet = Outlet.objects.get()
    assert (outlet.failures, outlet.size) == (1, 0)
    assert outlet.error
    assert outlet.next_at > made.made_at


def test_the_folder_takes_each_checkpoint_once(tell, settings, tmp_path):
    settings.LEDGER_WITNESS_DIR = tmp_path
    made = checkpoints.make()
    handing.hand_out()
    handing.hand_out()
    (kept,) = tmp_path.glob("*.checkpoint")
    assert kept.read_text() == made.note
    assert kept.stat().st_mode & 0o777 == 0o444


# --- the witness's own program, against a running server -----------------------------------------
PROGRAM = configured.BASE_DIR / "notary" / "standalone" / "witness.py"


@pytest.mark.django_db(transaction=True)
def test_the_program_of_a_witness_signs_what_continues_and_refuses_what_does_not(tell, people, live_server, tmp_path):
    from responsibility import tokens

    place = tmp_path / "w"

    def run(*words) -> subprocess.CompletedProcess:
        env = {"BIHUAN_TOKEN": tokens.issue(people["insurer"]), "PATH": "/usr/bin"}
        return subprocess.run([sys.executable, PROGRAM, *map(str, words)], env=env, capture_output=True, text=True)

    key = run("new", NAME, place).stdout.strip()
    witnessing.register(Unit.objects.get(code="X-INS").pk, key, by=people["anwei-office"])
    log_key = lambda: SigningKey.objects.get(until=None).verifier  # noqa: E731
    sign = lambda: run("sign", place, f"{live_server.url}{API}", "--log", log_key())  # noqa: E731
    for count in (3, 300):
        tell(count)
        made = checkpoints.make()
        done = sign()
        assert done.returncode == 0, done.stderr
        assert f"已见证 {made.size} 条" in done.stdout
    assert Cosignature.objects.count() == 2
    # The owner of database and key tells another history: everything fits, and the witness knows better.
    (checkpoints.keys.folder() / checkpoints.keys.LAST).unlink()
    with transaction.atomic():
        behind_the_triggers(
            "DELETE FROM notary_cosignature; DELETE FROM notary_checkpoint; DELETE FROM notary_leaf;"
            "DELETE FROM notary_tile;"
            "DELETE FROM responsibility_ledgerentry WHERE id = (SELECT max(id) - 5 FROM responsibility_ledgerentry)"
        )
    tell(20)
    checkpoints.make()
    refused = sign()
    assert refused.returncode == 1
    assert "不予见证" in refused.stderr
    assert not Cosignature.objects.exists()


# --- the page ------------------------------------------------------------------------------------
def test_the_page_shows_who_witnessed_what_until_when_and_manages_both(tell, people, client, private):
    client.force_login(people["auditor"])
    assert "还没有存证点" in client.get("/ledger/checkpoints/").content.decode()
    made = checkpoints.make()
    assert "登记见证方" not in client.get("/ledger/checkpoints/").content.decode()
    client.force_login(people["anwei-office"])
    key = str(notes.Key(NAME, notes.COSIGNATURE, notes.raw(private)))
    door = "/ledger/checkpoints/"
    client.post(f"{door}register/", {"unit": "X-INS", "verifier": key})
    witnessing.cosign(cosigned(made, private), by=people["insurer"])
    said = client.post(f"{door}add-outlet/", {"label": "纪检", "url": "a@example.org", "minutes": "x"}, follow=True)
    assert "间隔应为 1 至 10080 分钟" in said.content.decode()
    client.post(f"{door}add-outlet/", {"label": "纪检", "url": "a@example.org", "minutes": "60"})
    page = client.get(door).content.decode()
    assert f"{made.size} 条" in page
    assert key in page.replace("&#x2B;", "+")
    assert "纪检" in page
    assert "a@example.org" not in page
    client.post(f"{door}end-witness/", {"pk": Cosignature.objects.get().witness_id})
    client.post(f"{door}end-outlet/", {"pk": Outlet.objects.get().pk})
    page = client.get(door).content.decode()
    assert "已停用" in page
    assert "已停止" in page
    assert LedgerEntry.objects.filter(verb__in=["witness.end", "outlet.add", "outlet.end"]).count() == 3
    for act, body in [("end-witness", {"pk": "x"}), ("end-outlet", {"pk": 10**30}), ("nothing", {})]:
        assert client.post(f"{door}{act}/", body).status_code == 404
    client.force_login(people["sijing-duty"])
    assert client.get(door).status_code == 403


def test_the_program_can_be_fetched_by_those_who_check(client):
    answer = client.get("/ledger/programs/witness.py")
    assert b"".join(answer.streaming_content) == PROGRAM.read_bytes()
    assert client.get("/ledger/programs/settings.py").status_code == 404
