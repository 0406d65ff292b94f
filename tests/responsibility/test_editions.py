"""An edition of the responsibility list is checked, agreed and published, and never changed afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from responsibility import checks, clock, comparing, directory, editions, ledger
from responsibility.editions import NotPublishable, Row
from responsibility.models import Category, Duty, Edition, Unit
from responsibility.ownership import Question
from responsibility.refusals import Forbidden, Invalid, Refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]
BASIS = "《安全生产法》第三条"


@pytest.fixture
def drafted(people):
    """A draft that begins as a copy of what is in force."""
    return editions.draft(by=people["anwei-office"], title="第二版", document="松安委〔2026〕9号")


@pytest.fixture
def agreed(people):
    """Send, approve and publish an edition, every gap acknowledged."""

    def run(edition: Edition, at=None) -> Edition:
        editions.send(edition.pk, by=people["anwei-office"])
        editions.approve(edition.pk, by=people["yingji-office"])
        known = directory.current()
        gaps = [gap.key for gap in checks.gaps(edition.duties.all(), known, clock.now())]
        return editions.publish(edition.pk, by=people["anwei-office"], at=at, accepted_gaps=gaps)

    return run


def put(edition, people, *rows, instead_of=()):
    return editions.put(edition.pk, list(rows), by=people["anwei-office"], instead_of=instead_of)


def lead_of(scenario: str, at=None, category="LL-CONF-H2S") -> str | None:
    known = directory.current()
    question = Question(
        known.categories[category], known.scenarios[scenario], known.territories["310117102"], at or clock.now()
    )
    row = known.book.ask(question).lead
    return known.units[row.unit_id].code if row and row.unit_id else None


@pytest.mark.parametrize(
    ("scenario", "unit"),
    [("drain/sewer", "SJ-SW"), ("industrial enterprise", "SJ-YJ"), ("residential estate", "SJ-FG"),
     ("refuse station", "SJ-LHSR")],
)  # fmt: skip
def test_the_same_gas_has_another_owner_at_each_venue(district, scenario, unit):
    assert lead_of(scenario) == unit


def test_a_draft_copies_what_is_in_force_and_moves_nothing(drafted, district):
    assert drafted.duties.count() == Duty.objects.filter(live=True).count()
    assert lead_of("drain/sewer") == "SJ-SW"
    assert drafted.based_on.number == 1


def test_a_published_edition_answers_from_its_moment_and_the_older_one_before_it(drafted, agreed, people):
    row = drafted.duties.get(category__code="LL-CONF-H2S", scenario__code="refuse station", role="lead")
    put(drafted, people, Row("lead", "LL-CONF-H2S", scenario="refuse station", unit="SJ-HJ", basis=BASIS,
                             valid_from=timezone.now() - timedelta(days=30)), instead_of=[row.pk])  # fmt: skip
    moment = timezone.now()
    agreed(drafted)
    assert lead_of("refuse station") == "SJ-HJ"
    assert lead_of("refuse station", at=moment - timedelta(days=1)) == "SJ-LHSR"
    assert Edition.objects.get(number=1).valid.upper == Edition.objects.get(pk=drafted.pk).valid.lower


def test_an_edition_published_for_later_answers_later(drafted, agreed, people):
    row = drafted.duties.get(category__code="LL-CONF-H2S", scenario__code="refuse station", role="lead")
    put(drafted, people, Row("lead", "LL-CONF-H2S", scenario="refuse station", unit="SJ-HJ", basis=BASIS),
        instead_of=[row.pk])  # fmt: skip
    agreed(drafted, at=timezone.now() + timedelta(days=7))
    assert lead_of("refuse station") == "SJ-LHSR"
    assert lead_of("refuse station", at=timezone.now() + timedelta(days=8)) == "SJ-HJ"


FAULTS = {
    "overlap": [Row("lead", "LL-CONF-H2S", scenario="drain/sewer", unit="SJ-YJ", basis=BASIS)],
    "tie": [
        Row("lead", "LL-CONF-H2S", scenario="drain/sewer", stage="施工", unit="SJ-JGW", basis=BASIS),
        Row("lead", "LL-CONF-H2S", scenario="drain/sewer", territory="310117102", unit="SJ-HJ", basis=BASIS),
    ],
    "self_supervision": [
        Row("supervision", "LL-CONF-H2S", scenario="residential estate", unit="SJ-FG", basis=BASIS)
    ],
    "no_basis": [Row("support", "LL-CONF-H2S", unit="SJ-XF")],
    "no_authority": [Row("lead", "WS-PIT", territory="310117107", unit="310117107", basis=BASIS)],
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_a_planted_fault_is_named_at_its_cell_and_forbids_publication(drafted, agreed, people, kind):
    made = put(drafted, people, *FAULTS[kind])
    with pytest.raises(NotPublishable) as refused:
        agreed(drafted)
    assert {finding.kind for finding in refused.value.findings} == {kind}
    assert {duty.pk for duty in made} & {duty.pk for f in refused.value.findings for duty in f.duties}
    assert not Edition.objects.filter(pk=drafted.pk, state="published").exists()
    editions.take_back(drafted.pk, by=people["anwei-office"])
    put(drafted, people, instead_of=[duty.pk for duty in made])
    agreed(drafted)


def test_a_unit_that_is_no_more_forbids_publication(drafted, agreed):
    Unit.objects.filter(code="SJ-LHSR").update(closed_on=timezone.localdate())
    with pytest.raises(NotPublishable) as refused:
        agreed(drafted)
    assert {finding.kind for finding in refused.value.findings} == {"dead_unit"}


def test_all_faults_are_told_at_once(drafted, agreed, people):
    put(drafted, people, *(row for rows in FAULTS.values() for row in rows))
    with pytest.raises(NotPublishable) as refused:
        agreed(drafted)
    assert {finding.kind for finding in refused.value.findings} == set(FAULTS)


def test_two_crossed_rows_of_which_a_third_decides_are_no_tie(drafted, district, people):
    both = Row("lead", "LL-CONF-H2S", scenario="drain/sewer", stage="施工", territory="310117102", unit="SJ-HJ",
               basis=BASIS)  # fmt: skip
    put(drafted, people, *FAULTS["tie"], both)
    assert checks.faults(list(drafted.duties.all()), district, clock.now()) == []


def test_the_edition_in_force_has_no_fault_and_its_gaps_are_those_left_open_on_purpose(district):
    rows = list(Duty.objects.filter(live=True))
    assert checks.faults(rows, district, clock.now()) == []
    assert [gap.key for gap in checks.gaps(rows, district, clock.now())] == [
        "NEW-DRONE||",
        "PS-EBIKE|delivery riders (platform firms)|",
    ]


def test_a_gap_must_be_acknowledged(drafted, people):
    Category.objects.create(code="NEW-1", name="新业态", domain="新", operator="event")
    editions.send(drafted.pk, by=people["anwei-office"])
    editions.approve(drafted.pk, by=people["yingji-office"])
    with pytest.raises(Refused) as refused:
        editions.publish(drafted.pk, by=people["anwei-office"], accepted_gaps=["NEW-1||"])
    assert "电动自行车违规停放充电 · 外卖配送骑手" in str(refused.value.detail)
    known = directory.current()
    gaps = [gap.key for gap in checks.gaps(drafted.duties.all(), known, clock.now())]
    assert "NEW-1||" in gaps
    editions.publish(drafted.pk, by=people["anwei-office"], accepted_gaps=gaps)
    assert Edition.objects.get(pk=drafted.pk).accepted_gaps == gaps


def test_a_row_for_a_domain_speaks_where_no_row_speaks_of_the_category(drafted, agreed, people):
    Category.objects.create(code="NEW-1", name="新业态", domain="低空", operator="event")
    put(drafted, people, Row("lead", domain="低空", unit="SJ-JGW", basis=BASIS))
    agreed(drafted)
    assert lead_of("low-altitude delivery", category="NEW-1") == "SJ-JGW"
    assert lead_of("drain/sewer") == "SJ-SW"


# --- who may do what ---------------------------------------------------------------


def test_only_the_committee_office_draws_up_and_nobody_approves_his_own(drafted, people):
    with pytest.raises(Forbidden):
        editions.draft(by=people["sijing-duty"], title="x")
    with pytest.raises(Forbidden):
        put(drafted, {"anwei-office": people["chengyun-lead"]}, FAULTS["overlap"][0])
    editions.send(drafted.pk, by=people["anwei-office"])
    with pytest.raises(Forbidden, match="own_draft"):
        editions.approve(drafted.pk, by=people["anwei-office"])
    with pytest.raises(Forbidden):
        editions.approve(drafted.pk, by=people["shuiwu-head"])


def test_a_named_unit_speaks_to_its_own_rows_and_an_objection_holds_the_edition_up(drafted, people):
    own = drafted.duties.filter(unit__code="SJ-SW").first()
    other = drafted.duties.filter(unit__code="SJ-YJ").first()
    head = people["shuiwu-head"]
    with pytest.raises(Refused, match="not_in_comment"):
        editions.opine(drafted.pk, "accept", [own.pk], by=head)
    editions.send(drafted.pk, by=people["anwei-office"])
    with pytest.raises(Forbidden, match="not_named"):
        editions.opine(drafted.pk, "accept", [own.pk, other.pk], by=head)
    with pytest.raises(Forbidden):
        editions.opine(drafted.pk, "accept", [own.pk], by=people["shuiwu-duty"])
    with pytest.raises(Invalid):
        editions.opine(drafted.pk, "object", [own.pk], by=head)
    editions.opine(drafted.pk, "object", [own.pk], by=head, text="应由镇里牵头")
    with pytest.raises(Refused, match="objections"):
        editions.approve(drafted.pk, by=people["yingji-office"])
    editions.opine(drafted.pk, "accept", [own.pk], by=head)
    editions.approve(drafted.pk, by=people["yingji-office"])


def test_a_changed_row_is_asked_about_anew(drafted, people):
    own = drafted.duties.filter(unit__code="SJ-SW", role="lead").first()
    editions.send(drafted.pk, by=people["anwei-office"])
    editions.opine(drafted.pk, "object", [own.pk], by=people["shuiwu-head"], text="不是我们")
    put(drafted, people, Row("lead", own.category.code, unit="SJ-JGW", basis=BASIS), instead_of=[own.pk])
    editions.approve(drafted.pk, by=people["yingji-office"])


def test_the_steps_come_in_order(drafted, agreed, people):
    anwei = people["anwei-office"]
    with pytest.raises(Refused, match="wrong_state"):
        editions.publish(drafted.pk, by=anwei)
    with pytest.raises(Refused, match="wrong_state"):
        editions.approve(drafted.pk, by=people["yingji-office"])
    agreed(drafted)
    for act in (editions.send, editions.withdraw, editions.take_back):
        with pytest.raises(Refused, match="wrong_state"):
            act(drafted.pk, by=anwei)
    with pytest.raises(Refused, match="closed"):
        put(drafted, people, FAULTS["overlap"][0])


@pytest.mark.parametrize(
    ("row", "attr"),
    [(Row("boss", "LL-CONF-H2S"), "role"), (Row("lead"), "category"), (Row("lead", "NOTHING"), "category"),
     (Row("lead", "LL-CONF-H2S", unit="NOBODY"), "unit"), (Row("support", "LL-CONF-H2S"), "unit"),
     (Row("lead", "LL-CONF-H2S", domain="x"), "category"), (Row("lead", "LL-CONF-H2S", scenario="moon"), "scenario"),
     (Row("lead", "LL-CONF-H2S", territory="1"), "territory"),
     (Row("lead", "LL-CONF-H2S", valid_to=timezone.now() - timedelta(days=9)), "valid_to")],
)  # fmt: skip
def test_a_row_that_cannot_be_is_refused_and_nothing_is_written(drafted, people, row, attr):
    before = drafted.duties.count()
    with pytest.raises(Invalid) as refused:
        put(drafted, people, FAULTS["overlap"][0], row)
    assert refused.value.attr == attr
    assert drafted.duties.count() == before


def test_every_step_stands_in_the_ledger(drafted, agreed, people):
    put(drafted, people, Row("support", "LL-CONF-H2S", unit="SJ-JGW", basis=BASIS))
    agreed(drafted)
    verbs = [entry.verb for entry in ledger.story(drafted.chain)]
    assert verbs == ["edition.draft", "edition.rows", "edition.send", "edition.approve", "edition.publish"]
    entry = ledger.story(drafted.chain).get(verb="edition.rows")
    assert entry.after["rows"] == [f"LL-CONF-H2S||||support|SJ-JGW|{BASIS}"]


# --- comparing -----------------------------------------------------------------------


def test_two_editions_side_by_side(drafted, people):
    first = Edition.objects.get(number=1)
    station = drafted.duties.get(category__code="LL-CONF-H2S", scenario__code="refuse station", role="lead")
    helper = drafted.duties.get(category__code="LL-CONF-H2S", role="support", unit__code="SJ-XF")
    basis = drafted.duties.get(category__code="LL-CONF-H2S", scenario__code="drain/sewer", role="lead")
    put(
        drafted,
        people,
        Row("lead", "LL-CONF-H2S", scenario="refuse station", unit="SJ-HJ", basis=BASIS),
        Row("business", "LL-CONF-H2S", unit="SJ-JGW", basis=BASIS),
        Row("lead", "LL-CONF-H2S", scenario="drain/sewer", unit="SJ-SW", basis="新依据"),
        instead_of=[station.pk, helper.pk, basis.pk],
    )
    found = comparing.compare(first.duties.all(), drafted.duties.all())
    assert [(one.unit.code, other.unit.code) for one, other in found.moved] == [("SJ-LHSR", "SJ-HJ")]
    assert [duty.unit.code for duty in found.added] == ["SJ-JGW"]
    assert [duty.unit.code for duty in found.removed] == ["SJ-XF"]
    assert [other.basis for _one, other in found.altered] == ["新依据"]


def test_the_answer_comes_with_its_trace(district):
    question = Question(
        district.categories["LL-CONF-H2S"], district.scenarios["industrial enterprise"],
        district.territories["310117102"], clock.now(),
    )  # fmt: skip
    answer = district.book.explain(question)
    verdicts = {
        (w.duty.role, district.units[w.duty.unit_id].code if w.duty.unit_id else None): w.verdict
        for w in answer.trace
        if w.duty.role in ("lead", "supervision")
    }
    assert verdicts == {
        ("lead", "SJ-YJ"): "won",
        ("lead", "SJ-SW"): verdicts["lead", "SJ-SW"],
        ("lead", "SJ-FG"): "other_scenario",
        ("lead", "SJ-LHSR"): "other_scenario",
        ("supervision", "SJ-ANWEI"): "won",
        ("supervision", "SJ-YJ"): "less_specific",
    }
    assert verdicts["lead", "SJ-SW"] in ("less_specific", "other_scenario")


def test_a_thousand_owners_are_found_without_a_thousand_questions(district, statements):
    def ask():
        known = directory.current()
        places = list(known.territories.values())
        kinds = list(known.categories.values())
        for n in range(1000):
            known.book.ask(Question(kinds[n % len(kinds)], None, places[n % len(places)], clock.now()))

    assert statements(ask) == 1
