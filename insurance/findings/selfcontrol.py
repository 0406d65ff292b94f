"""风险单元自控: the enterprise's own register of an object: its list and period, its checks, people and certificates.

A line that is not met becomes a finding that the enterprise has told itself, and goes the way of every other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from alerts.models import RiskObject
from cases import typed
from cases.filetypes import IMAGES
from handbook import shelf
from handbook.models import Step
from insurance.findings import keeping, periods, telling
from insurance.findings.models import CheckPhoto, Finding, FoundBy, Period, Register, SelfCheck
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import Post, User
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Forbidden, Invalid, Refused

LINE, LINES, NAME = 500, 60, 100


@dataclass(frozen=True)
class Result:
    """What was seen at one line of the list; ``note`` says what is not met, ``severity`` how grave that is."""

    met: bool
    note: str = ""
    severity: str = "general"
    days: int | None = None


def drawn(thing: RiskObject, now: datetime) -> tuple[int | None, list[dict]]:
    """The handbook version in force for the object's category and its lines: what it asks of the main body, or all that
    it asks where it asks nothing of that."""
    version = shelf.at(directory.current(), thing.category, now)
    steps = list(Step.objects.filter(version=version)) if version else []
    asked = [step for step in steps if step.role == DutyRole.MAIN_BODY] or steps
    return version, [{"step": str(s.kin), "text": s.text, "text_en": s.text_en} for s in asked]


def keep(code: str, period: object, own: str, *, by: User) -> Register:
    """Open the register of an object (code), or draw its list anew: the handbook's lines and ``own`` ones, a line each.

    ``Forbidden`` for who does not run the object, ``Invalid``, ``Refused`` when somebody else opened it meanwhile.
    """
    try:
        return _keep(code, period, own, by)
    except IntegrityError:
        raise Refused("kept_meanwhile", _("刚刚已有人登记，请刷新后再办。")) from None


@transaction.atomic
def _keep(code: str, period: object, own: str, by: User) -> Register:
    actor, now = acting.of(by), clock.now()
    thing = RiskObject.objects.select_related("category", "main_body").filter(code=code).first()
    post = may_keep(actor, thing)
    if thing is None or thing.main_body is None:
        raise RiskObject.DoesNotExist
    if period not in Period.values:
        raise Invalid("bad_choice", _("自查周期应为 daily、weekly 或 monthly。"), "period")
    version, lines = drawn(thing, now)
    lines += _own(own)
    if not 0 < len(lines) <= LINES:
        raise Invalid(
            "no_lines", _("自查项目应为 1 至 %(most)d 条；该类别没有手册时请自行填写。") % {"most": LINES}, "own"
        )
    found = Register.objects.select_for_update(no_key=True).filter(risk_object=thing).first()
    register = found or Register(risk_object=thing, since=now)
    before = {"period": str(register.period), "lines": len(register.lines)} if found else {}
    if found and (register.period != period or register.unit_id != thing.main_body_id):
        register.since = now
    register.unit, register.period, register.lines = thing.main_body, str(period), lines
    register.version_id, register.kept_by = version, by
    register.save()
    after = {"period": str(period), "lines": len(lines), "version": version, "unit": register.unit.code}
    tell(register, "selfcontrol.change" if found else "selfcontrol.open", before, after, actor, post, now)
    return register


def check(
    pk: int, results: Sequence[Result], person: str = "", uploads: Sequence = (), *, by: User
) -> tuple[SelfCheck, list[Finding]]:
    """The check of the running period, line by line, and the findings of what is not met.

    ``Forbidden``, ``Refused`` (``checked_already``), ``Invalid`` (not one result for each line, a note is missing).
    """
    person = typed.text(person, "person", limit=NAME, needed=False) or str(by)
    may_keep(acting.of(by), Register.objects.select_related("risk_object").get(pk=pk).risk_object)
    stored = keeping.receive(uploads, IMAGES)
    with transaction.atomic():
        register, actor, now = locked(pk), acting.of(by), clock.now()
        post = may_keep(actor, register.risk_object)
        if len(results) != len(register.lines):
            raise Invalid("bad_results", _("每个自查项目都须填写结果；清单可能刚刚更改，请刷新。"), "results")
        day = periods.first_day(register.period, now)
        if register.checks.filter(day=day).exists():
            raise Refused("checked_already", _("本期已经自查。"))
        made = SelfCheck.objects.create(
            register=register, day=day, at=now, by=by, person=person, results=_told(register, results),
            unmet=sum(not result.met for result in results),
        )  # fmt: skip
        CheckPhoto.objects.bulk_create(CheckPhoto(self_check=made, **keeping.columns(file, by, now)) for file in stored)
        found = _findings(register, results, actor, post, now)
        after = {
            "day": day.isoformat(), "person": person, "lines": len(results), "unmet": made.unmet,
            "photos": " ".join(file.sha256 for file in stored), "findings": " ".join(one.number for one in found),
        }  # fmt: skip
        tell(register, "selfcontrol.check", {}, after, actor, post, now)
        return made, found


def read_results(given: Sequence[Mapping]) -> list[Result]:
    """Results of ``[{"met", "note", "severity", "days"}]``. ``Invalid`` with the field."""
    read = []
    for one in given:
        if not isinstance(one.get("met"), bool):
            raise Invalid("bad_choice", _("每个自查项目应选符合或不符合。"), "met")
        if one["met"]:
            read.append(Result(True, typed.text(one.get("note") or "", "note", needed=False)))
            continue
        note = typed.text(one.get("note") or "", "note", needed=False)
        if not note:
            raise Invalid("required", _("不符合的项目须写明哪里不符合。"), "note")
        line = telling.read({"severity": one.get("severity") or "general", "text": note, "days": one.get("days")})
        read.append(Result(False, note, line.severity, line.days))
    return read


def may_keep(actor: acting.Actor, thing: RiskObject | None) -> Post:
    """The post in which ``actor`` keeps the register of ``thing``: of the unit that runs it, or one above.
    ``Forbidden``, also where there is no such object."""
    known = directory.current()
    units = access.units(actor, "selfcontrol.keep", known.units)
    mine = thing is not None and thing.main_body_id in units
    post = access.post_for(actor, "selfcontrol.keep", own=units) if mine else None
    if post is None:
        raise Forbidden("not_body", _("只有主体责任单位登记本单位监测对象的自控。"))
    return post


def locked(pk: int) -> Register:
    """The register under its lock. ``Register.DoesNotExist``."""
    found = Register.objects.select_for_update(no_key=True, of=("self",))
    return found.select_related("unit", "risk_object__category", "risk_object__territory").get(pk=pk)


def tell(register: Register, verb: str, before: dict, after: dict, actor, post, now: datetime, note: str = "") -> None:
    """The entry of an act on the chain of the register."""
    thing = register.risk_object
    ledger.record(
        [ledger.Act(register.chain, verb, "selfcontrol", thing.code, thing.name, before, after, note)],
        by=actor, post=post, at=now,
    )  # fmt: skip


def _own(words: str) -> list[dict]:
    # The field as a whole is bounded by its lines.
    whole = typed.text(words, "own", limit=LINE * LINES, needed=False)
    lines = [typed.text(line, "own", limit=LINE, needed=False) for line in whole.splitlines()]
    return [{"step": None, "text": line, "text_en": ""} for line in lines if line]


def _told(register: Register, results: Sequence[Result]) -> list[dict]:
    pairs = zip(register.lines, results, strict=True)
    return [{"text": line["text"], "met": result.met, "note": result.note} for line, result in pairs]


def _findings(register: Register, results: Sequence[Result], actor, post, now: datetime) -> list[Finding]:
    thing = register.risk_object
    on = telling.Occasion(FoundBy.SELF, register.unit, register.unit, now, thing, thing.territory)
    lines = [
        telling.Line(result.severity, f"{line['text']}：{result.note}", days=result.days)
        for line, result in zip(register.lines, results, strict=True)
        if not result.met
    ]
    return telling.write(lines, on, by=actor, post=post, now=now)
