"""Months that are over go into files and back: nothing is lost, everything stays provable, every change shows."""

import gzip
import io
import uuid
from datetime import UTC, date, datetime

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from notary import checkpoints, merkle, proofs
from notary.archiving import altering, marks, taking
from notary.verifying import archives
from responsibility import acting, chains, ledger, parts, shelf, volumes
from responsibility.models import ArchivedChain, LedgerEntry, Volume
from responsibility.refusals import Refused
from tests.notary.tampering import behind_the_triggers, found

pytestmark = pytest.mark.django_db
MONTH = date(2026, 8, 1)


def named(day: int, number: int = 0) -> uuid.UUID:
    """The name of a chain that began in the month."""
    begun = int(datetime(2026, 8, day, tzinfo=UTC).timestamp() * 1000)
    return uuid.UUID(int=(begun << 80) | (7 << 76) | (2 << 62) | number)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.LEDGER_ARCHIVE = tmp_path / "archive"
    settings.VAR_DIR = tmp_path
    parts.make(MONTH)
    return settings.LEDGER_ARCHIVE


@pytest.fixture
def month(tell):
    """Twenty chains of a month that is over, told in turns with one of today, under a checkpoint."""
    for turn in range(5):
        for number in range(20):
            tell(1, named(1 + number, number), after={"turn": turn, "reason": "因故"})
        tell(2)
    checkpoints.make()
    return [named(1 + number, number) for number in range(20)]


@pytest.fixture
def volume(month):
    return taking.take(MONTH)


def everything() -> dict[int, str]:
    return dict(LedgerEntry.objects.values_list("id", "digest"))


def run(*arguments) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_month_that_is_over_goes_into_a_file_that_anybody_can_read(month):
    before = everything()
    out = run("archive_ledger", "--before", "2026-09")
    (volume,) = Volume.objects.all()
    assert volume.sha256 in out
    assert LedgerEntry.objects.filter(chain__in=month).count() == 0
    with gzip.open(shelf.place(volume)) as file:
        lines = [orjson.loads(line) for line in file]
    assert len(lines) == volume.entries == 100
    assert {line["id"]: line["digest"] for line in lines} == {
        pk: digest for pk, digest in before.items() if pk not in everything()
    }
    told = orjson.loads(taking.manifest_of(shelf.place(volume)).read_bytes())
    assert (told["entries"], told["sha256"], told["chains"]) == (100, volume.sha256, 20)
    assert told["checkpoint"] == proofs.newest().note
    entry = LedgerEntry.objects.get(verb="archive.write")
    assert (entry.after["sha256"], entry.after["entries"]) == (volume.sha256, 100)


def test_the_whole_check_covers_the_archive(volume):
    assert found() == []
    state_of = run("archive_ledger", "--check")
    assert "100" in state_of
    assert "intact" in run("verify_ledger", "--skip-files")


def test_proofs_of_archived_entries_are_made_as_ever(volume):
    checkpoints.make()
    newest = proofs.newest()
    for _volume, row in shelf.everything():
        (proof,) = proofs.inclusions([row["id"]], newest)
        node = merkle.leaf(bytes.fromhex(ledger.digest(shelf.entry(row))))
        assert merkle.root_of(node, proof.index, proof.size, proof.path) == bytes(newest.root)


def test_a_story_is_read_through_and_narrowed_like_any_other(month):
    before = list(ledger.story(month[3]).values("id", "seq", "at", "after", "salt", "digest"))
    taking.take(MONTH)
    story = ledger.story(month[3])
    assert list(story.values("id", "seq", "at", "after", "salt", "digest")) == before
    assert [entry.digest for entry in story.order_by("-seq")] == [row["digest"] for row in before][::-1]
    assert story.filter(after__turn=2).get().seq == 3
    assert story.exclude(after__turn__in=[0, 1]).count() == 3
    assert story.filter(actor=None, verb="test.note").exists()
    assert story.last().seq == 5
    assert story.select_related("actor").first().actor is None
    assert list(ledger.verify(story)) == []
    assert ledger.story(month[4]).count() == 5


def test_a_story_is_read_with_two_statements_and_one_of_this_month_with_one(volume, tell, month, statements):
    assert statements(lambda: list(ledger.story(month[3]))) == 2
    chain = chains.dated()
    tell(2, chain)
    assert statements(lambda: list(ledger.story(chain))) == 1


def test_what_is_told_afterwards_goes_on_where_the_archived_chain_ended(volume, month, tell):
    last = ledger.story(month[7]).last()
    tell(2, month[7])
    assert [entry.seq for entry in ledger.story(month[7])] == [1, 2, 3, 4, 5, 6, 7]
    assert ledger.story(month[7])[5].previous == last.digest
    checkpoints.make()
    assert found() == []
    second = taking.take(MONTH)
    assert (second.number, second.entries) == (2, 2)
    assert [entry.seq for entry in ledger.story(month[7])] == [1, 2, 3, 4, 5, 6, 7]
    assert found() == []
    assert "7" in run("verify_ledger", "--chain", str(month[7]), "--skip-files")


def test_a_month_comes_back_as_it_was(month, django_capture_on_commit_callbacks):
    before = {row["id"]: row for row in LedgerEntry.objects.filter(chain__in=month).values()}
    volume = taking.take(MONTH)
    with django_capture_on_commit_callbacks(execute=True):
        assert "100" in run("restore_ledger", "2026-08")
    after = {row["id"]: row for row in LedgerEntry.objects.filter(chain__in=month).values()}
    assert [row | {"xact": 0, "salt": bytes(row["salt"])} for row in before.values()] == [
        row | {"salt": bytes(row["salt"])} for row in after.values()
    ]
    assert not shelf.place(volume).exists()
    assert marks.total() == ArchivedChain.objects.count() == 0
    checkpoints.make()
    assert found() == []
    assert taking.take(MONTH).number == 2
    assert found() == []


# --- what stays ---


def test_a_month_that_is_not_over_stays():
    with pytest.raises(Refused) as refused:
        taking.take(datetime.now(UTC).date().replace(day=1))
    assert refused.value.code == "not_over"


def test_a_month_stays_while_an_entry_waits_for_its_checkpoint(month, tell):
    tell(1, month[2])
    with pytest.raises(Refused) as refused:
        taking.take(MONTH)
    assert refused.value.code == "not_signed"
    assert not list(shelf.place(Volume(month=MONTH, number=1)).parent.glob("*.gz"))


def test_a_month_with_a_chain_that_has_no_end_stays(month, tell):
    endless = uuid.UUID(int=named(3, 99).int ^ (3 << 76))
    tell(1, endless)
    checkpoints.make()
    assert str(endless) in run("archive_ledger", "--before", "2026-09")
    assert not Volume.objects.exists()


def test_what_comes_in_meanwhile_is_not_lost(month, tell, monkeypatch):
    verified = taking.verified

    def meanwhile(*arguments):
        verified(*arguments)
        tell(1, month[0])

    monkeypatch.setattr(taking, "verified", meanwhile)
    with pytest.raises(Refused) as refused:
        taking.take(MONTH)
    assert refused.value.code == "changed"
    assert LedgerEntry.objects.filter(chain__in=month).count() == 101
    assert not Volume.objects.exists()


def test_a_file_that_does_not_read_back_takes_nothing_out(month, monkeypatch):
    put = volumes.put
    monkeypatch.setattr(volumes, "put", lambda place, text: (put(place, text), spoil(files()[0])))
    with pytest.raises(CommandError, match="nothing changed"):
        run("archive_ledger", "--before", "2026-09")
    assert LedgerEntry.objects.filter(chain__in=month).count() == 100
    monkeypatch.undo()


# --- tampering ---


def files() -> list:
    return sorted(shelf.place(Volume(month=MONTH, number=1)).parent.glob("*.jsonl.gz"))


def spoil(file) -> None:
    """Turn one byte in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def edited(volume: Volume, change) -> None:
    """Write the file again with every line as ``change`` makes it, and let its row and index fit."""
    rows = [change(row) for row in volumes.rows(shelf.place(volume))]
    written = volumes.write(shelf.place(volume), rows)
    behind_the_triggers(
        "UPDATE responsibility_volume SET sha256 = %s, size = %s WHERE id = %s", written.sha256, written.size, volume.pk
    )
    place = 'UPDATE responsibility_archivedchain SET seq = %s, digest = %s, "offset" = %s, length = %s WHERE chain = %s'
    for one in written.chains:
        behind_the_triggers(place, one.seq, one.digest, one.offset, one.length, one.chain)


def test_a_missing_file_is_named(volume):
    files()[0].unlink()
    (one,) = found()
    assert (one.kind, one.word) == ("archive_missing", volume.name)
    with pytest.raises(CommandError):
        run("verify_ledger", "--skip-files")
    with pytest.raises(CommandError):
        run("archive_ledger", "--check")


def test_a_file_with_one_other_byte_is_named(volume):
    spoil(files()[0])
    (one,) = found()
    assert (one.kind, one.word) == ("archive_altered", volume.name)
    with pytest.raises(Refused) as refused:
        altering.restore(MONTH)
    assert refused.value.code == "damaged"


def test_an_entry_edited_in_a_file_whose_rows_were_made_to_fit_is_named(volume, month):
    edited(volume, lambda row: row | {"note": "从未发生"} if (row["chain"], row["seq"]) == (str(month[3]), 2) else row)
    (one,) = found()
    assert (one.kind, one.word, one.chain, one.seq) == ("archive_altered", volume.name, str(month[3]), 2)


def test_an_entry_edited_with_digest_and_rows_made_to_fit_is_named(volume, month):
    def change(row):
        if (row["chain"], row["seq"]) != (str(month[3]), 5):
            return row
        row = row | {"note": "从未发生"}
        return row | {"digest": ledger.digest(row)}

    edited(volume, change)
    (one,) = found()
    assert (one.kind, one.word) == ("archive_altered", volume.name)
    assert one.entry


@pytest.mark.parametrize(
    "touch",
    [
        "volume SET sha256 = repeat('0', 64)",
        "volume SET entries = 99",
        "volume SET number = 3",
        "archivedchain SET seq = 4",
        "archivedchain SET digest = ''",
        'archivedchain SET "offset" = 7',
        "archivedblock SET bits = ''",
    ],
)
def test_rows_of_the_archive_that_were_touched_are_found(volume, touch):
    behind_the_triggers(f"UPDATE responsibility_{touch}")
    assert "archive_altered" in {one.kind for one in found()}


def test_an_entry_that_was_deleted_and_marked_as_archived_is_found(volume, tell, log):
    target = LedgerEntry.objects.get(chain=log, seq=6)
    behind_the_triggers("DELETE FROM responsibility_ledgerentry WHERE id = %s", target.pk)
    assert {one.kind for one in found()} == {"truncated"}
    connection.cursor().execute("SET LOCAL session_replication_role = replica")
    marks.add([target.pk])
    assert {one.kind for one in found()} == {"archive_altered"}


@pytest.mark.parametrize("table", ["volume", "archivedchain", "archivedblock"])
@pytest.mark.parametrize("how", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_database_lets_nobody_touch_the_rows_of_the_archive(volume, table, how):
    # The entry of the archiving stands in the transaction of this test.
    behind_the_triggers("UPDATE responsibility_ledgerentry SET xact = 0")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(how.format(f"responsibility_{table}"))


def test_a_story_whose_file_is_gone_is_refused_in_words(volume, month):
    files()[0].unlink()
    with pytest.raises(Refused) as refused:
        list(ledger.story(month[0]))
    assert volume.name in str(refused.value.detail)


def test_spans_cover_a_volume_once(volume, monkeypatch):
    monkeypatch.setattr("notary.verifying.passes.RANGE", 30)
    monkeypatch.setattr(volumes, "BLOCK", 2000)
    altering.rewrite(volume, {})
    spans = list(archives.spans())
    assert len(spans) > 2
    assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])]
    assert sum(archives.entries(span).entries for span in spans) == 100
    assert found() == []


def test_an_archiving_is_told_by_the_system(volume):
    assert LedgerEntry.objects.get(verb="archive.write").actor_label == acting.SYSTEM.label
