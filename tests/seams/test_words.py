"""Every verb that a part of the product writes can be said and asked for."""

import pytest

from cases.sentences import ABOUT, ACTS, SENTENCES
from cases.templatetags.telling import ledger_verbs
from desk import indexing

pytestmark = pytest.mark.django_db


def test_every_verb_of_the_ledger_has_its_words_where_it_is_asked_for():
    parts = [verb.split(".") for verb in SENTENCES]
    assert {about for about, _act in parts} <= ABOUT.keys()
    assert {act for _about, act in parts} <= ACTS.keys()
    assert len(ledger_verbs()) == len(SENTENCES)
    assert "archive.write" in indexing.verbs()
