"""Each act of the insurance side, cell by cell: into whose inbox it goes, and into whose it does not."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import translation

from alerts.models import RiskObject
from cases.models import Case
from cases.sentences import SENTENCES, named
from insurance.claims import handling, noticing, paying
from insurance.claims import notifying as of_claims
from insurance.findings import duty, raising, telling, working
from insurance.findings import notifying as of_findings
from insurance.firms import complaints, defence, measures, register
from insurance.firms import telling as of_firms
from insurance.firms.models import Firm, Measure
from insurance.policies import changing, premiums
from insurance.portals import contacts, reminding
from insurance.service import account, moving, ordering, plans, requesting, visiting
from notices import addressing, texts
from notices.models import Message, Notice
from responsibility import clock, directory
from responsibility.models import LedgerEntry
from tests.access.things_firms import LICENCE, listed, registered
from tests.cases.conftest import picture
from tests.insurance.claiming import assessed, cover, noticed
from tests.insurance.conftest import carried_with
from tests.insurance.test_orders import agreed, ask
from tests.insurance.test_visits import written

pytestmark = pytest.mark.django_db
MANHOLE, DAY = "MH-SIJING-0088", timedelta(days=1)
# Kinds of readers, each by the unit that stands for it.
LEAD, OTHER, BROKER, FIRM, INSURED = "X-INS", "X-INS-B", "X-BROKER", "X-TPF", "X-WATER"
STREET, INDUSTRY, OFFICE, COMMAND = "310117102", "SJ-SW", "SJ-ANWEI", "SJ-COMMITTEE"
OFFICIAL = {STREET, INDUSTRY}
# The way of an orange case, which begins in the medium loop.
WATER = [f"shuiwu-duty {verb}" for verb in ("acknowledge", "arrive", "prove", "contain", "report")]
MEDIUM = [*WATER, "chengyun-check close"]


class World:
    """A policy of two insurers and a broker over all of the waterworks, a firm on the list, a covered case."""

    def __init__(self, people, policy, open_case):
        self.people, self.open_case = people, open_case
        self.policy = policy()
        carried_with(self.policy, OTHER, 40)
        self.firm: Firm = listed(people)
        told = {"name": "周工", "certificate": "注册安全工程师", "number": "S-1", "until": "2040-01-01"}
        register.employ(self.firm.pk, told, by=people["firm"])
        self.mark()

    def mark(self) -> None:
        """What is told from here on counts."""
        self.since = Notice.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def told(self, *events: str) -> dict[str, set[str]]:
        """Whom each of ``events`` reached since the mark, by the codes of their units."""
        found = Notice.objects.filter(pk__gt=self.since, event__in=events).values_list("event", "unit__code")
        told: dict[str, set[str]] = {}
        for event, unit in found:
            told.setdefault(event, set()).add(unit)
        return told

    def by(self, name: str):
        return self.people[name]

    # --- claims -------------------------------------------------------------------------------
    def case(self) -> Case:
        case = self.open_case()
        cover(case, self.policy)
        return case

    def claim(self, who: str = "enterprise"):
        return noticed(self.case(), self.policy, self.people, who)

    def assessed(self):
        return assessed(self.case(), self.policy, self.people)

    def agreed(self):
        claim = self.assessed()
        handling.agree(claim.pk, by=self.by("enterprise"))
        return claim

    # --- findings -------------------------------------------------------------------------------
    def order(self, **more):
        fields = {"risk_object": RiskObject.objects.get(code=MANHOLE)} | more
        return ordering.give(ask(self.policy, **fields), by=self.by("insurer"))

    def finding(self, severity: str = "general"):
        given = telling.Wanted(order=self.order())
        (made,) = telling.tell([{"severity": severity, "text": "井口无警示标志"}], given, by=self.by("firm"))
        return made

    def rectified(self):
        return working.rectify(self.finding().pk, "已补", uploads=[picture(1)], by=self.by("enterprise"))

    # --- firms ------------------------------------------------------------------------------------
    def announced(self) -> Measure:
        return measures.bring(self.firm.pk, "suspend", "poor", "迟到三次", "30", by=self.by("anwei-office"))

    def stopped(self) -> Measure:
        return measures.bring(self.firm.pk, "stop", "false_record", "记录系伪造", "", by=self.by("anwei-office"))

    def complaint(self):
        return complaints.make(self.firm.pk, "约好不来", by=self.by("enterprise"))

    # --- service ----------------------------------------------------------------------------------
    def visited(self):
        order = agreed(self.order(), self.people)
        visiting.record(order.pk, written(uuid4()), by=self.by("firm"))
        return order

    def plan(self):
        line = {"item": "inspection", "measures": "每季排查", "times": 4, "firm": None, "people": "", "goal": ""}
        return plans.propose(self.policy.pk, year(), [line], "零事故", by=self.by("insurer"))

    def paid(self):
        self.premium()
        account.budget(self.policy.pk, "21000", "年度预算", by=self.by("insurer"))

    def premium(self):
        payment = premiums.Payment(Decimal(100_000), clock.now(), "R-1")
        premiums.receive(self.policy.pk, payment, by=self.by("insurer"))

    def spent(self):
        order = self.visited()
        visiting.confirm(order.pk, "属实", by=self.by("enterprise"))
        self.paid()
        return account.spend(self.policy.pk, order.number, "3000", "V-1", picture(7), by=self.by("insurer"))


def year() -> int:
    return clock.now().astimezone().year


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def world(people, policy, open_case) -> World:
    return World(people, policy, open_case)


Did = Callable[[World], object]
# verb: what comes before, what is done then, whom it reaches. A verb without readers reaches nobody.
CLAIMS: dict[str, tuple[Did, Did, set[str]]] = {
    "claim.notice": (World.case, lambda w, c: noticed(c, w.policy, w.people), {LEAD, OTHER}),
    "claim.register": (
        World.claim, lambda w, c: handling.register(c.pk, by=w.by("insurer"), reserve="5000"), {OTHER, INSURED},
    ),
    "claim.reserve": (
        World.assessed, lambda w, c: handling.reserve(c.pk, "9000", "估计上升", by=w.by("insurer")), {OTHER},
    ),
    "claim.ask": (World.claim, lambda w, c: noticing.ask(c.pk, "发票", by=w.by("insurer")), {INSURED}),
    "claim.complete": (World.claim, lambda w, c: noticing.complete(c.pk, by=w.by("insurer")), {INSURED}),
    "claim.supplied": (
        lambda w: _asked(w), lambda w, c: noticing.supplied(c.pk, by=w.by("enterprise")), {LEAD},
    ),
    "claim.paper": (
        World.claim, lambda w, c: noticing.give(c.pk, picture(3), by=w.by("enterprise")), {LEAD},
    ),
    "claim.assess": (
        lambda w: _assessing(w), lambda w, c: handling.assess(c.pk, "8000", "按发票", by=w.by("insurer")),
        {OTHER, INSURED},
    ),
    "claim.agree": (World.assessed, lambda w, c: handling.agree(c.pk, by=w.by("enterprise")), {LEAD, OTHER}),
    "claim.object": (
        World.assessed, lambda w, c: handling.object_(c.pk, "少算", by=w.by("enterprise")), {LEAD, OTHER},
    ),
    "claim.fast": (lambda w: _assessing(w), lambda w, c: handling.fast(c.pk, by=w.by("insurer")), {OTHER, INSURED}),
    "claim.advance": (
        lambda w: _assessing(w), lambda w, c: paying.advance(c.pk, "1000", "P-1", by=w.by("insurer")),
        {OTHER, INSURED},
    ),
    "claim.pay": (
        World.agreed, lambda w, c: paying.pay(c.pk, "1000", "P-1", by=w.by("insurer")), {OTHER, INSURED},
    ),
    "claim.refuse": (World.claim, lambda w, c: handling.refuse(c.pk, "除外责任", by=w.by("insurer")), {OTHER, INSURED}),
    "claim.serve": (
        lambda w: _refused(w), lambda w, c: handling.serve(c.pk, by=w.by("insurer"), reference="J-1"),
        {OTHER, INSURED},
    ),
    "claim.withdraw": (World.claim, lambda w, c: noticing.withdraw(c.pk, "误报", by=w.by("enterprise")), {LEAD, OTHER}),
    "claim.pursue": (lambda w: _settling(w), lambda w, c: _pursued(w, c), {OTHER}),
    "claim.recover": (
        lambda w: _pursuing(w),
        lambda w, c: paying.recover(c.claim_id, "500", "B-1", by=w.by("insurer"), pursuit=c.pk), {OTHER},
    ),
    "claim.pursued": (
        lambda w: _pursuing(w), lambda w, c: paying.give_up(c.claim_id, "不值", by=w.by("insurer"), pursuit=c.pk),
        {OTHER},
    ),
    "claim.due_soon": (World.claim, lambda w, c: _later(timedelta(days=28)), {LEAD}),
    "claim.overdue": (World.claim, lambda w, c: _later(timedelta(days=45)), {LEAD, OTHER, INSURED}),
}  # fmt: skip
FINDINGS: dict[str, tuple[Did, Did, set[str]]] = {
    "finding.tell": (lambda w: None, lambda w, _f: w.finding(), {LEAD, OTHER, INSURED}),
    "finding.tell_major": (lambda w: None, lambda w, _f: w.finding("major"), {LEAD, OTHER, INSURED} | OFFICIAL),
    "finding.rectify": (
        World.finding,
        lambda w, f: working.rectify(f.pk, "已补", uploads=[picture(1)], by=w.by("enterprise")),
        {LEAD, OTHER, FIRM} | OFFICIAL,
    ),
    "finding.recheck": (
        World.rectified, lambda w, f: working.recheck(f.pk, True, by=w.by("sijing-duty")),
        {LEAD, OTHER, FIRM, INSURED, INDUSTRY},
    ),
    "finding.recheck_failed": (
        World.rectified, lambda w, f: working.recheck(f.pk, False, "标志太小", by=w.by("sijing-duty")),
        {LEAD, OTHER, FIRM, INSURED, INDUSTRY},
    ),
    "finding.close": (
        lambda w: _rechecked(w), lambda w, f: working.close(f.pk, by=w.by("sijing-duty")),
        {LEAD, OTHER, FIRM, INSURED, INDUSTRY},
    ),
    "finding.raise": (
        lambda w: w.finding("major"), lambda w, _f: raising.sweep(), {LEAD, OTHER, FIRM, INSURED},
    ),
    "finding.overdue": (
        World.finding, lambda w, _f: _later(timedelta(days=90)), {LEAD, OTHER, FIRM, INSURED} | OFFICIAL,
    ),
    "selfcontrol.duty": (
        World.case, lambda w, c: duty.answer(c.number, "disputed", "非我单位管段", by=w.by("enterprise")),
        {STREET, INDUSTRY},
    ),
}  # fmt: skip
FIRMS: dict[str, tuple[Did, Did, set[str]]] = {
    "firm.register": (lambda w: None, lambda w, _m: registered(w.people, "X-TPF-B"), {"X-TPF-B"}),
    "firm.license": (
        lambda w: None,
        lambda w, _m: register.license_firm(
            w.firm.pk, LICENCE | {"number": "L-2"}, ["drills"], (), by=w.by("anwei-office")
        ), {FIRM},
    ),
    "firm.withdraw_licence": (
        World.order, lambda w, _m: register.withdraw(w.firm.licences.get().pk, "吊销", by=w.by("anwei-office")),
        {FIRM, LEAD},
    ),
    "firm.list": (
        lambda w: _with_licence(w),
        lambda w, f: measures.bring(f.pk, "list", "qualified", "齐全", by=w.by("anwei-office")), {"X-TPF-B"},
    ),
    "firm.stop": (World.order, lambda w, _o: w.stopped(), {FIRM, LEAD}),
    "service.stop": (World.order, lambda w, _o: w.stopped(), {FIRM, LEAD, INSURED}),
    "firm.notice": (World.order, lambda w, _o: w.announced(), {FIRM}),
    "firm.answer": (
        World.announced, lambda w, m: defence.answer(m.pk, "路堵", True, by=w.by("firm")), {OFFICE},
    ),
    "firm.drop": (
        World.announced, lambda w, m: measures.decide(m.pk, "no", "轻微", by=w.by("anwei-office")), {FIRM},
    ),
    "firm.call_hearing": (
        lambda w: _wants_hearing(w),
        lambda w, m: measures.call_hearing(m.pk, (clock.now() + 30 * DAY).isoformat(), by=w.by("anwei-office")), {FIRM},
    ),
    "firm.suspend": (lambda w: (w.order(), w.announced())[1], lambda w, m: _decided(w, m), {FIRM, LEAD}),
    "firm.appeal": (World.stopped, lambda w, m: defence.appeal(m.pk, "冤枉", by=w.by("firm")), {COMMAND, OFFICE}),
    "firm.ruling": (
        lambda w: (w.order(), _appealed(w))[1],
        lambda w, m: defence.rule(m.pk, "no", "证据不足", by=w.by("yingji-office")), {FIRM, OFFICE, LEAD},
    ),
    "complaint.make": (lambda w: None, lambda w, _c: w.complaint(), {FIRM, OFFICE}),
    "complaint.check": (
        World.complaint, lambda w, c: complaints.check(c.pk, by=w.by("firm")), {INSURED},
    ),
    "complaint.extend": (
        World.complaint, lambda w, c: complaints.extend(c.pk, "10", "取证", by=w.by("firm")), {INSURED},
    ),
    "complaint.answer": (
        World.complaint, lambda w, c: complaints.answer(c.pk, "已换人", by=w.by("firm")), {INSURED, OFFICE},
    ),
    "measure.due_soon": (World.announced, lambda w, m: _at(m.answer_until - DAY), {FIRM}),
    "complaint.due_soon": (World.complaint, lambda w, c: _at(c.due_at - DAY), {FIRM}),
    "complaint.overdue": (World.complaint, lambda w, c: _at(c.due_at), {FIRM, INSURED, OFFICE}),
}  # fmt: skip
SERVICE: dict[str, tuple[Did, Did, set[str]]] = {
    "service.request": (
        lambda w: None, lambda w, _r: requesting.ask(w.policy.pk, "inspection", "查井", by=w.by("broker")), {LEAD},
    ),
    "service.order": (
        lambda w: requesting.ask(w.policy.pk, "inspection", "查井", by=w.by("broker")), lambda w, _r: w.order(),
        {FIRM, INSURED, BROKER},
    ),
    "service.accept": (World.order, lambda w, o: moving.accept(o.pk, by=w.by("firm")), {LEAD, INSURED}),
    "service.decline": (World.order, lambda w, o: moving.decline(o.pk, "没有人手", by=w.by("firm")), {LEAD, INSURED}),
    "service.propose": (
        World.order, lambda w, o: moving.accept(o.pk, by=w.by("firm"), propose=(clock.now() + DAY).isoformat()),
        {INSURED},
    ),
    "service.agree": (lambda w: None, lambda w, _o: agreed(w.order(), w.people), {LEAD, FIRM}),
    "service.visit": (lambda w: None, lambda w, _o: w.visited(), {LEAD, INSURED}),
    "service.confirm": (
        World.visited, lambda w, o: visiting.confirm(o.pk, "属实", by=w.by("enterprise")), {LEAD, FIRM},
    ),
    "service.dispute": (
        World.visited, lambda w, o: visiting.dispute(o.pk, "没来", by=w.by("enterprise")), {LEAD, FIRM},
    ),
    "service.withdraw": (
        World.order, lambda w, o: moving.withdraw(o.pk, "不需要", by=w.by("insurer")), {FIRM, INSURED},
    ),
    "order.overdue": (World.order, lambda w, o: _at(o.due_at), {LEAD, FIRM, INSURED}),
    "plan.propose": (lambda w: None, lambda w, _p: w.plan(), {INSURED}),
    "plan.agree": (
        World.plan,
        lambda w, p: plans.answer(w.policy.pk, year(), True, "", p.proposed_at.isoformat(), by=w.by("enterprise")),
        {LEAD},
    ),
    "account.budget": (lambda w: None, lambda w, _b: w.paid(), {OTHER, INSURED}),
    "account.spend": (lambda w: None, lambda w, _b: w.spent(), {OTHER, INSURED}),
    "account.counter": (
        World.spent, lambda w, e: account.counter(w.policy.pk, e.pk, "重复", by=w.by("insurer")), {OTHER, INSURED},
    ),
    "policy.premium": (lambda w: None, lambda w, _p: w.premium(), {OTHER, INSURED}),
    "policy.endorse": (
        lambda w: None, lambda w, _p: changing.endorse(
            w.policy.pk, changing.read({"number": "PD-1", "effective_at": clock.now().isoformat(), "fast_limit": "1"}),
            by=w.by("insurer"),
        ), {OTHER, BROKER, INSURED},
    ),
    "policy.cancel": (
        lambda w: None, lambda w, _p: changing.cancel(w.policy.pk, clock.now(), "欺诈", by=w.by("insurer")),
        {OTHER, BROKER, INSURED},
    ),
    "policy.ending": (
        lambda w: None, lambda w, _p: _at(w.policy.ends_at - 29 * DAY), {LEAD, BROKER, INSURED},
    ),
    "contact.unmask": (
        lambda w: contacts.keep("周师傅", "13812341234", "安全主管", by=w.by("enterprise")),
        lambda w, c: contacts.unmask(c.pk, "约时间", by=w.by("insurer")), {INSURED},
    ),
}  # fmt: skip
CELLS = CLAIMS | FINDINGS | FIRMS | SERVICE


def _asked(w: World):
    claim = w.claim()
    noticing.ask(claim.pk, "发票", by=w.by("insurer"))
    return claim


def _assessing(w: World):
    claim = w.claim()
    return handling.register(claim.pk, by=w.by("insurer"))


def _refused(w: World):
    return handling.refuse(w.claim().pk, "除外责任", by=w.by("insurer"))


def _settling(w: World):
    claim = w.agreed()
    paying.pay(claim.pk, "2000", "P-1", by=w.by("insurer"))
    return claim


def _pursued(w: World, claim):
    return paying.pursue(claim.pk, by=w.by("insurer"), against="肇事方", basis="侵权", sought="1000")


def _pursuing(w: World):
    return _pursued(w, _settling(w))


def _rechecked(w: World):
    finding = w.rectified()
    working.recheck(finding.pk, True, by=w.by("sijing-duty"))
    return finding


def _later(after: timedelta):
    return _at(clock.now() + after)


def _at(when):
    with clock.as_if(when):
        reminding.sweep()
        assert reminding.sweep() == 0, "told twice"


def _with_licence(w: World) -> Firm:
    firm = registered(w.people, "X-TPF-B")
    register.license_firm(firm.pk, LICENCE | {"number": "L-9"}, ["inspection"], (), by=w.by("anwei-office"))
    return firm


def _wants_hearing(w: World) -> Measure:
    return defence.answer(w.announced().pk, "路堵", True, by=w.by("firm"))


def _appealed(w: World) -> Measure:
    return defence.appeal(w.stopped().pk, "冤枉", by=w.by("firm"))


def _decided(w: World, measure: Measure):
    with clock.as_if(measure.answer_until):
        return measures.decide(measure.pk, "yes", "属实", by=w.by("anwei-office"))


@pytest.mark.parametrize("verb", list(CELLS))
def test_an_act_is_told_to_these_readers_and_to_no_other(world, verb):
    before, act, readers = CELLS[verb]
    thing = before(world)
    world.mark()
    act(world, thing)
    assert world.told(verb) == {verb: readers}


@pytest.mark.parametrize(
    "verb", ["claim.notice", "claim.register", "claim.agree", "claim.refuse", "claim.withdraw", "claim.assess",
             "claim.ask", "claim.reserve", "claim.advance", "claim.pay"],
)  # fmt: skip
def test_a_broker_is_told_the_state_that_a_claim_reaches_and_nothing_else(world, verb):
    before, act, _readers = CELLS[verb]
    thing = before(world)
    world.mark()
    act(world, thing)
    told = Notice.objects.filter(pk__gt=world.since, unit__code=BROKER)
    moves = verb in ("claim.notice", "claim.register", "claim.agree", "claim.refuse", "claim.withdraw")
    assert [notice.event for notice in told] == (["claim.state"] if moves else [])


def test_a_broker_who_gave_notice_himself_is_told_what_others_do_by_state_alone(world):
    claim = world.claim("broker")
    world.mark()
    handling.register(claim.pk, by=world.by("insurer"))
    noticing.ask(claim.pk, "发票", by=world.by("insurer"))
    assert [notice.event for notice in Notice.objects.filter(pk__gt=world.since, unit__code=BROKER)] == ["claim.state"]


def test_an_insurer_hears_nothing_of_what_another_carries_alone(people, policy, open_case):
    world = World.__new__(World)
    world.people, world.open_case, world.policy = people, open_case, policy()
    world.firm = listed(people)
    world.mark()
    world.agreed()
    world.finding("major")
    raising.sweep()
    world.premium()
    _later(timedelta(days=90))
    assert not Notice.objects.filter(pk__gt=world.since, unit__code=OTHER).exists()


def test_what_came_of_a_finding_is_told_when_its_case_ends(world, press):
    finding = world.finding("major")
    raising.sweep()
    finding.refresh_from_db()
    case = Case.objects.get(number=finding.case_number)
    world.mark()
    assert reminding.sweep() == 0
    press(case, *MEDIUM)
    reminding.sweep()
    assert world.told("finding.case_ended") == {"finding.case_ended": {LEAD, OTHER, INSURED} | OFFICIAL}


def test_a_clock_that_is_set_anew_is_told_anew(world):
    finding = world.finding()
    with clock.as_if(finding.due_at):
        assert reminding.sweep() == 1
        working.rectify(finding.pk, "已补", uploads=[picture(1)], by=world.by("enterprise"))
        working.recheck(finding.pk, False, "标志太小", days=3, by=world.by("sijing-duty"))
    finding.refresh_from_db()
    with clock.as_if(finding.due_at):
        assert reminding.sweep() == 1
        assert reminding.sweep() == 0


def test_no_notice_of_this_side_stands_on_the_chain_of_a_case(world):
    world.agreed()
    world.finding("major")
    raising.sweep()
    world.stopped()
    chains = set(Case.objects.values_list("chain", flat=True))
    ours = Notice.objects.filter(event__regex=r"^(claim|finding|firm|service|policy|complaint)\.")
    assert ours.exists()
    assert not ours.filter(chain__in=chains).exists()


def test_a_refused_act_is_told_to_nobody(world):
    claim = world.claim()
    world.mark()
    with pytest.raises(Exception, match="."):
        handling.register(claim.pk, by=world.by("insurer"), reserve="x")
    assert not Notice.objects.filter(pk__gt=world.since).exists()


def test_outsiders_read_what_happened_in_their_language_and_no_word_of_anybody(world):
    """Each sentence of the floor, as an outsider reads it."""
    world.agreed()
    world.finding("major")
    world.stopped()
    world.complaint()
    known = directory.current()
    for notice in Notice.objects.exclude(unit__code__in=[STREET, INDUSTRY]):
        if not re.match(r"(claim|finding|firm|service|policy|complaint)\.", notice.event):
            continue
        for language in ("zh-hans", "en"):
            with translation.override(language):
                _about, said = texts.parts(notice, known)
            assert "井口" not in said
            assert "伪造" not in said
            assert "请登录查看" not in said, notice.event
            if language == "en":
                assert not re.search(r"[\u4e00-\u9fff]", said), (notice.event, said)


def test_it_reaches_the_inbox_of_the_people_of_the_unit(world, client):
    world.claim()
    addressing.address()
    messages = Message.objects.filter(person=world.by("insurer"), read_at=None)
    assert messages.exists()
    client.force_login(world.by("insurer"))
    assert "已报案" in client.get("/inbox/").text


def test_every_event_has_a_sentence_and_every_cell_is_tested():
    told = {*of_claims.TOLD, *of_firms.TOLD, *of_findings.TOLD}
    said = {*of_claims.SAID, *of_firms.SAID, *of_findings.SAID}
    assert told <= said
    plainly_own = {
        # Of a firm's own papers and people; the same way as those that are tested.
        "firm.renew", "firm.employ", "firm.recertify", "firm.leave", "firm.unlist", "firm.remove", "firm.restore",
        "firm.hear", "finding.case_ended",
    }  # fmt: skip
    assert told - plainly_own <= {*CELLS}


def test_every_verb_of_the_floor_has_its_words_on_the_pages_of_the_ledger(world):
    """In both languages: what it is about, what it is called, its sentence."""
    kinds = ("claim", "finding", "selfcontrol", "firm", "complaint", "service", "plan", "account", "assessment",
             "policy", "cover", "webhook", "contact")  # fmt: skip
    verbs = [verb for verb in SENTENCES if verb.partition(".")[0] in kinds]
    assert len(verbs) > 80
    for verb in verbs:
        with translation.override("en"):
            words = f"{named(verb)} {SENTENCES[verb]}"
        assert not re.search(r"[\u4e00-\u9fff]", words), words
    world.agreed()
    world.rectified()
    world.stopped()
    world.complaint()
    wrote = set(LedgerEntry.objects.values_list("verb", flat=True))
    ours = {verb for verb in wrote if verb.partition(".")[0] in kinds}
    assert len(ours) > 12
    # Written by hand for the tests.
    assert ours - {"policy.share", "policy.cover", "order.give"} <= {*SENTENCES}
