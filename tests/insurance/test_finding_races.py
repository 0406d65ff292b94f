"""Sweepers and people at one finding at once, in real threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from alerts.models import Alert, RiskObject
from cases.models import Case
from insurance.findings import raising, selfcontrol, telling, working
from insurance.findings.models import Finding, Recheck, SelfCheck
from responsibility import ledger
from responsibility.refusals import Refused
from tests.cases.conftest import picture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
MANHOLE = "MH-SIJING-0088"


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def found(order, people):
    def make(count: int = 1) -> list[Finding]:
        given = order(risk_object=RiskObject.objects.get(code=MANHOLE))
        lines = [{"severity": "major", "text": "井盖缺失"}] * count
        return telling.tell(lines, telling.Wanted(order=given), by=people["firm"])

    return make


def at_once(*calls) -> list:
    """What each call answers, or the code with which it was refused; all begin together."""
    start = Barrier(len(calls))

    def run(call):
        try:
            start.wait()
            return call()
        except Refused as refused:
            return refused.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_many_sweepers_make_one_alert_of_each_finding(found):
    numbers = {finding.number for finding in found(12)}
    swept = at_once(*[raising.sweep] * 5)
    assert sum(one.findings for one in swept) == 12
    alerts = Alert.objects.filter(source__code="insurance")
    assert sorted(alerts.values_list("external_id", flat=True)) == sorted(numbers)
    assert set(Finding.objects.values_list("case_number", flat=True)) == {Case.objects.get().number}
    for finding in Finding.objects.all():
        assert [entry.verb for entry in ledger.story(finding.chain)].count("finding.raise") == 1


def test_a_sweeper_that_dies_after_the_alert_leaves_it_to_the_next(found, monkeypatch):
    found(3)
    told = ledger.record

    def die(acts, **more):
        acts = list(acts)
        if acts and acts[0].verb == "finding.raise":
            raise KeyboardInterrupt
        return told(acts, **more)

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "record", die)
        with pytest.raises(KeyboardInterrupt):
            raising.sweep()
    assert Alert.objects.count() == 0
    assert raising.sweep().findings == 3
    assert Alert.objects.count() == 3
    assert Case.objects.get().alert_count == 3


def test_two_who_look_again_at_once_are_one(found, people):
    (finding,) = found()
    working.rectify(finding.pk, "已修", uploads=[picture(1)], by=people["enterprise"])
    answers = at_once(
        lambda: working.recheck(finding.pk, False, "不牢固", by=people["sijing-head"]),
        lambda: working.recheck(finding.pk, False, "不牢固", by=people["shuiwu-head"]),
    )
    assert answers.count("wrong_state") == 1
    assert Recheck.objects.count() == 1


def test_the_check_of_a_period_is_taken_once(people):
    register = selfcontrol.keep(MANHOLE, "daily", "", by=people["enterprise"])
    results = [selfcontrol.Result(False, "坏")] * 3
    answers = at_once(*[lambda: selfcontrol.check(register.pk, results, by=people["enterprise"])] * 3)
    assert answers.count("checked_already") == 2
    assert (SelfCheck.objects.count(), Finding.objects.count()) == (1, 3)


def test_a_register_is_opened_once(people):
    opened = at_once(*[lambda: selfcontrol.keep(MANHOLE, "daily", "", by=people["enterprise"])] * 3)
    assert all(one == "kept_meanwhile" or one.pk for one in opened)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM findings_register")
        assert cursor.fetchone() == (1,)
