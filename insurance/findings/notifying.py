"""Who is told of a finding: by notice, in registered words; its text stands on its page.

Told are the insured, who found it, who ordered that, the insurers that carry it, and those in office where they are to
look again or to close. Brokers are told nothing of findings (facts 3.5).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from insurance import inboxes
from insurance.findings import apart, scoping
from insurance.findings.models import DutyAnswer, Finding, Severity
from insurance.policies.models import Policy
from notices.models import Notice
from responsibility.directory import Directory
from responsibility.models import Grade

INSURED, FINDER, ORDERER, CARRIERS, OFFICIAL, RECHECKERS = (
    "insured", "finder", "orderer", "carriers", "official", "recheckers",
)  # fmt: skip
OURS = (INSURED, FINDER, ORDERER, CARRIERS)
TOLD: dict[str, tuple[str, ...]] = {
    "finding.tell": OURS,
    "finding.rectify": (FINDER, ORDERER, CARRIERS, OFFICIAL, RECHECKERS),
    "finding.recheck": (*OURS, OFFICIAL),
    "finding.close": (*OURS, OFFICIAL),
    "finding.raise": OURS,
    "finding.overdue": (*OURS, OFFICIAL),
    # Of the case whoever carries the risk now; who found it is told of the finding.
    "finding.case_ended": (INSURED, CARRIERS, OFFICIAL),
}
# Besides those above, of a major one.
OF_MAJOR: dict[str, tuple[str, ...]] = {"finding.tell": (OFFICIAL,)}
SAID = {
    "finding.tell": _("已书面告知隐患，须按期整改。"),
    "finding.tell_major": _("已书面告知重大隐患，须立即整改。"),
    "finding.rectify": _("隐患已报整改完成，等待复查。"),
    "finding.recheck": _("隐患复查合格，等待销号。"),
    "finding.recheck_failed": _("隐患复查不合格，已退回整改。"),
    "finding.close": _("隐患已销号。"),
    "finding.raise": _("隐患已作为预警上报，转入闭环处置。"),
    "finding.overdue": _("隐患逾期未整改。"),
    "finding.case_ended": _("由该隐患引发的案件已结束，请复查后销号。"),
}
DUTY = "selfcontrol.duty"


def rows(verb: str, findings: Sequence[Finding], at: datetime, *, by: int | None, event: str = "") -> list[dict]:
    """The notices of one act of the unit ``by`` (id) on each of ``findings``; one statement, one more for
    each that is put right.

    ``event`` names the sentence where an act has several.
    """
    carried = _carriers(findings, at) if CARRIERS in TOLD[verb] else {}
    told = []
    for finding in findings:
        wanted = TOLD[verb] + (OF_MAJOR.get(verb, ()) if finding.severity == Severity.MAJOR else ())
        units = {unit for reader in wanted for unit in _units(reader, finding, carried, at)}
        told += inboxes.rows(
            event or _event(verb, finding), about(finding), units, at, besides=[by], grade=_grade(verb, finding)
        )
    return told


def about(finding: Finding) -> inboxes.About:
    """The finding as notices name it."""
    return inboxes.About(finding.chain, finding.number, reverse("finding", args=[finding.number]))


def of_duty(answer: DutyAnswer, case: Case, at: datetime) -> list[dict]:
    """The enterprise disputes its duty on ``case``: whoever holds and leads it reads that beside the case."""
    told = inboxes.About(answer.chain, case.number, reverse("duties-said"))
    return inboxes.rows(DUTY, told, [case.holder_id, case.lead_id], at, words={"unit": answer.unit_id})


def _event(verb: str, finding: Finding) -> str:
    return "finding.tell_major" if verb == "finding.tell" and finding.severity == Severity.MAJOR else verb


def _grade(verb: str, finding: Finding) -> str:
    """A major one is orange as its alert is, until it was put right; overdue is yellow; the rest is routine."""
    if verb in ("finding.tell", "finding.raise", "finding.overdue") and finding.severity == Severity.MAJOR:
        return Grade.ORANGE
    return Grade.YELLOW if verb in ("finding.raise", "finding.overdue") else Grade.BLUE


def _units(reader: str, finding: Finding, carried: dict[int, set[int]], at: datetime) -> Iterable[int]:
    if reader == INSURED:
        return {finding.insured_id}
    if reader == FINDER:
        return {finding.found_by_unit_id}
    if reader == ORDERER:
        return {finding.order.by_unit_id} if finding.order else set()
    if reader == CARRIERS:
        return carried.get(finding.pk, set())
    return apart.ordered(finding) if reader == RECHECKERS else apart.official(finding, at)


def _carriers(findings: Sequence[Finding], at: datetime) -> dict[int, set[int]]:
    """``{finding: ids of the insurers that may read it by a policy}``. One statement."""
    carrying = scoping.covering(Policy.objects.all(), at, "found_at").values("shares__insurer")
    found = Finding.objects.filter(pk__in=[finding.pk for finding in findings])
    return {pk: {*units} for pk, units in found.values_list("pk", ArraySubquery(carrying))}


def speak() -> None:
    """Have these notices said."""

    def words(notice: Notice, known: Directory) -> dict:
        return {"unit": inboxes.name(notice, known)}

    inboxes.speak(SAID)
    inboxes.speak({DUTY: _("{unit}对本案的主体责任提出异议。")}, words)
