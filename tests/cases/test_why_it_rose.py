"""A case rises by the policy it was opened under, and its page says why in one sentence of either language."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from cases import requests
from cases.sweeping import sweep
from responsibility import clock
from responsibility.models import Category
from responsibility.refusals import Refused
from responsibility.soundness import of_category
from tests.cases.conftest import CONTAINED, alert

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]


def later(**span):
    return clock.as_if(clock.now() + timedelta(**span))


@pytest.fixture
def category():
    return Category.objects.get(code="LL-CONF-H2S")


@pytest.fixture
def policy(category):
    """Change what widens the loop of the category."""

    def change(**rises) -> None:
        category.details = category.details | {"rises": rises}
        category.save()

    return change


@pytest.fixture
def sentence(people):
    """What the page of a case says to the auditor about its last rise."""

    def read(case, language: str = "zh-hans") -> str:
        client = Client(headers={"accept-language": language})
        client.force_login(people["auditor"])
        # The language of a request outlives it in this thread.
        with translation.override("zh-hans"):
            page = client.get(f"/cases/{case.number}/").content.decode()
        return page.rpartition('<p class="why"><small>')[2].partition("</small>")[0]

    return read


def ask(people, case, **more):
    return requests.ask(case.pk, by=people["sijing-head"], kind="escalate", reason="井下有人", **more)


# --- one sentence for every trigger -------------------------------------------------------
def test_a_missed_limit_says_whose_and_until_when(open_case, sentence):
    case = open_case()
    with later(hours=4.1):
        sweep()
    assert sentence(case).startswith("泗泾镇未能在 ")
    assert "（限 4 小时）使险情受控，自动升入中闭环。" in sentence(case)
    assert sentence(case, "en").startswith("Sijing Town did not contain the danger by ")


def test_the_limit_of_the_medium_loop(open_case, sentence):
    case = open_case(grade="orange")
    with later(hours=8.1):
        sweep()
    case.refresh_from_db()
    assert case.loop == "large"
    assert sentence(case).startswith("中闭环时限（8 小时）已于 ")
    assert sentence(case, "en").endswith("so the case rose to the Large loop by itself.")


@pytest.mark.parametrize(("grade", "loop", "says"), [("orange", "medium", "橙色"), ("red", "large", "红色")])
def test_a_colour(open_case, sentence, grade, loop, says):
    case = open_case(grade=grade)
    assert case.loop == loop
    assert sentence(case) == f"案件为{says}，按规定自动升入{case.get_loop_display()}。"


def test_casualties(open_case, sentence, people):
    case = open_case()
    ask(people, case, code="casualties")
    assert sentence(case) == "泗泾镇报告有人员伤亡，免予审批，立即升入大闭环。"
    assert sentence(case, "en").startswith("Sijing Town reported casualties")


def test_an_approval_names_who_gave_it(open_case, sentence, people):
    case = open_case()
    requests.decide(ask(people, case).pk, by=people["shuiwu-head"], approve=True)
    assert sentence(case) == f"泗泾镇请示提级（井下有人），{people['shuiwu-head']}同意，升入中闭环。"


def test_a_lapse_names_the_post_that_was_silent(open_case, sentence, people):
    case = open_case()
    ask(people, case)
    with later(minutes=31):
        sweep()
    silent = people["shuiwu-head"]
    assert f"区水务局{silent.posts.get().title} {silent}在 30 分 内未审批，视为同意" in sentence(case)
    assert "did not decide within 30 min" in sentence(case, "en")


# --- the policy -------------------------------------------------------------------------------
def test_a_category_may_rise_further_or_not_at_all(open_case, policy):
    policy(contain="large", orange=None, yellow="medium")
    assert open_case(grade="orange").loop == "small"
    risen = open_case(object="B-1", location={"lat": 31.1144, "lon": 121.2683})
    assert risen.loop == "medium"
    with later(hours=4.1):
        sweep()
    risen.refresh_from_db()
    assert risen.loop == "large"


def test_a_running_case_keeps_the_policy_it_was_opened_under(open_case, policy, send, category):
    case = open_case()
    policy(contain=None, red=None)
    category.minutes |= {"small_loop": 600}
    category.save()
    with later(hours=4.1):
        sweep()
    case.refresh_from_db()
    assert case.loop == "medium"
    send(alert(grade="red"))
    case.refresh_from_db()
    assert case.loop == "large"


def test_without_a_rule_for_casualties_somebody_is_asked(open_case, policy, people):
    policy(casualties=None)
    assert ask(people, open_case(), code="casualties").state == "pending"


@pytest.mark.parametrize("rises", [{"contain": "huge"}, {"sunshine": "large"}, ["contain"]])
def test_a_policy_nobody_can_follow_is_a_fault_of_the_category(category, rises):
    category.details = category.details | {"rises": rises}
    assert "details" in of_category(category)


# --- what has moved on ------------------------------------------------------------------------
def test_what_was_asked_against_a_danger_is_overtaken_when_it_is_contained(open_case, press, people):
    case = press(open_case(), *CONTAINED[:-1])
    asked = ask(people, case)
    press(case, "sijing-handler contain")
    with pytest.raises(Refused):
        requests.decide(asked.pk, by=people["shuiwu-head"], approve=True)
    with later(minutes=40):
        sweep()
    case.refresh_from_db()
    asked.refresh_from_db()
    assert (case.loop, asked.state) == ("small", "overtaken")


def test_a_case_that_rises_after_containment_has_no_limit_for_it(open_case, press, people):
    case = press(open_case(), *CONTAINED)
    requests.decide(ask(people, case).pk, by=people["shuiwu-head"], approve=True)
    assert not case.deadlines.filter(kind="medium_limit").exists()
