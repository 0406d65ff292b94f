"""The check reads what the product reads, all of it once, goes on where it was interrupted, and says what it found."""

import io
import json
import uuid
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from notary import checkpoints, growing, keys, merkle
from notary.models import Checkpoint, Tile
from notary.verifying import passes, running, tree
from responsibility import acting, ledger, reading
from responsibility.models import LedgerEntry
from tests.notary.tampering import behind_the_triggers, entry, found, rewrite

pytestmark = pytest.mark.django_db


WORDS = [
    "",
    "漏水",
    "a\tb\r\n",
    "\\N",
    "\\",
    "\u2028",
    "😀",
    "e\u0301",
    "\x7f\x01\x0b\x08\x0c",
    "\\u0000",
    '"',
    "\\.",
    "\\t",
]


@pytest.mark.parametrize("word", WORDS)
def test_both_ways_of_reading_give_the_same_canonical_form(word):
    chain, at = uuid.uuid4(), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    said = {word or "k": [1, None, True, word], "reason": word, "n": -(2**53)}
    acts = [ledger.Act(chain, "v", "t", word, word, before=said, after={"who": word}, note=word)]
    with transaction.atomic():
        ledger.record(acts, by=acting.SYSTEM, at=at)
    alike(chain)
    # The first form, and a part erased.
    behind_the_triggers("UPDATE responsibility_ledgerentry SET salt = NULL WHERE chain = %s", chain)
    alike(chain)
    behind_the_triggers(
        "UPDATE responsibility_ledgerentry SET note = '', salts = %s, erased = %s WHERE chain = %s",
        json.dumps({"": "ab" * 32, "subject": "cd" * 32}), json.dumps({"note": "ef" * 32}), chain,
    )  # fmt: skip
    alike(chain)


def alike(chain: uuid.UUID) -> None:
    slow = LedgerEntry.objects.get(chain=chain)
    (fast,) = reading.story(chain, 0, 10)
    assert ledger.canonical(fast) == ledger.canonical(slow)


def test_two_ways_of_reading_agree_on_everything_a_case_says(tell):
    slow = [ledger.canonical(row) for row in LedgerEntry.objects.order_by("chain", "seq")]
    fast = [ledger.canonical(row) for row in reading.rows(passes.FIRST, passes.LAST)]
    assert fast == slow
    assert fast


# --- running ---


def test_ranges_cover_everything_once(log, tell, monkeypatch):
    tell(40)
    monkeypatch.setattr(passes, "RANGE", 7)
    state = running.begin()
    running.run(state, map, lambda _state: None, lambda _count: None)
    assert state.entries == state.placed == LedgerEntry.objects.count()
    assert state.waiting == 40
    assert state.signs == []


def test_an_interrupted_run_goes_on_and_finds_what_lay_on_both_sides(log, tell, monkeypatch, settings):
    other = tell(3)
    checkpoints.make()
    for chain in (log, other):
        behind_the_triggers("UPDATE responsibility_ledgerentry SET note = 'x' WHERE chain = %s AND seq = 2", chain)
    monkeypatch.setattr(passes, "RANGE", 5)
    interrupted(monkeypatch, after=3)
    with pytest.raises(CommandError, match="resume") as stopped:
        call_command("verify_ledger", "--skip-files", stdout=io.StringIO())
    assert stopped.value.returncode == 130
    monkeypatch.undo()
    before = running.State.read(settings.VAR_DIR / "verify-ledger.json").entries
    assert 0 < before < LedgerEntry.objects.count()
    out = io.StringIO()
    with pytest.raises(CommandError, match=f"in {LedgerEntry.objects.count()} entries"):
        call_command("verify_ledger", "--skip-files", "--resume", stdout=out)
    assert out.getvalue().count("篡改 edited") == 2
    with pytest.raises(CommandError, match="no interrupted run"):
        call_command("verify_ledger", "--resume", stdout=io.StringIO())


def interrupted(monkeypatch, after: int) -> None:
    """Ctrl-C after so many ranges."""
    write, written = running.State.write, []

    def press(self, place):
        write(self, place)
        written.append(place)
        if len(written) == after:
            raise KeyboardInterrupt

    monkeypatch.setattr(running.State, "write", press)


def test_the_command_names_the_first_place_and_ends_with_a_fault(log):
    target = entry(log, 3)
    behind_the_triggers("UPDATE responsibility_ledgerentry SET note = 'x' WHERE id = %s", target.pk)
    out = io.StringIO()
    with pytest.raises(CommandError) as stopped:
        call_command("verify_ledger", "--skip-files", stdout=out)
    assert stopped.value.returncode == 1
    assert f"条目 entry {target.pk}" in out.getvalue()
    assert "序号 seq 3" in out.getvalue()
    assert "test.note" in out.getvalue()


def test_one_chain_alone_is_checked_up_to_what_was_signed(log, tell):
    call_command("verify_ledger", "--chain", str(log), "--skip-files", stdout=io.StringIO())
    other = tell(3)
    target = rewrite(log)
    out = io.StringIO()
    with pytest.raises(CommandError, match="in 6 entries"):
        call_command("verify_ledger", "--chain", str(log), "--skip-files", stdout=out)
    assert "rewritten" in out.getvalue()
    behind_the_triggers("UPDATE responsibility_ledgerentry SET note = 'y' WHERE id = %s", target.pk)
    with pytest.raises(CommandError):
        call_command("verify_ledger", "--chain", str(log), "--skip-files", stdout=out)
    assert f"entry {target.pk}" in out.getvalue()
    call_command("verify_ledger", "--chain", str(other), "--skip-files", stdout=out)


def test_a_chain_of_the_lowest_name_is_not_passed_over(tell):
    chain = tell(2, uuid.UUID(int=0))
    behind_the_triggers("UPDATE responsibility_ledgerentry SET note = 'x' WHERE chain = %s AND seq = 2", chain)
    (one,) = found()
    assert (one.kind, one.seq) == ("edited", 2)


def test_a_checkpoint_that_somebody_else_signed_is_not_compared(log, tmp_path):
    kept = tmp_path / "note.txt"
    kept.write_text(Checkpoint.objects.first().note)
    stranger = keys.Signer(keys.signer().name, keys.Ed25519PrivateKey.generate())
    for words in (["--key", str(stranger.key)], ["--key", "nonsense"]):
        with pytest.raises(CommandError):
            call_command("verify_ledger", "--against", str(kept), *words, stdout=io.StringIO())
    kept.write_text("nothing")
    with pytest.raises(CommandError, match="not a checkpoint"):
        call_command("verify_ledger", "--against", str(kept), stdout=io.StringIO())


def test_tiles_are_read_to_the_end(log):
    peaks = tree.Peaks()
    for leaf in tree._leaves():
        list(peaks.push(leaf))
    assert (
        peaks.count == growing.size() == sum(len(tile.hashes) for tile in Tile.objects.filter(level=0)) // merkle.SIZE
    )
    assert peaks.root() == bytes(Checkpoint.objects.order_by("-size").first().root)
