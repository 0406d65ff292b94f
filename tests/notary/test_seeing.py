"""我见证 in the portal: what was seen is kept, the next is held against it, and a text that was carried away counts."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction

from notary import checkpoints, notes, seeing
from notary.models import Checkpoint
from notary.sighting import Sighting
from notices.models import Notice
from responsibility.models import LedgerEntry
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.notary import tampering

pytestmark = pytest.mark.django_db(transaction=True)
DOOR = "/ledger/checkpoints/witness/"


def seen(made: Checkpoint, by):
    return seeing.see(made.size, bytes(made.root).hex(), by=by)


def test_what_somebody_saw_is_kept_and_the_next_is_proved_to_continue_it(tell, people):
    first = checkpoints.make()
    seen(first, people["insurer"])
    entry = LedgerEntry.objects.get(verb="witness.see")
    assert (entry.actor, entry.after["size"]) == (people["insurer"], first.size)
    tell(300)
    checkpoints.make()
    shown = seeing.view(people["insurer"])
    assert (shown.last.size, shown.holds, bool(shown.proof)) == (first.size, True, True)
    again = seen(shown.newest, people["insurer"])
    assert again.since == first.size
    with pytest.raises(Refused, match="already_seen"):
        seen(shown.newest, people["insurer"])
    # A page that was left open shows an older one.
    with pytest.raises(Refused, match="seen_newer"):
        seen(first, people["insurer"])
    assert not LedgerEntry.objects.filter(verb="witness.fork").exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        Sighting.objects.update(size=1)


def test_another_history_is_refused_and_the_district_is_told(tell, log, people):
    seen(Checkpoint.objects.last(), people["insurer"])
    (checkpoints.keys.folder() / checkpoints.keys.LAST).unlink()
    with transaction.atomic():
        tampering.rewrite(log)
        newest = Checkpoint.objects.last()
        root = tampering.merkle.Tree(tampering.growing.fetch).root(newest.size)
        tampering.behind_the_triggers("DELETE FROM notary_checkpoint WHERE id <> %s", newest.pk)
        tampering.behind_the_triggers("UPDATE notary_checkpoint SET root = %s", root)
    tell(20)
    checkpoints.make()
    shown = seeing.view(people["insurer"])
    assert not shown.holds
    with pytest.raises(Refused, match="forked"):
        seen(shown.newest, people["insurer"])
    assert Sighting.objects.count() == 1
    assert LedgerEntry.objects.filter(verb="witness.fork").count() == 1
    notices = Notice.objects.filter(event="witness.fork").select_related("unit")
    assert {notice.unit.code for notice in notices} >= {"SJ-JW2"}
    assert "不是同一棵树" in seeing.said(notices[0], seeing.directory.current())


def test_a_text_that_was_carried_away_is_held_against_the_tree(tell, log, people):
    made = Checkpoint.objects.last()
    by = people["insurer"]
    assert seeing.check(made.note, by=by) == made.size
    assert seeing.check(made.note.replace("\n", "\r\n"), by=by) == made.size
    told = notes.Note.read(made.note)
    for wrong, code in [("", "bad_note"), ("x\n\ny\n", "bad_note"),
                        (made.note.replace(f"\n{made.size}\n", f"\n{made.size + 1}\n"), "not_signed"),
                        (str(notes.Note(told.text, ())) + "— x eHh4eHh4\n", "not_signed")]:  # fmt: skip
        with pytest.raises(Invalid) as refused:
            seeing.check(wrong, by=by)
        assert refused.value.code == code, wrong
    with pytest.raises(Forbidden):
        seeing.check(made.note, by=people["sijing-duty"])
    assert not LedgerEntry.objects.filter(verb="witness.fork").exists()
    with transaction.atomic():
        tampering.rewrite(log)
    with pytest.raises(Refused, match="forked"):
        seeing.check(made.note, by=by)
    assert LedgerEntry.objects.filter(verb="witness.fork").count() == 1


def test_only_outside_bodies_witness(tell, people):
    made = checkpoints.make()
    for name in ("anwei-office", "sijing-duty", "admin", "yingji-office"):
        with pytest.raises(Forbidden):
            seen(made, people[name])
    for name in ("auditor", "insurer", "broker", "firm", "enterprise"):
        seen(made, people[name])
    with pytest.raises(Refused, match="not_ours"):
        seeing.see(made.size, "00" * 32, by=people["insurer-b"])


def test_the_page_shows_proves_keeps_and_gives_the_text_away(tell, people, client):
    client.force_login(people["insurer"])
    assert "还没有存证点" in client.get(DOOR).content.decode()
    made = checkpoints.make()
    page = client.get(DOOR)
    assert "从未见证" in page.content.decode()
    given = {"size": made.size, "root": page.context["root"]}
    assert "已见证" in client.post(DOOR, given, follow=True).content.decode()
    assert client.post(DOOR, given).status_code == 409
    assert client.post(DOOR, {"size": "x", "root": ""}).status_code == 409
    text = client.get(f"{DOOR}checkpoint.txt", {"size": made.size})
    assert text.content.decode() == made.note
    assert client.get(f"{DOOR}checkpoint.txt", {"size": 10**9}).status_code == 409
    kept = SimpleUploadedFile("checkpoint.txt", text.content)
    assert "是同一棵树" in client.post(f"{DOOR}check/", {"file": kept}, follow=True).content.decode()
    assert client.post(f"{DOOR}check/", {"note": "x"}).status_code == 400
    assert client.post(f"{DOOR}check/", {"file": SimpleUploadedFile("x", b"\xff\xfe")}).status_code == 400
    tell(20)
    checkpoints.make()
    assert "成立" in client.get(DOOR).content.decode()
    client.force_login(people["anwei-office"])
    assert client.get(DOOR).status_code == 403
    assert client.post(DOOR, given).status_code == 403
    both = client.get("/ledger/checkpoints/").content.decode()
    assert "账号见证" in both
    assert str(people["insurer"]) in both
