"""Every case shows who answers for it in each of the five duties and three musts, and counts what is empty."""

from datetime import timedelta

import pytest

from cases import actions, audit, fivefold, requests
from cases.models import Case
from responsibility import acting, checks, clock, directory, editions, posts
from responsibility.editions import Row
from responsibility.models import Post, Unit, User
from tests.cases.conftest import alert

pytestmark = pytest.mark.django_db
AT_SIJING = {"lat": 31.1144, "lon": 121.2683}
NOWHERE = {"object": "N-1", "location": AT_SIJING}


@pytest.fixture(autouse=True)
def _told_as_it_stands(db):
    yield
    assert list(audit.mismatches()) == []


def line_of(case: Case, role: str) -> dict:
    return next(line for line in case.duties if line["role"] == role)


def appoint(username: str, unit: str, role: str = "manager", **fields) -> Post:
    user, _new = User.objects.get_or_create(username=username, defaults={"full_name": username.upper()})
    with posts.accounted([user.pk], by=acting.SYSTEM):
        given = {"title": "局长", "title_en": "Director", "since": clock.now()} | fields
        return Post.objects.create(user=user, unit=Unit.objects.get(code=unit), role=role, **given)


def end(post: Post) -> None:
    with posts.accounted([post.user_id], by=acting.SYSTEM):
        post.until = clock.now()
        post.save()


def test_the_leader_is_the_post_in_command_of_the_lead_at_the_opening(open_case, people):
    post = people["shuiwu-head"].posts.get()
    leader = line_of(open_case(), "leader")
    assert (leader["unit"], leader["duty"]) == ("SJ-SW", None)
    assert leader["post"] == {
        "id": post.pk, "title": post.title, "title_en": post.title_en, "person": str(post.user),
    }  # fmt: skip


def test_a_later_change_of_person_changes_no_case_but_the_next(open_case, people, client):
    first = open_case()
    end(people["shuiwu-head"].posts.get())
    appoint("successor", "SJ-SW")
    people["successor"] = User.objects.get(username="successor")
    first.refresh_from_db()
    assert line_of(first, "leader")["post"]["person"] == str(people["shuiwu-head"])
    later = open_case(**NOWHERE)
    assert line_of(later, "leader")["post"]["person"] == "SUCCESSOR"
    client.force_login(people["auditor"])
    assert str(people["shuiwu-head"]) in client.get(f"/cases/{first.number}/").content.decode()


def test_nobody_leads_who_has_gone_or_cannot_sign_in_or_does_not_command(open_case, people):
    person = people["shuiwu-head"]
    person.is_active = False
    person.save()
    appoint("clerk", "SJ-SW", "duty_officer")
    appoint("coming", "SJ-SW", since=clock.now() + timedelta(days=1))
    leader = line_of(open_case(), "leader")
    assert (leader["unit"], leader["post"]) == ("SJ-SW", None)


def test_a_new_name_is_known_at_once(open_case, people):
    person = people["shuiwu-head"]
    person.full_name = "新名"
    person.save()
    assert line_of(open_case(), "leader")["post"]["person"] == "新名"


def test_where_the_matrix_names_a_leading_unit_its_head_leads_whoever_is_designated(open_case, people):
    draft = editions.draft(by=people["anwei-office"], title="写明领导")
    row = Row("leader", "LL-CONF-H2S", scenario="drain/sewer", unit="SJ-COMMITTEE", basis="《试行办法》第三条")
    editions.put(draft.pk, [row], by=people["anwei-office"])
    editions.send(draft.pk, by=people["anwei-office"])
    editions.approve(draft.pk, by=people["yingji-office"])
    gaps = [gap.key for gap in checks.gaps(draft.duties.all(), directory.current(), clock.now())]
    editions.publish(draft.pk, by=people["anwei-office"], accepted_gaps=gaps)
    case = open_case(grade="orange")
    leader = line_of(case, "leader")
    assert (leader["unit"], leader["basis"]) == ("SJ-COMMITTEE", "《试行办法》第三条")
    assert leader["post"]["person"] == str(people["yingji-office"])
    assert line_of(designated(case, people, "SJ-JGW"), "leader") == leader


def designated(case: Case, people, unit: str) -> Case:
    asked = requests.ask(
        case.pk, by=people["shuiwu-head"], kind="return", reason="源头在他处", code="source_elsewhere"
    )  # fmt: skip
    requests.decide(asked.pk, by=people["yingji-office"], approve=True, designate=unit)
    return Case.objects.get(pk=case.pk)


def test_with_another_lead_its_own_head_leads(open_case, people):
    case = designated(open_case(grade="orange"), people, "SJ-JGW")
    assert line_of(case, "leader")["post"]["person"] == str(people["jianguan-head"])
    assert [line["role"] for line in case.duties].count("leader") == 1


def test_what_nobody_fills_is_named_and_counted(open_case, people, client):
    case = open_case(category="NEW-DRONE", scenario="low-altitude delivery", **NOWHERE)
    empty = ["leader", "supervision", "lead", "business", "main_body"]
    assert fivefold.vacant(case.duties) == empty
    client.force_login(people["auditor"])
    told = client.get(f"/api/v1/cases/{case.number}/").json()
    assert (told["vacant_duties"], told["vacant_count"]) == (empty, 5)
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "责任空缺 5 项" in page
    assert page.count("<b>空缺</b>") == 5
    for duty in fivefold.DUTIES:
        assert str(duty.label) in page
        assert (f'title="{duty.remedy}"' in page) == (duty.code in empty)


def test_every_duty_of_a_whole_case_is_filled_but_what_the_matrix_leaves_out(open_case, client, people):
    case = open_case()
    assert fivefold.vacant(case.duties) == ["business"]
    assert [shown.duty.code for shown in fivefold.shown(case.duties) if not shown.vacant] == [
        "leader", "territory", "supervision", "lead", "main_body",
    ]  # fmt: skip
    assert line_of(case, "main_body")["unit"] == case.risk_object.main_body.code


def test_a_case_before_filing_leaves_nothing_empty_yet(open_case, client, people):
    case = open_case(category="NO-SUCH")
    client.force_login(people["chengyun-lead"])
    told = client.get(f"/api/v1/cases/{case.number}/").json()
    assert (told["vacant_duties"], told["vacant_count"]) == ([], 0)
    assert fivefold.standing()[0] == 0
    filing = {"category": "LL-CONF-H2S", "territory": "310117102", "grade": "yellow"}
    case = actions.perform(case.pk, "file", by=people["chengyun-lead"], data=filing)
    assert "leader" not in fivefold.vacant(case.duties)


def test_the_standing_figure_counts_as_every_case_does(open_case, send, press, people, client, statements):
    send(*(alert(object=f"S-{n}", location=AT_SIJING) for n in range(3)))
    open_case(category="NEW-DRONE", scenario="low-altitude delivery", **NOWHERE)
    open_case(category="NO-SUCH")
    whole = open_case()
    total, counts = fivefold.standing()
    open_now = list(Case.objects.open().filter(filed_at__isnull=False))
    assert total == len(open_now) == 5
    assert {duty.code: count for duty, count in counts} == {
        duty.code: sum(duty.code in fivefold.vacant(case.duties) for case in open_now) for duty in fivefold.DUTIES
    }
    assert statements(fivefold.standing) == 1
    client.force_login(people["anwei-office"])
    assert '?vacant=main_body">4</a>' in client.get("/arbitration/").content.decode()
    found = client.get("/api/v1/cases/", {"vacant": "main_body"}).json()["results"]
    assert len(found) == 4
    assert whole.number not in {case["number"] for case in found}
    assert client.get("/", {"vacant": "main_body"}).status_code == 200
    assert client.get("/api/v1/cases/", {"vacant": "nonsense"}).status_code == 400


def test_a_case_opened_before_leaders_were_copied_shows_the_leader_as_empty(open_case):
    lines = [line for line in open_case().duties if line["role"] != "leader"]
    assert fivefold.vacant(lines) == ["leader", "business"]


def test_the_leader_costs_intake_no_statement(send, statements):
    send(alert(object="W-1", location=AT_SIJING))
    one = statements(lambda: send(alert(object="W-2", location=AT_SIJING)))
    few = [alert(object=f"W-{n}", location=AT_SIJING) for n in range(3, 33)]
    assert statements(lambda: send(*few)) == one
