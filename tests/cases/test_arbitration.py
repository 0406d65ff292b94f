"""Whose case it is: disputes stay put, are decided once, and end."""

import pytest

from cases import arbitration, audit, audit_clocks, audit_joint, requests
from cases.models import Case, Deadline, Loop, Party, Request, RequestKind
from responsibility import acting, checks, clock, directory, editions, ledger, posts
from responsibility.editions import Row
from responsibility.models import Category, Edition, Post, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import CONTAINED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]


@pytest.fixture(autouse=True)
def _told_as_it_stands(db):
    """Whatever was decided, the ledger tells all of it."""
    yield
    found = [one for of in (audit, audit_joint, audit_clocks) for one in of.mismatches()]
    assert [(one.field, one.stored, one.told) for one in found] == []


@pytest.fixture
def give_back(people):
    """A unit's person says that the case is not the unit's own."""

    def ask(case, name="shuiwu-head", code="source_elsewhere", **fields) -> Request:
        return requests.ask(
            case.pk, by=people[name], kind="return", reason="源头是工厂", code=code, **fields
        )  # fmt: skip

    return ask


@pytest.fixture
def decide(people):
    def run(request, name="yingji-office", approve=True, **fields) -> Case:
        requests.decide(request.pk, by=people[name], approve=approve, **({"answer": "定"} | fields))
        return Case.objects.get(pk=request.case_id)

    return run


@pytest.fixture
def orange(open_case):
    """A case in the medium loop, led by the water bureau."""
    return open_case(grade="orange")


def running(case, kind):
    return Deadline.objects.running().filter(case=case, kind=kind)


def test_a_returned_case_stays_where_it_is_until_somebody_decides(orange, give_back):
    before = (orange.lead_id, orange.holder_id, orange.state)
    give_back(orange, proposed="SJ-HJ")
    orange.refresh_from_db()
    assert (orange.lead_id, orange.holder_id, orange.state) == before
    clock_of = running(orange, "arbitrate").get()
    assert (clock_of.due_at - clock_of.started_at).total_seconds() == 15 * 60
    assert clock_of.unit.code == "SJ-COMMITTEE"


def test_the_district_designates_and_nobody_may_return_it_again(orange, give_back, decide):
    case = decide(give_back(orange), designate="SJ-HJ")
    assert (case.lead.code, case.holder.code, case.hops, case.no_return) == ("SJ-HJ", "SJ-HJ", 1, True)
    assert Party.objects.get(case=case, role="lead", until=None).unit.code == "SJ-HJ"
    assert Party.objects.get(case=case, unit__code="SJ-SW").until is not None
    assert not running(case, "arbitrate").exists()
    assert case.duties[0]["unit"] == "SJ-HJ"
    new_owner = User.objects.create(username="huanjing-head")
    unit, since = Unit.objects.get(code="SJ-HJ"), clock.now()
    with posts.accounted([new_owner.pk], by=acting.SYSTEM):
        Post.objects.create(user=new_owner, unit=unit, role="manager", title="负责人", since=since)
    with pytest.raises(Refused, match="no_return"):
        requests.ask(case.pk, by=new_owner, kind="return", reason="不是我们", code="other_industry")


def test_the_same_unit_may_be_designated_and_then_it_cannot_return_it(orange, give_back, decide):
    case = decide(give_back(orange), designate="SJ-SW")
    assert (case.lead.code, case.hops, case.no_return) == ("SJ-SW", 0, True)
    with pytest.raises(Refused, match="no_return"):
        give_back(case)


def test_a_refused_return_leaves_the_case_where_it_was_for_good(orange, give_back, decide):
    case = decide(give_back(orange), approve=False, answer="排水管网由水务管理")
    assert (case.lead.code, case.no_return) == ("SJ-SW", True)
    with pytest.raises(Refused, match="no_return"):
        give_back(case)


def test_no_clock_starts_anew_when_the_owner_changes(orange, give_back, decide):
    limit = running(orange, "medium_limit").get()
    case = decide(give_back(orange), designate="SJ-HJ")
    after = running(case, "medium_limit").get()
    assert (after.pk, after.due_at, after.unit.code) == (limit.pk, limit.due_at, "SJ-HJ")
    assert running(case, "acknowledge").filter(unit__code="SJ-HJ").exists()
    assert not running(case, "acknowledge").filter(unit__code="SJ-SW").exists()


def test_a_second_owner_gets_a_linked_case_of_its_own(orange, give_back, decide):
    case = decide(give_back(orange), designate="SJ-SW", second="SJ-HJ")
    second = case.linked.get()
    assert (second.lead.code, second.holder.code, second.loop) == ("SJ-HJ", "SJ-HJ", Loop.MEDIUM)
    assert second.chain != case.chain
    assert second.territory == case.territory
    assert set(second.parties.values_list("unit__code", flat=True)) == {"310117102", "SJ-HJ"}
    assert ledger.story(case.chain).filter(verb="case.link", after__case=second.number).exists()
    assert ledger.story(second.chain).first().after["linked_to"] == case.number
    assert list(ledger.verify(ledger.story(second.chain))) == []


def test_only_the_owner_returns_and_only_the_emergency_office_decides(orange, give_back, decide, people):
    for name in ("sijing-duty", "yingji-office"):
        with pytest.raises(Forbidden):
            give_back(orange, name=name)
    asked = give_back(orange)
    for name in ("shuiwu-head", "chengyun-lead", "sijing-head", "anwei-office"):
        with pytest.raises(Forbidden):
            decide(asked, name=name, designate="SJ-HJ")


def test_a_street_returns_what_lies_in_another_street(open_case, give_back, decide):
    case = open_case()
    asked = give_back(case, name="sijing-duty", code="other_territory", proposed="310117103")
    moved = decide(asked)
    assert (moved.territory.code, moved.holder.code, moved.hops) == ("310117103", "310117103", 1)
    assert moved.lead.code == "SJ-SW"
    assert Party.objects.get(case=case, unit__code="310117102").until is not None
    assert running(case, "contain").get().unit.code == "310117103"


@pytest.mark.parametrize("code", ["NOBODY", "", "X-WATER"])
def test_a_unit_that_cannot_own_a_case_is_not_designated(orange, give_back, decide, code):
    asked = give_back(orange)
    with pytest.raises(Invalid):
        decide(asked, designate=code)
    orange.refresh_from_db()
    assert (orange.lead.code, orange.no_return) == ("SJ-SW", False)


def test_a_return_needs_its_reason_code_and_comes_once(orange, give_back):
    with pytest.raises(Invalid):
        give_back(orange, code="")
    give_back(orange)
    with pytest.raises(Refused, match="already_asked"):
        give_back(orange)


def test_people_cannot_ask_what_only_the_system_asks(orange, people):
    for kind in ("determine", "redispatch"):
        with pytest.raises(Invalid):
            requests.ask(orange.pk, by=people["shuiwu-head"], kind=kind, reason="x")


def test_an_undecided_dispute_stays_and_is_recorded(orange, give_back):
    from datetime import timedelta

    from cases.sweeping import sweep

    give_back(orange)
    with clock.as_if(clock.now() + timedelta(minutes=16)):
        sweep()
    orange.refresh_from_db()
    assert orange.lead.code == "SJ-SW"
    missed = ledger.story(orange.chain).filter(verb="deadline.missed", after__kind="arbitrate")
    assert missed.count() == 1
    assert Request.objects.get(case=orange).state == "pending"


# --- gaps ------------------------------------------------------------------------------


@pytest.fixture
def unowned(open_case):
    """A case of new business that nobody owns."""
    Category.objects.get_or_create(
        code="NEW-1", defaults={"name": "新业态", "domain": "新", "operator": "event", "unit": ""}
    )
    return open_case(category="NEW-1", scenario=None)


def test_what_nobody_owns_goes_to_its_street_and_opens_a_task_for_the_district(unowned):
    assert (unowned.state, unowned.holder.code, unowned.lead) == ("dispatched", "310117102", None)
    task = unowned.requests.get()
    assert (task.kind, task.state, task.unit, task.asked_by) == (RequestKind.DETERMINE, "pending", None, None)
    assert running(unowned, "determine").get().unit.code == "SJ-ANWEI"


def test_what_nobody_owns_cannot_be_refused(unowned, people):
    task = unowned.requests.get()
    with pytest.raises(Refused, match="must_name"):
        requests.decide(task.pk, by=people["anwei-office"], approve=False, answer="不归我们")
    assert unowned.requests.get().state == "pending"
    assert running(unowned, "determine").exists()


def test_once_determined_the_lead_joins_and_the_row_is_proposed_in_one_step(unowned, decide, people):
    task = unowned.requests.get()
    with pytest.raises(Refused, match="not_determined"):
        arbitration.propose_row(task.pk, by=people["anwei-office"])
    case = decide(task, name="anwei-office", designate="SJ-JTJ" if "SJ-JTJ" in units() else "SJ-JGW")
    assert case.lead is not None
    assert Party.objects.filter(case=case, unit=case.lead, role="lead", until=None).exists()
    assert case.holder.code == "310117102"
    assert not running(case, "determine").exists()
    edition = arbitration.propose_row(task.pk, by=people["anwei-office"])
    row = edition.duties.get(category__code="NEW-1")
    assert (row.unit, row.role) == (case.lead, "lead")
    assert case.number in row.basis
    again = arbitration.propose_row(task.pk, by=people["anwei-office"])
    assert again == edition
    assert edition.duties.filter(category__code="NEW-1").count() == 1


def units() -> set[str]:
    return set(directory.current().units_by_code)


def test_batches_of_unowned_alerts_take_no_more_statements(send, statements, unowned):
    from tests.cases.conftest import alert

    def few(n, tag):
        return [
            alert(category="NEW-1", scenario=None, object=f"{tag}-{i}", location={"lat": 31.1144, "lon": 121.2683})
            for i in range(n)
        ]

    assert statements(lambda: send(*few(2, "A"))) == statements(lambda: send(*few(60, "B")))


# --- a new edition -----------------------------------------------------------------------


def publish(people, *rows, instead_of=()):
    draft = Edition.objects.filter(state="draft").first() or editions.draft(by=people["anwei-office"], title="新版")
    editions.put(draft.pk, list(rows), by=people["anwei-office"], instead_of=instead_of)
    editions.send(draft.pk, by=people["anwei-office"])
    editions.approve(draft.pk, by=people["yingji-office"])
    gaps = [gap.key for gap in checks.gaps(draft.duties.all(), directory.current(), clock.now())]
    return editions.publish(draft.pk, by=people["anwei-office"], accepted_gaps=gaps)


def test_a_new_edition_proposes_to_redispatch_and_moves_nothing(orange, open_case, people, decide, press):
    other = open_case(object="H-77", location={"lat": 31.1144, "lon": 121.2683}, scenario="refuse station")
    closed = press(open_case(object="H-78", location={"lat": 31.1144, "lon": 121.2683}), *CONTAINED)
    draft = editions.draft(by=people["anwei-office"], title="新版")
    row = draft.duties.get(category__code="LL-CONF-H2S", scenario__code="drain/sewer", role="lead")
    new = Row("lead", "LL-CONF-H2S", scenario="drain/sewer", unit="SJ-JGW", basis="《新规》第一条")
    publish(people, new, instead_of=[row.pk])
    orange.refresh_from_db()
    assert orange.lead.code == "SJ-SW"
    proposals = Request.objects.filter(kind="redispatch")
    assert {p.case_id for p in proposals} == {orange.pk, closed.pk}
    assert not Request.objects.filter(case=other).exists()
    moved = decide(proposals.get(case=orange))
    assert (moved.lead.code, moved.holder.code, moved.hops) == ("SJ-JGW", "SJ-JGW", 1)
    kept = decide(proposals.get(case=closed), approve=False, answer="已近完成")
    assert (kept.lead.code, kept.no_return) == ("SJ-SW", False)
    assert list(ledger.verify(ledger.story(orange.chain))) == []


def test_new_business_of_the_district_file_goes_to_its_street_with_a_task_for_the_district(open_case):
    case = open_case(category="NEW-DRONE", scenario="low-altitude delivery")
    assert (case.holder.code, case.lead, case.state) == ("310117102", None, "dispatched")
    assert case.requests.get().kind == RequestKind.DETERMINE
