"""An insurer sees of the insured what the insured has confirmed, and before that nothing by any door."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import transaction

from alerts.models import RiskObject
from cases.models import Case
from insurance.claims import noticing
from insurance.findings import selfcontrol, telling
from insurance.policies import assent, changing, covering, gaps, registering
from insurance.policies.models import Cover, Policy
from insurance.portals import contacts, history, home, hooks, mine, news, outgoing
from insurance.portals.models import Delivery, Hook
from insurance.service import ordering, plans, requesting
from notices.models import Notice
from responsibility import acting, clock, directory, ledger
from responsibility.models import Role, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused
from tests.cases.conftest import alert, hold, open_case, press, send  # noqa: F401
from tests.insurance.given import DAY, MANHOLE, policy_of
from tests.insurance.test_policies import JOINT, at_once

pytestmark = pytest.mark.django_db
NAMED = ("insurer", "insurer-b", "broker")
PLAN = [{"item": "inspection", "measures": "窨井排查", "times": 2}]
API = "/api/v1/insurance/policies/"


@pytest.fixture
def named(people):
    """Policies of X-INS, with X-INS-B and the broker, that name X-WATER, to which nobody there has said a word."""

    def make(number: str = "PN-1", **fields) -> Policy:
        given = policy_of(**{"number": number, "shares": JOINT, "broker": "X-BROKER"} | fields)
        (answer,) = registering.register([given], by=people["insurer"])
        assert answer.outcome == "registered", answer.errors
        return Policy.objects.get(pk=answer.policy)

    return make


def word(policy: Policy, **more) -> dict:
    return {"policy": policy.pk, "edition": Policy.objects.with_word().get(pk=policy.pk).edition} | more


def confirmed(policy: Policy, by: User) -> assent.Answer:
    return assent.confirm([word(policy)], by=by)[0]


def endorsed(policy: Policy, people, number: str = "PD-1", **fields):
    given = {"number": number, "effective_at": policy.starts_at.isoformat()} | fields
    return changing.endorse(policy.pk, changing.read(given), by=people["insurer"])


def verbs(policy: Policy) -> list[str]:
    return list(ledger.story(policy.chain).values_list("verb", flat=True))


def seen_cases(client, user: User) -> set[str]:
    client.force_login(user)
    found = {row["number"] for row in client.get("/api/v1/cases/").json()["results"]}
    if client.get("/api/v1/insurance/cases/").status_code == 200:
        covered = {row["number"] for row in client.get("/api/v1/insurance/cases/").json()["results"]}
        assert covered == found
    return found


def in_bundle(client, number: str) -> dict:
    answer = client.get(f"/api/v1/cases/{number}/bundle/")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:
        return json.loads(book.read("manifest.json"))


CASE_DOORS = (
    "/cases/{}/", "/api/v1/cases/{}/", "/api/v1/cases/{}/timeline/", "/api/v1/cases/{}/bundle/", "/cases/{}/ledger/",
    "/insurance/cases/{}/chain/",
)  # fmt: skip


def counted(user: User) -> dict[str, int]:
    return {str(each.label): each.count for each in home.page(acting.of(user), clock.now())["figures"]}


def test_an_insurer_that_names_a_stranger_sees_nothing_of_him_by_any_door(client, people, named, open_case):  # noqa: F811
    """And all that the table gives (facts 3.5) after the word."""
    case = open_case(object=MANHOLE)
    selfcontrol.keep(MANHOLE, "daily", "井口围挡完好", by=people["enterprise"])
    (finding,) = telling.tell(
        [{"severity": "general", "text": "锁具锈蚀", "days": 9}], telling.wanted("", MANHOLE), by=people["enterprise"]
    )
    contacts.keep("周师傅", "13812341234", "", by=people["enterprise"])
    policy = named()
    thing = RiskObject.objects.get(code=MANHOLE)
    assert covering.judge() == 1
    # What is covered does not depend on it.
    assert Cover.objects.get().policy == policy
    lists = ("/insurance/findings/", "/insurance/self-control/", "/insurance/contacts/", "/insurance/")
    for who in NAMED:
        client.force_login(people[who])
        assert seen_cases(client, people[who]) == set()
        for door in CASE_DOORS:
            assert client.get(door.format(case.number)).status_code == 404, door
        assert client.get(f"/api/v1/insurance/objects/{MANHOLE}/history/").status_code in (403, 404)
        for page in lists:
            said = client.get(page).content.decode()
            for secret in (case.number, finding.number, "周师傅", thing.label, "井口围挡"):
                assert secret not in said, (who, page, secret)
        page = client.get(f"/insurance/policies/{policy.pk}/").content.decode()
        assert "等待被保险人确认" in page
        assert case.number not in page
        assert thing.label not in page
        assert case.number not in client.get(f"{API}{policy.pk}/").content.decode()
        assert counted(people[who]).get("在办案件", 0) == 0
        assert not mine.objects(acting.of(people[who])).exists()
        assert not Notice.objects.filter(unit__code__in=("X-INS", "X-INS-B", "X-BROKER"), subject=case.number).exists()
    assert history.of(acting.of(people["insurer"]), MANHOLE) is None
    assert confirmed(policy, people["enterprise"]).outcome == "confirmed"
    for who in NAMED:
        assert seen_cases(client, people[who]) == {case.number}
        assert finding.number in client.get("/insurance/findings/").content.decode()
        assert case.number in client.get(f"/insurance/policies/{policy.pk}/").content.decode()
        assert "周师傅" in client.get("/insurance/contacts/").content.decode()
        assert thing.label in client.get("/insurance/").content.decode()
    for who in ("insurer", "insurer-b"):
        client.force_login(people[who])
        assert thing.label in client.get("/insurance/self-control/").content.decode()
        assert client.get(f"/api/v1/insurance/objects/{MANHOLE}/history/").status_code == 200
        assert in_bundle(client, case.number)


def test_what_happened_to_a_case_is_told_to_insurers_after_the_word_and_not_before(people, named, open_case, send):  # noqa: F811
    policy = named()
    open_case()
    covering.sweep()
    send(alert(grade="orange"))
    covering.sweep()
    told = Notice.objects.filter(event__startswith="cover.")
    assert not told.exists()
    assert not {"cover.regraded", "cover.ended"} & set(verbs(policy))
    confirmed(policy, people["enterprise"])
    # It counts as told as it stands; what changes from now on is told.
    covering.sweep()
    assert not told.exists()
    assert sorted(Notice.objects.filter(event="policy.confirm").values_list("unit__code", flat=True)) == [
        "X-BROKER", "X-INS", "X-INS-B",
    ]  # fmt: skip
    send(alert(grade="red"))
    covering.sweep()
    assert sorted(told.values_list("event", "unit__code")) == [
        ("cover.regraded", "X-INS"),
        ("cover.regraded", "X-INS-B"),
    ]


def test_a_hook_hears_of_covered_cases_with_the_word(people, named, open_case, settings):  # noqa: F811
    settings.HOOK_HOSTS = ["localhost"]
    policy, case = named(), open_case(object=MANHOLE)
    covering.sweep()
    hooks.make(
        hooks.Wish("核心系统", "https://localhost:8443/hook", ["case.covered", "case.changed"]), by=people["insurer"]
    )
    assert Hook.objects.count() == 1
    assert (news.gather(), Delivery.objects.count()) == (0, 0)
    before = clock.now()
    confirmed(policy, people["enterprise"])
    news.gather()
    (message,) = Delivery.objects.filter(event="case.covered")
    assert message.subject == case.number
    assert message.at >= before
    # Whoever fetches instead of being told finds it among what changed since.
    assert set(outgoing.cases(acting.of(people["insurer"]), since=before)) == {case}


@pytest.mark.parametrize("fields", [{}, {"whole": True, "objects": None}])
def test_a_case_that_opens_after_the_word_is_shown_when_it_is_found(client, people, named, open_case, fields):  # noqa: F811
    policy = named(**fields)
    confirmed(policy, people["enterprise"])
    case = open_case(object=MANHOLE)
    assert seen_cases(client, people["insurer"]) == set()
    covering.sweep()
    assert seen_cases(client, people["insurer"]) == {case.number}
    assert Notice.objects.filter(event="cover.found", subject=case.number).count() == 2


# --- who may say it ---------------------------------------------------------------------------
def test_neither_officials_nor_insurers_confirm_for_the_insured(people, named):
    policy = named()
    for who in ("insurer", "insurer-b", "broker", "firm", "auditor", "admin"):
        with pytest.raises(Forbidden):
            assent.confirm([word(policy)], by=people[who])
        with pytest.raises(Forbidden):
            assent.decline([word(policy, reason="试")], by=people[who])
    # Who may speak for another unit is told no more than of what is not there.
    nobodys = assent.confirm([{"policy": 2**40, "edition": 1}], by=people["anwei-office"])
    for who in ("anwei-office", "yingji-office", "sijing-head"):
        (answer,) = assent.confirm([word(policy)], by=people[who])
        assert [answer] == nobodys
        assert (answer.policy, answer.outcome, answer.errors[0]["code"]) == (None, "rejected", "unknown_policy")
    policy.refresh_from_db()
    assert policy.confirmed_until is None
    assert verbs(policy) == ["policy.register"]


def test_who_serves_the_insurer_as_well_does_not_speak_for_the_insured(people, named):
    hold(people["insurer-b"], Unit.objects.get(code="X-WATER"), Role.ENTERPRISE)
    answer = confirmed(named(), people["insurer-b"])
    assert answer.errors[0]["code"] == "both_sides"


def test_a_street_that_is_insured_speaks_by_its_head(client, people, named, open_case):  # noqa: F811
    policy = named(insured="310117102", objects=None, territories=["310117102"])
    case = open_case(object=MANHOLE)
    covering.judge()
    client.force_login(people["sijing-head"])
    assert policy.number in client.get("/insurance/policies/waiting/").content.decode()
    client.force_login(people["sijing-duty"])
    assert client.get("/insurance/policies/waiting/").status_code == 403
    assert confirmed(policy, people["sijing-head"]).outcome == "confirmed"
    assert seen_cases(client, people["insurer"]) == {case.number}


# --- a batch, twice, at once, meanwhile ---------------------------------------------------------
def test_many_are_confirmed_in_one_go_in_a_fixed_number_of_statements(people, named, statements):
    few, many = [named(f"F-{n}") for n in range(2)], [named(f"M-{n}") for n in range(12)]
    by = people["enterprise"]
    assert {answer.outcome for answer in assent.confirm([word(named("W"))], by=by)} == {"confirmed"}
    items = [[word(policy) for policy in policies] for policies in (few, many)]
    counts = [statements(lambda given=given: assent.confirm(given, by=by)) for given in items]
    assert counts[0] == counts[1] < 45
    assert not Policy.objects.unconfirmed().exists()
    assert [answer.outcome for answer in assent.confirm(items[0], by=by)] == ["unchanged", "unchanged"]
    assert verbs(few[0]) == ["policy.register", "policy.confirm"]


def test_a_bad_one_sinks_no_other(people, named):
    policy = named()
    given = [
        7,
        {"policy": "x", "edition": 1},
        {"policy": policy.pk},
        word(policy, edition=9),
        word(policy),
        word(policy),
    ]
    answers = assent.confirm(given, by=people["enterprise"])
    assert [(a.outcome, a.errors[0]["code"] if a.errors else "") for a in answers] == [
        ("rejected", "not_an_object"), ("rejected", "bad_number"), ("rejected", "required"), ("rejected", "changed"),
        ("confirmed", ""), ("unchanged", ""),
    ]  # fmt: skip
    with pytest.raises(Invalid):
        assent.confirm([word(policy)] * 1001, by=people["enterprise"])


def test_what_changed_since_he_looked_is_not_confirmed(people, named):
    policy = named()
    looked = word(policy)
    endorsed(policy, people, premium="120000")
    (answer,) = assent.confirm([looked], by=people["enterprise"])
    assert (answer.outcome, answer.errors[0]["code"]) == ("rejected", "changed")
    looked = word(policy)
    changing.cancel(policy.pk, policy.starts_at + DAY, "退保", by=people["insurer"])
    assert assent.confirm([looked], by=people["enterprise"])[0].outcome == "rejected"
    assert confirmed(policy, people["enterprise"]).outcome == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_two_of_the_insured_who_confirm_at_once_confirm_it_once(people, named):
    policy, other = named(), User.objects.create_user("water-deputy")
    with transaction.atomic():
        hold(other, Unit.objects.get(code="X-WATER"), Role.ENTERPRISE)
    given = word(policy)
    answers = at_once(
        lambda: assent.confirm([given], by=people["enterprise"])[0], lambda: assent.confirm([given], by=other)[0]
    )
    assert sorted(answer.outcome for answer in answers) == ["confirmed", "unchanged"]
    assert verbs(policy) == ["policy.register", "policy.confirm"]
    assert Notice.objects.filter(event="policy.confirm").count() == 3


@pytest.mark.django_db(transaction=True)
def test_an_endorsement_at_the_same_moment_is_confirmed_by_nobody_who_has_not_seen_it(people, named):
    policy = named()
    given = word(policy)
    end = (policy.ends_at + 30 * DAY).isoformat()
    said, made = at_once(
        lambda: assent.confirm([given], by=people["enterprise"])[0], lambda: endorsed(policy, people, ends_at=end)
    )
    assert made.number == "PD-1"
    policy.refresh_from_db()
    if said.outcome == "confirmed":
        assert policy.confirmed_until == policy.ends_at - 30 * DAY
    else:
        assert (said.errors[0]["code"], policy.confirmed_until) == ("changed", None)
    assert Policy.objects.unconfirmed().filter(pk=policy.pk).exists()


# --- what is widened ----------------------------------------------------------------------------
def second_of(insured: str = "X-WATER") -> RiskObject:
    found = RiskObject.objects.filter(main_body__code=insured, code__startswith="MH-").exclude(code=MANHOLE)
    return found.order_by("code").first()


def test_what_an_endorsement_adds_needs_a_word_of_its_own(client, people, named, open_case):  # noqa: F811
    policy, more = named(), second_of()
    confirmed(policy, people["enterprise"])
    first, later = open_case(object=MANHOLE), open_case(object=more.code, category="LL-CONF-CH4")
    endorsed(policy, people, add_objects=more.code)
    covering.sweep()
    assert Cover.objects.count() == 2
    assert seen_cases(client, people["insurer"]) == {first.number}
    assert history.of(acting.of(people["insurer"]), more.code) is None
    assert {thing.code for thing in mine.objects(acting.of(people["insurer"]))} == {MANHOLE}
    assert Notice.objects.get(event="policy.widen").unit.code == "X-WATER"
    page = client.get(f"/insurance/policies/{policy.pk}/").content.decode()
    assert "等待被保险人确认" in page
    assert first.number in page
    assert later.number not in page
    confirmed(policy, people["enterprise"])
    assert seen_cases(client, people["insurer"]) == {first.number, later.number}


def test_a_longer_period_and_a_longer_tail_need_a_word_and_shorter_ones_none(client, people, named, open_case):  # noqa: F811
    now = clock.now()
    short = {"starts_at": (now - 30 * DAY).isoformat(), "ends_at": (now - 9 * DAY).isoformat(), "tail_days": 30}
    policy = named(**short)
    early = open_case(object=MANHOLE, observed_at=(now - 10 * DAY).isoformat())
    late = open_case(object=MANHOLE, category="LL-CONF-CH4", observed_at=(now - 8 * DAY).isoformat())
    confirmed(policy, people["enterprise"])
    covering.sweep()
    assert seen_cases(client, people["insurer"]) == {early.number}
    endorsed(policy, people, ends_at=(now + 9 * DAY).isoformat(), tail_days="300")
    covering.sweep()
    assert Cover.objects.count() == 2
    assert seen_cases(client, people["insurer"]) == {early.number}
    with clock.as_if(now + 22 * DAY):
        # The tail that was confirmed is over.
        assert seen_cases(client, people["insurer"]) == set()
    confirmed(policy, people["enterprise"])
    assert seen_cases(client, people["insurer"]) == {early.number, late.number}
    endorsed(policy, people, "PD-2", ends_at=(now - 9 * DAY).isoformat(), tail_days="30")
    assert not Policy.objects.unconfirmed().exists()
    covering.sweep()
    assert seen_cases(client, people["insurer"]) == {early.number}
    # What was given up once is not had again without a word.
    endorsed(policy, people, "PD-3", ends_at=(now + 9 * DAY).isoformat())
    covering.sweep()
    assert seen_cases(client, people["insurer"]) == {early.number}
    assert Policy.objects.unconfirmed().exists()


def test_an_endorsement_that_ends_what_was_confirmed_ends_what_is_seen_by_it(client, people, named, open_case):  # noqa: F811
    policy, more = named(), second_of()
    confirmed(policy, people["enterprise"])
    case = open_case(object=MANHOLE)
    covering.sweep()
    assert seen_cases(client, people["insurer"]) == {case.number}
    endorsed(policy, people, end_objects=MANHOLE, add_objects=more.code)
    covering.sweep()
    assert seen_cases(client, people["insurer"]) == set()
    assert Notice.objects.filter(event="cover.lost", subject=case.number).count() == 2


def test_a_renewal_needs_a_word_of_its_own(people, named):
    policy = named()
    confirmed(policy, people["enterprise"])
    end = (policy.ends_at + 365 * DAY).isoformat()
    renewed = changing.renew(policy.pk, {"number": "PN-2", "ends_at": end}, by=people["insurer"])
    assert set(Policy.objects.unconfirmed()) == {renewed}


def test_a_case_that_moves_to_what_is_not_confirmed_is_hidden_and_told(people, named, open_case):  # noqa: F811
    policy, more = named(), second_of()
    confirmed(policy, people["enterprise"])
    case = open_case(object=MANHOLE)
    covering.sweep()
    endorsed(policy, people, add_objects=more.code)
    Case.objects.filter(pk=case.pk).update(risk_object=more)
    covering.sweep()
    assert Cover.objects.get().shown_until is None
    assert verbs(policy)[-1] == "cover.hidden"
    Case.objects.filter(pk=case.pk).update(risk_object=RiskObject.objects.get(code=MANHOLE))
    covering.sweep()
    assert verbs(policy)[-1] == "cover.shown"
    assert Notice.objects.filter(event="cover.shown").count() == 2


# --- no ------------------------------------------------------------------------------------------
def test_a_policy_that_is_denied_shows_nothing_and_can_be_confirmed_later(client, people, named, open_case):  # noqa: F811
    policy, case = named(), open_case(object=MANHOLE)
    covering.sweep()
    by = people["enterprise"]
    assert assent.decline([word(policy)], by=by)[0].errors[0]["code"] == "required"
    assert assent.decline([word(policy, reason="没有投保")], by=by)[0].outcome == "declined"
    assert assent.decline([word(policy, reason="没有投保")], by=by)[0].outcome == "unchanged"
    told = set(Notice.objects.filter(event="policy.decline").values_list("unit__code", flat=True))
    office = directory.current().unit_with("overall_coordination")
    assert told == {"X-INS", "X-INS-B", "X-BROKER", office.code}
    assert seen_cases(client, people["insurer"]) == set()
    page = client.get(f"/insurance/policies/{policy.pk}/").content.decode()
    assert "被保险人否认" in page
    assert "没有投保" in page
    assert not Policy.objects.waiting(clock.now()).exists()
    with pytest.raises(Refused, match="declined"):
        assent.remind(policy.pk, by=people["insurer"])
    assert confirmed(policy, by).outcome == "confirmed"
    assert seen_cases(client, people["insurer"]) == {case.number}
    assert verbs(policy)[-2:] == ["policy.decline", "policy.confirm"]
    (again,) = assent.decline([word(policy, reason="试")], by=by)
    assert again.errors[0]["code"] == "confirmed"


def test_what_its_insured_denies_leaves_him_on_the_list_of_those_who_must_insure(people, named):
    policy = named(line="safety", whole=True, objects=None)
    thing = RiskObject.objects.filter(pk=RiskObject.objects.get(code=MANHOLE).pk)
    assert not gaps.missing(thing, clock.now()).exists()
    assent.decline([word(policy, reason="没有投保")], by=people["enterprise"])
    assert gaps.missing(thing, clock.now()).exists()


# --- what waits, and the reminder ------------------------------------------------------------------
def test_the_insured_finds_what_waits_and_what_is_late(client, people, named):
    old = clock.now() - 8 * DAY
    with clock.as_if(old):
        named("OLD", starts_at=old.isoformat())
    named("NEW")
    client.force_login(people["enterprise"])
    first = client.get("/insurance/").content.decode()
    assert "保单待本单位确认" in first
    page = client.get("/insurance/policies/waiting/").content.decode()
    assert page.index("OLD") < page.index("NEW")
    assert page.count("已超过 7 天") == 1
    # Whoever ticks has looked; all at once is a wish of its own.
    assert page.count(" checked") == 0
    assert client.get("/insurance/policies/waiting/?all=1").content.decode().count(" checked") == 2
    client.force_login(people["insurer"])
    assert "保单等待被保险人确认" in client.get("/insurance/").content.decode()


def test_all_are_confirmed_on_one_page_and_one_that_changed_says_so(client, people, named):
    first, second = named("A-1"), named("A-2")
    client.force_login(people["enterprise"])
    picked = [f"{policy.pk}.{word(policy)['edition']}" for policy in (first, second)]
    endorsed(second, people, premium="1")
    page = "/insurance/policies/waiting/"
    assert client.post(page, {"do": "confirm"}).status_code == 400
    assert client.post(page, {"policy": picked[:1]}).status_code == 400
    first.refresh_from_db()
    assert first.confirmed_until is None
    answer = client.post(page, {"policy": picked, "do": "confirm"})
    assert answer.status_code == 409
    said = answer.content.decode()
    assert "A-2" in said
    assert "在您查看之后有变更" in said
    first.refresh_from_db()
    assert first.confirmed_until == first.ends_at
    done = client.post(page, {"policy": f"{second.pk}.2", "do": "decline", "reason": "没有投保"})
    assert done.status_code == 303
    assert "已否认" in client.get(page).content.decode()
    assert client.post(page, {"policy": f"{second.pk}.2", "do": "confirm"}).status_code == 303
    one = client.get(f"/insurance/policies/{second.pk}/").content.decode()
    assert "已确认" in one
    assert "确认这份保单" not in one


def test_the_insured_answers_by_the_interface(client, people, named):
    policies = [named("B-1"), named("B-2")]
    client.force_login(people["enterprise"])
    rows = {row["number"]: row for row in client.get(API).json()["results"]}
    assert {number: (row["edition"], row["unconfirmed"]) for number, row in rows.items()} == {
        "B-1": (1, True), "B-2": (1, True),
    }  # fmt: skip
    body = [{"policy": policy.pk, "edition": 1} for policy in policies]

    def post(door: str, given):
        return client.post(f"{API}{door}/", json.dumps(given), content_type="application/json")

    denied = post("decline", body[1] | {"reason": "没有投保"})
    assert (denied.status_code, denied.json()["outcome"]) == (200, "declined")
    assert [row["outcome"] for row in post("confirm", body).json()["results"]] == ["confirmed", "confirmed"]
    wrong = post("confirm", body[0] | {"edition": 7})
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "changed")
    for who in ("insurer", "broker", "sijing-duty"):
        client.force_login(people[who])
        assert post("confirm", body).status_code == 403


def test_an_insurer_reminds_once_a_day_and_only_where_something_waits(client, people, named):
    policy = named()
    told = Notice.objects.filter(event="policy.remind")
    with pytest.raises(Refused, match="asked_today"):
        assent.remind(policy.pk, by=people["insurer"])
    with clock.as_if(clock.now() + DAY + timedelta(minutes=1)):
        with pytest.raises(Forbidden):
            assent.remind(policy.pk, by=people["insurer-b"])
        client.force_login(people["insurer"])
        assert "提醒被保险人" in client.get(f"/insurance/policies/{policy.pk}/").content.decode()
        assert client.post(f"/insurance/policies/{policy.pk}/remind/").status_code == 303
        assert client.post(f"{API}{policy.pk}/remind/").status_code == 409
        assert told.get().unit.code == "X-WATER"
    confirmed(policy, people["enterprise"])
    with clock.as_if(clock.now() + 9 * DAY), pytest.raises(Refused, match="nothing_waits"):
        assent.remind(policy.pk, by=people["insurer"])


# --- what it carries -------------------------------------------------------------------------------
def test_a_policy_that_is_not_confirmed_carries_no_plan_no_order_and_no_request(people, named):
    policy = named()
    year = clock.now().year
    firm = directory.current().units_by_code["X-TPF"]
    asked = ordering.Asked(
        firm=firm, insured=policy.insured, item="inspection", text="排查", due_at=clock.now() + 9 * DAY, policy=policy
    )
    for refused in (
        lambda: plans.propose(policy.pk, year, PLAN, "", by=people["insurer"]),
        lambda: ordering.give(asked, by=people["insurer"]),
        lambda: requesting.ask(policy.pk, "inspection", "请来", by=people["broker"]),
        lambda: requesting.ask(policy.pk, "inspection", "请来", by=people["enterprise"]),
    ):
        with pytest.raises(Refused) as said:
            refused()
        assert said.value.code == "not_confirmed"
    with pytest.raises(Forbidden):
        telling.tell([{"severity": "general", "text": "锈蚀"}], telling.wanted("", MANHOLE), by=people["insurer"])
    confirmed(policy, people["enterprise"])
    assert plans.propose(policy.pk, year, PLAN, "", by=people["insurer"]).pk


def test_before_the_word_only_the_insured_gives_notice_of_a_loss(client, people, named, open_case):  # noqa: F811
    policy, case = named(), open_case(object=MANHOLE)
    covering.sweep()
    for who in NAMED:
        with pytest.raises(Refused) as there:
            noticing.notice(policy.pk, case.number, by=people[who], loss="受损")
        with pytest.raises(Refused) as nobodys:
            noticing.notice(policy.pk, "SJ-20200101-999999", by=people[who], loss="受损")
        assert there.value.code == nobodys.value.code == "not_confirmed"
        client.force_login(people[who])
        assert case.number not in client.get("/insurance/claims/notice/").content.decode()
    claim = noticing.notice(policy.pk, case.number, by=people["enterprise"], loss="受损")
    # What the insured itself told is known; the case behind it is not shown by it.
    client.force_login(people["insurer"])
    assert client.get(f"/insurance/claims/{claim.number}/").status_code == 200
    assert client.get(f"/cases/{case.number}/").status_code == 404
    assert client.get(f"/insurance/cases/{case.number}/chain/").status_code == 404


def test_what_was_added_without_a_word_is_no_ground_for_a_claim_of_the_insurer(people, named, open_case):  # noqa: F811
    policy, more = named(), second_of()
    confirmed(policy, people["enterprise"])
    endorsed(policy, people, add_objects=more.code)
    case = open_case(object=more.code)
    covering.sweep()
    with pytest.raises(Refused) as there:
        noticing.notice(policy.pk, case.number, by=people["insurer"], loss="受损")
    with pytest.raises(Refused) as nobodys:
        noticing.notice(policy.pk, "SJ-20200101-999999", by=people["insurer"], loss="受损")
    assert (there.value.code, str(there.value.detail)) == (nobodys.value.code, str(nobodys.value.detail))


def test_naming_an_object_takes_it_out_of_no_class(people, named, open_case):  # noqa: F811
    """Else the figures of the class before and after would tell what happened there."""
    own = named("OWN")
    confirmed(own, people["enterprise"])
    thing = RiskObject.objects.get(code=MANHOLE)
    before = history._others(thing, {own.insurer_id}).count()
    named("OTHER", objects=[second_of().code])
    assert history._others(thing, {own.insurer_id}).count() == before


def test_the_word_of_a_street_opens_cases_there_and_nothing_that_those_who_work_there_say(
    client,
    people,
    named,
    open_case,  # noqa: F811
):
    """A street may insure what others run in it; what they keep, and what was found at them, stays theirs."""
    policy = named(insured="310117102", objects=[MANHOLE])
    confirmed(policy, people["sijing-head"])
    case, thing = open_case(object=MANHOLE), RiskObject.objects.get(code=MANHOLE)
    covering.judge()
    selfcontrol.keep(MANHOLE, "daily", "井盖完好\n", by=people["enterprise"])
    wanted = telling.Wanted(risk_object=thing)
    (finding,) = telling.tell([{"severity": "general", "text": "井盖松动"}], wanted, by=people["enterprise"])
    assert seen_cases(client, people["insurer"]) == {case.number}
    for name in NAMED:
        client.force_login(people[name])
        assert client.get(f"/insurance/findings/{finding.number}/").status_code == 404
        assert not mine.objects(acting.of(people[name])).exists()
        assert client.get(f"/insurance/objects/{MANHOLE}/history/").status_code in (403, 404)
        assert client.get(f"/insurance/self-control/{MANHOLE}/").status_code in (403, 404)
    with pytest.raises(Forbidden):
        telling.tell([{"severity": "general", "text": "x"}], wanted, by=people["insurer"])


def test_whoever_took_an_object_over_has_confirmed_nothing(client, people, named, open_case):  # noqa: F811
    policy = named()
    confirmed(policy, people["enterprise"])
    before = open_case(object=MANHOLE)
    covering.judge()
    RiskObject.objects.filter(code=MANHOLE).update(main_body=Unit.objects.get(code="X-GAS"))
    after = open_case(object=MANHOLE, category="LL-GAS-LEAK")
    covering.judge()
    assert Cover.objects.filter(case=after, policy=policy).exists()
    assert seen_cases(client, people["insurer"]) == {before.number}


def test_an_order_tells_nobody_which_objects_are_registered(people, named):
    policy = named()

    def told(code: str, **fields) -> tuple[str, str]:
        asked = {"policy": str(policy.pk), "firm": "X-TPF", "item": "inspection", "text": "x", "object": code,
                 "due_at": (clock.now() + DAY).isoformat()} | fields  # fmt: skip
        with pytest.raises(Refused) as refused:
            ordering.read(asked, acting.of(people["insurer"]))
        return refused.value.code, str(refused.value.detail)

    theirs = RiskObject.objects.exclude(main_body__code="X-WATER").values_list("code", flat=True).first()
    for fields in ({"policy": "", "insured": "X-WATER"}, {}):
        assert told(MANHOLE, **fields) == told("NO-SUCH", **fields) == told(theirs, **fields)
    confirmed(policy, people["enterprise"])
    assert told(theirs) == told("NO-SUCH")
