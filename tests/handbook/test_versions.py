"""A handbook is drawn up by the department that leads, published by somebody else, and never changed afterwards."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from cases.policy import FALLBACK, MEDIUM_MINUTES
from handbook import checks, comparing, shelf, versions, wording
from handbook.loading import load_handbooks
from handbook.models import Step, Version, VersionState
from handbook.wording import Wish
from responsibility import clock, directory, ledger, loading
from responsibility.district_file import BadDistrictFile
from responsibility.models import Category, Loop
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.handbook.conftest import H2S

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def data():
    return loading.read(settings.DISTRICT_FILE)


def current(code=H2S, at=None):
    known = directory.current()
    return shelf.at(known, known.categories[code], at or clock.now())


def code_of(refused):
    return refused.value.code


# --- out of the district file -------------------------------------------------
def test_the_shipped_lists_are_version_one_with_their_source_and_bind_nobody(data):
    rows = {row["code"]: row["handbook"] for row in data["categories"]}
    assert Version.objects.count() == len(rows)
    first = Version.objects.get(category__code=H2S)
    assert (first.number, first.state) == (1, VersionState.PUBLISHED)
    assert first.source.startswith("own knowledge, unverified;")
    assert {str(version.source_label) for version in Version.objects.all()}.isdisjoint({first.source})
    assert [(step.text, step.text_en) for step in first.steps.all()] == [
        (step["text"], step["text_en"]) for step in rows[H2S]
    ]
    assert not Step.objects.exclude(blocks="").exists()


def test_each_shipped_step_says_who_and_what_each_language_reads():
    for step in Step.objects.select_related("version__category"):
        assert step.role, step
        assert (bool(step.text_en), bool(step.how_en)) == (True, bool(step.how)), step
    bounded = Step.objects.exclude(minutes=None).values("version").distinct()
    assert bounded.count() == Version.objects.count()


def test_each_shipped_handbook_could_be_published_and_asks_more_of_a_wider_loop():
    for version in Version.objects.select_related("category"):
        steps = list(version.steps.all())
        assert checks.faults(steps, version.category) == [], version
        small, medium, large = (
            [step for step in steps if step.holds("red", loop)] for loop in ("small", "medium", "large")
        )
        assert len(small) < len(medium) < len(large), version


def test_a_photo_does_one_step_of_a_shipped_handbook_at_most():
    for version in Version.objects.all():
        kinds = [step.proof for step in version.steps.all() if step.proof]
        assert len(kinds) == len(set(kinds)), version


def test_loading_twice_changes_nothing(data):
    before = list(Version.objects.order_by("pk").values()), Step.objects.count()
    tally = load_handbooks(data)
    assert (tally.created, tally.unchanged) == (0, len(data["categories"]))
    assert (list(Version.objects.order_by("pk").values()), Step.objects.count()) == before


def test_a_changed_list_becomes_a_draft_for_people(data):
    row = next(row for row in data["categories"] if row["code"] == H2S)
    row["handbook"] = [{"text": "先撤人", "minutes": 5, "role": "territory", "grades": ["red"], "loop": "medium"}]
    load_handbooks(data)
    draft = Version.objects.get(category__code=H2S, number=2)
    assert (draft.state, draft.owner.code) == (VersionState.DRAFT, "SJ-SW")
    assert Version.objects.get(pk=current()).number == 1
    step = draft.steps.get()
    assert (step.minutes, step.role, step.grades, step.loop) == (5, "territory", ["red"], "medium")


@pytest.mark.parametrize(
    "wrong",
    [{"text": 5}, {"text": "x", "minutes": 0}, {"text": "x", "proof": "smell"}, {"text": "x", "unit": "NOBODY"},
     {"text": "x", "role": "leader"}, {"text": "x", "unit": "SJ-SW", "role": "lead"}, {"text": "x\x00"}],
)  # fmt: skip
def test_a_wrong_step_of_the_file_is_named_by_its_row(data, wrong):
    row = next(row for row in data["categories"] if row["code"] == H2S)
    row["handbook"] = [wrong]
    with pytest.raises(BadDistrictFile, match="handbook"):
        load_handbooks(data)


# --- drawing up -----------------------------------------------------------------
def test_a_draft_begins_as_a_copy_and_belongs_to_who_leads(drafted):
    assert (drafted.number, drafted.owner.code, drafted.based_on.number) == (2, "SJ-SW", 1)
    assert not comparing.compare(drafted.based_on.steps.all(), drafted.steps.all())


@pytest.mark.parametrize("name", ["jianguan-head", "sijing-head", "chengyun-lead", "auditor", "anwei-office"])
def test_nobody_else_draws_it_up(people, name):
    with pytest.raises(Forbidden):
        versions.draft(H2S, by=people[name])


def test_what_nobody_leads_is_kept_by_the_safety_committee_office(people):
    assert versions.draft("NEW-DRONE", by=people["anwei-office"]).owner.code == "SJ-ANWEI"


def test_a_second_draft_waits_for_the_first(people, drafted):
    with pytest.raises(Refused) as refused:
        versions.draft(H2S, by=people["shuiwu-head"])
    assert code_of(refused) == "draft_open"


def test_steps_make_room_for_each_other(drafted, put, people):
    count = drafted.steps.count()
    put("先撤人", position=1)
    moved = put("再通风", position=99)
    put("再通风", position=2, instead_of=moved.pk)
    texts = list(drafted.steps.values_list("position", "text"))
    assert texts[:2] == [(1, "先撤人"), (2, "再通风")]
    assert [n for n, _text in texts] == list(range(1, count + 3))
    versions.remove(drafted.pk, moved.pk, by=people["shuiwu-head"])
    assert list(drafted.steps.values_list("position", flat=True)) == list(range(1, count + 2))


def words(step):
    return {name: getattr(step, name) for name in wording.LENGTHS if name != "text"}


def test_two_versions_are_told_apart_step_by_step(drafted, put, people):
    old, second, third = drafted.steps.all()[:3]
    put(old.text, **words(old), instead_of=old.pk, minutes=12, role="lead", position=1)
    versions.remove(drafted.pk, third.pk, by=people["shuiwu-head"])
    put("拍照")
    found = comparing.compare(drafted.based_on.steps.all(), drafted.steps.all())
    assert [step.text for step in found.added] == ["拍照"]
    assert [step.text for step in found.removed] == [third.text]
    names = {one.text: names for one, _two, names in found.changed}
    assert names[old.text] == ["role", "minutes"]
    assert list(names) == [old.text]
    same = {name: getattr(second, name) for name in ("role", "minutes", "proof")}
    put(second.text, **words(second), **same, instead_of=second.pk, position=99)
    found = comparing.compare(drafted.based_on.steps.all(), drafted.steps.all())
    assert [names for one, _two, names in found.changed if one.text == second.text] == [["position"]]


@pytest.mark.parametrize(
    ("said", "field"),
    [({"text": " "}, "text"), ({"text": "x", "minutes": 0}, "minutes"), ({"text": "x", "minutes": 10**9}, "minutes"),
     ({"text": "x", "role": "king"}, "role"), ({"text": "x", "unit": "NOBODY"}, "unit"), ({"text": "\x00"}, "text"),
     ({"text": "x", "loop": "huge"}, "loop"), ({"text": "x", "grades": ["pink"]}, "grades"),
     ({"text": "x", "proof": "smell"}, "proof"), ({"text": "x", "blocks": "all"}, "blocks"),
     ({"text": "长" * 501}, "text"), ({"text": "x", "role": "lead", "unit": "SJ-SW"}, "unit")],
)  # fmt: skip
def test_what_cannot_be_used_is_named_by_its_field(people, drafted, said, field):
    with pytest.raises(Invalid) as refused:
        versions.put(drafted.pk, Wish(**said), by=people["shuiwu-head"])
    assert refused.value.attr == field


# --- publishing ----------------------------------------------------------------
def faults(drafted):
    return [str(finding.detail) for finding in checks.faults(list(drafted.steps.all()), drafted.category)]


def test_an_empty_handbook_is_not_laid_before_anybody(drafted, people):
    for step in drafted.steps.all():
        versions.remove(drafted.pk, step.pk, by=people["shuiwu-head"])
    with pytest.raises(versions.NotReady):
        versions.submit(drafted.pk, by=people["shuiwu-head"])


def test_a_bound_step_names_its_doer(drafted, put, people):
    put("检测", blocks="contain")
    with pytest.raises(versions.NotReady) as refused:
        versions.submit(drafted.pk, by=people["shuiwu-head"])
    assert [str(finding.detail) for finding in refused.value.findings] == ["必办步骤没有写明由谁做。"]


def test_minutes_beyond_the_loops_own_limit_are_refused_save_for_the_lasting_repair(drafted, put):
    assert faults(drafted) == []
    put("慢", minutes=241)
    assert faults(drafted) == ["时限超过小闭环的 240 分钟。"]
    put("更慢", minutes=481, loop="medium")
    put("修复", minutes=5000, role="main_body", blocks="close")
    put("大闭环", minutes=5000, loop="large")
    assert faults(drafted) == ["时限超过小闭环的 240 分钟。", "时限超过中闭环的 480 分钟。"]


def test_the_usual_limits_are_those_of_the_cases():
    bare = Category(minutes={})
    assert checks.limit(bare, Loop.SMALL) == FALLBACK["small_loop"]
    assert checks.limit(bare, Loop.MEDIUM) == MEDIUM_MINUTES


def test_a_version_holds_from_its_moment_and_ends_the_one_before(drafted, publish):
    first, at = current(), clock.now() + DAY
    publish(at=at)
    assert (current(), current(at=at)) == (first, drafted.pk)
    before = Version.objects.get(pk=first)
    assert before.valid.upper == at


def test_the_shelf_is_read_once_a_revision(statements, drafted, publish):
    publish()
    assert current() == drafted.pk
    assert statements(current) == 1


def test_who_wrote_of_it_does_not_approve_it(people, drafted, put):
    from responsibility.models import Role, Unit
    from tests.cases.conftest import hold

    hold(people["anwei-office"], Unit.objects.get(code="SJ-SW"), Role.MANAGER)
    versions.put(drafted.pk, Wish(text="拍照"), by=people["anwei-office"])
    versions.submit(drafted.pk, by=people["shuiwu-head"])
    with pytest.raises(Forbidden):
        versions.publish(drafted.pk, by=people["shuiwu-head"])
    with pytest.raises(Forbidden) as refused:
        versions.publish(drafted.pk, by=people["anwei-office"])
    assert code_of(refused) == "own_draft"
    assert versions.publish(drafted.pk, by=people["yingji-office"]).approved_by == people["yingji-office"]


def test_what_has_moved_on_since_it_was_looked_at_is_not_published(people, drafted, put):
    versions.submit(drafted.pk, by=people["shuiwu-head"])
    seen = versions.stamp(drafted)
    versions.take_back(drafted.pk, by=people["anwei-office"], note="太长")
    put("拍照")
    versions.submit(drafted.pk, by=people["shuiwu-head"])
    with pytest.raises(Refused) as refused:
        versions.publish(drafted.pk, by=people["anwei-office"], seen=seen)
    assert code_of(refused) == "moved_on"


def test_each_state_lets_its_own_verbs_through_alone(people, drafted, put):
    with pytest.raises(Refused):
        versions.publish(drafted.pk, by=people["anwei-office"])
    versions.submit(drafted.pk, by=people["shuiwu-head"])
    with pytest.raises(Refused) as refused:
        put("拍照")
    assert code_of(refused) == "closed"
    versions.withdraw(drafted.pk, by=people["shuiwu-head"])
    with pytest.raises(Refused):
        versions.submit(drafted.pk, by=people["shuiwu-head"])
    assert versions.draft(H2S, by=people["shuiwu-head"]).number == 3


def test_every_act_is_on_the_chain_of_the_version(people, drafted, put, publish):
    put("拍照")
    publish()
    verbs = list(ledger.story(drafted.chain).values_list("verb", flat=True))
    assert verbs == ["handbook.draft", "handbook.steps", "handbook.submit", "handbook.publish"]
    first = Version.objects.get(category__code=H2S, number=1)
    assert ledger.story(first.chain).last().verb == "handbook.supersede"


# --- what the database keeps by itself ------------------------------------------
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE handbook_step SET text = 'x' WHERE version_id = {v}",
        "DELETE FROM handbook_step WHERE version_id = {v}",
        "UPDATE handbook_version SET source = 'x' WHERE id = {v}",
        "UPDATE handbook_version SET state = 'draft', valid = NULL, approved_at = NULL WHERE id = {v}",
        "DELETE FROM handbook_version WHERE id = {v}",
        "TRUNCATE handbook_step CASCADE",
        "UPDATE handbook_step SET version_id = {v} WHERE version_id = {d}",
        "UPDATE handbook_version SET state = 'published', valid = tstzrange(now(), NULL), approved_at = now()"
        " WHERE id = {d}",
        "UPDATE handbook_step SET grades = '{{pink}}' WHERE version_id = {d}",
    ],
)
def test_the_database_refuses_it(drafted, statement):
    published = Version.objects.get(category__code=H2S, number=1)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(v=published.pk, d=drafted.pk))


def test_no_step_changes_without_a_word_in_the_ledger(drafted):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        # As in a later transaction: the draft was begun in this one.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE responsibility_ledgerentry SET xact = xact - 1 WHERE chain = %s", [str(drafted.chain)])
        cursor.execute("SET LOCAL session_replication_role = origin")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("UPDATE handbook_step SET text = 'x' WHERE version_id = %s", [drafted.pk])
