"""As superuser of the database with the triggers off: whatever is done to the ledger is found, named and dated."""

import io
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from config import stands
from config.tampering import lines
from notary import checkpoints, growing, keys, merkle, notes
from notary.models import Checkpoint, Leaf, SigningKey
from responsibility import acting, erasing, ledger
from responsibility.models import LedgerEntry
from tests.notary.tampering import behind_the_triggers, entry, found, redigest, regrow, rewrite

pytestmark = pytest.mark.django_db


def first() -> tuple[str, int, int]:
    """Kind, entry and number of the first finding; each has its sentence."""
    findings = found()
    assert len(list(lines(findings))) == len(findings) > 0
    return findings[0].kind, findings[0].entry, findings[0].seq


def test_a_whole_ledger_is_whole(log):
    assert found() == []


# --- edits ---


@pytest.mark.parametrize(
    "edit", ["note = '改'", "actor_label = 'x'", "at = at - interval '1 hour'", "salt = NULL",
             "salts = '[]', salt = NULL", "digest = ''", "digest = 'zz'", "previous = repeat('0', 64)"],
)  # fmt: skip
def test_an_edit_is_found(log, edit):
    target = entry(log, 3)
    behind_the_triggers(f"UPDATE responsibility_ledgerentry SET {edit} WHERE id = %s", target.pk)
    assert first() == ("edited", target.pk, 3)


def test_words_put_where_others_were_erased_are_found(log):
    target = entry(log, 3)
    with transaction.atomic():
        ledger.record([ledger.Act(uuid.uuid4(), "privacy.erase", "person", "", "")], by=acting.SYSTEM)
        erasing.empty(target, {"note"}, erasing.Person(name="某人"))
    assert found() == []
    behind_the_triggers("UPDATE responsibility_ledgerentry SET note = '从未发生' WHERE id = %s", target.pk)
    assert first() == ("edited", target.pk, 3)


def test_an_edit_with_its_own_digest_recomputed_is_found_at_its_place(log):
    target = entry(log, 3)
    target.note = "从未发生"
    behind_the_triggers(
        "UPDATE responsibility_ledgerentry SET note = %s, digest = %s WHERE id = %s",
        target.note, ledger.digest(target), target.pk,
    )  # fmt: skip
    assert first() == ("edited", target.pk, 3)
    assert len(found()) == 1


def test_an_edit_with_the_whole_chain_recomputed_is_found_by_the_tree(log):
    target = entry(log, 3)
    behind_the_triggers("UPDATE responsibility_ledgerentry SET note = '从未发生' WHERE id = %s", target.pk)
    redigest(log)
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    (one,) = found()
    assert (one.kind, one.entry, one.seq, one.count) == ("edited", target.pk, 3, 3)


def test_an_edit_before_any_checkpoint_is_found_by_its_successor(tell):
    chain = tell(4)
    target = entry(chain, 2)
    target.note = "x"
    behind_the_triggers(
        "UPDATE responsibility_ledgerentry SET note = 'x', digest = %s WHERE id = %s", ledger.digest(target), target.pk
    )
    assert first() == ("edited", target.pk, 2)


# --- deletions ---


@pytest.mark.parametrize("seq", [1, 3])
@pytest.mark.parametrize("how", ["plain", "renumbered", "recomputed"])
def test_a_deletion_is_found(log, seq, how):
    target = entry(log, seq)
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE id = %s", target.pk)
    if how == "renumbered":
        for later in range(seq + 1, 7):
            behind_the_triggers(
                "UPDATE responsibility_ledgerentry SET seq = seq - 1 WHERE chain = %s AND seq = %s", log, later
            )
    if how == "recomputed":
        redigest(log)
    assert first() == ("deleted", target.pk, seq)


def test_a_deletion_before_any_checkpoint_is_found(tell):
    chain = tell(4)
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE chain = %s AND seq = 2", chain)
    assert first() == ("deleted", 0, 2)


# --- insertions ---


def insert(chain: uuid.UUID, seq: int, pk: int | None = None) -> int:
    """Put a copy of another entry with another note at ``seq``; its id."""
    behind_the_triggers(
        "UPDATE responsibility_ledgerentry SET seq = seq + 1000 WHERE chain = %s AND seq >= %s", chain, seq
    )
    behind_the_triggers("UPDATE responsibility_ledgerentry SET seq = seq - 999 WHERE chain = %s AND seq >= 1000", chain)
    row = entry(chain, seq - 1)
    row.seq, row.previous, row.note = seq, row.digest, "早已签收"
    row.pk = pk or LedgerEntry.objects.order_by("-id").first().pk + 1
    row.digest = ledger.digest(row)
    columns = [field.column for field in LedgerEntry._meta.concrete_fields]
    changed = {"id": row.pk, "seq": seq, "previous": row.previous, "note": row.note, "digest": row.digest}
    named = ", ".join("%s" if column in changed else column for column in columns)
    behind_the_triggers(
        f"INSERT INTO responsibility_ledgerentry ({', '.join(columns)}) SELECT {named}"
        " FROM responsibility_ledgerentry WHERE chain = %s AND seq = %s",
        *[changed[column] for column in columns if column in changed], chain, seq - 1,
    )  # fmt: skip
    return row.pk


@pytest.mark.parametrize("recomputed", [False, True])
@pytest.mark.parametrize("taken", [False, True])
def test_an_insertion_is_found(log, recomputed, taken):
    put_in = insert(log, 3)
    if recomputed:
        redigest(log)
    if taken:
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('ledgerentry_id', %s)", [put_in])
        checkpoints.make()
    kinds = found()
    assert ("inserted", put_in, 3) in [(one.kind, one.entry, one.seq) for one in kinds]
    assert len(kinds) == 1


def test_an_insertion_under_the_number_of_one_that_was_rolled_back_is_found(log):
    put_in = insert(log, 3, pk=-7)
    redigest(log)
    assert ("inserted", put_in) in [(one.kind, one.entry) for one in found()]


# --- swaps ---


@pytest.mark.parametrize("recomputed", [False, True])
@pytest.mark.parametrize(("one", "other"), [(3, 4), (2, 5)])
def test_two_entries_that_changed_places_are_found(log, one, other, recomputed):
    ids = {entry(log, one).pk, entry(log, other).pk}
    for old, new in ((one, 1000), (other, one), (1000, other)):
        behind_the_triggers(
            "UPDATE responsibility_ledgerentry SET seq = %s WHERE chain = %s AND seq = %s", new, log, old
        )
    if recomputed:
        redigest(log)
    told = found()[0]
    assert (told.kind, {told.entry, told.other}) == ("reordered", ids)


# --- tails ---


def test_a_cut_tail_of_a_chain_is_found(log, tell):
    tell(2)
    checkpoints.make()
    target = entry(log, 6)
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE id = %s", target.pk)
    (one,) = found()
    assert (one.kind, one.entry, one.count, one.word) == ("truncated", target.pk, 1, "chain")


def test_a_cut_tail_of_the_log_is_found(log):
    last = list(LedgerEntry.objects.order_by("-id").values_list("id", flat=True)[:4])
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE id = ANY(%s)", last)
    (one,) = found()
    assert (one.kind, one.entry, one.count, one.word) == ("truncated", min(last), 4, "log")


def test_a_log_cut_back_to_an_earlier_checkpoint_is_found_by_the_last_one_in_the_key_folder(log):
    early = Checkpoint.objects.order_by("size").first()
    whole = growing.size()
    cut_back(early)
    (one,) = found()
    assert (one.kind, one.position, one.count) == ("truncated", early.size, whole - early.size)


def cut_back(early: Checkpoint) -> None:
    """Make everything as it was at an earlier checkpoint."""
    left = Leaf.objects.filter(position__lt=early.size).values("entry")
    gone = list(LedgerEntry.objects.exclude(pk__in=left).values_list("id", flat=True))
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE id = ANY(%s)", gone)
    behind_the_triggers("DELETE FROM notary_leaf WHERE position >= %s", early.size)
    behind_the_triggers("DELETE FROM notary_checkpoint WHERE size > %s", early.size)
    regrow()


# --- everything anew ---


def test_everything_rewritten_is_not_what_was_signed(log):
    target = rewrite(log)
    told = found()[0]
    place = Leaf.objects.get(entry=target.pk).position
    assert told.kind == "rewritten"
    assert told.position <= place < told.position + told.count
    assert told.entry


def sign_anew() -> None:
    """Forge every checkpoint with the key that is in the folder now."""
    signer, forest = keys.signer(), merkle.Tree(growing.fetch)
    for kept in Checkpoint.objects.all():
        text = str(notes.Checkpoint(signer.name, kept.size, forest.root(kept.size)))
        behind_the_triggers(
            "UPDATE notary_checkpoint SET root = %s, note = %s WHERE id = %s",
            forest.root(kept.size), str(notes.Note(text, (signer.sign(text),))), kept.pk,
        )  # fmt: skip


def test_checkpoints_forged_without_the_key_are_found_by_their_signatures(log):
    mine = keys.signer()
    rewrite(log)
    (keys.folder() / keys.CURRENT).unlink()
    sign_anew()
    keys._keep(keys.folder() / keys.CURRENT, str(mine))
    assert {"signature", "rewritten"} <= {one.kind for one in found()}


def test_a_key_table_that_fits_the_forged_checkpoints_does_not_fit_the_key_folder(log):
    mine = keys.signer()
    rewrite(log)
    (keys.folder() / keys.CURRENT).unlink()
    sign_anew()
    behind_the_triggers("UPDATE notary_signingkey SET verifier = %s", str(keys.signer().key))
    keys._keep(keys.folder() / keys.CURRENT, str(mine))
    assert {one.kind for one in found()} == {"key", "rewritten"}


def test_only_a_checkpoint_from_elsewhere_tells_a_rewriting_with_the_keys(log, tmp_path):
    kept, mine = tmp_path / "witness.txt", str(keys.signer().key)
    kept.write_text(Checkpoint.objects.order_by("-size").first().note)
    rewrite(log)
    sign_anew()
    keys.remember(Checkpoint.objects.order_by("-size").first().note)
    # Whoever owns the database and the keys has his checkpoints stand as if they had been honest.
    behind_the_triggers("DELETE FROM responsibility_line WHERE of_table = 'notary_checkpoint'")
    behind_the_triggers("DELETE FROM responsibility_stand WHERE of_table = 'notary_checkpoint'")
    stands.begin()
    assert found() == []
    out = io.StringIO()
    call_command("verify_ledger", "--skip-files", stdout=out)
    assert "ledger intact" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("verify_ledger", "--skip-files", "--against", str(kept), "--key", mine, stdout=out)
    assert "rewritten" in out.getvalue()


def test_a_new_key_that_the_old_one_did_not_sign_is_found(log, tell):
    checkpoints.rotate(lambda _old, _new: tell())
    assert found() == []
    newest = Checkpoint.objects.order_by("-size").first()
    note = notes.Note.read(newest.note)
    alone = str(notes.Note(note.text, note.signatures[:1]))
    behind_the_triggers("UPDATE notary_checkpoint SET note = %s WHERE id = %s", alone, newest.pk)
    (one,) = found()
    assert one.kind == "key"
    assert one.word == SigningKey.objects.get(until=None).verifier


# --- the tree itself ---


def test_a_touched_hash_of_the_tree_is_told_from_a_touched_entry(log):
    place = Leaf.objects.get(entry=entry(log, 3).pk).position
    behind_the_triggers(
        "UPDATE notary_tile SET hashes = overlay(hashes placing decode(repeat('00', 32), 'hex') from %s)"
        " WHERE level = 0 AND place = %s", place % merkle.WIDTH * merkle.SIZE + 1, place // merkle.WIDTH,
    )  # fmt: skip
    told = found()[0]
    assert (told.kind, told.entry) == ("tree", entry(log, 3).pk)


def test_upper_levels_are_what_the_lower_ones_give(log, tell):
    tell(600)
    checkpoints.make()
    assert found() == []
    behind_the_triggers("UPDATE notary_tile SET hashes = decode(repeat('00', 64), 'hex') WHERE level = 1")
    assert "tree" in {one.kind for one in found()}


def test_a_missing_place_is_found(log):
    behind_the_triggers("DELETE FROM notary_leaf WHERE position = 2")
    assert ("tree", 2) in {(one.kind, one.position) for one in found()}
