"""The pages of an edition: who sees it, its buttons, its rows, what units say, and what a page costs."""

import pytest

from responsibility import directory, editions
from responsibility.editions import Row
from responsibility.models import Duty, Edition, Opinion

pytestmark = pytest.mark.django_db
BASIS = "《安全生产法》第三条"
H2S = "LL-CONF-H2S"
AT_SIJING = "lat=31.1144&lon=121.2683"


def lead_row(edition, scenario):
    return edition.duties.get(category__code=H2S, scenario__code=scenario, role="lead")


# --- editions --------------------------------------------------------------------------

READS_DRAFTS = ["committee_office", "emergency_office", "manager", "head", "shift_leader", "auditor"]


def test_a_draft_is_seen_by_those_who_make_and_agree_to_it_and_a_published_edition_by_everybody(as_, people, drafted):
    readers = {name for name, user in people.items() if user.posts.filter(role__in=READS_DRAFTS).exists()}
    assert {"anwei-office", "yingji-office", "shuiwu-head", "sijing-head", "auditor"} <= readers
    for name in people:
        assert as_(name).get("/matrix/editions/1/").status_code == 200, name
        for page in ("", "compare/"):
            seen = as_(name).get(f"/matrix/editions/2/{page}").status_code
            assert seen == (200 if name in readers else 404), name


def test_the_buttons_are_those_that_the_acts_would_take(as_, people, drafted):
    def buttons(name):
        return list(as_(name).get("/matrix/editions/2/").context["allowed"])

    anwei, yingji = people["anwei-office"], people["yingji-office"]
    assert (buttons("anwei-office"), buttons("yingji-office")) == (["send", "withdraw"], [])
    editions.send(drafted.pk, by=anwei)
    assert buttons("anwei-office") == ["take_back", "withdraw"]
    assert buttons("yingji-office") == ["approve", "take_back"]
    assert buttons("shuiwu-head") == []
    editions.approve(drafted.pk, by=yingji)
    assert buttons("anwei-office") == ["publish", "take_back", "withdraw"]
    editions.withdraw(drafted.pk, by=anwei)
    assert buttons("anwei-office") == buttons("yingji-office") == []


def test_drafting_in_the_browser_begins_with_a_copy(as_):
    answer = as_("anwei-office").post("/matrix/editions/", {"title": "第二版", "document": ""})
    assert (answer.status_code, answer["Location"]) == (303, "/matrix/editions/2/")
    assert as_("anwei-office").post("/matrix/editions/", {"title": " "}).status_code == 400
    assert as_("sijing-duty").post("/matrix/editions/", {"title": "x"}).status_code == 403


def test_a_row_is_added_changed_and_removed_in_the_browser(as_, drafted):
    anwei = as_("anwei-office")
    typed = {"category": H2S, "role": "support", "unit": "SJ-JGW", "basis": BASIS, "valid_from": "2026-01-01"}
    added = anwei.post("/matrix/editions/2/rows/new/", typed)["Location"]
    row = drafted.duties.get(pk=added.removeprefix("/matrix/editions/2/#r-"))
    assert (row.role, row.unit.code, row.basis) == ("support", "SJ-JGW", BASIS)
    form = anwei.get(f"/matrix/editions/2/rows/{row.pk}/").context["typed"]
    assert (form["unit"], form["valid_from"], form["valid_to"]) == ("SJ-JGW", "2026-01-01", "")
    changed = anwei.post(f"/matrix/editions/2/rows/{row.pk}/", form | {"unit": "SJ-HJ"})["Location"]
    after = drafted.duties.get(pk=changed.removeprefix("/matrix/editions/2/#r-"))
    assert (after.unit.code, after.valid) == ("SJ-HJ", row.valid)
    assert not drafted.duties.filter(pk=row.pk).exists()
    anwei.post(f"/matrix/editions/2/rows/{after.pk}/", {"remove": "1"})
    assert not drafted.duties.filter(pk=after.pk).exists()


def test_what_was_typed_stays_when_a_row_is_refused(as_, drafted):
    typed = {"category": H2S, "role": "support", "unit": "", "basis": "依据在此"}
    answer = as_("anwei-office").post("/matrix/editions/2/rows/new/", typed)
    assert answer.status_code == 400
    assert "请填写责任单位" in answer.text
    assert "依据在此" in answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"stage": "长" * 41}, {"basis": "\x00"}, {"valid_from": "x"}, {"valid_to": "1990-01-01"}, {"role": ""},
     {"unit": "\x00"}, {"category": "", "domain": ""}, {"domain": "生产安全"}],
)  # fmt: skip
def test_a_row_that_cannot_be_is_refused_in_words(as_, drafted, wrong):
    typed = {"category": H2S, "role": "support", "unit": "SJ-JGW", "basis": BASIS, "valid_from": "2026-01-01"}
    before = drafted.duties.count()
    assert as_("anwei-office").post("/matrix/editions/2/rows/new/", typed | wrong).status_code == 400
    assert drafted.duties.count() == before


def test_a_row_that_somebody_else_has_just_changed_is_not_doubled(as_, people, drafted, put):
    row = lead_row(drafted, "drain/sewer")
    put(Row("lead", H2S, scenario="drain/sewer", unit="SJ-HJ", basis=BASIS), instead_of=[row.pk])
    with pytest.raises(editions.Refused, match="row_gone"):
        put(Row("lead", H2S, scenario="drain/sewer", unit="SJ-YJ", basis=BASIS), instead_of=[row.pk])
    assert as_("anwei-office").get(f"/matrix/editions/2/rows/{row.pk}/").status_code == 404


def test_the_rows_of_a_published_edition_have_no_editor_that_works(as_):
    row = Duty.objects.filter(live=True).first()
    answer = as_("anwei-office").post(f"/matrix/editions/1/rows/{row.pk}/", {"remove": "1"})
    assert answer.status_code == 409
    assert "/rows/" not in as_("anwei-office").get("/matrix/editions/1/").text
    assert as_("shuiwu-head").get(f"/matrix/editions/1/rows/{row.pk}/").status_code == 403


FAULTS = {
    "overlap": Row("lead", H2S, scenario="drain/sewer", unit="SJ-YJ", basis=BASIS),
    "self_supervision": Row("supervision", H2S, scenario="residential estate", unit="SJ-FG", basis=BASIS),
    "no_basis": Row("support", H2S, unit="SJ-JGW"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_planted_fault_is_a_sentence_that_links_to_its_cell(as_, put, kind):
    made = put(FAULTS[kind])[0]
    answer = as_("anwei-office").get("/matrix/editions/2/")
    assert [finding.kind for finding in answer.context["faults"]] == [kind]
    assert f'<a href="#r-{made.pk}">' in answer.text
    assert f'<li id="r-{made.pk}" class="wrong">' in answer.text


def test_publishing_with_a_fault_is_refused_on_the_page_and_goes_once_it_is_mended(as_, people, drafted, put):
    made = put(FAULTS["overlap"])[0]
    editions.send(drafted.pk, by=people["anwei-office"])
    editions.approve(drafted.pk, by=people["yingji-office"])
    gap = {"gap": ["NEW-DRONE||", "PS-EBIKE|delivery riders (platform firms)|"]}
    answer = as_("anwei-office").post("/matrix/editions/2/do/publish/", gap)
    assert answer.status_code == 409
    assert f'href="#r-{made.pk}"' in answer.text
    as_("anwei-office").post("/matrix/editions/2/do/take_back/")
    as_("anwei-office").post(f"/matrix/editions/2/rows/{made.pk}/", {"remove": "1"})
    as_("anwei-office").post("/matrix/editions/2/do/send/")
    as_("yingji-office").post("/matrix/editions/2/do/approve/")
    assert as_("anwei-office").post("/matrix/editions/2/do/publish/").status_code == 409
    assert as_("anwei-office").post("/matrix/editions/2/do/publish/", gap | {"at": "x"}).status_code == 400
    assert as_("anwei-office").post("/matrix/editions/2/do/publish/", gap).status_code == 303
    drafted.refresh_from_db()
    assert drafted.state == "published"


def test_a_head_accepts_all_rows_at_once_or_objects_to_one_with_a_reason(as_, people, drafted):
    editions.send(drafted.pk, by=people["anwei-office"])
    head = as_("shuiwu-head")
    assert "本单位还有 13 行没有表态" in head.get("/matrix/").text
    page = head.get("/matrix/editions/2/opinions/")
    own = [found.duty.pk for found in page.context["lines"]]
    assert {found.duty.unit.code for found in page.context["lines"]} == {"SJ-SW"}
    assert head.post("/matrix/editions/2/opinions/", {"stance": "accept", "row": own}).status_code == 303
    assert Opinion.objects.filter(stance="accept").count() == len(own)
    without_reason = head.post("/matrix/editions/2/opinions/", {"stance": "object", "row": own[:1]})
    assert without_reason.status_code == 400
    head.post("/matrix/editions/2/opinions/", {"stance": "object", "row": own[:1], "text": "应由镇里牵头"})
    page = as_("yingji-office").get("/matrix/editions/2/")
    assert [voice.unit.code for voice in page.context["objecting"]] == ["SJ-SW"]
    assert "应由镇里牵头" in page.text
    assert f'href="#r-{own[0]}"' in page.text


@pytest.mark.parametrize(
    ("name", "typed", "status"),
    [("shuiwu-head", {"stance": "accept"}, 400), ("shuiwu-head", {"stance": "accept", "row": "x"}, 400),
     ("shuiwu-head", {"stance": "maybe", "row": "1"}, 400), ("shuiwu-head", {"stance": "accept", "row": "9" * 18}, 403),
     ("sijing-duty", {"stance": "accept", "row": "1"}, 404), ("auditor", {"stance": "accept", "row": "1"}, 403)],
)  # fmt: skip
def test_a_word_that_cannot_be_taken_is_refused(as_, people, drafted, name, typed, status):
    editions.send(drafted.pk, by=people["anwei-office"])
    assert as_(name).post("/matrix/editions/2/opinions/", typed).status_code == status


def test_two_editions_stand_side_by_side(as_, drafted, put):
    put(Row("lead", H2S, scenario="refuse station", unit="SJ-HJ", basis=BASIS),
        instead_of=[lead_row(drafted, "refuse station").pk])  # fmt: skip
    answer = as_("anwei-office").get("/matrix/editions/2/compare/")
    assert answer.context["other"].number == 1
    assert "改换单位 1 处，新增 0 行，删去 0 行" in answer.text
    assert as_("anwei-office").get("/matrix/editions/1/compare/?with=2").context["other"].number == 2
    assert as_("anwei-office").get("/matrix/editions/2/compare/?with=99").status_code == 404
    assert as_("sijing-duty").get("/matrix/editions/1/compare/?with=2").status_code == 404


@pytest.mark.parametrize(
    "address", ["/matrix/editions/7/", "/matrix/editions/99999999999999999999/", "/matrix/editions/2/rows/1/",
                "/matrix/editions/2/rows/99999999999999999999/", "/matrix/editions/2/do/burn/"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(as_, drafted, address):
    assert as_("anwei-office").get(address).status_code == 404


# --- for programs ------------------------------------------------------------------------


def test_the_api_lists_editions_and_tells_rows_faults_and_gaps(as_, put):
    made = put(FAULTS["no_basis"])[0]
    found = as_("anwei-office").get("/api/v1/matrix/editions/").json()["results"]
    assert [(one["number"], one["state"]) for one in found] == [(2, "draft"), (1, "published")]
    whole = as_("anwei-office").get("/api/v1/matrix/editions/2/").json()
    assert [(fault["kind"], fault["duties"]) for fault in whole["faults"]] == [("no_basis", [made.pk])]
    assert whole["gaps"] == ["NEW-DRONE||", "PS-EBIKE|delivery riders (platform firms)|"]
    assert len(whole["rows"]) == 131
    assert {"category": H2S, "role": "lead", "unit": "SJ-YJ", "scenario": "industrial enterprise"}.items() <= next(
        row for row in whole["rows"] if row["scenario"] == "industrial enterprise"
    ).items()
    assert [one["number"] for one in as_("sijing-duty").get("/api/v1/matrix/editions/").json()["results"]] == [1]
    assert as_("sijing-duty").get("/api/v1/matrix/editions/2/").status_code == 404


# --- the cost of a page --------------------------------------------------------------------

COST = {
    # One of them asks whether it is an auditor who asks.
    "/matrix/": 9,
    f"/matrix/cell/?category={H2S}&role=lead": 7,
    f"/matrix/owner/?category={H2S}&{AT_SIJING}": 7,
    "/matrix/editions/": 7,
    "/matrix/editions/2/": 11,
    "/matrix/editions/2/opinions/": 11,
    "/matrix/editions/2/compare/": 11,
    "/api/v1/matrix/editions/2/": 7,
}


@pytest.mark.parametrize("address", COST)
def test_a_page_of_many_rows_costs_the_statements_of_a_page_of_few(as_, people, drafted, put, statements, address):
    editions.send(drafted.pk, by=people["anwei-office"])
    head = as_("shuiwu-head")

    def visit():
        assert head.get(address).status_code == 200

    visit()
    few = statements(visit)
    known = directory.current()
    put(*(Row("support", code, unit="SJ-SW", basis=BASIS, stage=f"{n}") for code in known.categories for n in range(4)))
    own = list(drafted.duties.filter(unit__code="SJ-SW").values_list("pk", flat=True))
    editions.opine(drafted.pk, "accept", own[:40], by=people["shuiwu-head"])
    editions.opine(drafted.pk, "object", own[40:60], by=people["shuiwu-head"], text="x")
    visit()
    assert (few, statements(visit)) == (COST[address],) * 2
    assert Edition.objects.count() == 2
