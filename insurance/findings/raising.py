"""Major and overdue findings become alerts of the source 保险, by the door that stands open for everybody.

The case opens in the loop and with the owner that the ordinary rules give; nothing of it is decided here. The rows are
the work: they are claimed with ``SKIP LOCKED``, and the number of a finding is the alert's own id, so that each is
raised once however many sweepers there are and whenever one of them is killed.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from alerts import intake
from alerts.intake import Draft
from alerts.models import Source
from insurance.findings import notifying
from insurance.findings.models import Finding, Severity
from notices import outbox
from responsibility import acting, clock, directory, ledger, rows_told, tokens
from responsibility.directory import Directory
from responsibility.models import Category, Grade

SOURCE = "insurance"
# The standing function of the committee's office, which answers for the source.
OWNER = "overall_coordination"
BATCH = 200
# The number is only ours.
ONE_AT_A_TIME = 7345
GRADES = {Severity.MAJOR: Grade.ORANGE, Severity.GENERAL: Grade.YELLOW}
# A finding of no registered category goes before the shift leader under this word.
UNKNOWN = "INSURANCE-FINDING"
TITLE = 300


@dataclass(frozen=True)
class Raised:
    """What a sweep did."""

    findings: int
    cases: int


def sweep() -> Raised:
    """Raise what is due, in batches. Nothing while the insurance side is switched off, or without its source."""
    done, cases = 0, set[str]()
    while settings.INSURANCE:
        found = _batch()
        done, cases = done + len(found), cases | {finding.case_number for finding in found if finding.case_number}
        if len(found) < BATCH:
            break
    return Raised(done, len(cases))


@transaction.atomic
def _batch() -> list[Finding]:
    with connection.cursor() as cursor:
        # One at a time: ticks that pile up would take the places of others.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            return []
    now, known = clock.now(), directory.current()
    due = Finding.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).unraised(now)
    related = ("risk_object", "territory", "category", "insured", "order")
    found = list(due.select_related(*related).order_by("due_at", "pk")[:BATCH])
    sender = source(known) if found else None
    if sender is None:
        return []
    answers = intake.receive(sender, found, read)
    for finding, answer in zip(found, answers, strict=True):
        finding.external_id, finding.case_number = finding.number, answer.case or ""
    Finding.objects.bulk_update(found, ["external_id", "case_number"])
    ledger.record([_act(finding, now) for finding in found], by=acting.SYSTEM, at=now)
    outbox.write(notifying.rows("finding.raise", found, now, by=None))
    return found


def source(known: Directory) -> Source | None:
    """The source, made where it is missing; ``None`` where no unit answers for it or it is switched off.

    Its key is thrown away as it is made: nobody outside sends in its name.
    """
    there = Source.objects.filter(code=SOURCE).first()
    owner = known.unit_with(OWNER)
    if there is None and owner is not None:
        with rows_told.told():
            there, _made = Source.objects.get_or_create(
                code=SOURCE,
                defaults={
                    "name": "保险与第三方隐患", "name_en": "Insurance and third-party findings", "unit": owner,
                    "key_digest": tokens.digest(secrets.token_urlsafe(32)),
                },
            )  # fmt: skip
    return there if there and there.active else None


def read(finding: object, now: datetime, known: Directory) -> Draft:
    """The alert of a finding: seen when it was found, or when its term ran out."""
    if not isinstance(finding, Finding):
        raise TypeError("a finding is raised")
    overdue, place = finding.is_overdue(now), finding.territory
    return Draft(
        external_id=finding.number,
        category_code=finding.category.code if finding.category else UNKNOWN,
        observed_at=finding.found_at if finding.severity == Severity.MAJOR else finding.due_at,
        object_code=finding.risk_object.code if finding.risk_object else "",
        grade=grade(finding),
        lat=place.lat if place else None,
        lon=place.lon if place else None,
        title=_title(finding),
        payload={
            "finding": finding.number, "severity": str(finding.severity), "overdue": overdue,
            "insured": finding.insured.code, "due_at": finding.due_at.isoformat(), "basis": finding.basis,
        },
    )  # fmt: skip


def grade(finding: Finding) -> str:
    """Orange for a major one, yellow for another; where the category knows no such colour, the next graver it knows."""
    wanted = GRADES[Severity(finding.severity)]
    return _known(wanted, finding.category)


def _known(wanted: Grade, category: Category | None) -> str:
    colours = [colour for colour in Grade if category and _is_set(category.thresholds.get(colour.value))]
    graver = [colour for colour in colours if colour.rank <= wanted.rank]
    return str((graver or colours or [wanted])[-1 if graver else 0])


def _is_set(threshold: dict | None) -> bool:
    return threshold is not None and (threshold.get("value") is not None or bool(threshold.get("label")))


def _title(finding: Finding) -> str:
    """Place and danger, cut to what a title holds."""
    of = finding.risk_object.name if finding.risk_object else finding.insured.name
    word = "重大隐患" if finding.severity == Severity.MAJOR else "隐患逾期未整改"
    return f"{of}{word}：{finding.text}"[:TITLE]


def _act(finding: Finding, now: datetime) -> ledger.Act:
    after: dict[str, object] = {"case": finding.case_number or None, "overdue": finding.is_overdue(now)}
    return ledger.Act(finding.chain, "finding.raise", "finding", finding.number, finding.number, after=after)
