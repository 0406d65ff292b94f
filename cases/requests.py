"""请示: one unit asks, another decides, and a decision on a case that has moved on is refused, not applied.

Each request has a clock of its own; what its end means is applied by the sweep (``cases/lapsing.py``). Who decides
stands in ``cases/deciding.py``, what an approval does in ``cases/granting.py``.
"""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from cases import arbitration, deciding, granting, guards
from cases.changes import Changes, locked_case
from cases.granting import GRANT, POSSIBLE
from cases.models import Case, Evidence, Request, RequestKind
from cases.models.work import REASONS, Decided, Reason, RequestState
from cases.policy import DECIDE_MINUTES
from responsibility import acting, clock, directory
from responsibility.models import Grade, Post, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

# A suspension is reviewed at the latest after this time; whoever is shown a case asks again after it.
CEILING = {"extend": 24 * 60, "suspend": 90 * 24 * 60, "share": 90 * 24 * 60}
ANSWER_LENGTH = 2000
# Asked by the system itself, never by a person.
BY_SYSTEM = {RequestKind.DETERMINE, RequestKind.REDISPATCH}


def ask(
    case_id: int, *, by: User, kind: str, reason: str, note: str = "", minutes: int | None = None, code: str = "",
    proposed: str = "", evidence: int | None = None,
) -> Request:  # fmt: skip
    """Ask for ``kind`` on the case. ``minutes``: how long an extension, a suspension or a showing shall be.

    ``code`` is one of ``REASONS[kind]``; a return needs one and may propose the unit whose case it is, by its code; a
    ``share`` names the unit to which the case shall be shown there. ``evidence``: a proof of the case, by its row id.
    What is red, or says that people are hurt, rises at once and waits for nobody.

    Raises ``Forbidden``, ``Refused`` (not possible as things stand, or already asked) or ``Invalid``.
    """
    _judge(kind, reason, note, code)
    minutes = _checked_minutes(kind, minutes)
    with transaction.atomic():
        case, changes, actor = _open_case(case_id, by)
        post = guards.may_prove(actor, case, changes.engaged[case.pk], f"request.{kind}")
        POSSIBLE[kind](case)
        request = Request(
            case=case, kind=kind, reason=reason, note=note, minutes=minutes, asked_at=changes.now, asked_by=by,
            unit=post.unit, code=code, proposed=_proposed(changes, case, kind, post, proposed),
            evidence=_evidence(case, evidence),
        )  # fmt: skip
        if case.requests.filter(kind=kind, state=RequestState.PENDING).exists():
            raise Refused("already_asked", _("同类请示正在等待审批。"))
        if _is_final(case, request):
            raise Refused("final", _("申诉已被驳回，在有新的预警之前不能再请示同一事项。"))
        granted = case.requests.filter(kind=kind, state=RequestState.APPROVED).count()
        request.act = deciding.act(kind, case, minutes, granted + 1)
        _enter(changes, case, request, f"request.{kind}")
        changes.write(by=actor, post=post)
    return request


def _is_final(case: Case, request: Request) -> bool:
    """Whether an appeal in the same matter has been refused and nothing has happened since; what waits for nobody's
    decision is never final."""
    if request.code == Reason.CASUALTIES or (request.kind == RequestKind.ESCALATE and case.grade == Grade.RED):
        return False
    appeals = case.requests.filter(kind=request.kind, unit=request.unit, appeal_of__isnull=False)
    return appeals.filter(state=RequestState.REFUSED, decided_at__gte=case.last_alert_at).exists()


def appeal(request_id: int, *, by: User, reason: str) -> Request:
    """申诉: take a refused request to arbitration, once; the emergency office decides for good.

    Raises ``Forbidden``, ``Refused`` (nothing to appeal, appealed before, decided for good) or ``Invalid``.
    """
    if not reason.strip() or len(reason) > 200 or not storable(reason):
        raise Invalid("required", _("请填写理由（200 字以内）。"), "reason")
    with transaction.atomic():
        case_id = Request.objects.values_list("case_id", flat=True).get(pk=request_id)
        case, changes, actor = _open_case(case_id, by)
        former = Request.objects.select_related("unit", "proposed", "evidence", "appeal").get(pk=request_id)
        post = guards.may_prove(actor, case, changes.engaged[case.pk], "request.appeal")
        may_appeal(former, post.unit_id)
        POSSIBLE[former.kind](case)
        if case.requests.filter(kind=former.kind, state=RequestState.PENDING).exists():
            raise Refused("already_asked", _("同类请示正在等待审批。"))
        request = Request(
            case=case, kind=former.kind, reason=reason.strip(), minutes=former.minutes, asked_at=changes.now,
            asked_by=by, unit=post.unit, code=former.code, proposed=former.proposed, appeal_of=former,
            act=deciding.APPEAL, evidence=former.evidence,
        )  # fmt: skip
        _enter(changes, case, request, "request.appeal")
        changes.write(by=actor, post=post)
    return request


def may_appeal(former: Request, unit_id: int) -> None:
    """``Refused`` unless the unit may take the refusal of ``former`` to arbitration."""
    if former.kind in arbitration.DISPUTES or former.act in FINAL:
        raise Refused("final", _("已由区城运应急办裁定，不能再申诉。"))
    if former.state != RequestState.REFUSED or former.unit_id != unit_id:
        raise Refused("nothing_to_appeal", _("只有原申请单位可以对驳回的请示申诉。"))
    if hasattr(former, "appeal"):
        raise Refused("appealed_before", _("这份请示已经申诉过一次，不能再申诉。"))


# What the emergency office has refused, the emergency office is not asked again.
FINAL = {deciding.APPEAL, *(act for act in deciding.ACTS if deciding.by_arbiter(act))}


def _enter(changes: Changes, case: Case, request: Request, verb: str) -> None:
    """Write ``request`` down with its clock, or let it happen at once where a rule says so."""
    at_once = request.kind == RequestKind.ESCALATE and (
        case.grade == Grade.RED or granting.at_once(case, request)
    )  # fmt: skip
    if request.kind == RequestKind.RETURN:
        arbitration.begin_clock(changes, case)
    elif not at_once:
        owing = deciding.homes(request.act, case, changes.known)
        minutes = (DECIDE_MINUTES | case.policy.get("decide", {}))["appeal" if request.appeal_of else request.kind]
        request.deadline = changes.start_own(case, "decide", owing[0] if owing else None, minutes)
    if at_once:
        request.state, request.decided_at, request.decided_how = RequestState.APPROVED, changes.now, Decided.RULE
    request.save()
    changes.touch(case)
    changes.tell(case, verb, after=_told(request), note=request.note)
    if at_once:
        why = "casualties" if request.code == Reason.CASUALTIES else "red"
        granting.raise_loop(changes, case, request, why=why, by=None)
        told = {"request": request.pk, "kind": str(request.kind), "loop": str(case.loop), "how": str(Decided.RULE)}
        changes.tell(case, "request.waive", after=told)


def _told(request: Request) -> dict:
    after: dict = {"request": request.pk, "reason": request.reason, "minutes": request.minutes}
    if request.code:
        after |= {"code": request.code}
    if request.proposed or request.kind == RequestKind.RETURN:
        after |= {"proposed": request.proposed.code if request.proposed else None}
    if request.evidence:
        after["evidence"] = request.evidence.sha256
    if request.appeal_of:
        after |= {"appeal_of": request.appeal_of.pk, "kind": str(request.kind)}
    return after


def decide(
    request_id: int, *, by: User, approve: bool, answer: str = "", designate: str = "", second: str = ""
) -> Request:
    """Approve or refuse. A refusal needs its reason in ``answer``. Raises ``Forbidden``, ``Refused``, ``Invalid``.

    A dispute is ended by naming the unit whose case it is (``designate``, its code; the proposed one when left out);
    ``second`` is a unit that gets a linked case of its own. A refused return leaves the case for good where it is.
    """
    _judge_answer(answer, needed=not approve)
    with transaction.atomic():
        case_id = Request.objects.values_list("case_id", flat=True).get(pk=request_id)
        case, changes, actor = _open_case(case_id, by)
        request = Request.objects.select_related("unit", "proposed", "deadline").get(pk=request_id)
        # First, because an approval may already have changed who would decide.
        if request.state == RequestState.OVERTAKEN:
            raise granting.moved_on()
        if request.state != RequestState.PENDING:
            raise Refused("already_decided", _("这份请示已经审批。"))
        standing = decider(actor, request, case)
        if not approve and request.kind == RequestKind.DETERMINE:
            # Work Safety Law art. 10: what nobody owns is given to somebody; there is nothing to say no to.
            raise Refused("must_name", _("本案无主，必须指定责任单位，不能驳回。"))
        if approve:
            POSSIBLE[request.kind](case)
            GRANT.get(request.kind, arbitration.grant(designate))(changes, case, request, by)
        elif request.kind in arbitration.DISPUTES:
            arbitration.stay(changes, case, request)
        if second:
            arbitration.link_second(changes, case, request, second)
        request.answer = answer.strip()
        _settle(changes, case, request, approve, by, standing)
        changes.write(by=actor, post=standing.post)
    return request


def _settle(
    changes: Changes, case: Case, request: Request, approve: bool, by: User, standing: deciding.Standing
) -> None:
    changes.stop_own(request.deadline)
    request.state = RequestState.APPROVED if approve else RequestState.REFUSED
    request.decided_at, request.decided_by = changes.now, by
    request.decided_how = Decided.DEPUTY if standing.deputy else Decided.PERSON
    request.answers_for = [deciding.told(post) for post in standing.instead_of]
    request.save(update_fields=SETTLED)
    changes.touch(case)
    after = {
        "request": request.pk, "kind": str(request.kind), "state": str(case.state), "loop": str(case.loop),
        "how": str(request.decided_how),
    }  # fmt: skip
    if standing.instead_of:
        after["deputy_of"] = request.answers_for
    if request.designated:
        after["designated"] = request.designated.code
    changes.tell(case, "request.approve" if approve else "request.refuse", after=after, note=request.answer)


SETTLED = ["state", "decided_at", "decided_by", "decided_how", "answers_for", "answer", "designated"]


def decider(actor: acting.Actor, request: Request, case: Case, desk: deciding.Desk | None = None) -> deciding.Standing:
    """How ``actor`` decides ``request``; ``Forbidden`` otherwise.

    Who, is told by the permission table, and who stands in by the roster; nobody decides what he himself or a unit of
    his asked, in whatever post. ``desk`` spares the roster being read again.
    """
    standing = (desk or deciding.Desk(actor, directory.current(), clock.now())).standing(request, case)
    if standing is None:
        raise Forbidden("not_decider", _("这份请示不由您的岗位审批。"))
    if request.unit_id in actor.unit_ids or (actor.user and request.asked_by_id == actor.user.pk):
        raise Forbidden("own_request", _("本人或本单位提出的请示，须由他人审批。"))
    return standing


def _judge(kind: str, reason: str, note: str, code: str) -> None:
    if kind not in RequestKind.values or kind in BY_SYSTEM:
        known = "escalate、extend、suspend、void、return、stand_down、share"
        raise Invalid("bad_choice", _("请示类别应为 %(known)s 之一。") % {"known": known}, "kind")
    if (code or kind == RequestKind.RETURN) and code not in REASONS[kind]:
        told = _("请选择退回理由。") if kind == RequestKind.RETURN else _("请选择理由类别。")
        raise Invalid("bad_choice", told, "code")
    if not reason or len(reason) > 200 or "\x00" in reason + note:
        raise Invalid("required", _("请填写理由（200 字以内）。"), "reason")


def _judge_answer(answer: str, *, needed: bool) -> None:
    if needed and not answer.strip():
        raise Invalid("required", _("驳回须写明理由。"), "answer")
    if not storable(answer):
        raise Invalid("bad_character", _("含有无法保存的字符。"), "answer")
    if len(answer) > ANSWER_LENGTH:
        raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": ANSWER_LENGTH}, "answer")


def _checked_minutes(kind: str, minutes: int | None) -> int | None:
    ceiling = CEILING.get(kind)
    if ceiling is None:
        return None
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= ceiling:
        told = _("请填写 1 至 %(ceiling)d 之间的分钟数。") % {"ceiling": ceiling}
        if kind == RequestKind.SUSPEND:
            told = _("挂账时长至少 1 分钟，至多 %(days)d 天。") % {"days": timedelta(minutes=ceiling).days}
        elif kind == RequestKind.SHARE:
            told = _("授权时长至少 1 分钟，至多 %(days)d 天。") % {"days": timedelta(minutes=ceiling).days}
        raise Invalid("bad_number", told, "minutes")
    return minutes


def _proposed(changes: Changes, case: Case, kind: str, post: Post, code: str) -> Unit | None:
    """The unit that the request names: whose case it is, or to whom it shall be shown."""
    if kind == RequestKind.SHARE:
        unit = changes.known.units_by_code.get(code)
        if unit is None or unit.closed_on is not None:
            raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": code[:64] or "—"}, "proposed")
        return unit
    if not code:
        return None
    owner = arbitration.unit_to_designate(changes.known, code)
    if kind == RequestKind.RETURN:
        arbitration.require_power(changes.known, case, post.unit_id, owner)
    return owner


def _evidence(case: Case, pk: int | None) -> Evidence | None:
    found = Evidence.objects.filter(pk=pk, case=case).first() if pk else None
    if pk and found is None:
        raise Invalid("unknown_evidence", _("本案没有这份凭证。"), "evidence")
    return found


def _open_case(case_id: int, by: User):
    case = locked_case(case_id, "holder", "lead", "territory__unit", "category")
    changes = Changes(directory.current(), clock.now())
    changes.remember_parties({case.pk})
    return case, changes, acting.of(by)
