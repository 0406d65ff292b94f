"""Everybody at once: platforms, people, requests and the clock on the same few cases."""

from collections import Counter

import pytest

from alerts.models import Alert
from cases.models import Case, Deadline, Evidence, Party
from responsibility.models import LedgerEntry
from tests.races.load import EVERYBODY

pytestmark = pytest.mark.race

ACTS, SECONDS = 70, 40.0


def test_under_mixed_load_nobody_meets_a_failure_and_nothing_is_lost(key, as_person, at_once):
    tokens = {name: as_person(name) for name in EVERYBODY}
    given = {"acts": ACTS, "seconds": SECONDS, "key": key, "tokens": tokens}
    reports = at_once(*[("load", given | {"seed": n}) for n in range(4)])
    assert [fault for report in reports for fault in report["faults"]] == []
    outcomes = sum((Counter(report["outcomes"]) for report in reports), Counter())
    # It was a load, and not only refusals.
    for act in ("stored", "acknowledge 200", "arrive 200", "prove 201", "request 201", "missed"):
        assert outcomes[act] > 0, outcomes
    # A refusal that only the database knew is one that an action forgot.
    assert not [what for what in outcomes if what.startswith(("refused case_", "refused party_", "refused deadline_"))]
    assert_whole(outcomes)


def assert_whole(outcomes: Counter) -> None:
    """Every alert is in its case, every act in the ledger, and no clock runs where none may."""
    assert Alert.objects.count() == outcomes["stored"] == sum(Case.objects.values_list("alert_count", flat=True))
    open_objects = Case.objects.open().values_list("object_code", flat=True)
    assert len(set(open_objects)) == len(open_objects)
    verbs = Counter(LedgerEntry.objects.values_list("verb", flat=True))
    for verb in ("acknowledge", "arrive", "contain", "rectify", "report", "rework", "close", "reopen", "resume"):
        assert verbs[f"case.{verb}"] == outcomes[f"{verb} 200"], verb
    assert verbs["evidence.add"] == Evidence.objects.count()
    assert verbs["deadline.missed"] == Deadline.objects.exclude(missed_at=None).count() == outcomes["missed"]
    assert not Deadline.objects.running().filter(case__state__in=("closed", "void")).exists()
    assert (
        not Deadline.objects.running().filter(paused_at=None, case__state="suspended").exclude(kind="review").exists()
    )
    for case in Case.objects.all():
        clocks = Deadline.objects.running().filter(case=case, paused_at=None).order_by("due_at")
        assert case.due_at == next((clock.due_at for clock in clocks), None)
        for party in Party.objects.filter(case=case, until=None):
            own = next((clock.due_at for clock in clocks if clock.unit_id == party.unit_id), case.due_at)
            assert (party.due_at, party.live) == (own, case.is_open)
