"""Hand-worked cases rise in the simulation at the instants and for the reasons of the real clock."""

from datetime import timedelta

import pytest

from alerts import intake
from alerts.formats import item
from cases.models import Case, Deadline
from cases.staffing.arrivals import received
from cases.staffing.playing import Run
from cases.sweeping import sweep
from responsibility import clock, directory
from responsibility.models import LedgerEntry
from tests.cases.conftest import _evidence_folder, press  # noqa: F401
from tests.staffing.conftest import JIUTING, MONDAY, raw

pytestmark = pytest.mark.django_db

# Monday morning. Sijing has nobody, Jiuting has people, the water bureau one person.
ALERTS = [
    {"minute": 540, "at": JIUTING},
    {"minute": 545, "grade": "orange", "at": JIUTING},
    {"minute": 550},
    {"minute": 551, "grade": "red"},
    {"minute": 555, "category": "PS-LIFT"},
    {"minute": 560, "thing": "TWICE"},
    {"minute": 600, "grade": "orange", "thing": "TWICE"},
    {"minute": 700, "grade": "red", "thing": "TWICE"},
    {"minute": 705, "at": JIUTING, "thing": "W-0"},
    {"minute": 1000, "at": JIUTING, "thing": "W-0"},
    {"minute": 1001, "grade": "red", "at": JIUTING, "thing": "W-1"},
]
PEOPLE = {"310117102": 0, "310117107": 2, "SJ-SW": 1, "SJ-SCJG": 0, "SJ-COMMITTEE": 0}
WHO = {"310117107": "jiuting-duty", "SJ-SW": "shuiwu-duty"}


class Written(Run):
    """A run that writes down what people do."""

    def __init__(self, *args):
        super().__init__(*args)
        self.acts: list[tuple[float, str, str, str]] = []
        self.risen: list[tuple[str, str, str, float]] = []

    def _rise(self, incident, to, why):
        self.risen.append((incident.draft.external_id, str(to), why, round(self.env.now, 3)))
        super()._rise(incident, to, why)

    def _answers(self, incident, answered, unit):
        if not answered.triggered:
            self._note(incident, "acknowledge", unit)
        super()._answers(incident, answered, unit)

    def _arrives(self, incident, unit):
        if not incident.arrival.triggered:
            self._note(incident, "arrive", unit)
        super()._arrives(incident, unit)

    def _conclude(self, incident):
        contained = incident.contained
        contained.callbacks.append(lambda _event: self._note(incident, "contain", self._who(incident)))
        yield from super()._conclude(incident)
        self._note(incident, "close", self._who(incident))

    def _who(self, incident):
        return incident.street if incident.loop == "small" else incident.lead

    def _note(self, incident, verb, unit):
        self.acts.append((self.env.now, verb, incident.draft.external_id, unit.code))


def at(minute: float):
    return clock.as_if(MONDAY + timedelta(minutes=minute))


def swept_until(minute: float) -> None:
    """Let the clock strike at each instant at which something is due, as far as ``minute``."""
    until = MONDAY + timedelta(minutes=minute)
    while due := Deadline.objects.filter(stopped_at=None, missed_at=None, due_at__lte=until).order_by("due_at").first():
        with clock.as_if(due.due_at):
            sweep()


def live_through(acts, source, press) -> None:  # noqa: F811
    """The same day for real: alerts received, buttons pressed when the simulation says, the clock between them."""
    sent = [(alert["minute"], "send", number, "") for number, alert in enumerate(ALERTS)]
    for minute, verb, what, unit in sorted([*sent, *acts], key=lambda act: act[0]):
        swept_until(minute)
        with at(minute):
            if verb == "send":
                intake.receive(source, [raw(what, **ALERTS[what])], item.read)
                continue
            case = Case.objects.get(number=LedgerEntry.objects.get(verb="case.open", after__alert=what).subject_id)
            press(case, *steps(case, WHO[unit], verb))
    swept_until(7 * 24 * 60)


def steps(case: Case, who: str, verb: str) -> list[str]:
    """The buttons for what happened; the clock of a case that was opened again is ended by a report."""
    if case.state == "rectifying":
        return {"arrive": [], "contain": [f"{who} prove", f"{who} report"]}.get(verb, [f"{who} {verb}"])
    if verb == "close":
        report = [] if case.state == "verifying" else [f"{who} report"]
        return [*report, "chengyun-check close"]
    return [f"{who} prove", f"{who} contain"] if verb == "contain" else [f"{who} {verb}"]


def real_rises() -> list[tuple]:
    opened = dict(LedgerEntry.objects.filter(verb="case.open").values_list("subject_id", "after__alert"))
    rows = LedgerEntry.objects.filter(verb="case.escalate").order_by("at", "seq")
    return sorted((opened[r.subject_id], r.after["loop"], r.after["why"], round(_minute(r.at), 3)) for r in rows)


def _minute(instant) -> float:
    return (instant - MONDAY).total_seconds() / 60


@pytest.fixture
def run(played, play, period, manned):
    # Resources are sent by hand, and nobody's hand sends them here.
    played.kits.clear()
    return play(period(*ALERTS), manned(PEOPLE), kind=Written)


def test_they_rise_at_the_same_instants_for_the_same_reasons(run, source, press):  # noqa: F811
    live_through(run.acts, source, press)
    assert sorted(run.risen) == real_rises()
    assert {rise[1:3] for rise in real_rises()} == {
        ("medium", "contain"), ("medium", "grade:orange"), ("large", "grade:red"), ("large", "medium_limit"),
    }  # fmt: skip
    for kind in ("acknowledge", "arrive", "contain", "medium_limit"):
        missed = Deadline.objects.filter(kind=kind, missed_at__isnull=False).count()
        assert (kind, run.tally.missed[kind]) == (kind, missed)


def test_what_was_received_is_replayed_as_it_was_received(run, source, press, play, manned):  # noqa: F811
    live_through(run.acts, source, press)
    again = play(received(directory.current(), MONDAY, MONDAY + timedelta(days=7)), manned(PEOPLE))
    assert [(rise.to, rise.why, round(rise.minute, 3)) for rise in again.tally.rises] == [
        (rise.to, rise.why, round(rise.minute, 3)) for rise in run.tally.rises
    ]
    assert again.told["cases"] == Case.objects.count()
    assert again.told["reopened"] == Case.objects.filter(rework_count=1).count() == 2
    assert again.told["joined"] == len(ALERTS) - Case.objects.count() - 2


def test_the_alerts_of_a_void_case_are_left_out(source, people):
    from cases import actions

    with at(540):
        known = intake.receive(source, [raw(0, 540), raw(1, 540) | {"category": "UNLISTED"}], item.read)
        actions.perform(
            Case.objects.get(number=known[1].case).pk, "void", by=people["chengyun-lead"], data={"reason": "误报"}
        )
    found = received(directory.current(), MONDAY, MONDAY + timedelta(days=1))
    assert [arrival.draft.external_id for arrival in found.arrivals] == ["w-0"]
    assert found.unplaced == 0


def test_what_a_shift_leader_filed_comes_in_as_filed(source, people):
    from cases import actions

    with at(540):
        unknown = raw(0, 540) | {"category": "UNLISTED"}
        (answer,) = intake.receive(source, [unknown], item.read)
    with at(560):
        case = Case.objects.get(number=answer.case)
        actions.perform(case.pk, "file", by=people["chengyun-lead"], data={"category": "PS-LIFT"})
    (arrival,) = received(directory.current(), MONDAY, MONDAY + timedelta(days=1)).arrivals
    assert (arrival.minute, arrival.draft.category.code) == (560, "PS-LIFT")
