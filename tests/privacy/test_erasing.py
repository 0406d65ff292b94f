"""A person's name and telephone go everywhere at once; each proof holds; and the database allows nothing but that."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from alerts import audit as alert_audit
from cases import audit, erasure, requests, sharing
from cases.models import Evidence
from notary import checkpoints
from responsibility import chains, clock, erasing, ledger, sealing
from responsibility.acting import SYSTEM
from responsibility.erasing import MARK, Person
from responsibility.models import LedgerEntry, User
from responsibility.refusals import Forbidden, Invalid
from tests.bundle.conftest import PHONE, REPORTER, _folders, case, fresh_python, unpack, verify  # noqa: F401
from tests.bundle.test_bundles import flip
from tests.cases.conftest import CONTAINED, alert, open_case, picture, press, send  # noqa: F401
from tests.notary.test_checkpoints import covered

pytestmark = pytest.mark.django_db
WHOM = Person(REPORTER, PHONE)
WHY = {"basis": "consent", "reason": "本人来函撤回同意"}


@pytest.fixture
def spread(case, send, people):  # noqa: F811
    """The reporter in every column where the words of the public are kept."""
    apart = f"+86 {PHONE[:3]}-{PHONE[3:7]}-{PHONE[7:]}"
    body = {"reporter": {"name": REPORTER, "phone": apart}, "tel": int(PHONE)}
    away = {"object": "AWAY-1", "grade": None, "value": 0.1, "location": {"lat": 31.11, "lon": 121.26}}
    send(alert(title=f"{REPORTER}来电", payload=body), alert(title=f"{PHONE}来电", payload=body, **away))
    asked = requests.ask(case.pk, by=people["sijing-head"], kind="void", reason=f"{REPORTER}误报")
    requests.decide(asked.pk, by=people["chengyun-lead"], approve=False, answer=f"请再联系 {PHONE}")
    until = clock.now() + timedelta(days=3)
    sharing.share(case.pk, by=people["yingji-office"], until=until, reason=f"{REPORTER}理赔", username="insurer-b")
    return case


def digests() -> dict[int, str]:
    return dict(LedgerEntry.objects.values_list("id", "digest"))


def dump() -> str:
    """Every word in the database."""
    said = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            said += [row for (row,) in cursor.fetchall()]
    return "\n".join(said)


def test_name_and_telephone_are_nowhere_in_the_database_and_all_proofs_hold(spread, people):
    assert all(word in dump() for word in (REPORTER, PHONE))
    before = digests()
    done = erasure.erase(WHOM, by=people["anwei-office"], **WHY)
    said = dump()
    digits = said.replace("-", "").replace(" ", "")
    assert REPORTER not in said
    assert PHONE not in digits
    assert done.left == {}
    assert spread.number in done.cases
    once = ("cases_request", "cases_evidence", "cases_grant")
    assert [done.rows["alerts_alert"], *(done.rows[table] for table in once)] == [2, 1, 1, 1]
    assert digests().items() >= before.items()
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    covered(checkpoints.make())
    assert not [*audit.mismatches(), *alert_audit.mismatches()]


def test_what_was_proved_before_is_still_proved_by_the_old_checkpoint(spread):
    made = checkpoints.make()
    proved = set(LedgerEntry.objects.values_list("id", flat=True))
    erasure.erase(WHOM, by=None, **WHY)
    from notary import merkle, proofs

    for found in proofs.inclusions(sorted(proved), made):
        entry = LedgerEntry.objects.get(pk=found.entry)
        leaf = merkle.leaf(bytes.fromhex(ledger.digest(entry)))
        assert merkle.root_of(leaf, found.index, found.size, found.path) == bytes(made.root)
    call_command("verify_ledger", "--case", spread.number, stdout=io.StringIO())


def test_a_bundle_after_it_holds_and_says_how_much_was_erased(spread, unpack, verify):  # noqa: F811
    erasure.erase(WHOM, by=None, **WHY)
    folder = unpack(None, "after")
    assert REPORTER not in (folder / "entries.jsonl").read_text()
    code, said = verify(folder)
    assert code == 0, said
    gone = sum(len(json.loads(line)["erased"]) for line in (folder / "entries.jsonl").read_text().splitlines())
    assert gone > 4
    assert f"{gone} 处已依法删除" in said
    flip(folder / "entries.jsonl", (folder / "entries.jsonl").read_bytes().index(b"case.acknowledge"))
    assert verify(folder)[0] == 1


def test_a_second_erasure_takes_what_the_first_left(spread):
    erasure.erase(Person(name=REPORTER), by=None, **WHY)
    assert PHONE in dump()
    done = erasure.erase(Person(phone=PHONE), by=None, **WHY)
    assert done.parts > 0
    assert PHONE not in dump()
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    assert not [*audit.mismatches(), *alert_audit.mismatches()]
    assert erasure.erase(WHOM, by=None, **WHY).parts == 0


def test_a_dry_run_counts_the_same_and_changes_nothing(spread):
    before = dump()
    would = erasure.erase(WHOM, by=None, dry_run=True, **WHY)
    assert dump() == before
    did = erasure.erase(WHOM, by=None, **WHY)
    assert (would.entries, would.parts, would.rows, would.cases) == (did.entries, did.parts, did.rows, did.cases)
    assert would.left["responsibility_ledgerentry"] == did.entries


def test_who_acted_in_office_stays_named_unless_the_office_says_why_not(spread, people):
    officer = people["sijing-duty"]
    acted = LedgerEntry.objects.filter(actor=officer)
    erasure.erase(Person(name=str(officer)), by=None, **WHY)
    assert set(acted.values_list("actor_label", flat=True)) == {str(officer)}
    name = str(officer)
    done = erasure.erase(Person(name=name), by=people["anwei-office"], officials="法院判令", **WHY)
    assert done.entries >= acted.count() > 0
    assert set(acted.values_list("actor_label", flat=True)) == {MARK}
    assert name not in " ".join(f"{e.after} {e.before} {e.note} {e.actor_label}" for e in LedgerEntry.objects.all())
    assert User.objects.get(pk=officer.pk).full_name == MARK
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    assert not [*audit.mismatches(), *alert_audit.mismatches()]


def test_the_erasure_is_told_without_the_name_in_a_chain_of_its_own_and_on_each_case(spread, people):
    erasure.erase(WHOM, by=people["anwei-office"], **WHY)
    whole, *rest = LedgerEntry.objects.filter(verb="privacy.erase").order_by("id")
    assert whole.note == WHY["reason"]
    assert whole.after["basis"] == "consent"
    assert whole.actor == people["anwei-office"]
    assert [entry.chain for entry in rest] == [spread.chain]


@pytest.mark.parametrize("name", ["sijing-head", "auditor", "yingji-office", "admin", "insurer"])
def test_only_the_committee_s_office_may(spread, people, name):
    with pytest.raises(Forbidden):
        erasure.erase(WHOM, by=people[name], **WHY)
    assert REPORTER in dump()


@pytest.mark.parametrize(
    ("whom", "attr"),
    [({}, "name"), ({"name": "张"}, "name"), ({"name": 'a"b'}, "name"), ({"name": "a\x00b"}, "name"),
     ({"name": "张三\\"}, "name"), ({"phone": "12345"}, "phone"), ({"phone": "abc"}, "phone"),
     ({"name": "张" * 101}, "name")],
)  # fmt: skip
def test_whom_one_cannot_look_for_safely_is_refused(whom, attr):
    with pytest.raises(Invalid) as refused:
        Person(**whom)
    assert refused.value.attr == attr


@pytest.mark.parametrize(
    ("more", "attr"),
    [({"basis": "whim"}, "basis"), ({"reason": " "}, "reason"), ({"reason": f"{REPORTER}要求"}, "reason"),
     ({"reason": "x" * 501}, "reason"), ({"officials": f"{PHONE}"}, "officials"), ({"reason": "\x00"}, "reason")],
)  # fmt: skip
def test_an_erasure_needs_its_ground_and_its_reason_does_not_name_the_person(more, attr):
    with pytest.raises(Invalid) as refused:
        erasure.erase(WHOM, by=None, **(WHY | more))
    assert refused.value.attr == attr


def test_the_command_counts_first_and_then_erases(spread):
    said = io.StringIO()
    given = ["--name", REPORTER, "--phone", PHONE, "--basis", "consent", "--reason", "来函"]
    call_command("erase_person", *given, "--dry-run", stdout=said)
    assert "将删除" in said.getvalue()
    assert "处置凭证 " in said.getvalue()
    assert not re.search(r"\b(cases|alerts|responsibility|notices)_[a-z]+", said.getvalue()), "tables by their names"
    assert REPORTER in dump()
    call_command("erase_person", *given, "--by", "anwei-office", stdout=said)
    assert REPORTER not in dump()
    for wrong in (["--by", "nobody"], ["--by", "auditor"]):
        with pytest.raises(CommandError):
            call_command("erase_person", *given, *wrong, stdout=said)


def test_only_the_whole_number_is_found_however_it_is_set_apart():
    person = Person(phone="138 1765-8811")
    for there in ("13817658811", "+8613817658811", "138-1765-8811", "电话138 1765 8811。", {"a": [{"b": 13817658811}]}):
        assert person.stands_in(there), there
    for away in ("138176588110", "913817658811", "1381765881", 138, True, None, {"a": []}):
        assert not person.stands_in(away), away


# --- what the database refuses --------------------------------------------------
def begin() -> None:
    act = ledger.Act(chains.dated(), "privacy.erase", "privacy", "", "", note="试")
    ledger.record([act], by=SYSTEM)


def sealed_entry(case) -> LedgerEntry:  # noqa: F811
    return ledger.story(case.chain).exclude(note="").filter(verb="case.acknowledge").first()


def erase_by_hand(entry: LedgerEntry, **other) -> None:
    """What ``erasing.empty`` does to the note, with ``other`` columns instead."""
    row = vars(entry)
    gone = {"note": sealing.seals(row)["note"]}
    salts = {part: salt for part, salt in sealing.salts(row).items() if part != "note"}
    told = {"note": MARK, "salt": None, "salts": salts, "erased": gone} | other
    LedgerEntry.objects.filter(pk=entry.pk).update(**told)


def test_by_hand_it_is_allowed_in_its_one_form(case):  # noqa: F811
    entry = sealed_entry(case)
    with transaction.atomic():
        begin()
        erase_by_hand(entry)
    again = LedgerEntry.objects.get(pk=entry.pk)
    assert again.note == MARK
    assert ledger.digest(again) == entry.digest


def misuses(entry: LedgerEntry) -> dict[str, dict]:
    row = vars(entry)
    salts, seals = sealing.salts(row), sealing.seals(row)
    less = {part: salt for part, salt in salts.items() if part != "note"}
    return {
        "another word": {"note": "什么也没有发生"},
        "an empty note": {"note": ""},
        "an open column": {"verb": "case.arrive"},
        "the time": {"at": clock.now()},
        "the unit": {"unit_label": "别的单位"},
        "the digest": {"digest": "0" * 64},
        "the one before": {"previous": "0" * 64},
        "the actor": {"actor_id": None},
        "the actor's name": {"actor_label": MARK},
        "an open fact": {"after": entry.after | {"state": "closed"}},
        "one more fact": {"after": entry.after | {"grade": MARK}},
        "one fact less": {"after": {}},
        "the salt stays": {"salt": entry.salt},
        "the salt of what is gone": {"salts": salts},
        "no blind": {"salts": {part: salt for part, salt in less.items() if part}},
        "one salt less": {"salts": {part: salt for part, salt in less.items() if part != "subject"}},
        "no salts": {"salts": None},
        "nothing erased": {"erased": None, "note": entry.note},
        "no digest": {"erased": {"note": ""}},
        "a part that never was": {"erased": {"note": seals["note"], "after.reason": seals["note"]}},
        "an open part": {"erased": {"note": seals["note"], "after.unit": seals["note"]}},
        "the word stays": {"note": entry.note},
        "another chain": {"seq": 999},
        "another transaction": {"xact": 1},
    }


def test_each_misuse_of_it_is_refused(case):  # noqa: F811
    entry = sealed_entry(case)
    for what, other in misuses(entry).items():
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():  # noqa: PT012
            begin()
            erase_by_hand(entry, **other)
            pytest.fail(what)
    assert LedgerEntry.objects.get(pk=entry.pk).note == entry.note


def test_without_its_entry_in_the_same_transaction_nothing_is_emptied(case):  # noqa: F811
    entry = sealed_entry(case)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        erase_by_hand(entry)
    with transaction.atomic():
        begin()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE responsibility_ledgerentry SET xact = 1 WHERE verb = 'privacy.erase'")
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        erase_by_hand(entry)


def test_nothing_is_deleted_by_it_and_no_erased_part_comes_back(case):  # noqa: F811
    entry = sealed_entry(case)
    begin()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.filter(pk=entry.pk)._raw_delete("default")
    erase_by_hand(entry)
    for back in ({"note": entry.note}, {"salt": entry.salt, "salts": None, "erased": None, "note": entry.note}):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            LedgerEntry.objects.filter(pk=entry.pk).update(**back)


def test_beside_the_ledger_too_words_become_the_mark_and_nothing_else(spread):
    proof = Evidence.objects.get()
    alerts = spread_alerts()
    begin()
    for rows, other in (
        (Evidence.objects.filter(pk=proof.pk), {"note": "别的话"}),
        (Evidence.objects.filter(pk=proof.pk), {"sha256": MARK}),
        (Evidence.objects.filter(pk=proof.pk), {"note": MARK, "size": 1}),
        (alerts, {"grade": "red"}),
        (alerts, {"payload": {}}),
        (alerts, {"title": ""}),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows.update(**other)
    Evidence.objects.filter(pk=proof.pk).update(note=MARK)


def spread_alerts():
    from alerts.models import Alert

    return Alert.objects.filter(title__contains=REPORTER)


def test_the_database_knows_the_same_sealed_parts_as_the_code():
    said = {name: "x" for name in [*sealing.INNER, "grade"]}
    row = {"subject_label": "a", "actor_id": 1, "actor_label": "b", "note": "c", "before": said, "after": said}
    with connection.cursor() as cursor:
        cursor.execute("SELECT bihuan_sealed_parts(%s::jsonb)", [json.dumps(row)])
        assert cursor.fetchone()[0] == sorted(sealing.inner(row))
        cursor.execute("SELECT bihuan_emptied(to_jsonb(%s::text), to_jsonb(%s::text))", ["x", MARK])
        assert cursor.fetchone()[0]


@pytest.mark.parametrize("place", ["note", "after.reason", "after.posts"])
def test_words_put_where_others_were_erased_are_found(place):
    act = ledger.Act(
        chains.dated(),
        "case.void",
        "case",
        "x",
        "x",
        note="张三来电",
        after={"reason": "张三", "posts": ["张三", "李四"]},
    )
    ledger.record([act], by=SYSTEM)
    entry = ledger.story(act.chain).get()
    ledger.record([ledger.Act(chains.dated(), "privacy.erase", "privacy", "", "")], by=SYSTEM)
    erasing.empty(entry, {"note", "after.reason", "after.posts"}, Person(name="张三"))
    row = vars(ledger.story(act.chain).get())
    assert ledger.holds(row)
    told = {
        "note": {"note": "李四来电"},
        "after.reason": {"after": row["after"] | {"reason": "李四"}},
        "after.posts": {"after": row["after"] | {"posts": ["王五", "李四"]}},
    }
    assert not ledger.holds(row | told[place])
