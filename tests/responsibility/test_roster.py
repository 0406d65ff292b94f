"""The duty roster: what cannot be planned, who stands when, how the duty goes from one to the next."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from responsibility import access, acting, clock, directory, ledger, posts, roster, rostering
from responsibility.models import HandOver, Post, Shift
from responsibility.refusals import Forbidden, Invalid, Refused
from responsibility.rostering import Row

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SIJING, SHUIWU = "310117102", "SJ-SW"


@pytest.fixture
def now():
    """One instant for the whole test."""
    at = clock.now().replace(second=0, microsecond=0)
    with clock.as_if(at):
        yield at


@pytest.fixture
def plan(people, now):
    """Plan shifts as the street's head: ``plan(("sijing-duty", 0, 8, "sijing-handler"))``, hours from now."""

    def run(*shifts, unit=SIJING, by="sijing-head", instead_of=()):
        rows = [
            Row(unit, person, now + since * HOUR, now + until * HOUR, deputy="".join(deputy))
            for person, since, until, *deputy in shifts
        ]
        return rostering.plan(rows, by=people[by], instead_of=instead_of)

    return run


@pytest.fixture
def sijing(district):
    return district.units_by_code[SIJING]


def names(unit, at) -> list[str]:
    return [shift.user.username for shift in roster.on_duty([unit.pk], at).get(unit.pk, [])]


# --- planning ------------------------------------------------------------------


def test_a_shift_says_who_is_on_duty_from_its_first_instant_until_before_its_last(plan, sijing, now):
    plan(("sijing-duty", 1, 9), ("sijing-handler", 9, 17))
    assert names(sijing, now) == []
    assert names(sijing, now + HOUR) == ["sijing-duty"]
    assert names(sijing, now + 9 * HOUR) == ["sijing-handler"]
    assert names(sijing, now + 17 * HOUR) == []


def test_the_duty_of_all_units_is_asked_in_one_statement_and_so_are_the_holes(plan, district, now, statements):
    plan(("sijing-duty", 0, 8))
    plan(("shuiwu-duty", 0, 8), unit=SHUIWU, by="shuiwu-head")
    units = list(district.units)
    assert len(roster.on_duty(units, now)) == 2
    assert statements(lambda: roster.on_duty(units, now)) == 1
    assert statements(lambda: roster.holes(units, now, now + 24 * HOUR)) == 1


def test_planning_many_shifts_takes_as_many_statements_as_planning_one(plan, statements):
    one = statements(lambda: plan(("sijing-duty", 1, 2)))
    many = statements(lambda: plan(*(("sijing-duty", 2 * n, 2 * n + 1) for n in range(10, 110))))
    assert many == one


def test_nobody_is_put_on_duty_afterwards(plan, now):
    (shift,) = plan(("sijing-duty", -5, 3))
    assert shift.during == DateTimeTZRange(now, now + 3 * HOUR)
    with pytest.raises(Invalid):
        plan(("sijing-handler", -5, -1))


@pytest.mark.parametrize(
    ("row", "attr"),
    [
        (Row("NOWHERE", "sijing-duty", None, None), "rows.1.unit"),
        (("sijing-duty", 5, 5), "rows.1.until"),
        (("sijing-duty", 5, 4), "rows.1.until"),
        (("sijing-duty", 1, 24 * 40), "rows.1.until"),
        (("shuiwu-duty", 1, 2), "rows.1.person"),
        (("nobody\x00", 1, 2), "rows.1.person"),
        (("sijing-duty", 1, 2, "sijing-duty"), "rows.1.deputy"),
        (("sijing-duty", 1, 2, "shuiwu-duty"), "rows.1.deputy"),
        (Row(SIJING, "sijing-duty", None, None), "rows.1.since"),
    ],
)
def test_a_row_that_cannot_be_is_refused_at_its_field_and_nothing_is_planned(people, plan, now, row, attr):
    if isinstance(row, tuple):
        person, since, until, *deputy = row
        row = Row(SIJING, person, now + since * HOUR, now + until * HOUR, deputy="".join(deputy))
    good = Row(SIJING, "sijing-handler", now + 50 * HOUR, now + 51 * HOUR)
    with pytest.raises(Invalid) as refused:
        rostering.plan([good, row], by=people["sijing-head"])
    assert refused.value.attr == attr
    assert not Shift.objects.exists()


def test_nobody_is_planned_beyond_the_end_of_the_post(plan, people, now):
    with posts.accounted([people["sijing-duty"].pk], by=acting.SYSTEM):
        Post.objects.filter(user=people["sijing-duty"]).update(until=now + 4 * HOUR)
    plan(("sijing-duty", 0, 4))
    with pytest.raises(Invalid):
        plan(("sijing-duty", 4, 8))


def test_one_person_twice_at_once_is_refused_in_words(plan):
    plan(("sijing-duty", 0, 8))
    with pytest.raises(Refused, match="twice") as refused:
        plan(("sijing-duty", 7, 12))
    assert "喻秋雯" in str(refused.value.detail)
    with pytest.raises(Refused, match="twice"):
        plan(("sijing-handler", 1, 5), ("sijing-handler", 4, 6))
    plan(("sijing-duty", 8, 12))


def test_the_database_refuses_nonsense_whoever_writes_it(plan, people, sijing):
    (shift,) = plan(("sijing-duty", 1, 8))
    other = Post.objects.get(user=people["sijing-handler"])
    stranger = Post.objects.get(user=people["shuiwu-duty"])
    lower, upper = shift.during.lower, shift.during.upper
    for change in (
        {"during": DateTimeTZRange(lower, lower)},
        {"during": DateTimeTZRange(lower, None)},
        {"during": DateTimeTZRange(empty=True)},
        {"deputy": shift.post},
        {"deputy": stranger},
        {"user": other.user},
        {"unit": stranger.unit},
        {"role": "head"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Shift.objects.filter(pk=shift.pk).update(**change)
    shift.pk, shift.during = None, DateTimeTZRange(lower + HOUR, upper + HOUR)
    with pytest.raises(IntegrityError, match="shift_once_at_a_time"), transaction.atomic():
        shift.save(force_insert=True)


def test_a_shift_that_changes_without_its_entry_is_refused_at_commit(plan):
    (shift,) = plan(("sijing-duty", 1, 8))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        # As if the plan had been committed: its entry is another transaction's.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE responsibility_ledgerentry SET xact = xact - 1 WHERE chain = %s", [shift.chain])
        cursor.execute("SET session_replication_role = origin")
    shorter = DateTimeTZRange(shift.during.lower, shift.during.lower + HOUR)
    with pytest.raises(IntegrityError, match="ledger entry"), transaction.atomic():  # noqa: PT012
        Shift.objects.filter(pk=shift.pk).update(during=shorter)
        connection.check_constraints()


def test_a_coming_shift_is_replaced_and_one_that_has_begun_is_not(plan, sijing, now):
    running, coming = plan(("sijing-duty", 0, 8), ("sijing-handler", 8, 16))
    plan(("sijing-duty", 8, 16), instead_of=[coming.pk])
    assert names(sijing, now + 9 * HOUR) == ["sijing-duty"]
    with pytest.raises(Refused, match="begun"):
        plan(instead_of=[running.pk])
    with pytest.raises(Refused, match="moved_on"):
        plan(("sijing-handler", 20, 21), instead_of=[coming.pk, running.pk])


def test_heads_managers_and_the_emergency_office_keep_their_own_roster_and_the_administrator_all(plan, people):
    plan(("shuiwu-duty", 0, 1), unit=SHUIWU, by="shuiwu-head")
    plan(("yingji-office", 0, 1), unit="SJ-COMMITTEE", by="yingji-office")
    plan(("sijing-duty", 0, 1), by="admin")
    for name in ("sijing-duty", "sijing-handler", "jiuting-duty", "shuiwu-head", "chengyun-lead", "auditor", "insurer"):
        with pytest.raises(Forbidden):
            plan(("sijing-handler", 0, 1), by=name)
    with pytest.raises(Invalid):
        plan(by="sijing-duty")


def test_every_change_of_the_roster_stands_in_the_ledger(plan, sijing):
    (shift,) = plan(("sijing-duty", 1, 9, "sijing-handler"))
    plan(instead_of=[shift.pk])
    first, second = ledger.story(rostering.chain_of(sijing))
    assert [first.verb, second.verb] == ["roster.plan", "roster.plan"]
    assert first.after["shifts"] == second.before["shifts"]
    assert first.after["shifts"][0].startswith("sijing-duty|duty_officer|sijing-handler|")
    assert (first.actor_label, first.post_label) == ("卫子涵", "分管安全副镇长")
    assert list(ledger.verify([first, second])) == []


# --- holes -----------------------------------------------------------------------


def test_a_hole_is_told_before_it_comes_and_a_unit_without_a_roster_has_none(plan, district, sijing, now):
    plan(("sijing-duty", 0, 8), ("sijing-handler", 8, 12), ("sijing-duty", 14, 30))
    found = roster.holes(district.units, now, now + 24 * HOUR)
    assert found == [roster.Hole(sijing.pk, now + 12 * HOUR, now + 14 * HOUR)]
    watch = roster.watches(district.units, now)
    assert list(watch) == [sijing.pk]
    assert watch[sijing.pk].hole == found[0]


def test_a_roster_that_has_run_out_is_one_long_hole(plan, sijing, now):
    plan(("sijing-duty", 0, 2))
    later = now + 100 * HOUR
    assert roster.first_holes([sijing.pk], later) == [roster.Hole(sijing.pk, later, later + roster.AHEAD)]


def test_whoever_has_left_leaves_a_hole(plan, people, sijing, now):
    plan(("sijing-duty", 0, 8))
    with posts.accounted([people["sijing-duty"].pk], by=acting.SYSTEM):
        Post.objects.filter(user=people["sijing-duty"]).update(until=now + 3 * HOUR)
    assert names(sijing, now + 2 * HOUR) == ["sijing-duty"]
    assert names(sijing, now + 4 * HOUR) == []
    assert roster.first_holes([sijing.pk], now)[0].since == now + 3 * HOUR
    people["sijing-duty"].is_active = False
    people["sijing-duty"].save()
    assert names(sijing, now) == []
    assert roster.first_holes([sijing.pk], now)[0].since == now


# --- handing over ------------------------------------------------------------------


def post_of(people, name) -> Post:
    return Post.objects.get(user=people[name])


def test_the_duty_stays_until_it_is_taken_and_then_goes_without_a_hole(plan, people, sijing, now):
    (shift,) = plan(("sijing-duty", 0, 8))
    taker = post_of(people, "sijing-handler")
    with clock.as_if(now + 2 * HOUR):
        handed = rostering.hand_over(shift.pk, by=people["sijing-duty"], to=taker.pk, note="88 号井仍在通风")
        assert names(sijing, clock.now()) == ["sijing-duty"]
    with clock.as_if(now + 3 * HOUR):
        with pytest.raises(Forbidden):
            rostering.take_over(handed.pk, by=people["sijing-head"])
        rostering.take_over(handed.pk, by=people["sijing-handler"])
        with pytest.raises(Refused, match="already_taken"):
            rostering.take_over(handed.pk, by=people["sijing-handler"])
    assert names(sijing, now + 2.9 * HOUR) == ["sijing-duty"]
    assert names(sijing, now + 3 * HOUR) == ["sijing-handler"]
    assert [hole.since for hole in roster.first_holes([sijing.pk], now)] == [now + 8 * HOUR]
    given, taken = list(ledger.story(rostering.chain_of(sijing)))[1:]
    assert (given.verb, given.note, given.after["to"]) == ("roster.hand_over", "88 号井仍在通风", "sijing-handler")
    assert (taken.verb, taken.actor_label, taken.after["from"]) == ("roster.take_over", "许俊峰", "sijing-duty")


def test_who_comes_early_begins_his_own_shift_early(plan, people, sijing, now):
    running, _coming = plan(("sijing-duty", 0, 8), ("sijing-handler", 8, 16))
    with clock.as_if(now + 7 * HOUR):
        handed = rostering.hand_over(running.pk, by=people["sijing-duty"], to=post_of(people, "sijing-handler").pk)
        rostering.take_over(handed.pk, by=people["sijing-handler"])
    assert list(Shift.objects.values_list("user__username", "during")) == [
        ("sijing-duty", DateTimeTZRange(now, now + 7 * HOUR)),
        ("sijing-handler", DateTimeTZRange(now + 7 * HOUR, now + 16 * HOUR)),
    ]


def test_who_takes_over_after_the_change_of_shifts_changes_no_hours(plan, people, now):
    running, coming = plan(("sijing-duty", 0, 8), ("sijing-handler", 8, 16))
    with clock.as_if(now + 7.9 * HOUR):
        handed = rostering.hand_over(running.pk, by=people["sijing-duty"], to=post_of(people, "sijing-handler").pk)
    with clock.as_if(now + 8.2 * HOUR):
        assert rostering.take_over(handed.pk, by=people["sijing-handler"]).taken_at == now + 8.2 * HOUR
    assert list(Shift.objects.values_list("during", flat=True)) == [running.during, coming.during]


def test_handing_over_again_changes_to_whom(plan, people, now):
    (shift,) = plan(("sijing-duty", 0, 8, "sijing-handler"))
    with clock.as_if(now + HOUR):
        rostering.hand_over(shift.pk, by=people["sijing-duty"], to=post_of(people, "sijing-handler").pk)
        rostering.hand_over(
            shift.pk, by=people["sijing-handler"], to=post_of(people, "sijing-head").pk, note="改由副镇长"
        )
    handed = HandOver.objects.get()
    assert (handed.to.user.username, handed.handed_by.username) == ("sijing-head", "sijing-handler")


def test_the_duty_is_handed_over_by_its_own_people_to_its_own_people_while_it_runs(plan, people, now):
    (shift,) = plan(("sijing-duty", 1, 8))
    own, stranger = post_of(people, "sijing-handler").pk, post_of(people, "shuiwu-duty").pk
    with pytest.raises(Refused, match="not_running"):
        rostering.hand_over(shift.pk, by=people["sijing-duty"], to=own)
    with clock.as_if(now + 2 * HOUR):
        for to in (stranger, 0, 10**17, shift.post_id):
            with pytest.raises(Invalid):
                rostering.hand_over(shift.pk, by=people["sijing-duty"], to=to)
        for name in ("sijing-handler", "shuiwu-head", "auditor"):
            with pytest.raises(Forbidden):
                rostering.hand_over(shift.pk, by=people[name], to=own)
        for note in ("\x00", "x" * 2001):
            with pytest.raises(Invalid):
                rostering.hand_over(shift.pk, by=people["sijing-duty"], to=own, note=note)
        rostering.hand_over(shift.pk, by=people["sijing-head"], to=own, note="值守员突发疾病")
    with clock.as_if(now + 9 * HOUR), pytest.raises(Refused, match="not_running"):
        rostering.hand_over(shift.pk, by=people["sijing-duty"], to=own)


def test_a_roster_is_read_by_its_unit_and_the_districts_desks(plan, people):
    plan(("sijing-duty", 0, 8))
    units = directory.current().units
    seen = {n for n, user in people.items() if Shift.objects.visible_to(acting.of(user), units).exists()}
    assert seen == {
        "sijing-duty", "sijing-head", "sijing-handler", "chengyun-lead", "chengyun-check", "yingji-office",
        "anwei-office", "auditor", "admin",
    }  # fmt: skip
    assert access.units(acting.of(people["sijing-duty"]), "roster.plan", units) == set()
