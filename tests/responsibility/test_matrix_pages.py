"""The pages of the matrix: the grid, one cell, "who owns this?"."""

from datetime import timedelta

import pytest
from django.utils import timezone

from responsibility import directory
from responsibility.editions import Row
from responsibility.models import Category

pytestmark = pytest.mark.django_db
BASIS = "《安全生产法》第三条"
H2S = "LL-CONF-H2S"
AT_SIJING = "lat=31.1144&lon=121.2683"


def lead_row(edition, scenario):
    return edition.duties.get(category__code=H2S, scenario__code=scenario, role="lead")


def line(answer, code=H2S):
    return next(line for line in answer.context["lines"] if line.category.code == code)


def leads(answer, code=H2S):
    return [duty.unit.code if duty.unit else None for duty in line(answer, code).cells[0].duties]


# --- the grid ------------------------------------------------------------------------


def test_the_grid_names_every_lead_of_a_danger_with_its_venue(as_):
    answer = as_("sijing-duty").get("/matrix/")
    assert leads(answer) == ["SJ-SW", "SJ-SW", "SJ-YJ", "SJ-FG", "SJ-LHSR"]
    assert "工业企业" in answer.text


def test_a_venue_narrows_the_grid_to_the_one_lead_that_speaks_there(as_):
    answer = as_("sijing-duty").get("/matrix/", {"scenario": "industrial enterprise"})
    assert leads(answer) == ["SJ-YJ"]
    supervision = next(cell for cell in line(answer).cells if cell.role == "supervision")
    assert [duty.unit.code for duty in supervision.duties] == ["SJ-ANWEI"]


def test_a_gap_is_red_and_has_a_word(as_):
    answer = as_("sijing-duty").get("/matrix/")
    assert [found.category.code for found in answer.context["gaps"]] == ["PS-EBIKE", "NEW-DRONE"]
    assert 'class="gapped"' in answer.text
    assert "牵头单位未明确" in answer.text


def test_a_danger_that_no_row_names_is_a_gap(as_):
    Category.objects.create(code="NEW-1", name="新业态", domain="新", operator="event")
    answer = as_("sijing-duty").get("/matrix/")
    assert line(answer, "NEW-1").cells[0].open


def test_a_row_for_one_town_stands_beside_the_one_for_all_and_alone_when_asked_for(as_, put, publish):
    put(Row("lead", "LL-BRIDGE", territory="310117102", unit="SJ-HJ", basis=BASIS))
    publish()
    asked = as_("sijing-duty")
    assert leads(asked.get("/matrix/"), "LL-BRIDGE") == ["SJ-JTW", "SJ-HJ"]
    assert leads(asked.get("/matrix/?territory=310117102"), "LL-BRIDGE") == ["SJ-HJ"]
    elsewhere = next(t for t in directory.current().territories if t != "310117102")
    assert leads(asked.get(f"/matrix/?territory={elsewhere}"), "LL-BRIDGE") == ["SJ-JTW"]


def test_another_day_shows_the_edition_that_was_or_will_be_in_force(as_, drafted, put, publish):
    put(Row("lead", H2S, scenario="refuse station", unit="SJ-HJ", basis=BASIS),
        instead_of=[lead_row(drafted, "refuse station").pk])  # fmt: skip
    publish(at=timezone.now() + timedelta(days=7))
    later = timezone.localtime(timezone.now() + timedelta(days=8)).strftime("%Y-%m-%dT%H:%M")
    asked = as_("sijing-duty")
    assert leads(asked.get("/matrix/?scenario=refuse+station")) == ["SJ-LHSR"]
    assert leads(asked.get(f"/matrix/?scenario=refuse+station&at={later}")) == ["SJ-HJ"]
    assert asked.get(f"/matrix/?at={later}").context["edition"].number == 2
    before = asked.get("/matrix/?at=2001-01-01T00:00")
    assert before.context["edition"] is None
    assert "所选时间没有有效的清单" in before.text


def test_a_cell_tells_basis_dates_and_what_each_edition_changed(as_, drafted, put, publish):
    put(Row("lead", H2S, scenario="refuse station", unit="SJ-HJ", basis="新的依据",
            valid_from=timezone.now() - timedelta(days=1)),
        instead_of=[lead_row(drafted, "refuse station").pk])  # fmt: skip
    publish()
    answer = as_("sijing-duty").get("/matrix/cell/", {"category": H2S, "role": "lead"})
    assert "新的依据" in answer.text
    newest, oldest = answer.context["chapters"]
    assert (newest.edition.number, [duty.unit.code for duty in newest.gone]) == (2, ["SJ-LHSR"])
    assert [duty.unit.code for duty in newest.duties if duty.pk in newest.new] == ["SJ-HJ"]
    assert len(oldest.duties) == 5
    fragment = as_("sijing-duty").get(
        "/matrix/cell/", {"category": H2S, "role": "lead"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in fragment.text


# --- who owns this? ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "unit"),
    [("drain/sewer", "区水务局"), ("industrial enterprise", "区应急管理局"), ("residential estate", "区房管局"),
     ("refuse station", "区绿化市容局")],
)  # fmt: skip
def test_the_owner_of_the_same_gas_is_told_for_each_venue_with_its_reasons(as_, scenario, unit):
    answer = as_("sijing-duty").get(f"/matrix/owner/?category={H2S}&scenario={scenario}&{AT_SIJING}")
    assert f"<b>{unit}</b>" in answer.text
    assert "泗泾镇" in answer.text
    for reason in ("采用", "只管别的场景", "另有更具体的一行"):
        assert reason in answer.text


def test_whoever_does_not_know_the_venue_is_told_where_the_owner_would_differ(as_):
    answer = as_("sijing-duty").get(f"/matrix/owner/?category={H2S}")
    assert [(scenario.code, unit.code) for scenario, unit in answer.context["venues"]] == [
        ("industrial enterprise", "SJ-YJ"), ("refuse station", "SJ-LHSR"), ("residential estate", "SJ-FG"),
    ]  # fmt: skip


def test_a_gap_says_who_goes_first_all_the_same(as_):
    answer = as_("sijing-duty").get("/matrix/owner/?category=PS-EBIKE&scenario=delivery riders (platform firms)")
    assert answer.context["found"].is_gap
    assert "先交属地先期处置" in answer.text


def test_the_page_and_the_api_answer_alike(as_):
    asked = f"category={H2S}&scenario=refuse station&{AT_SIJING}"
    page = as_("sijing-duty").get(f"/matrix/owner/?{asked}").context["found"]
    told = as_("sijing-duty").get(f"/api/v1/matrix/owner/?{asked}").json()
    assert told["lead"]["code"] == page.lead.unit.code
    assert [row["duty"] for row in told["trace"]] == [weighed.duty.pk for weighed in page.trace]


@pytest.mark.parametrize(
    ("asked", "told"),
    [("category=NOTHING", "没有这个风险类别"), (f"category={H2S}&scenario=moon", "没有这个场景"),
     (f"category={H2S}&lat=1&lon=1", "不在本区"), (f"category={H2S}&lat=x&lon=1", "纬度应在"),
     (f"category={H2S}&lat=31.1", "纬度应在"), (f"category={H2S}&at=yesterday", "1949"),
     (f"category={H2S}&at=0001-01-01T00:00", "1949"), (f"category={H2S}&at=2026-02-30", "1949"),
     (f"category={H2S}&territory=1", "没有这个属地")],
)  # fmt: skip
def test_a_question_that_cannot_be_read_is_answered_in_words(as_, asked, told):
    answer = as_("sijing-duty").get(f"/matrix/owner/?{asked}")
    assert answer.status_code == 400
    assert told in answer.text


@pytest.mark.parametrize(
    "address",
    ["/matrix/?at=x", "/matrix/?scenario=moon", "/matrix/?territory=%00", "/matrix/?at=9999-12-31T23:59",
     "/matrix/cell/", f"/matrix/cell/?category={H2S}&role=boss"],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_a_bad_request(as_, address):
    assert as_("sijing-duty").get(address).status_code == 400
