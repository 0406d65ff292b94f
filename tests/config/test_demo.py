"""The demo: people once, a day of work made by the real actions, alerts in the shares of the file, real photographs."""

import io
from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone
from PIL import Image

from alerts import grading
from alerts.formats import item
from alerts.intake import Draft
from alerts.models import Alert, Source
from cases import audit, pictures
from cases.models import Case, Deadline, Evidence, Loop, Request, State
from config.demo import history, photo
from config.demo import people as demo_people
from config.demo.mix import KEPT_FREE, Mix
from config.demo.timeline import Timeline
from responsibility import acting, directory, ledger, loading, tokens
from responsibility.models import LedgerEntry, Post, User

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def data():
    from django.conf import settings

    return loading.read(settings.DISTRICT_FILE)


@pytest.fixture(scope="module")
def day(data, django_db_setup, django_db_blocker, tmp_path_factory):
    """One day of history for the tests below, taken back afterwards; its tally."""
    from django.conf import settings

    folder, settings.EVIDENCE_ROOT = settings.EVIDENCE_ROOT, tmp_path_factory.mktemp("evidence")
    with django_db_blocker.unblock(), transaction.atomic():
        yield history.write(data, timezone.now())
        transaction.set_rollback(True)
    settings.EVIDENCE_ROOT = folder


def worklist(username: str) -> list[Case]:
    actor = acting.of(User.objects.get(username=username))
    return list(Case.objects.open().visible_to(actor, directory.current().units))


# --- people ------------------------------------------------------------------


def test_loading_the_people_again_changes_nothing(db, data):
    again = demo_people.load(data)
    assert all(tally.created == tally.changed == 0 for tally in again.values())
    assert User.objects.filter(username="sijing-duty").count() == 1


def test_a_changed_password_is_not_set_back(db, data):
    user = User.objects.get(username="sijing-duty")
    user.set_password("another-one-of-mine")
    user.save()
    demo_people.load(data)
    user.refresh_from_db()
    assert user.check_password("another-one-of-mine")


def test_demo_people_sign_in_and_hold_posts(db, rf):
    user = authenticate(rf.post("/"), username="shuiwu-duty", password="bihuan-demo")
    assert user is not None
    assert user.full_name
    assert [post.unit.code for post in Post.objects.held(timezone.now()).filter(user=user)] == ["SJ-SW"]


def test_the_administrator_works_no_cases(db):
    admin = User.objects.get(username="admin")
    assert admin.is_superuser
    assert admin.is_staff
    assert acting.of(admin).roles == {"admin"}
    assert not User.objects.exclude(username="admin").filter(is_superuser=True).exists()


def test_only_the_digest_of_the_key_is_kept(db, key):
    source = Source.objects.get(code="demo-sensors")
    assert source.key_digest == tokens.digest(key) != key
    assert source.demo
    assert "dispatch" in source.unit.functions


def test_people_of_units_that_are_not_there_are_refused(db, data):
    people = [{**data["demo"]["people"][0], "unit": "NOWHERE"}]
    with pytest.raises(loading.BadDistrictFile, match="NOWHERE"):
        demo_people.load({**data, "demo": {"people": people}})


# --- simulated time ----------------------------------------------------------


def test_acts_happen_in_order_of_time_and_none_after_the_end():
    seen = []
    timeline = Timeline(NOON, lambda at: nullcontext())
    hour = timedelta(hours=1)
    timeline.at(NOON + 2 * hour, lambda: seen.append("second"))
    timeline.at(NOON + hour, lambda: timeline.at(NOON, lambda: seen.append("late, so at once")))
    timeline.at(NOON + hour, lambda: seen.append("first"))
    timeline.at(NOON + 9 * hour, lambda: seen.append("never"))
    timeline.run(NOON + 3 * hour)
    assert seen == ["first", "late, so at once", "second"]
    assert timeline.now == NOON + 3 * hour


# --- alerts ------------------------------------------------------------------


def test_the_same_seed_gives_the_same_alerts(data):
    def plan(seed):
        return Mix(data, Random(seed), "t").plan(300, NOON, 6)

    assert plan(7) == plan(7) != plan(8)


def test_the_plan_holds_the_number_asked_for_within_the_hours(data):
    posts = Mix(data, Random(1), "t").plan(500, NOON, 6)
    items = [entry for post in posts for entry in post.items]
    assert len(items) == len({entry["external_id"] for entry in items}) == 500
    assert all(NOON <= post.at <= NOON + timedelta(hours=6) for post in posts)
    assert max(len(post.items) for post in posts) > 1
    assert not {entry.get("object") for entry in items} & KEPT_FREE


def test_most_toxic_gas_alerts_are_hydrogen_sulphide(data):
    mix = Mix(data, Random(3), "t")
    drawn = Counter(mix.alert(NOON)["category"] for _ in range(4000))
    gases = {code: drawn[code] for code in ("LL-CONF-H2S", "LL-CONF-NH3", "LL-CONF-CH4", "LL-CONF-O2")}
    assert gases["LL-CONF-H2S"] / sum(gases.values()) == pytest.approx(0.88, abs=0.03)


def test_every_category_earns_the_colour_that_was_wanted(district, data):
    mix = Mix(data, Random(5), "t")
    for code, category in mix.categories.items():
        for grade in category["thresholds"]:
            draft = item.read(mix.alert(NOON, category=code, grade=grade), NOON, district)
            assert isinstance(draft, Draft), (code, draft)
            assert draft.grade == grade, code
            if draft.value is not None:
                assert grading.grade_of(district.categories[code], draft.value) == grade


# --- photographs -------------------------------------------------------------


def test_a_photograph_is_real_distinct_and_carries_time_and_place():
    first = photo.take("SJ-1", "LL-CONF-H2S", NOON, 31.1144, 121.2683)
    image = Image.open(io.BytesIO(first))
    assert image.format == "JPEG"
    assert pictures._taken_at(image, ZoneInfo("UTC")) == NOON
    assert pictures._place(image) == pytest.approx((31.1144, 121.2683), abs=1e-5)
    others = {photo.take("SJ-2", "LL-CONF-H2S", NOON, 31.1144, 121.2683), photo.take("SJ-1", "X", NOON, None, None, 2)}
    assert len(others | {first}) == 3


# --- a day of work -----------------------------------------------------------


def test_a_day_has_sixty_to_a_hundred_alerts_and_every_outcome(day):
    assert 60 <= Alert.objects.count() <= 100
    assert {"opened", "joined", "triage"} <= set(Alert.objects.values_list("outcome", flat=True))
    assert history.exists()


def test_nothing_touches_the_object_of_the_example(day):
    assert not Alert.objects.filter(object_code__in=KEPT_FREE).exists()


def test_there_are_cases_in_every_state_and_loop(day):
    assert set(Case.objects.values_list("state", flat=True)) == set(State.values)
    assert set(Case.objects.values_list("loop", flat=True)) == set(Loop.values)


def test_the_clocks_are_green_amber_and_red(day):
    now = timezone.now()
    assert {deadline.lamp(now) for deadline in Deadline.objects.running()} == {"green", "amber", "red"}


def test_every_desk_has_something_real(day):
    for username in ("sijing-duty", "jiuting-duty", "shuiwu-duty", "jianguan-head"):
        assert worklist(username), username
    assert Case.objects.filter(state=State.TRIAGE).count() >= 2
    assert Case.objects.filter(state=State.VERIFYING).exists()
    large = Case.objects.filter(loop=Loop.LARGE)
    assert {"red", "yellow"} <= set(large.values_list("grade", flat=True))
    assert Case.objects.filter(loop=Loop.MEDIUM, grade="orange").exists()
    assert Case.objects.open().filter(lead=None).exclude(state=State.TRIAGE).exists()


def test_requests_are_pending_approved_and_refused(day):
    assert {"pending", "approved", "refused"} == set(Request.objects.values_list("state", flat=True))
    assert Case.objects.get(state=State.SUSPENDED).requests.filter(kind="suspend", state="approved").exists()


def test_closed_cases_have_photographs_of_their_own(day):
    closed = Case.objects.filter(state=State.CLOSED)
    assert closed.count() > 20
    assert not closed.filter(evidence=None).exists()
    digests = list(Evidence.objects.values_list("sha256", flat=True))
    assert len(digests) == len(set(digests))


def test_the_past_is_told_by_people_in_order_and_the_ledger_holds(day):
    assert list(ledger.verify(LedgerEntry.objects.order_by("chain", "seq"))) == []
    assert list(audit.mismatches()) == []
    assert LedgerEntry.objects.filter(actor__isnull=False).count() > 200
    first = LedgerEntry.objects.order_by("at").first()
    assert timezone.now() - first.at > timedelta(hours=20)
    assert LedgerEntry.objects.filter(at__gt=timezone.now()).count() == 0
