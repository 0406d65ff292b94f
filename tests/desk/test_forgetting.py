"""What the law orders to be forgotten is gone from the desk in the same transaction."""

import pytest
from django.db import connection, transaction

from cases.erasure import erase
from desk import asking, indexing, searching
from desk.models import Indexed, Question
from notary import checkpoints
from responsibility import directory
from responsibility.erasing import Person

pytestmark = pytest.mark.django_db
NAME = "欧阳报险"


def found(text: str) -> list[int]:
    return [place.entry for place in searching.search(asking.read({"text": text}, directory.current())).places]


@pytest.fixture
def case(open_case, press):
    case = press(open_case(), "sijing-duty acknowledge", note=f"报险人{NAME}在场")
    checkpoints.make()
    indexing.catch_up()
    return case


def forget(people) -> None:
    erase(Person(name=NAME), by=people["anwei-office"], basis="purpose", reason="到期")


def test_erased_words_are_not_found_any_more_and_the_entry_still_is(case, people):
    (entry,) = found(NAME)
    forget(people)
    assert found(NAME) == found("阳报") == []
    assert not Indexed.objects.filter(words__contains=NAME).exists()
    assert entry in [place.entry for place in searching.search(
        asking.read({"number": case.number}, directory.current())).places]  # fmt: skip


def test_an_erasure_that_is_rolled_back_leaves_the_search_as_it_was(case, people):
    with transaction.atomic():
        forget(people)
        assert found(NAME) == []
        transaction.set_rollback(True)
    assert len(found(NAME)) == 1


def test_what_is_taken_in_later_is_read_as_it_stands_then(case, people):
    Indexed.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE desk_taken SET position = 0")
    forget(people)
    indexing.catch_up()
    assert found(NAME) == []


def test_a_saved_question_that_names_the_person_goes(case, people, as_):
    as_("auditor").post("/desk/questions/", {"name": "甲", "query": f"text={NAME}"})
    as_("auditor").post("/desk/questions/", {"name": "乙", "query": "text=井盖"})
    forget(people)
    assert [question.name for question in Question.objects.all()] == ["乙"]
