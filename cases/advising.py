"""会商: what a named expert advised, and what they recommend together, signed by a head of the commanding unit."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import guards, typed
from cases.changes import Changes, locked_case
from cases.models import Advice, AdviceKind, Case, State
from responsibility import access, acting, clock, directory
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

TEXT, NAMES = 1000, 200


@transaction.atomic
def record(case_id: int, *, by: User, kind: str, expert: str, text: str) -> Advice:
    """Write down what ``expert`` (a name, several for a recommendation) said. ``kind``: see ``AdviceKind``.

    Raises ``Forbidden`` for who does not command, ``Refused`` for a case that is not worked or a recommendation
    without any advice before it, ``Invalid`` with the field that cannot be used.
    """
    if kind not in AdviceKind.values:
        raise Invalid("bad_choice", _("请选择专家意见或会商结论。"), "kind")
    expert, text = typed.text(expert, "expert", limit=NAMES), typed.text(text, "text", limit=TEXT)
    case, changes, actor = _open(case_id, by)
    post = _post(actor, case, "advice.record")
    if kind == AdviceKind.RECOMMENDATION and not case.advice.filter(kind=AdviceKind.ADVICE).exists():
        raise Refused("no_advice", _("先记录至少一位专家的意见，再写会商结论。"))
    advice = Advice.objects.create(
        case=case, kind=kind, expert=expert, text=text, recorded_at=changes.now, recorded_by=by, unit=post.unit
    )
    _tell(changes, case, advice, "advice.record", actor, post)
    return advice


@transaction.atomic
def sign(advice_id: int, *, by: User) -> Advice:
    """签发 a recommendation, by whoever is in command of the unit that commands. ``Forbidden``, ``Refused``."""
    case, changes, actor = _open(Advice.objects.values_list("case_id", flat=True).get(pk=advice_id), by)
    advice = Advice.objects.get(pk=advice_id)
    post = may_sign(actor, case)
    if advice.kind != AdviceKind.RECOMMENDATION or advice.signed_at is not None:
        raise Refused("already_signed", _("只有尚未签发的会商结论可以签发。"))
    advice.signed_at, advice.signed_by = changes.now, by
    advice.save(update_fields=["signed_at", "signed_by"])
    _tell(changes, case, advice, "advice.sign", actor, post)
    return advice


def may_sign(actor: acting.Actor, case: Case) -> Post:
    """The post in which ``actor`` signs a recommendation on ``case``; ``Forbidden`` otherwise."""
    return _post(actor, case, "advice.sign")


def _open(case_id: int, by: User) -> tuple[Case, Changes, acting.Actor]:
    case = locked_case(case_id, "holder", "lead")
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能会商。") % {"state": case.get_state_display()})
    return case, Changes(directory.current(), clock.now()), acting.of(by)


def _post(actor: acting.Actor, case: Case, act: str) -> Post:
    post = access.post_for(actor, act, holder=guards.commanding(case))
    if post is None:
        told = {"unit": case.holder.label if case.holder else "—"}
        raise Forbidden("not_holder", _("会商由当前负责的%(unit)s组织和签发。") % told)
    return post


def _tell(changes: Changes, case: Case, advice: Advice, verb: str, actor: acting.Actor, post: Post) -> None:
    told = {"advice": advice.pk, "said": str(advice.kind), "expert": advice.expert}
    changes.touch(case)
    changes.tell(case, verb, after=told, note=advice.text)
    changes.write(by=actor, post=post)
