"""Checkpoints: what is new comes into the tree once, and what was signed cannot be taken back."""

import stat
from datetime import UTC

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notary import checkpoints, growing, keys, merkle, notes, proofs
from notary.models import Checkpoint, Leaf, SigningKey, Tile
from responsibility.models import LedgerEntry
from tests.cases.test_the_audit import behind_the_triggers

pytestmark = pytest.mark.django_db


def covered(checkpoint: Checkpoint) -> None:
    """Every entry has a proof that leads to the root of ``checkpoint``."""
    digests = dict(LedgerEntry.objects.values_list("id", "digest"))
    found = proofs.inclusions(list(digests), checkpoint)
    assert {proof.entry for proof in found} == set(digests)
    for proof in found:
        leaf = merkle.leaf(bytes.fromhex(digests[proof.entry]))
        assert merkle.root_of(leaf, proof.index, proof.size, proof.path) == bytes(checkpoint.root)


def test_every_entry_has_its_proof_in_the_next_checkpoint(tell):
    tell(300)
    first = checkpoints.make()
    covered(first)
    tell(5)
    second = checkpoints.make()
    assert second.size == first.size + 5 == LedgerEntry.objects.count()
    covered(second)
    proof = proofs.consistency(first.size, second.size)
    assert merkle.consistent(first.size, bytes(first.root), second.size, bytes(second.root), proof)


def test_nothing_new_makes_no_checkpoint(tell):
    tell()
    assert checkpoints.make()
    assert checkpoints.make() is None
    assert Checkpoint.objects.count() == 1


def test_a_checkpoint_is_a_signed_note_of_three_lines(tell, settings):
    settings.LEDGER_ORIGIN = "ledger.example.org/district"
    tell(3)
    made = checkpoints.make()
    note = notes.Note.read(made.note)
    assert note.text.split("\n")[:2] == ["ledger.example.org/district", str(made.size)]
    assert notes.Checkpoint.read(note.text).root == bytes(made.root)
    (kept,) = SigningKey.objects.all()
    assert note.signed_by(notes.Key.read(kept.verifier))
    altered = notes.Note.read(made.note.replace(f"\n{made.size}\n", f"\n{made.size + 1}\n"))
    assert altered.signed_by(notes.Key.read(kept.verifier)) is None


def test_the_key_is_a_file_for_the_server_alone_and_never_in_the_database(tell):
    tell()
    checkpoints.make()
    place = keys.folder() / keys.CURRENT
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) & 0o077 == 0 or place.parent == keys.folder()
    secret = place.read_text().strip().split("+")[-1]
    for model in (Checkpoint, SigningKey):
        assert not any(secret in str(value) for row in model.objects.values_list() for value in row)


def test_a_key_is_replaced_under_both_signatures(tell):
    tell(2)
    checkpoints.make()
    told = []
    made = checkpoints.rotate(lambda old, new: (told.append((old, new)), tell()))
    old, new = (notes.Key.read(text) for text in told[0])
    note = notes.Note.read(made.note)
    assert note.signed_by(old)
    assert note.signed_by(new)
    assert list(SigningKey.objects.order_by("since").values_list("verifier", "until")) == [
        (str(old), made.size), (str(new), None)
    ]  # fmt: skip
    tell()
    after = notes.Note.read(checkpoints.make().note)
    assert after.signed_by(new)
    assert not after.signed_by(old)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM notary_leaf WHERE position >= 3; DELETE FROM notary_tile;"
        " DELETE FROM responsibility_ledgerentry WHERE verb = 'test.note';"
        " DELETE FROM notary_checkpoint",
        "UPDATE notary_tile SET hashes = overlay(hashes placing decode(repeat('00', 32), 'hex') from 33)",
    ],
)
def test_a_past_that_was_signed_is_not_signed_in_another_form(tell, statement, django_capture_on_commit_callbacks):
    tell(5)
    with django_capture_on_commit_callbacks(execute=True):
        checkpoints.make()
    behind_the_triggers(statement)
    tell(2)
    with pytest.raises(checkpoints.Forked):
        checkpoints.make()


def test_the_tree_costs_about_as_many_statements_for_thousands_of_entries_as_for_ten(tell):
    tell(3000)
    checkpoints.make()
    asked = []
    for count in (10, 3000):
        tell(count)
        with CaptureQueriesContext(connection) as queries:
            checkpoints.make()
        asked.append(len(queries))
    assert max(asked) - min(asked) <= 4


def test_tiles_of_several_levels_hold_together(tell):
    for count in (255, 1, 1, 1000, 3000):
        tell(count)
        made = checkpoints.make()
    leaves = [
        merkle.leaf(bytes.fromhex(digest))
        for digest in LedgerEntry.objects.order_by("id").values_list("digest", flat=True)
    ]
    assert sorted(Tile.objects.values_list("level", flat=True).distinct()) == [0, 1]
    again = merkle.Tree(lambda level, place: _tile(leaves, level, place))
    assert again.root(len(leaves)) == bytes(made.root)


def _tile(leaves: list[bytes], level: int, place: int) -> bytes:
    row = leaves
    for _ in range(level):
        full = len(row) - len(row) % merkle.WIDTH
        row = [merkle.fold(row[at : at + merkle.WIDTH]) for at in range(0, full, merkle.WIDTH)]
    return b"".join(row[place * merkle.WIDTH : (place + 1) * merkle.WIDTH])


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("UPDATE notary_leaf SET entry = entry + 1000000", "notary_leaf_append_only"),
        ("DELETE FROM notary_leaf", "notary_leaf_append_only"),
        ("TRUNCATE notary_leaf", "notary_leaf_append_only"),
        ("UPDATE notary_checkpoint SET size = size + 1", "notary_checkpoint_append_only"),
        ("DELETE FROM notary_checkpoint", "notary_checkpoint_append_only"),
        ("UPDATE notary_tile SET hashes = decode(repeat('00', 32), 'hex')", "notary_tile_append_only"),
        ("UPDATE notary_tile SET place = place + 1", "notary_tile_append_only"),
        ("DELETE FROM notary_tile", "notary_tile_append_only"),
        ("UPDATE notary_signingkey SET verifier = 'x'", "notary_signingkey_append_only"),
        ("DELETE FROM notary_signingkey", "notary_signingkey_append_only"),
    ],
)
def test_the_database_lets_the_tree_only_grow(tell, statement, because):
    tell(3)
    checkpoints.make()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        connection.cursor().execute(statement)
    assert refused.value.__cause__.diag.constraint_name == because


def test_each_part_of_the_ledger_refuses_to_be_emptied():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, count(t.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = 'ledger_no_truncate' AND t.tgenabled = 'O'"
            " WHERE i.inhparent = 'responsibility_ledgerentry'::regclass GROUP BY 1"
        )
        parts = dict(cursor.fetchall())
    assert len(parts) >= 14
    assert set(parts.values()) == {1}
    for part in ("undated", timezone.now().astimezone(UTC).strftime("%Y_%m")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE responsibility_ledgerentry_{part}")


def test_what_was_rolled_back_leaves_no_hole_in_the_tree(tell):
    there = LedgerEntry.objects.count()
    tell(2)
    with transaction.atomic():
        tell(3)
        transaction.set_rollback(True)
    tell(2)
    made = checkpoints.make()
    assert made.size == growing.size() == there + 4
    assert list(Leaf.objects.order_by("position").values_list("position", flat=True)) == list(range(there + 4))


def test_entries_that_no_checkpoint_takes_make_the_installation_unready(tell, client):
    tell(1)
    checkpoints.make()
    assert client.get("/readyz").json()["checks"]["checkpoints"] == "ok"
    tell(1)
    behind_the_triggers(
        "UPDATE responsibility_ledgerentry SET recorded_at = recorded_at - interval '6 minutes'"
        " WHERE id = (SELECT max(id) FROM responsibility_ledgerentry)"
    )
    assert "in no checkpoint" in client.get("/readyz").json()["checks"]["checkpoints"]
