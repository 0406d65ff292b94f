"""What is done to a firm: at once, after hearing it, and on appeal."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import localdate

from insurance.firms import defence, dues, fitness, measures, register, signals
from insurance.firms.models import Firm, Measure, Standing
from responsibility import acting, clock, ledger, posts
from responsibility.models import LedgerEntry, Role, Unit
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.access.things_firms import LICENCE, listed
from tests.cases.conftest import hold

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def bring(
    people, kind: str, reason: str, firm: Firm | None = None, by: str = "anwei-office", days: str = ""
) -> Measure:
    return measures.bring((firm or Firm.objects.get()).pk, kind, reason, "三份记录系伪造", days, by=people[by])


def later(**more):
    return clock.as_if(clock.now() + timedelta(**more))


def orderable(day=None) -> bool:
    try:
        fitness.check_order(Unit.objects.get(code="X-TPF"), "inspection", None, day or localdate(clock.now()))
    except Refused:
        return False
    return True


@pytest.fixture
def heard():
    """What listeners are told."""
    found = []

    def listen(sender, **told):
        found.append((told["firm"].unit.code, told["measure"].kind, told["by"].user.username, told["post"].role))

    signals.firm_stopped.connect(listen)
    yield found
    signals.firm_stopped.disconnect(listen)


@pytest.fixture
def second(people):
    """Another officer of the committee's office."""
    post = hold(people["chengyun-check"], people["anwei-office"].posts.get().unit, Role.COMMITTEE_OFFICE)
    yield post.user
    with posts.accounted([post.user_id], by=acting.SYSTEM):
        post.delete()


# --- at once -----------------------------------------------------------------------------------
def test_a_false_record_stops_the_firm_at_once_and_whoever_keeps_orders_is_told(people, heard):
    firm = listed(people)
    assert orderable()
    stop = bring(people, "stop", "false_record")
    firm.refresh_from_db()
    assert firm.standing == Standing.SUSPENDED
    assert stop.decided_at == stop.noticed_at
    assert stop.holds
    assert heard == [("X-TPF", "stop", "anwei-office", "committee_office")]
    with pytest.raises(Refused, match="firm_suspended"):
        fitness.check_order(firm.unit, "inspection", None, localdate(clock.now()))
    told = ledger.story(firm.chain).last()
    assert (told.verb, told.note, told.before["standing"], told.after["standing"]) == (
        "firm.stop", "三份记录系伪造", "listed", "suspended",
    )  # fmt: skip
    assert stop.may_answer(clock.now())


def test_the_stop_and_what_its_listeners_do_stand_or_fall_together(people):
    firm = listed(people)
    before = LedgerEntry.objects.count()

    def written_and_failing(sender, **told):
        told["firm"].inspectors.create(name="先写", certificate="证", number="Z", until="2030-01-01")
        raise RuntimeError

    signals.firm_stopped.connect(written_and_failing)
    try:
        with pytest.raises(RuntimeError):
            bring(people, "stop", "false_record")
    finally:
        signals.firm_stopped.disconnect(written_and_failing)
    firm.refresh_from_db()
    assert firm.standing == Standing.LISTED
    assert not firm.measures.filter(kind="stop").exists()
    assert not firm.inspectors.exists()
    assert LedgerEntry.objects.count() == before


def test_only_a_false_record_or_a_lent_licence_stops_at_once(people):
    listed(people)
    for reason in ("poor", "conflict", "qualified", "none", "", None):
        with pytest.raises(Invalid):
            measures.bring(Firm.objects.get().pk, "stop", reason, "试", by=people["anwei-office"])
    with pytest.raises(Invalid):
        measures.bring(Firm.objects.get().pk, "punish", "poor", "试", by=people["anwei-office"])
    with pytest.raises(Invalid):
        measures.bring(Firm.objects.get().pk, "stop", "lent", " ", by=people["anwei-office"])


@pytest.mark.parametrize("who", ["yingji-office", "insurer", "broker", "firm", "firm-b", "enterprise", "auditor"])
def test_nobody_but_the_committees_office_measures_a_firm(people, who):
    listed(people)
    with pytest.raises(Forbidden):
        bring(people, "stop", "lent", by=who)


# --- after hearing it --------------------------------------------------------------------------
def test_a_suspension_waits_for_the_answer_or_the_end_of_its_time(people, heard):
    firm = listed(people)
    notice = bring(people, "suspend", "poor", days="30")
    assert notice.answer_until == dues.workdays(notice.noticed_at, 5)
    assert orderable()
    assert heard == []
    with pytest.raises(Refused, match="answer_due"):
        measures.decide(notice.pk, True, "迟到属实", by=people["anwei-office"])
    with clock.as_if(notice.answer_until):
        taken = measures.decide(notice.pk, True, "迟到属实", by=people["anwei-office"])
        assert not orderable()
    assert [kind for _code, kind, *_who in heard] == ["suspend"]
    firm.refresh_from_db()
    assert firm.suspended_until == taken.until == dues.natural(notice.answer_until, 30)
    with clock.as_if(taken.until - timedelta(seconds=1)):
        assert not orderable()
    with clock.as_if(taken.until):
        assert orderable()
        assert Firm.objects.get().stands(clock.now()) == Standing.LISTED


def test_a_firm_answers_once_and_in_time(people):
    listed(people)
    notice = bring(people, "remove", "poor")
    with pytest.raises(Forbidden):
        defence.answer(notice.pk, "替他说", False, by=people["firm-b"])
    with clock.as_if(notice.answer_until), pytest.raises(Refused, match="too_late"):
        defence.answer(notice.pk, "晚了", False, by=people["firm"])
    defence.answer(notice.pk, "路上塌方", False, by=people["firm"])
    with pytest.raises(Refused, match="too_late"):
        defence.answer(notice.pk, "还有", False, by=people["firm"])
    measures.decide(notice.pk, False, "理由成立", by=people["anwei-office"])
    assert orderable()
    with pytest.raises(Refused, match="decided"):
        measures.decide(notice.pk, True, "又要", by=people["anwei-office"])


def test_a_hearing_that_was_asked_for_is_held_before_the_decision_and_led_by_another(people, second):
    listed(people)
    notice = bring(people, "remove", "conflict")
    defence.answer(notice.pk, "要求听证", True, by=people["firm"])
    office = people["anwei-office"]
    with pytest.raises(Refused, match="hearing_due"):
        measures.decide(notice.pk, True, "淘汰", by=office)
    with pytest.raises(Invalid):
        measures.call_hearing(notice.pk, (clock.now() + 3 * DAY).isoformat(), by=office)
    on = dues.workdays(clock.now(), 7) + timedelta(hours=9)
    measures.call_hearing(notice.pk, on.isoformat(), by=office)
    with pytest.raises(Refused, match="too_early"):
        measures.hear(notice.pk, "双方到场", by=second)
    with clock.as_if(on):
        with pytest.raises(Forbidden):
            measures.hear(notice.pk, "双方到场", by=office)
        measures.hear(notice.pk, "双方到场", by=second)
        measures.decide(notice.pk, True, "淘汰", by=office)
        with pytest.raises(Refused, match="firm_removed"):
            fitness.check_order(Unit.objects.get(code="X-TPF"), "inspection", None, localdate(clock.now()))


def test_the_database_takes_no_measure_before_the_firm_was_heard(people):
    listed(people)
    notice = bring(people, "remove", "poor")
    with pytest.raises(IntegrityError, match="measure_heard_first"):
        Measure.objects.filter(pk=notice.pk).update(
            decided_at=clock.now(), decided_by=people["anwei-office"], decided_unit=Unit.objects.first(), taken=True
        )


def test_one_notice_at_a_time_but_a_stop_waits_for_none(people):
    listed(people)
    bring(people, "suspend", "poor")
    with pytest.raises(Refused, match="measure_open"):
        bring(people, "remove", "poor")
    bring(people, "stop", "false_record")
    with pytest.raises(Refused, match="wrong_standing"):
        bring(people, "stop", "false_record")
    assert not orderable()


@pytest.mark.parametrize("days", ["0", "366", "-1", "NaN", "１x", "9" * 400, "1.5", "\x00"])
def test_a_suspension_lasts_so_many_days_as_there_are(people, days):
    listed(people)
    with pytest.raises(Invalid):
        bring(people, "suspend", "poor", days=days)


def test_a_restored_firm_is_given_orders_again_if_its_licence_still_holds(people):
    firm = listed(people)
    bring(people, "stop", "lent")
    register.withdraw(firm.licences.get().pk, "吊销", by=people["anwei-office"])
    with pytest.raises(Refused, match="no_licence"):
        bring(people, "restore", "put_right")
    register.license_firm(firm.pk, LICENCE | {"number": "L-2"}, ["inspection"], [], by=people["anwei-office"])
    bring(people, "restore", "put_right")
    assert orderable()


def test_a_firm_that_wants_to_go_is_taken_off_the_list_at_once_and_keeps_its_orders(people, heard):
    listed(people)
    bring(people, "unlist", "own")
    assert not orderable()
    assert heard == []
    assert bring(people, "list", "qualified").holds


# --- on appeal ---------------------------------------------------------------------------------
def test_an_appeal_is_ruled_upon_by_another_office_and_sets_the_stop_aside(people):
    firm = listed(people)
    stop = bring(people, "stop", "false_record")
    with pytest.raises(Forbidden):
        defence.appeal(stop.pk, "替他", by=people["firm-b"])
    defence.appeal(stop.pk, "记录属实，有照片", by=people["firm"])
    with pytest.raises(Refused, match="no_appeal"):
        defence.appeal(stop.pk, "再一次", by=people["firm"])
    assert not orderable()
    for who in ("anwei-office", "firm", "auditor"):
        with pytest.raises(Forbidden):
            defence.rule(stop.pk, True, "维持", by=people[who])
    defence.rule(stop.pk, False, "照片为证", by=people["yingji-office"])
    assert orderable()
    assert ledger.story(firm.chain).last().after == {"upheld": False, "standing": "listed"}
    with pytest.raises(Refused, match="no_appeal"):
        defence.rule(stop.pk, True, "又", by=people["yingji-office"])


def test_who_decided_does_not_rule_even_from_the_other_office(people):
    listed(people)
    stop = bring(people, "stop", "false_record")
    defence.appeal(stop.pk, "不服", by=people["firm"])
    hold(people["anwei-office"], people["yingji-office"].posts.get().unit, Role.EMERGENCY_OFFICE)
    with pytest.raises(Forbidden, match="same_person"):
        defence.rule(stop.pk, True, "维持", by=people["anwei-office"])
    with pytest.raises(IntegrityError, match="measure_ruled_by_another"):
        Measure.objects.filter(pk=stop.pk).update(
            ruled_at=clock.now(), ruled_by=people["anwei-office"], upheld=True, ruling="维持"
        )


def test_an_appeal_comes_within_sixty_days_and_a_holiday_rolls_on(people):
    listed(people)
    stop = bring(people, "stop", "false_record")
    end = dues.appeal_until(stop.decided_at)
    assert timedelta(days=60) < end - stop.decided_at <= timedelta(days=71)
    assert localdate(end - DAY).weekday() < 5
    with clock.as_if(end), pytest.raises(Refused, match="no_appeal"):
        defence.appeal(stop.pk, "晚了", by=people["firm"])
    with clock.as_if(end - timedelta(seconds=1)):
        defence.appeal(stop.pk, "还来得及", by=people["firm"])


def test_a_measure_set_aside_leaves_the_firm_as_the_one_before_it_made_it(people):
    listed(people)
    bring(people, "stop", "false_record")
    removal = bring(people, "remove", "false_record")
    with clock.as_if(removal.answer_until):
        measures.decide(removal.pk, True, "淘汰", by=people["anwei-office"])
        defence.appeal(removal.pk, "过重", by=people["firm"])
        defence.rule(removal.pk, False, "过重", by=people["yingji-office"])
    assert Firm.objects.get().standing == Standing.SUSPENDED


# --- pages ---------------------------------------------------------------------------------------
def test_the_firms_user_reads_why_since_when_and_what_he_may_do_until_when(client, people):
    firm = listed(people)
    stop = bring(people, "stop", "false_record")
    client.force_login(people["firm"])
    page = client.get(f"/insurance/firms/{firm.pk}/").content.decode()
    assert "服务记录或报告虚假" in page
    assert "三份记录系伪造" in page
    ends = (dues.appeal_until(stop.decided_at) - timedelta(minutes=1)).astimezone().strftime
    assert f"{ends('%Y')}" in page
    assert "向区城运应急办申诉" in page
    body = {"text": "记录属实", "hearing": "yes"}
    assert client.post(f"/insurance/firms/measures/{stop.pk}/answer/", body).status_code == 303
    again = client.post(f"/insurance/firms/measures/{stop.pk}/answer/", body)
    assert again.status_code == 409
    assert client.post(f"/insurance/firms/measures/{stop.pk}/appeal/", {"text": "不服"}).status_code == 303
    client.force_login(people["yingji-office"])
    missing = client.post(f"/insurance/firms/measures/{stop.pk}/rule/", {"text": "知"})
    assert missing.status_code == 400
    done = client.post(f"/insurance/firms/measures/{stop.pk}/rule/", {"upheld": "no", "text": "属实"})
    assert done.status_code == 303
    assert Firm.objects.get().standing == Standing.LISTED


@pytest.mark.parametrize("who", ["insurer", "broker", "firm-b", "enterprise"])
def test_what_is_said_for_and_against_a_firm_is_not_told_to_others(client, people, who):
    firm = listed(people)
    stop = bring(people, "stop", "false_record")
    defence.answer(stop.pk, "商业秘密在此", True, by=people["firm"])
    client.force_login(people[who])
    for address in ("/insurance/firms/?show=stopped", f"/insurance/firms/{firm.pk}/"):
        page = client.get(address).content.decode()
        assert "商业秘密在此" not in page
        assert "三份记录系伪造" not in page
    assert client.post(f"/insurance/firms/measures/{stop.pk}/answer/", {"text": "x"}).status_code == 404


# --- two at once -----------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_two_officers_who_stop_a_firm_at_once_stop_it_once(people, second):
    firm = listed(people)
    outcomes = together(*(
        lambda who=who: measures.bring(firm.pk, "stop", "false_record", "伪造", by=who)
        for who in (people["anwei-office"], second)
    ))  # fmt: skip
    assert sorted(outcomes) == ["done", "wrong_standing"]
    assert firm.measures.filter(kind="stop").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_order_given_while_a_firm_is_stopped_is_seen_by_the_stop_or_refused(people):
    firm, asked, seen = listed(people), threading.Event(), []

    def order():
        with transaction.atomic():
            fitness.check_order(firm.unit, "inspection", None, localdate(clock.now()))
            asked.set()
            threading.Event().wait(0.5)
            connection.cursor().execute("CREATE TABLE IF NOT EXISTS ordered_meanwhile ()")

    def listen(sender, **told):
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('ordered_meanwhile') IS NOT NULL")
            seen.append(cursor.fetchone()[0])

    def stop():
        asked.wait(5)
        measures.bring(firm.pk, "stop", "false_record", "伪造", by=people["anwei-office"])

    signals.firm_stopped.connect(listen)
    try:
        assert together(order, stop) == ["done", "done"]
    finally:
        signals.firm_stopped.disconnect(listen)
        connection.cursor().execute("DROP TABLE IF EXISTS ordered_meanwhile")
    assert seen == [True]


def together(*calls) -> list[str]:
    """Run the calls in threads of their own; what became of each."""
    outcomes = [""] * len(calls)

    def run(place, call):
        try:
            call()
            outcomes[place] = "done"
        except Refused as refused:
            outcomes[place] = refused.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
