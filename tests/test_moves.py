"""The table of transitions is one thing: machine, trigger, diagram, buttons and refusals agree."""

import importlib

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from cases import actions, guards
from cases.models import Case, Loop, State
from cases.models.machine import ENDED, pairs
from responsibility.acts import ACTS, Scope
from responsibility.refusals import Forbidden, Refused
from tests.cases import conftest as work
from tests.cases.conftest import CLOSED, CONTAINED, REPORTED

open_case, press, send, evidence_folder = work.open_case, work.press, work.send, work._evidence_folder
pytestmark = pytest.mark.django_db

RULES = importlib.import_module("cases.migrations.0003_rules")
LOOPS = importlib.import_module("cases.migrations.0012_commands").LOOPS
EVERY_STATE = [(a, b) for a in State.values for b in State.values if a != b]
EVERY_LOOP = [(a, b) for a in Loop.values for b in Loop.values if a != b]


def test_the_trigger_knows_the_machines_moves_and_no_others():
    assert set(RULES.STATES) == pairs(Case, "state")
    assert set(LOOPS) == pairs(Case, "loop")


def test_the_diagram_is_current():
    call_command("draw_states", "--check")


def scope_of(verb: str) -> Scope | None:
    """The one scope of a verb; ``None`` for what only an approved request does."""
    found = set(ACTS[f"case.{verb}"].cells.values())
    assert len(found) < 2
    return next(iter(found), None)


def test_every_verb_has_a_word_a_scope_and_a_deed_or_needs_a_request():
    for verb, move in guards.TABLE.items():
        assert str(move["label"])
        assert scope_of(verb) in {Scope.PARTY, Scope.HOLDER, Scope.DISTRICT, None}
        assert (verb in actions.DOES) == (scope_of(verb) is not None)
    assert set(actions.DOES) <= set(guards.TABLE)


def put(case: Case, *, state: str, loop: str = "small") -> None:
    """Set a case down in ``state``, by the superuser's back door."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            'UPDATE cases_case SET state = %s, "loop" = %s, closed_at = now() WHERE id = %s', [state, loop, case.pk]
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def accepts(column: str, value: str, case: Case) -> bool:
    """Whether the database takes the raw update."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'UPDATE cases_case SET "{column}" = %s WHERE id = %s', [value, case.pk])
    except IntegrityError as refusal:
        assert refusal.__cause__.diag.constraint_name == "case_machine"
        return False
    return True


def test_the_database_takes_exactly_the_machines_moves_of_state(open_case, press):
    case = press(open_case(), *CONTAINED)
    taken = set()
    for source, target in EVERY_STATE:
        put(case, state=source)
        if accepts("state", target, case):
            taken.add((source, target))
    put(case, state="contained")
    assert taken == pairs(Case, "state")


def test_the_database_takes_exactly_the_machines_moves_of_loop(open_case):
    case, taken = open_case(), set()
    for source, target in EVERY_LOOP:
        put(case, state="dispatched", loop=source)
        if accepts("loop", target, case):
            taken.add((source, target))
    assert taken == pairs(Case, "loop")


def test_a_case_cannot_be_closed_without_evidence_nor_begin_anywhere_but_at_the_beginning(open_case):
    case = open_case()
    put(case, state="verifying")
    with pytest.raises(IntegrityError, match="without evidence"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="closed")
    for state in set(State.values) - {"triage", "dispatched"}:
        copy = Case.objects.get(pk=case.pk)
        copy.pk, copy.number, copy.chain, copy.object_code, copy.state = -1, "X", "0" * 32, "", state
        with pytest.raises(IntegrityError, match="cannot begin"), transaction.atomic():
            copy.save(force_insert=True)


STAGES = {
    "triage": None,
    "dispatched": [],
    "acknowledged": CONTAINED[:1],
    "on_site": CONTAINED[:2],
    "contained": CONTAINED,
    "rectifying": [*CONTAINED, "sijing-handler rectify"],
    "verifying": REPORTED,
    "closed": CLOSED,
    "suspended": [*CONTAINED, "sijing-handler rectify"],
    "void": [],
}
WHO = {
    Scope.PARTY: "sijing-handler",
    Scope.HOLDER: "sijing-handler",
    Scope.DISTRICT: "chengyun-lead",
    None: "chengyun-lead",
}


@pytest.fixture
def case_in(open_case, press, people):
    """A case brought to a state by its verbs."""
    from cases import requests

    def make(state: str) -> Case:
        if state == "triage":
            return open_case(category="NO-SUCH-CATEGORY")
        case = press(open_case(), *STAGES[state])
        kind = {"suspended": "suspend", "void": "void"}.get(state)
        if kind:
            asked = requests.ask(
                case.pk, by=people["sijing-head"], kind=kind, reason="待料", minutes=600 if kind == "suspend" else None
            )
            requests.decide(asked.pk, by=people["chengyun-lead"], approve=True)
            case.refresh_from_db()
        assert case.state == state
        return case

    return make


@pytest.mark.parametrize("state", State.values)
def test_a_verb_in_a_wrong_state_is_refused_with_code_and_sentence_and_changes_nothing(case_in, people, state):
    case = case_in(state)
    for verb, move in guards.TABLE.items():
        if state in map(str, move["sources"]) and scope_of(verb) is not None:
            continue
        before = Case.objects.filter(pk=case.pk).values().get()
        with pytest.raises(Refused) as refused:
            actions.perform(case.pk, verb, by=people[WHO[scope_of(verb)]], data={"reason": "x"})
        # A case in triage has no parties, so whoever is not of the centre is told that first.
        codes = {"wrong_state", "already_acknowledged", "not_acknowledged", "needs_request"}
        assert refused.value.code in codes | ({"not_engaged"} if state == "triage" else set()), verb
        with translation.override("zh-hans"):
            sentence = str(refused.value.detail)
        assert sentence.endswith("。")
        assert "%" not in sentence
        assert Case.objects.filter(pk=case.pk).values().get() == before


@pytest.mark.parametrize("state", State.values)
def test_what_is_offered_is_taken_and_what_is_not_offered_is_refused(case_in, people, state):
    from responsibility import acting

    case = case_in(state)
    for name in ("sijing-handler", "chengyun-check", "chengyun-lead", "shuiwu-head", "auditor"):
        offered = guards.allowed(acting.of(people[name]), case, list(case.parties.all()))
        if state in ENDED:
            assert set(offered) <= {"reopen"}
        for verb in set(actions.DOES) - set(offered):
            with pytest.raises(Refused):
                actions.perform(case.pk, verb, by=people[name], data={"reason": "x"})


@pytest.mark.parametrize("verb", [verb for verb in guards.TABLE if scope_of(verb) is None])
def test_what_needs_a_request_says_so(open_case, people, verb):
    with pytest.raises(Forbidden) as refused:
        actions.perform(open_case().pk, verb, by=people["chengyun-lead"])
    assert refused.value.code == "needs_request"


def test_every_sentence_of_the_guards_stands_in_chinese_in_the_diagram():
    from config.management.commands import draw_states

    assert all(
        any("一" <= sign <= "鿿" for sign in line) for line in draw_states.text().splitlines() if "| 409 |" in line
    )
