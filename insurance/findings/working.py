"""What becomes of a finding: proof, rectification, re-inspection by somebody else, closing by a body of the district.

Each act locks the finding, asks for the permission under the lock, and writes its entry on the finding's own chain. The
case that may have come of it is read and never touched.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import typed
from cases.models import Case
from cases.models.machine import ENDED
from insurance.findings import apart, keeping, notifying, terms
from insurance.findings.models import Finding, FindingState, Proof, Recheck
from notices import outbox
from responsibility import access, acting, clock, directory, ledger
from responsibility.models import Post, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

CODE = 64


def prove(pk: int, uploads: Sequence, note: str = "", *, by: User) -> list[Proof]:
    """Add proofs of the work. The same file again is the first one; one from before a rework is ``Invalid``.

    ``Forbidden``, ``Refused`` (``wrong_state``), ``Invalid``.
    """
    note = typed.text(note, "note", needed=False)
    if not uploads:
        raise Invalid("required", _("请选择文件。"), "file")
    # Before a large file is taken in; asked again under the lock.
    may_rectify(acting.of(by), Finding.objects.get(pk=pk))
    stored = keeping.receive(uploads)
    with transaction.atomic():
        finding, actor, now = locked(pk), acting.of(by), clock.now()
        post = may_rectify(actor, finding)
        return _keep(finding, stored, note, actor, post, now)


def rectify(
    pk: int, note: str = "", worked_by: str = "", uploads: Sequence = (), *, by: User
) -> Finding:  # fmt: skip
    """The insured says that it is put right: by itself, or by the unit ``worked_by`` (code); with a proof at least.

    ``Forbidden``, ``Refused`` (``wrong_state``, ``no_proof``), ``Invalid``.
    """
    note = typed.text(note, "note")
    may_rectify(acting.of(by), Finding.objects.get(pk=pk))
    stored = keeping.receive(uploads)
    with transaction.atomic():
        finding, actor, now = locked(pk), acting.of(by), clock.now()
        post = may_rectify(actor, finding)
        worker = _worker(worked_by, finding)
        _keep(finding, stored, "", actor, post, now)
        if not finding.proofs.filter(uploaded_at__gte=finding.proof_since).exists():
            raise Refused("no_proof", _("请附上整改凭证：至少一张照片或一份文件。"))
        finding.state, finding.rectified_at, finding.rectified_by = FindingState.RECTIFIED, now, by
        finding.rectified_note, finding.worked_by = note, worker
        finding.save(update_fields=["state", "rectified_at", "rectified_by", "rectified_note", "worked_by"])
        after = {"state": "rectified", "worked_by": worker.code, "overdue": finding.due_at <= now}
        _tell(finding, "finding.rectify", {"state": "open"}, after, actor, post, now, note)
        return finding


@transaction.atomic
def recheck(
    pk: int, passed: bool, note: str = "", genuine: bool = True, days: object = None, *, by: User
) -> Recheck:  # fmt: skip
    """Somebody else looked again. Not ``passed``: the work is sent back for a reason, with ``days`` anew or by the old
    term. ``genuine``: the danger had been there as it was told.

    ``Forbidden``, ``Refused`` (``wrong_state``, ``own_case``, ``own_work``, ``own_client``), ``Invalid``.
    """
    finding, actor, now = locked(pk), acting.of(by), clock.now()
    post = apart.may_recheck(actor, finding, now)
    note = typed.text(note, "note", needed=not passed)
    _in_state(finding, FindingState.RECTIFIED)
    made = Recheck.objects.create(
        finding=finding, unit=post.unit, passed=passed, genuine=genuine, note=note, at=now, by=by
    )
    if not passed:
        _send_back(finding, terms.days(days, finding.severity), now)
    after = {
        "state": str(finding.state), "passed": passed, "genuine": genuine, "unit": post.unit.code,
        "due_at": finding.due_at.isoformat(),
    }  # fmt: skip
    event = "" if passed else "finding.recheck_failed"
    _tell(finding, "finding.recheck", {"state": "rectified"}, after, actor, post, now, note, event)
    return made


@transaction.atomic
def close(pk: int, note: str = "", *, by: User) -> Finding:
    """销号: by a body of the district, after a re-inspection that passed and not before the case that came of it ended.

    ``Forbidden``, ``Refused`` (``wrong_state``, ``not_rechecked``, ``case_open``, ``own_case``, ``own_work``,
    ``own_client``), ``Invalid``.
    """
    finding, actor, now = locked(pk), acting.of(by), clock.now()
    post = apart.may_close(actor, finding, now)
    note = typed.text(note, "note", needed=False)
    _in_state(finding, FindingState.RECTIFIED)
    if not passed(finding):
        raise Refused("not_rechecked", _("复查合格之后才能销号。"))
    if is_case_open(finding):
        raise Refused("case_open", _("案件 %(number)s 尚未结案，不能销号。") % {"number": finding.case_number})
    finding.state, finding.closed_at, finding.closed_by = FindingState.CLOSED, now, by
    finding.save(update_fields=["state", "closed_at", "closed_by"])
    _tell(finding, "finding.close", {"state": "rectified"}, {"state": "closed"}, actor, post, now, note)
    return finding


def passed(finding: Finding) -> bool:
    """Whether somebody looked again since the work was done and found it good."""
    last = finding.rechecks.filter(at__gte=finding.rectified_at).order_by("-id").first()
    return last is not None and last.passed


def is_case_open(finding: Finding) -> bool:
    """Whether the case that came of it is still worked; also while an alert of it is on its way to one."""
    if not finding.external_id:
        return False
    case = Case.objects.filter(number=finding.case_number).only("state").first()
    return case is not None and case.state not in ENDED


def may_rectify(actor: acting.Actor, finding: Finding) -> Post:
    """The post in which ``actor`` works on it for the insured. ``Forbidden``, ``Refused`` (``wrong_state``)."""
    post = access.post_for(actor, "finding.rectify", named={finding.insured_id})
    if post is None:
        raise Forbidden("not_insured", _("整改由被告知的单位填报。"))
    _in_state(finding, FindingState.OPEN)
    return post


def locked(pk: int) -> Finding:
    """The finding under its lock. ``Finding.DoesNotExist``."""
    found = Finding.objects.select_for_update(no_key=True, of=("self",))
    return found.select_related("insured", "found_by_unit", "order", "risk_object", "territory").get(pk=pk)


def _in_state(finding: Finding, wanted: FindingState) -> None:
    if finding.state != wanted:
        now = FindingState(finding.state).label
        raise Refused("wrong_state", _("隐患现在的状态是“%(state)s”，不能这样办理。") % {"state": now})


def _worker(code: str, finding: Finding) -> Unit:
    code = typed.text(code, "worked_by", limit=CODE, needed=False)
    if not code:
        return finding.insured
    unit = directory.current().units_by_code.get(code)
    if unit is None or not apart.is_outside(unit):
        raise Invalid("unknown_unit", _("没有代码为“%(code)s”的企业或机构。") % {"code": code}, "worked_by")
    return unit


def _send_back(finding: Finding, days: int | None, now: datetime) -> None:
    if days is not None:
        known = directory.current()
        finding.due_at = terms.due_at(now, days, finding.severity, finding.category, known)
    finding.state, finding.proof_since = FindingState.OPEN, now
    finding.save(update_fields=["state", "proof_since", "due_at"])


def _keep(finding: Finding, stored: list, note: str, actor: acting.Actor, post: Post, now: datetime) -> list[Proof]:
    """The proofs of ``stored``, new ones with an entry; two statements beside the entries, for however many."""
    there = {proof.sha256: proof for proof in finding.proofs.filter(sha256__in=[file.sha256 for file in stored])}
    if any(proof.uploaded_at < finding.proof_since for proof in there.values()):
        raise Invalid("used_before", _("这份文件在返工之前已经用过，请重新取证。"), "file")
    fresh = [
        Proof(finding=finding, unit=post.unit, note=note, **keeping.columns(file, actor.user, now))
        for file in stored
        if file.sha256 not in there
    ]
    Proof.objects.bulk_create(fresh)
    acts = [
        _act(finding, "finding.proof", {}, {"sha256": p.sha256, "size": p.size, "type": p.content_type}, note)
        for p in fresh
    ]
    ledger.record(acts, by=actor, post=post, at=now)
    return [*there.values(), *fresh]


def _act(finding: Finding, verb: str, before: dict, after: dict, note: str) -> ledger.Act:
    return ledger.Act(finding.chain, verb, "finding", finding.number, finding.number, before, after, note)


def _tell(
    finding: Finding, verb: str, before: dict, after: dict, actor, post, now: datetime, note: str, event: str = ""
) -> None:  # fmt: skip
    ledger.record([_act(finding, verb, before, after, note)], by=actor, post=post, at=now)
    outbox.write(notifying.rows(verb, [finding], now, by=post.unit_id, event=event))
