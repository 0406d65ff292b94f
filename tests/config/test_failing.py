"""What nobody foresaw is answered, too: to programs in the shape of every error, to people as a page."""

import pytest

from cases import api, views


def broken(*args, **kwargs):
    raise ZeroDivisionError


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "word"), [("zh-hans", "稍后重试"), ("en", "try again")])
def test_a_program_is_told_in_the_shape_of_every_error(client, people, monkeypatch, language, word):
    monkeypatch.setattr(api.Cases, "get_queryset", broken)
    client.raise_request_exception = False
    client.force_login(people["auditor"])
    answer = client.get("/api/v1/cases/", headers={"Accept-Language": language})
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/json")
    (error,) = answer.json()["errors"]
    assert (answer.json()["type"], error["code"], error["attr"]) == ("server_error", "error", None)
    assert word in error["detail"]


@pytest.mark.django_db
def test_a_person_is_told_by_a_page(client, people, monkeypatch):
    monkeypatch.setattr(views.worklist, "of", broken)
    client.raise_request_exception = False
    client.force_login(people["auditor"])
    answer = client.get("/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
