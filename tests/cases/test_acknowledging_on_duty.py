"""签收 needs a named post on duty, where somebody is on duty; a wrong plan never keeps a danger waiting."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from cases.models import Party
from responsibility import acting, clock, ledger, posts, rostering
from responsibility.models import Post, Role, Shift, Unit
from responsibility.refusals import Refused
from responsibility.rostering import Row

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
SIJING = "310117102"


@pytest.fixture
def roster(people):
    """Put people of the town on duty, hours from now: ``roster(("sijing-duty", 0, 8, "sijing-handler"))``."""

    def plan(*shifts):
        now = clock.now()
        rows = [Row(SIJING, who, now + a * HOUR, now + b * HOUR, deputy="".join(rest)) for who, a, b, *rest in shifts]
        return rostering.plan(rows, by=people["sijing-head"])

    return plan


def entry(case):
    return ledger.story(case.chain).get(verb="case.acknowledge")


def test_without_a_roster_it_stays_as_it_was(open_case, press):
    case = press(open_case(), "sijing-handler acknowledge")
    assert entry(case).after["standing"] == "nobody"
    assert entry(case).post_label == "镇应急处置队处置员"


def test_who_is_on_duty_acknowledges_and_who_is_not_is_told_who_is(open_case, press, roster):
    roster(("sijing-duty", 0, 8))
    case = open_case()
    with pytest.raises(Refused, match="not_on_duty") as refused:
        press(case, "sijing-handler acknowledge")
    assert "喻秋雯" in str(refused.value.detail)
    assert Party.objects.get(case=case).acknowledged_at is None
    case = press(case, "sijing-duty acknowledge")
    assert (case.state, entry(case).after["standing"]) == ("acknowledged", "shift")
    assert entry(case).after["duty_post"] == entry(case).post_label == "镇城运中心值守员"


def test_the_deputy_and_the_head_of_the_unit_may_as_well(open_case, press, roster):
    roster(("sijing-duty", 0, 8, "sijing-handler"))
    assert entry(press(open_case(), "sijing-handler acknowledge")).after["standing"] == "deputy"
    other = open_case(object="OTHER", location={"lat": 31.1144, "lon": 121.2683})
    assert entry(press(other, "sijing-head acknowledge")).after["standing"] == "command"


def test_a_hole_in_the_roster_locks_nobody_out(open_case, press, roster):
    roster(("sijing-duty", 0, 8), ("sijing-duty", 30, 38))
    case = open_case()
    with clock.as_if(clock.now() + 20 * HOUR):
        press(case, "sijing-handler acknowledge")
    assert entry(case).after["standing"] == "nobody"


def test_after_a_hand_over_the_one_who_took_it_answers(open_case, press, roster, people):
    (shift,) = roster(("sijing-duty", 0, 8))
    case = open_case()
    with clock.as_if(clock.now() + HOUR):
        to = Post.objects.get(user=people["sijing-handler"])
        handed = rostering.hand_over(shift.pk, by=people["sijing-duty"], to=to.pk)
        with pytest.raises(Refused, match="not_on_duty"):
            press(case, "sijing-handler acknowledge")
        rostering.take_over(handed.pk, by=people["sijing-handler"])
        with pytest.raises(Refused, match="not_on_duty"):
            press(case, "sijing-duty acknowledge")
        press(case, "sijing-handler acknowledge")


def test_the_entry_names_the_post_on_duty_of_a_person_with_several(open_case, press, roster, people):
    with posts.accounted([people["sijing-duty"].pk], by=acting.SYSTEM):
        Post.objects.create(
            user=people["sijing-duty"], unit=Unit.objects.get(code=SIJING), role=Role.HANDLER, title="夜班处置员",
            since=clock.now() - HOUR,
        )  # fmt: skip
    now = clock.now()
    row = Row(SIJING, "sijing-duty", now, now + 8 * HOUR, role=Role.HANDLER)
    rostering.plan([row], by=people["sijing-head"])
    assert entry(press(open_case(), "sijing-duty acknowledge")).post_label == "夜班处置员"


def test_another_units_roster_binds_nobody_else(open_case, press, people):
    now = clock.now()
    row = Row("SJ-SW", "shuiwu-head", now, now + 8 * HOUR)
    rostering.plan([row], by=people["shuiwu-head"])
    press(open_case(), "sijing-handler acknowledge")


def test_the_other_verbs_ask_for_no_shift(open_case, press, roster):
    roster(("sijing-duty", 0, 8))
    press(open_case(), "sijing-duty acknowledge", "sijing-handler arrive", "sijing-handler prove")


def test_the_button_is_offered_and_teaches_on_page_and_api(client, open_case, roster, people):
    roster(("sijing-duty", 0, 8))
    case = open_case()
    client.force_login(people["sijing-handler"])
    assert "acknowledge" in client.get(f"/api/v1/cases/{case.number}/").json()["allowed"]
    answer = client.post(f"/api/v1/cases/{case.number}/acknowledge/", {}, "application/json")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_on_duty")
    page = client.post(f"/cases/{case.number}/acknowledge/")
    assert page.status_code == 409
    assert "喻秋雯" in page.content.decode()


def test_the_case_page_says_beside_the_party_who_is_on_duty_and_where_nobody_will_be(client, open_case, roster, people):
    case = open_case()
    client.force_login(people["sijing-head"])
    address = f"/cases/{case.number}/"
    assert "值班，至" not in client.get(address).content.decode()
    roster(("sijing-duty", 0, 8))
    told = client.get(address).content.decode()
    assert "喻秋雯值班，至" in told
    assert "无人值班" in told


def test_the_board_lists_holes_of_the_next_day_to_those_who_may_read_the_roster(client, roster, people):
    roster(("sijing-duty", 0, 8))
    shown = {}
    for name in ("yingji-office", "sijing-duty", "jiuting-duty", "insurer"):
        client.force_login(people[name])
        shown[name] = "24 小时内无人值班" in client.get("/board/").content.decode()
    assert shown == {"yingji-office": True, "sijing-duty": True, "jiuting-duty": False, "insurer": False}
    Shift.objects.update(during=DateTimeTZRange(clock.now() - HOUR, clock.now() + 30 * HOUR))
    client.force_login(people["yingji-office"])
    assert "24 小时内无人值班" not in client.get("/board/").content.decode()
