"""指挥: the district opens a command over a case in the large loop, hears of it every two hours, and stands it down."""

import hashlib
import json
from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from cases import dispatching, guards, summary
from cases.changes import Changes, locked_case
from cases.loops import COMMAND
from cases.models import Case, Command, Dispatch, Loop, Phase, SituationReport, State
from responsibility import access, acting, clock, directory
from responsibility.models import Post, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

# Design 4.2: a situation report every two hours.
EVERY_MINUTES = 120
TEXT, REPORT_TEXT = 500, 1000
TEXTS = [name for name in summary.FIELDS if name != "casualties"]
MOST_CASUALTIES = 10**6
# The danger is not under control yet: nobody stands down before.
ACUTE = (State.DISPATCHED, State.ACKNOWLEDGED, State.ON_SITE)


@transaction.atomic
def open_command(
    case_id: int, *, by: User, objectives: str, phase: str = Phase.MOBILISE.value, commander: int | None = None
) -> Command:
    """启动 over a case in the large loop. ``commander``: the id of a post held now, the opener's own when left out.

    The first situation report is due in two hours. Raises ``Forbidden``, ``Refused`` or ``Invalid``.
    """
    objectives = _text(objectives, "objectives", TEXT, needed=True)
    _judge_phase(phase)
    case, changes, actor = _open(case_id, by)
    post = _post(actor, "command.open", case)
    if case.loop != Loop.LARGE or not case.is_open:
        raise Refused("not_large", _("只有大闭环的在办案件可以启动指挥部。"))
    if Command.objects.filter(case=case, stood_down_at__isnull=True).exists():
        raise Refused("already_open", _("指挥部已经启动。"))
    command = Command.objects.create(
        case=case, commander=_commander(commander, changes) or post, phase=phase, objectives=objectives,
        opened_at=changes.now, opened_by=by,
    )  # fmt: skip
    changes.start(case, "situation_report", _headquarters(changes, case), minutes=EVERY_MINUTES)
    _write(changes, command, case, "command.open", _told(command), actor, post)
    return command


def change(command_id: int, *, by: User, phase: str, objectives: str) -> Command:
    """Another phase, other objectives. Raises as ``open_command`` does."""
    objectives = _text(objectives, "objectives", TEXT, needed=True)
    _judge_phase(phase)

    def do(command: Command, case: Case, changes: Changes, by: User) -> dict:
        command.phase, command.objectives = phase, objectives
        command.save(update_fields=["phase", "objectives"])
        return _told(command)

    return _act(command_id, "command.change", by, do)


def report(command_id: int, *, by: User, casualties: int = 0, **fields: str) -> Command:
    """情况报告 with the texts of ``TEXTS``, of which ``situation`` is needed; the next is due two hours after it."""
    texts = {name: _text(fields.get(name) or "", name, REPORT_TEXT, needed=name == "situation") for name in TEXTS}
    if isinstance(casualties, bool) or not isinstance(casualties, int) or not 0 <= casualties <= MOST_CASUALTIES:
        raise Invalid("bad_number", _("伤亡人数应为非负整数。"), "casualties")

    def do(command: Command, case: Case, changes: Changes, by: User) -> dict:
        number = command.reports.count() + 1
        SituationReport.objects.create(
            command=command, number=number, at=changes.now, by=by, casualties=casualties, **texts
        )
        changes.stop(case, "situation_report")
        changes.start(case, "situation_report", _headquarters(changes, case), minutes=EVERY_MINUTES)
        return {"report": number, "casualties": casualties, **texts}

    return _act(command_id, "command.report", by, do)


def stand_down(command_id: int, *, by: User, conclusion: str) -> Command:
    """解除, once the danger is under control: everything comes back, the clocks of the command stop, the lead goes on.

    What happened is written down as the summary. What was used up must have been told before, when it was returned.
    """
    conclusion = _text(conclusion, "conclusion", TEXT, needed=True)

    def do(command: Command, case: Case, changes: Changes, by: User) -> dict:
        return end(command, case, changes, by, conclusion)

    return _act(command_id, "command.stand_down", by, do)


def end(command: Command, case: Case, changes: Changes, by: User, conclusion: str) -> dict:
    """End ``command`` in the caller's transaction and under its lock; what the ledger is to be told."""
    refuse_acute(case)
    for dispatch in Dispatch.objects.out().filter(case=case).select_related("station", "clock").order_by("pk"):
        after = dispatching.release(changes, case, dispatch, by, {})
        dispatch.save()
        dispatching.tell(changes, case, dispatch, "dispatch.release", after)
    changes.stop(case, "situation_report")
    former = case.holder
    before = {"loop": str(case.loop), "holder": former.code if former else None}
    if case.loop == Loop.LARGE and case.is_open:
        _hand_over(case, changes, former)
    command.stood_down_at, command.stood_down_by, command.conclusion = changes.now, by, conclusion
    command.summary = summary.after_action(case, command, changes.now)
    command.save()
    text = json.dumps(command.summary, sort_keys=True, ensure_ascii=False).encode()
    after = {"loop": str(case.loop), "holder": case.holder.code if case.holder else None}
    return after | {"before": before, "conclusion": conclusion, "summary": hashlib.sha256(text).hexdigest()}


def refuse_acute(case: Case) -> None:
    """``Refused`` (``not_contained``) while the danger is not under control."""
    if case.state in ACUTE:
        raise Refused("not_contained", _("险情尚未受控，不能解除指挥。"))


def _hand_over(case: Case, changes: Changes, former: Unit | None) -> None:
    case.stand_down()
    case.holder = case.lead or (case.territory.unit if case.territory else case.holder)
    if former and case.holder and former.pk != case.holder.pk:
        changes.hand_on(case, former, case.holder)


def _act(command_id: int, act: str, by: User, do: Callable[[Command, Case, Changes, User], dict]) -> Command:
    case_id = Command.objects.values_list("case_id", flat=True).get(pk=command_id)
    with transaction.atomic():
        case, changes, actor = _open(case_id, by)
        command = Command.objects.select_related("commander__user", "commander__unit").get(pk=command_id)
        post = _post(actor, act, case)
        if not command.is_open:
            raise Refused("stood_down", _("指挥已经解除。"))
        after = do(command, case, changes, by)
        _write(changes, command, case, act, after, actor, post)
    return command


def _open(case_id: int, by: User) -> tuple[Case, Changes, acting.Actor]:
    case = locked_case(case_id, "holder", "lead", "territory__unit", "category")
    changes = Changes(directory.current(), clock.now())
    changes.remember_parties({case.pk})
    return case, changes, acting.of(by)


def _post(actor: acting.Actor, act: str, case: Case) -> Post:
    post = access.post_for(actor, act, holder=guards.commanding(case))
    if post is None:
        raise Forbidden("wrong_role", _("指挥由区城运应急办启动和解除。"))
    return post


def _headquarters(changes: Changes, case: Case) -> Unit | None:
    return changes.known.unit_with(COMMAND) or case.holder


def _commander(post_id: int | None, changes: Changes) -> Post | None:
    if post_id is None:
        return None
    post = Post.objects.held(changes.now).filter(pk=post_id, user__is_active=True).first()
    if post is None:
        raise Invalid("unknown_code", _("没有这个在任岗位。"), "commander")
    return post


def _told(command: Command) -> dict:
    commander = command.commander
    return {
        "phase": str(command.phase),
        "objectives": command.objectives,
        "commander": str(commander.user),
        "commander_unit": commander.unit.code,
    }


def _write(
    changes: Changes, command: Command, case: Case, verb: str, after: dict, actor: acting.Actor, post: Post
) -> None:
    before = after.pop("before", {})
    changes.touch(case)
    changes.tell(case, verb, before=before, after={"command": command.pk, **after})
    changes.write(by=actor, post=post)


def _judge_phase(phase: object) -> None:
    if phase not in Phase.values:
        raise Invalid("bad_choice", _("请选择阶段。"), "phase")


def _text(text: object, name: str, limit: int, *, needed: bool) -> str:
    if not isinstance(text, str) or not storable(text):
        raise Invalid("bad_character", _("含有无法保存的字符。"), name)
    if needed and not text.strip():
        raise Invalid("required", _("缺少必填字段。"), name)
    if len(text) > limit:
        raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": limit}, name)
    return text.strip()
