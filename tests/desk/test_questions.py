"""Saved questions: an auditor's own, or shared with the desk."""

import pytest

from desk.models import Question
from responsibility.models import LedgerEntry

pytestmark = pytest.mark.django_db
ASKED = "text=井盖&verb=case.arrive"


def keep(client, name="井盖到场", query=ASKED, **more):
    return client.post("/desk/questions/", {"name": name, "query": query, **more})


def test_a_question_is_kept_asked_again_renamed_and_removed(as_, people):
    client = as_("auditor")
    assert keep(client)["Location"].startswith("/desk/?")
    question = Question.objects.get()
    assert question.owner == people["auditor"]
    page = client.get("/desk/").content.decode()
    assert "井盖到场" in page
    assert client.get(f"/desk/?{question.query}").status_code == 200
    client.post(f"/desk/questions/{question.pk}/rename/", {"name": "到场", "shared": "1"})
    question.refresh_from_db()
    assert (question.name, question.shared) == ("到场", True)
    client.post(f"/desk/questions/{question.pk}/remove/")
    assert not Question.objects.exists()
    told = LedgerEntry.objects.filter(chain=question.chain).order_by("seq").values_list("verb", flat=True)
    assert list(told) == ["question.keep", "question.change", "question.remove"]


def test_others_see_it_only_when_it_is_shared_and_never_change_it(as_):
    keep(as_("auditor"))
    question, other = Question.objects.get(), as_("anwei-office")
    assert ASKED not in other.get("/desk/").content.decode().replace("&amp;", "&")
    Question.objects.update(shared=True)
    assert ASKED in other.get("/desk/").content.decode().replace("&amp;", "&")
    other.post(f"/desk/questions/{question.pk}/remove/")
    other.post(f"/desk/questions/{question.pk}/rename/", {"name": "改"})
    assert Question.objects.get().name == "井盖到场"


@pytest.mark.parametrize(
    ("name", "query"),
    [("", ASKED), ("甲" * 61, ASKED), ("甲", ""), ("甲", "verb=no.such"), ("甲\x00", ASKED), ("甲", "%ff")],
)
def test_what_cannot_be_kept_is_told_and_not_kept(as_, name, query):
    client = as_("auditor")
    assert keep(client, name, query).status_code == 303
    assert not Question.objects.exists()


def test_two_of_one_name_are_refused(as_):
    client = as_("auditor")
    keep(client)
    keep(client)
    assert Question.objects.count() == 1
    assert "同名" in client.get("/desk/").content.decode()


def test_whoever_does_not_read_the_ledger_keeps_none(as_):
    assert keep(as_("sijing-head")).status_code == 403
