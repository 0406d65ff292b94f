"""Two at the roster at once: one of them wins, and the duty never falls between them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from responsibility import clock, roster, rostering
from responsibility.models import Shift
from responsibility.refusals import Refused
from responsibility.rostering import Row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

HOUR = timedelta(hours=1)


def at_once(*acts) -> list[str]:
    """What each act came to: ``done`` or the code of its refusal."""

    def run(act) -> str:
        try:
            act()
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def test_two_who_plan_the_same_person_for_the_same_hours_plan_one_shift(people):
    now = clock.now()
    row = Row("310117102", "sijing-duty", now + HOUR, now + 9 * HOUR)
    plans = [lambda by=by: rostering.plan([row], by=people[by]) for by in ("sijing-head", "admin", "sijing-head")]
    assert at_once(*plans) == ["done", "twice", "twice"]
    assert Shift.objects.count() == 1


def test_the_duty_is_taken_once_however_often_it_is_pressed(people, district):
    now = clock.now()
    with clock.as_if(now - HOUR):
        row = Row("310117102", "sijing-duty", now - HOUR, now + 8 * HOUR)
        (shift,) = rostering.plan([row], by=people["sijing-head"])
    to = people["sijing-handler"].posts.get().pk
    handed = rostering.hand_over(shift.pk, by=people["sijing-duty"], to=to)
    press = lambda: rostering.take_over(handed.pk, by=people["sijing-handler"])  # noqa: E731
    assert at_once(press, press, press) == ["already_taken", "already_taken", "done"]
    (standing,) = roster.on_duty([shift.unit_id], clock.now())[shift.unit_id]
    assert standing.user == people["sijing-handler"]
