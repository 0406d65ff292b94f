"""Rights come and go in the ledger, or not at all."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from config.demo import people as demo
from responsibility import acting, clock, ledger, loading, posts
from responsibility.models import LedgerEntry, Post, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def duty(people):
    """The street's duty officer."""
    return people["sijing-duty"]


def refused(statement: str, *values) -> str:
    """The constraint that refuses ``statement`` at commit."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return ""


def given(user, role=Role.CHECKER) -> Post:
    with posts.accounted([user.pk], by=acting.SYSTEM):
        return Post.objects.create(user=user, unit=user.posts.first().unit, role=role, title="兼", since=clock.now())


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO responsibility_post (user_id, unit_id, role, title, title_en, since)"
        " SELECT user_id, unit_id, 'shift_leader', 'x', '', now() FROM responsibility_post WHERE user_id = %s",
        "UPDATE responsibility_post SET role = 'checker' WHERE user_id = %s",
        "UPDATE responsibility_post SET until = now() WHERE user_id = %s",
        "DELETE FROM responsibility_post WHERE user_id = %s",
    ],
)
def test_a_post_is_neither_given_nor_changed_nor_taken_without_an_entry(duty, statement):
    age(duty)
    assert refused(statement, duty.pk) == "post_accounted"


def age(user) -> None:
    """Make the entries written so far those of an earlier transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE responsibility_ledgerentry SET xact = 1 WHERE chain = %s", [posts.chain_of(user.pk)])
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_posts_are_not_emptied(db):
    assert refused("TRUNCATE responsibility_post CASCADE") == "responsibility_post_append_only"


def test_the_demo_people_hold_their_posts_by_the_ledger(people):
    assert list(posts.mismatches()) == []
    assert LedgerEntry.objects.filter(verb="post.given").count() == Post.objects.count()


def test_giving_changing_and_taking_are_told_with_before_and_after(duty):
    post = given(duty)
    with posts.accounted([duty.pk], by=acting.SYSTEM):
        Post.objects.filter(pk=post.pk).update(role=Role.HANDLER)
    with posts.accounted([duty.pk], by=acting.SYSTEM):
        post.delete()
    story = list(ledger.story(posts.chain_of(duty.pk)))[-3:]
    assert [entry.verb for entry in story] == ["post.given", "post.changed", "post.removed"]
    assert [entry.after.get("role") for entry in story] == ["checker", "handler", None]
    assert story[1].before["role"] == "checker"
    assert list(posts.mismatches()) == []
    assert list(ledger.verify(ledger.story(posts.chain_of(duty.pk)))) == []


def test_loading_the_people_again_tells_nothing_new(people, settings):
    before = LedgerEntry.objects.count()
    demo.load(loading.read(settings.DISTRICT_FILE))
    assert LedgerEntry.objects.count() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE responsibility_post SET role = 'checker' WHERE user_id = %s",
        "UPDATE responsibility_post SET since = since - interval '1 day' WHERE user_id = %s",
        "DELETE FROM responsibility_post WHERE user_id = %s",
        "INSERT INTO responsibility_post (user_id, unit_id, role, title, title_en, since)"
        " SELECT user_id, unit_id, 'shift_leader', 'x', '', now() FROM responsibility_post WHERE user_id = %s",
    ],
    ids=["another role", "earlier", "taken", "given"],
)
def test_a_post_altered_behind_the_triggers_is_found_by_the_command(duty, statement):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, [duty.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=out)
    assert "post" in out.getvalue()


def test_the_administrator_gives_changes_and_takes_posts_under_his_own_name(client, people, duty):
    client.force_login(people["admin"])
    since = {"since_0": "2026-01-01", "since_1": "00:00:00", "until_0": "", "until_1": ""}
    form = {"user": duty.pk, "unit": duty.posts.first().unit_id, "role": "handler", "title": "兼处置员", "title_en": ""}
    form |= since
    assert client.post("/admin/responsibility/post/add/", form).status_code == 302
    post = Post.objects.get(user=duty, title="兼处置员")
    form["title"] = "兼职处置员"
    assert client.post(f"/admin/responsibility/post/{post.pk}/change/", form).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": post.pk, "post": "yes"}
    assert client.post("/admin/responsibility/post/", chosen).status_code == 302
    story = ledger.story(posts.chain_of(duty.pk)).filter(subject_id=str(post.pk))
    assert [entry.verb for entry in story] == ["post.given", "post.changed", "post.removed"]
    assert {entry.actor for entry in story} == {people["admin"]}
    assert list(posts.mismatches()) == []


def test_the_auditor_reads_of_posts_in_words(client, people, duty):
    given(duty)
    client.force_login(people["auditor"])
    page = client.get("/ledger/?verb=post.given").content.decode()
    assert "任命" in page
    assert str(duty) in page
