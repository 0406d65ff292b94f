"""What a hurried or a dishonest person, or a clerk with database access, tries on an edition of the list."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from responsibility import acting, checks, clock, directory, editions, ledger, posts
from responsibility.editions import Row
from responsibility.models import Edition, Opinion, Post, User
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Forbidden, Invalid, Refused

pytestmark = pytest.mark.django_db
BASIS = "《安全生产法》第三条"
H2S = "LL-CONF-H2S"


@pytest.fixture
def colleague(people):
    """A second person of the committee office."""
    user = User.objects.create(username="anwei-two", full_name="同事")
    post = people["anwei-office"].posts.get()
    with posts.accounted([user.pk], by=acting.SYSTEM):
        Post.objects.create(user=user, unit=post.unit, role=post.role, title="二", since=post.since)
    return user


def same(duty, **other) -> Row:
    """``duty`` as a form brings it."""
    codes = {name: getattr(duty, name).code if getattr(duty, name) else "" for name in
             ("category", "scenario", "territory", "unit")}  # fmt: skip
    plain = {name: getattr(duty, name) for name in ("role", "domain", "stage", "basis", "basis_en", "source", "note")}
    return Row(**plain | codes | {"valid_from": duty.valid.lower, "valid_to": duty.valid.upper} | other)


# --- agreeing --------------------------------------------------------------------------


def test_an_objection_outlives_the_saving_of_a_row_that_was_not_changed(drafted, put, people):
    own = drafted.duties.filter(unit__code="SJ-SW", role="lead").first()
    editions.send(drafted.pk, by=people["anwei-office"])
    editions.opine(drafted.pk, "object", [own.pk], by=people["shuiwu-head"], text="不是我们")
    assert [row.pk for row in put(same(own), instead_of=[own.pk])] == [own.pk]
    assert Opinion.objects.filter(duty=own, stance="object").exists()
    with pytest.raises(Refused, match="objections"):
        editions.approve(drafted.pk, by=people["yingji-office"])
    put(same(own, note="改过"), instead_of=[own.pk])
    assert not Opinion.objects.filter(duty__edition=drafted).exists()


def test_who_wrote_rows_into_an_edition_does_not_approve_it_though_another_began_it(drafted, people, colleague):
    editions.put(drafted.pk, [Row("support", H2S, unit="SJ-JGW", basis=BASIS)], by=colleague)
    editions.send(drafted.pk, by=people["anwei-office"])
    with pytest.raises(Forbidden, match="own_draft"):
        editions.approve(drafted.pk, by=colleague)
    editions.approve(drafted.pk, by=people["yingji-office"])


def test_nobody_approves_or_publishes_rows_that_came_after_he_looked(as_, drafted, put, people):
    editions.send(drafted.pk, by=people["anwei-office"])
    seen = as_("yingji-office").get("/matrix/editions/2/").context["seen"]
    put(Row("support", H2S, unit="SJ-JGW", basis=BASIS))
    stale = as_("yingji-office").post("/matrix/editions/2/do/approve/", {"seen": seen})
    assert stale.status_code == 409
    assert "改动" in stale.content.decode()
    fresh = stale.context["seen"]
    assert as_("yingji-office").post("/matrix/editions/2/do/approve/", {"seen": fresh}).status_code == 303
    gone = {"seen": seen, "gap": [gap.key for gap in stale.context["gaps"]]}
    assert as_("anwei-office").post("/matrix/editions/2/do/publish/", gone).status_code == 409


def test_an_edition_is_not_published_for_a_day_that_is_past(drafted, people):
    editions.send(drafted.pk, by=people["anwei-office"])
    editions.approve(drafted.pk, by=people["yingji-office"])
    with pytest.raises(Invalid) as refused:
        editions.publish(drafted.pk, by=people["anwei-office"], at=clock.now() - timedelta(days=2))
    assert refused.value.attr == "at"


def test_a_gap_that_was_not_acknowledged_is_named_as_people_name_it(drafted, people):
    editions.send(drafted.pk, by=people["anwei-office"])
    editions.approve(drafted.pk, by=people["yingji-office"])
    with pytest.raises(Refused, match="gaps") as refused:
        editions.publish(drafted.pk, by=people["anwei-office"])
    assert "电动自行车违规停放充电 · 外卖配送骑手" in str(refused.value.detail)
    assert "|" not in str(refused.value.detail)


@pytest.mark.parametrize("role", [DutyRole.TERRITORY, DutyRole.MAIN_BODY, DutyRole.COMMAND])
def test_what_the_point_and_the_object_tell_is_no_row_of_the_list(put, role):
    with pytest.raises(Invalid) as refused:
        put(Row(role, H2S, unit="SJ-JGW", basis=BASIS))
    assert refused.value.attr == "role"


# --- checking --------------------------------------------------------------------------


def kinds(drafted) -> set[str]:
    return {finding.kind for finding in checks.faults(list(drafted.duties.all()), directory.current(), clock.now())}


def test_a_lead_that_supervises_itself_at_one_venue_only_is_found(drafted, put):
    put(Row("supervision", H2S, scenario="charging", unit="SJ-SW", basis=BASIS))
    assert kinds(drafted) == {"self_supervision"}
    put(Row("lead", H2S, scenario="charging", unit="SJ-JGW", basis=BASIS))
    assert kinds(drafted) == set()


def test_a_lead_that_will_supervise_itself_only_later_is_found(drafted, put):
    """For the supervision above it begins next year, after the row that stands now has ended."""
    now = drafted.duties.get(category__code=H2S, role="supervision", scenario=None)
    turn = clock.now() + timedelta(days=60)
    later = Row("supervision", H2S, unit="SJ-SW", basis=BASIS, valid_from=turn)
    put(same(now, valid_to=turn), later, instead_of=[now.pk])
    assert kinds(drafted) == {"self_supervision"}


def test_two_supervisions_of_one_cell_are_one_too_many(drafted, put):
    put(Row("supervision", H2S, unit="SJ-HJ", basis=BASIS))
    assert kinds(drafted) == {"two_of_one"}


def test_a_gap_that_opens_when_a_row_ends_is_listed_before_publication(drafted, put, people):
    bridge = drafted.duties.get(category__code="LL-BRIDGE", role="lead")
    ends = clock.now() + timedelta(days=30)
    put(same(bridge, valid_to=ends), instead_of=[bridge.pk])
    ahead = checks.gaps_ahead(list(drafted.duties.all()), directory.current(), clock.now())
    assert {gap.key: gap.since for gap in ahead if gap.since} == {"LL-BRIDGE||": ends}
    editions.send(drafted.pk, by=people["anwei-office"])
    editions.approve(drafted.pk, by=people["yingji-office"])
    with pytest.raises(Refused, match="gaps"):
        editions.publish(
            drafted.pk,
            by=people["anwei-office"],
            accepted_gaps=[gap.key for gap in ahead if not gap.since],
        )
    editions.publish(drafted.pk, by=people["anwei-office"], accepted_gaps=[gap.key for gap in ahead])


# --- by the database -------------------------------------------------------------------

BY_DATABASE = {"duty_published", "edition_published", "list_accounted", "edition_approved_by_another"}
BEHIND_OUR_BACK = {
    "a draft row goes live": "UPDATE responsibility_duty SET live = true WHERE NOT live AND role <> 'lead'",
    "a draft row moves into the published edition": "UPDATE responsibility_duty SET edition_id = (SELECT id FROM"
    " responsibility_edition WHERE number = 1) WHERE NOT live AND role <> 'lead'",
    "a draft row changes": "UPDATE responsibility_duty SET basis = 'x' WHERE NOT live",
    "a draft row goes": "DELETE FROM responsibility_duty WHERE NOT live",
    "the edition in force ends": "UPDATE responsibility_edition SET valid = tstzrange(lower(valid), now())"
    " WHERE number = 1",
    "an edition is approved": "UPDATE responsibility_edition SET state = 'approved' WHERE number = 2",
    "its drafter approves": "UPDATE responsibility_edition SET approved_by_id = drafted_by_id WHERE number = 2",
    "its drafter is another": "UPDATE responsibility_edition SET drafted_by_id = NULL WHERE number = 2",
    "an opinion is put in its mouth": "INSERT INTO responsibility_opinion (duty_id, unit_id, stance, text, given_at,"
    " given_by_id) SELECT d.id, d.unit_id, 'accept', '', now(), (SELECT min(id) FROM responsibility_user) FROM"
    " responsibility_duty d WHERE NOT live AND unit_id IS NOT NULL LIMIT 1",
    "a word is taken away": "DELETE FROM responsibility_opinion",
}


@pytest.mark.parametrize("what", BEHIND_OUR_BACK)
def test_the_database_lets_no_row_or_edition_or_opinion_change_without_an_entry(drafted, people, what):
    editions.send(drafted.pk, by=people["anwei-office"])
    own = drafted.duties.filter(unit__code="SJ-SW", role="lead").first()
    editions.opine(drafted.pk, "object", [own.pk], by=people["shuiwu-head"], text="不是我们")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE responsibility_ledgerentry SET xact = 1")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert refusal(BEHIND_OUR_BACK[what]) in BY_DATABASE


def refusal(statement: str) -> str:
    """The constraint that refuses ``statement``, which touches something, now or at commit."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.rowcount
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return ""


def test_a_row_is_live_in_a_published_edition_only_whoever_writes_the_entry(drafted, put):
    row, *_rest = put(Row("support", H2S, unit="SJ-JGW", basis=BASIS))
    assert refusal(f"UPDATE responsibility_duty SET live = true WHERE id = {row.pk}") == "duty_live_with_its_edition"


def test_an_edition_that_is_superseded_tells_so_on_its_own_chain(drafted, publish):
    publish()
    first = Edition.objects.get(number=1)
    assert list(ledger.story(first.chain))[-1].verb == "edition.supersede"
    assert timezone.now() >= first.valid.upper
