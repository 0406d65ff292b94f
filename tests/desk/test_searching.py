"""The ledger of all years is found by what it says, the newest first, and nothing that was committed is missed."""

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from cases import requests
from desk import asking, indexing, lines, searching
from desk.models import Indexed, Taken
from notary import checkpoints
from responsibility import acting, directory, ledger
from responsibility.models import LedgerEntry

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2019, 3, 5, 8, tzinfo=UTC)


@pytest.fixture
def tell():
    """``tell("苯乙烯超限")``: an entry of which that is the note; its id."""

    def write(note="", *, by=acting.SYSTEM, at=None, verb="case.arrive", chain=None, post=None, **more) -> int:
        with transaction.atomic():
            act = ledger.Act(chain or uuid.uuid4(), verb, "test", "1", "测试", note=note, **more)
            ledger.record([act], by=by, at=at, post=post)
        return LedgerEntry.objects.latest("id").pk

    return write


def found(size=50, **given) -> list[int]:
    asked = asking.read(given, directory.current())
    return [place.entry for place in searching.search(asked, size=size).places]


def take_in() -> None:
    checkpoints.make()
    indexing.catch_up()


@pytest.fixture(params=["taken in", "not yet"])
def settle(request):
    """Every question is asked of the index, and of the ledger where the index does not know the entry yet."""

    def run() -> None:
        if request.param == "taken in":
            take_in()

    return run


def test_words_of_two_characters_and_more_are_found(tell, settle):
    first, second = tell("泗泾镇污水井苯乙烯超限"), tell("苍鹭移位")
    settle()
    assert found(text="苯乙") == [first]
    assert found(text="苯乙烯超") == [first]
    assert found(text="苍鹭") == [second]
    assert found(text="污水井 烯超限") == [first]
    assert found(text="苯乙 苍鹭") == []


def test_two_halves_that_stand_apart_are_no_word(tell, settle):
    tell("井盖好，盖移位，移位置")
    settle()
    assert found(text="井盖移位置") == []


def test_an_entry_is_found_by_its_verb_in_words(tell, settle):
    entry = tell(verb="case.acknowledge")
    settle()
    assert found(text="签收") == [entry]
    assert found(verb="case.acknowledge") == [entry]
    assert found(verb="case.close") == []


def test_an_entry_is_found_by_person_unit_and_period(tell, settle, people):
    officer = people["sijing-duty"]
    post = officer.posts.first()
    entry = tell("到场", by=acting.of(officer), post=post, at=LONG_AGO)
    spoken_of = tell("派单", after={"unit": post.unit.code}, at=LONG_AGO + timedelta(days=40))
    settle()
    assert found(person="sijing-duty") == found(person=str(officer)) == [entry]
    assert found(unit=post.unit.code, until="2019-12-31") == [spoken_of, entry]
    assert found(unit=post.unit.code, until="2019-03-31") == [entry]
    assert found(since="2019-03-05", until="2019-03-05") == [entry]
    assert found(since="2019-03-06", until="2019-04-01") == []


def test_the_whole_story_of_a_case_is_found_by_its_number(open_case, press, settle):
    case = press(open_case(), "sijing-duty acknowledge")
    settle()
    assert found(number=case.number) == list(
        LedgerEntry.objects.filter(chain=case.chain).order_by("-at", "-id").values_list("pk", flat=True)
    )


def test_small_and_large_letters_are_the_same(tell, settle):
    entry = tell("传感器 MH-Sijing-ZZ88 离线")
    settle()
    assert found(text="mh-sijing-zz88") == [entry]


def test_what_machines_call_things_is_not_text(tell):
    tell(after={"sha256": "ab" * 32})
    take_in()
    assert "abab" not in Indexed.objects.latest("entry").words


def test_entries_of_every_month_come_newest_first_page_by_page(tell):
    told = [tell("苍鹭记录", at=LONG_AGO + timedelta(days=37 * n)) for n in range(30)]
    take_in()
    told += [tell("苍鹭记录", at=LONG_AGO + timedelta(days=37 * n + 5)) for n in range(3)]
    asked, after, pages = asking.read({"text": "苍鹭"}, directory.current()), None, []
    while True:
        page = searching.search(asked, after=after, size=7)
        pages += [place.entry for place in page.places]
        after = page.following
        if after is None:
            break
        assert asking.place(str(after)) == after
    wanted = LedgerEntry.objects.filter(pk__in=told).order_by("-at", "-id").values_list("pk", flat=True)
    assert pages == list(wanted)


def test_an_answer_is_counted_up_to_a_thousand(tell, monkeypatch):
    monkeypatch.setattr(searching, "COUNTED", 5)
    for _each in range(7):
        tell("巡查")
    asked = asking.read({"text": "巡查"}, directory.current())
    assert searching.search(asked, size=3).count == 5
    assert searching.search(asked, size=3).more


def test_taking_in_goes_on_where_it_ended_and_does_nothing_twice(tell, monkeypatch):
    monkeypatch.setattr(indexing, "BATCH", 2)
    told = {tell("甲乙") for _each in range(5)}
    checkpoints.make()
    assert indexing.take() == 2
    assert indexing.catch_up() == LedgerEntry.objects.count() - 2
    assert indexing.catch_up() == 0
    assert told <= set(Indexed.objects.values_list("entry", flat=True))
    assert Taken.objects.get().position == LedgerEntry.objects.count()
    Taken.objects.update(position=0)
    indexing.catch_up()
    assert Indexed.objects.count() == LedgerEntry.objects.count()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": "井"}, "text"),
        ({"text": "甲" * 200}, "text"),
        ({"verb": "case.explode"}, "verb"),
        ({"unit": "nowhere"}, "unit"),
        ({"since": "2026-13-01"}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "until"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_field(as_, given, field):
    answer = as_("auditor").get("/api/v1/desk/entries/", given)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"] == field
    assert as_("auditor").get("/desk/", given).status_code == 400


@pytest.mark.parametrize("after", ["x", "2026-01-01T00:00:00Z~x", "~1", "0001-01-01T00:00:00Z~1", "2026-01-01~99"])
def test_a_page_that_we_did_not_give_out_is_refused(as_, after):
    assert as_("auditor").get("/api/v1/desk/entries/", {"after": after}).status_code == 400
    assert as_("auditor").get("/desk/", {"after": after}).status_code == 400


def test_programs_and_pages_tell_the_sentence_the_case_and_the_proof(as_, open_case, press):
    case = press(open_case(), "sijing-duty acknowledge")
    client = as_("auditor")
    told = client.get("/api/v1/desk/entries/", {"number": case.number, "verb": "case.acknowledge"}).json()
    assert (told["count"], told["more"], told["next"]) == (1, False, None)
    line = told["results"][0]
    assert "签收" in line["sentence"]
    assert line["case"] == case.number
    checkpoints.make()
    assert client.get(line["proof"]).status_code == 200
    page = client.get("/desk/", {"number": case.number}).content.decode()
    assert f"/cases/{case.number}/" in page
    assert line["proof"] in page


def test_an_answer_is_taken_as_a_file_and_that_is_an_entry(as_, open_case):
    case = open_case()
    answer = as_("auditor").get("/desk/table.csv", {"number": case.number})
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + LedgerEntry.objects.filter(chain=case.chain).count()
    taken = LedgerEntry.objects.get(verb="desk.take")
    assert case.number in taken.after["text"]
    assert taken.actor.username == "auditor"


def test_only_who_reads_the_ledger_searches_it(as_, people):
    answers = {
        name: as_(name).get("/api/v1/desk/entries/").status_code for name in ("auditor", "anwei-office", "admin")
    }
    assert answers == {"auditor": 200, "anwei-office": 200, "admin": 403}


def test_a_plan_reads_the_index_and_not_the_rows(tell):
    for _each in range(3):
        tell("硫化氢")
    take_in()
    asked = asking.read({"text": "硫化氢"}, directory.current())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        conditions = " AND ".join([f"{searching.TERMS} && %(months)s", *searching._narrowed(asked, searching.TERMS)])
        statement = searching.WINDOW.format(asked=conditions, order=searching.ORDER)
        values = searching._values(asked, None) | {"months": ["m:2026-11"], "most": 10}
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        assert "indexed_terms" in json.dumps(cursor.fetchone()[0])


def test_a_file_that_would_be_endless_says_that_there_is_more(tell, monkeypatch):
    for _each in range(5):
        tell("巡查")
    monkeypatch.setattr(lines, "PIECE", 2)
    monkeypatch.setattr(lines, "MOST", 4)
    known = directory.current()
    told = "".join(lines.table(asking.read({"text": "巡查"}, known), known)).splitlines()
    assert len(told) == 1 + 4 + 1
    assert "还有更多" in told[-1]


@pytest.mark.django_db(transaction=True)
def test_an_entry_whose_transaction_ends_late_is_found_and_taken_in(tell):
    """Its number was drawn before entries that are in the tree and in the search already."""
    begun, go_on, told = threading.Event(), threading.Event(), []

    def write() -> None:
        try:
            with transaction.atomic():
                told.append(tell("迟到的条目"))
                begun.set()
                go_on.wait(30)
        finally:
            connection.close()

    late = threading.Thread(target=write)
    late.start()
    begun.wait(30)
    tell("早到的条目")
    take_in()
    assert found(text="迟到") == []
    go_on.set()
    late.join(30)
    assert found(text="迟到") == told
    take_in()
    assert Indexed.objects.filter(entry=told[0]).exists()
    assert found(text="迟到") == told


def test_a_refusal_is_found_by_who_refused_and_by_who_was_refused(open_case, press, people, settle):
    case = press(open_case(), "sijing-duty acknowledge")
    asker, decider = people["sijing-head"], people["shuiwu-head"]
    asked = requests.ask(case.pk, by=asker, kind="escalate", reason="需要排水队伍")
    requests.decide(asked.pk, by=decider, approve=False, answer="属地可以处置")
    settle()
    (refusal,) = LedgerEntry.objects.filter(chain=case.chain, verb="request.refuse").values_list("pk", flat=True)
    for person in (asker.username, str(asker), decider.username, str(decider)):
        assert refusal in found(person=person, verb="request.refuse"), person
    assert found(person="jiuting-duty", verb="request.refuse") == []
    codes = {post.unit.code for user in (asker, decider) for post in user.posts.all()}
    assert all(refusal in found(unit=code, verb="request.refuse") for code in codes)


def test_an_answer_that_a_colleague_wrote_down_is_found_by_who_gave_it(open_case, press, people, settle):
    press(open_case(), "sijing-duty acknowledge", answered_by="voice", who="sijing-handler")
    settle()
    (entry,) = LedgerEntry.objects.filter(verb="case.acknowledge").values_list("pk", flat=True)
    assert found(person="sijing-handler", verb="case.acknowledge") == [entry]
    assert found(person="sijing-duty", verb="case.acknowledge") == [entry]
