"""What of a finding is told to whom, what became of its case, and what comes next: for pages and the API alike.

The case is read by its number and never touched; outsiders are told of it what ``cases/outside.py`` opens to them, and
as long as it does. Of the finding itself brokers are told the state alone (facts 3.5); insurers neither names, nor
photos, nor what those in office say of the work; firms photos only while they look again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from cases import outside
from cases.models import Case
from cases.models.machine import ENDED
from insurance.findings import apart, periods, working
from insurance.findings.models import Finding, FindingState, Proof, Recheck
from insurance.findings.scoping import rechecking
from responsibility import directory
from responsibility.acting import Actor
from responsibility.models import Role
from responsibility.refusals import Refused

OUTSIDE = {Role.INSURER, Role.BROKER, Role.FIRM, Role.ENTERPRISE}


@dataclass(frozen=True)
class Shown:
    """A finding as ``actor`` is told of it at ``now``; ``case`` is what came of it, as far as he is told.

    ``words``: whether he is told what was found and when, not the state alone.
    """

    finding: Finding
    actor: Actor
    now: datetime
    case: Case | None
    is_passed: bool
    words: bool

    @property
    def is_overdue(self) -> bool:
        return self.words and self.finding.is_overdue(self.now)

    @property
    def is_case_open(self) -> bool:
        return self.case is not None and self.case.state not in ENDED

    @property
    def inside(self) -> bool:
        """Whether the reader is of the district or of the insured: he is told why work was sent back."""
        return bool(self.actor.roles - OUTSIDE) or self.finding.insured_id in self.actor.unit_ids

    @property
    def people(self) -> bool:
        """Whether names of people are told."""
        return bool(self.actor.roles - OUTSIDE)

    @property
    def step(self) -> int:
        """How far it has come: 1 told, 2 put right, 3 looked at again, 4 closed."""
        if self.finding.state == FindingState.CLOSED:
            return 4
        if self.finding.state == FindingState.RECTIFIED:
            return 3 if self.is_passed else 2
        return 1

    @property
    def until(self) -> str:
        """The end of the term."""
        return periods.said(self.finding.due_at)

    @property
    def next(self) -> str:
        """What comes next and whose turn it is, in plain words."""
        if not self.words:
            return str(FindingState(self.finding.state).label)
        due, number = self.until, self.finding.case_number
        if self.finding.state == FindingState.CLOSED:
            return _("已销号，无须再办。")
        if self.finding.state == FindingState.OPEN:
            mine = self.finding.insured_id in self.actor.unit_ids
            if self.is_overdue:
                return _("已逾期（期限 %(due)s）：请立即整改，拍照上传。") % {"due": due}
            if mine:
                return _("请在 %(due)s 前整改，拍照上传。") % {"due": due}
            return _("等待整改单位在 %(due)s 前整改。") % {"due": due}
        if not self.is_passed:
            return _("已整改，等待复查：由属地单位、行业部门、核查员或另一家受托机构复查。")
        if self.is_case_open:
            return _("复查合格；案件 %(number)s 结案之后销号。") % {"number": number}
        return _("复查合格，等待属地单位、行业部门或核查员销号。")


def shown(findings: Sequence[Finding], actor: Actor, now: datetime) -> list[Shown]:
    """``findings`` as ``actor`` is told of them; a fixed number of statements for however many."""
    numbers = {finding.case_number for finding in findings if finding.case_number}
    by_number = {case.number: case for case in _cases(numbers, actor)} if numbers else {}
    told = _told(findings, actor)
    passed = _passed([one for one in findings if one.pk in told])
    return [
        Shown(one, actor, now, by_number.get(one.case_number), one.pk in passed, one.pk in told) for one in findings
    ]


def beyond_state(actor: Actor) -> Actor:
    """``actor`` without his posts at brokers: what this one sees, he is told of in words."""
    return Actor(actor.user, tuple(post for post in actor.posts if post.role != Role.BROKER))


def _told(findings: Sequence[Finding], actor: Actor) -> set[int]:
    ids, beyond = {one.pk for one in findings}, beyond_state(actor)
    if len(beyond.posts) == len(actor.posts):
        return ids
    seen = Finding.objects.visible_to(beyond, directory.current().units) if beyond.posts else Finding.objects.none()
    return set(seen.filter(pk__in=ids).values_list("pk", flat=True))


def _cases(numbers: set[str], actor: Actor) -> list[Case]:
    """The cases of which ``actor`` may know: in office all that came of what he sees, outside what concerns him."""
    cases = Case.objects.filter(number__in=numbers).only("number", "state", "grade", "loop", "closed_at")
    if actor.roles - OUTSIDE:
        return list(cases)
    found = list(cases)
    ids = [case.pk for case in found]
    by = outside.standings(actor, ids)
    opened = Case.objects.visible_to(actor, directory.current().units).filter(pk__in=ids)
    granted = set(opened.values_list("pk", flat=True))
    for case in found:
        if case.pk not in granted and not outside.shows(by.get(case.pk, ()), "closed_at"):
            case.closed_at = None
    return [case for case in found if case.pk in granted or outside.shows(by.get(case.pk, ()), "state")]


def of_order(order_id: int, actor: Actor, units: dict, now: datetime) -> list[Shown]:
    """What was found by an order, as far as ``actor`` sees it, with what became of it: shown on the order."""
    found = Finding.objects.visible_to(actor, units).filter(order=order_id).select_related(*NAMED).order_by("pk")
    return shown(list(found), actor, now)


NAMED = ("insured", "found_by_unit", "risk_object", "territory", "category", "order", "worked_by")


def proofs(one: Shown) -> list[Proof]:
    """The proofs that the reader may see: those of the district, the insured, and who is asked to look again."""
    return list(one.finding.proofs.select_related("unit")) if sees_proofs(one.finding, one.actor) else []


def sees_proofs(finding: Finding, actor: Actor) -> bool:
    """Whether the photos of the work are shown: they may show faces (facts 3.5)."""
    if actor.roles - OUTSIDE or finding.insured_id in actor.unit_ids:
        return True
    return Finding.objects.filter(pk=finding.pk).filter(_asked_again(actor)).exists()


def rechecks(one: Shown) -> list[Recheck]:
    """Who looked again, without the words of those in office where the reader is neither of them nor the insured."""
    found = list(one.finding.rechecks.select_related("unit", "by"))
    for line in found:
        if not one.inside and line.unit_id not in one.actor.unit_ids:
            line.note = ""
    return found


def allowed(one: Shown) -> list[str]:
    """What the reader may press now: ``rectify``, ``recheck``, ``close``."""
    tries = {
        "rectify": lambda: working.may_rectify(one.actor, one.finding),
        "recheck": lambda: apart.may_recheck(one.actor, one.finding, one.now),
        "close": lambda: apart.may_close(one.actor, one.finding, one.now),
    }
    ready = {1: ["rectify"], 2: ["recheck"], 3: ["recheck"] if one.is_case_open else ["close", "recheck"]}
    return [verb for verb in ready.get(one.step, []) if _fits(tries[verb])]


def _fits(guard) -> bool:
    try:
        guard()
    except Refused:
        return False
    return True


def _asked_again(actor: Actor):
    from django.db.models import Exists

    firms = {post.unit_id for post in actor.posts if post.role == Role.FIRM}
    return Exists(rechecking(firms))


def _passed(findings: Sequence[Finding]) -> set[int]:
    """The ids of those that somebody found good since they were put right."""
    waiting = {one.pk: one for one in findings if one.rectified_at and one.state != FindingState.OPEN}
    if not waiting:
        return set()
    good: dict[int, bool] = {}
    rows = Recheck.objects.filter(finding__in=waiting).order_by("pk").values_list("finding", "passed", "at")
    for pk, passed, at in rows:
        since = waiting[pk].rectified_at
        if since is not None and at >= since:
            good[pk] = passed
    return {pk for pk, is_good in good.items() if is_good}
