"""Every verb that a part of the product writes can be said and asked for."""

import pytest

from cases.sentences import SENTENCES, named
from cases.templatetags import telling
from desk import indexing
from responsibility import directory
from responsibility.models import LedgerEntry

pytestmark = pytest.mark.django_db


def test_every_verb_of_the_ledger_has_its_own_words_where_it_is_asked_for():
    words = dict(telling.ledger_verbs())
    assert words.keys() == SENTENCES.keys()
    assert len(set(words.values())) == len(words)
    assert "archive.write" in indexing.verbs()


def test_an_entry_that_tells_a_day_or_nonsense_sinks_no_page():
    known = directory.current()
    day = LedgerEntry(verb="dossier.export", before={}, after={"since": "2026-11-01", "until": "2026-11-22"})
    assert telling.sentence(day, known)
    odd = LedgerEntry(verb="deadline.missed", before={}, after={"due_at": ["nonsense"], "until": 7, "from": {}})
    assert telling.sentence(odd, known) == named("deadline.missed")
