"""The verbs of a case. Every door (page, API, simulator) comes through ``perform``.

One verb: lock the row, read the actor's posts, ask the guards, move the machine, let the clocks follow,
write everything with its ledger entry, tell the screens on commit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import storable
from cases import binding, guards, ladder
from cases.changes import Changes, locked_case
from cases.models import Case, Party, State
from cases.models.work import Answered
from cases.opening import dispatch
from cases.pausing import unpause
from cases.policy import Owners
from responsibility import access, acting, clock, directory
from responsibility.models import Grade, Post, User
from responsibility.refusals import Invalid, Refused

NOTE_LENGTH = 2000


@dataclass
class Move:
    """One pressing of one button: everything that a verb may need."""

    case: Case
    post: Post
    actor: acting.Actor
    data: dict
    changes: Changes

    @property
    def party(self) -> Party:
        """The acting unit as a party; the guards have seen that it is one."""
        return Party.objects.get(case=self.case, unit=self.post.unit_id, until__isnull=True)

    def required(self, name: str) -> str:
        """A text that the verb cannot do without."""
        if not self.data.get(name):
            raise Invalid("required", _("缺少必填字段。"), name)
        return self.data[name]


def perform(case_id: int, verb: str, *, by: User, data: dict | None = None) -> Case:
    """Press ``verb`` on the case with row id ``case_id`` as ``by``.

    ``data`` holds what the verb takes (see each below); unknown keys are ignored. Raises ``Forbidden``, ``Refused``
    or ``Invalid`` and then changes nothing.
    """
    data = _clean(data or {})
    try:
        return _press(case_id, verb, by, data)
    except IntegrityError:
        # An alert opened the same a moment earlier. Now it is seen, and the refusal can name it.
        return _press(case_id, verb, by, data)


@transaction.atomic
def _press(case_id: int, verb: str, by: User, data: dict) -> Case:
    case = locked_case(case_id, "holder", "lead", "territory__unit", "risk_object", "category")
    actor = acting.of(by)
    changes = Changes(directory.current(), clock.now())
    changes.remember_parties({case.pk})
    post = guards.post_for(actor, verb, case, changes.engaged[case.pk])
    move = Move(case, post, actor, data, changes)
    guards.moves_now(verb, case, move.party if verb == "acknowledge" else None)
    if verb in guards.GUARDS:
        guards.GUARDS[verb](case, actor)
    before = {"state": str(case.state)}
    after = DOES[verb](move) or {}
    changes.touch(case)
    if verb != "file":
        after = {"state": str(case.state), **after}
        changes.tell(
            case, f"case.{verb}", before=before, after=after, note=data.get("note") or data.get("reason") or ""
        )
    changes.write(by=actor, post=move.post)
    return case


def _clean(data: dict) -> dict:
    for name in ("note", "reason"):
        value = data.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise Invalid("not_text", _("应为文本。"), name)
        if not storable(value):
            raise Invalid("bad_character", _("含有无法保存的字符。"), name)
        if len(value) > NOTE_LENGTH:
            raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": NOTE_LENGTH}, name)
    return {**data, **{name: data[name].strip() for name in ("note", "reason") if data.get(name)}}


def _file(move: Move) -> None:
    """立案. Takes ``category``, ``scenario``, ``territory`` (codes) and ``grade`` where triage could not tell."""
    case, known, data = move.case, move.changes.known, move.data
    case.category = _pick(known.categories, data, "category") or case.category
    case.scenario = _pick(known.scenarios, data, "scenario") or case.scenario
    case.territory = _pick(known.territories, data, "territory") or case.territory
    if case.category is None:
        raise Invalid("required", _("立案前须选定风险类别。"), "category")
    if case.territory is None:
        raise Invalid("required", _("立案前须选定属地。"), "territory")
    if data.get("grade"):
        if data["grade"] not in Grade.values:
            raise Invalid("bad_grade", _("颜色应为 red、orange、yellow 或 blue。"), "grade")
        case.regrade(data["grade"])
    if other := _same(case):
        told = {"number": other.number}
        raise Refused("already_open", _("该监测对象已有同类在办案件%(number)s，本件请作废。") % told, "category")
    owners = Owners(known, move.changes.now)
    case.category_code, case.policy = case.category.code, owners.promise(case.category)
    move.changes.stop(case, "triage")
    after = {"category": case.category_code, "territory": case.territory.code, "grade": str(case.grade)}
    after |= {"scenario": case.scenario.code if case.scenario else None}
    dispatch(move.changes, owners, case, verb="case.file", after=after, note=data.get("note", ""))


def _same(case: Case) -> Case | None:
    """Another open case of the same object and category. The database refuses a second one as well, without words."""
    category = case.category.code if case.category else ""
    same = Case.objects.open().filter(object_code=case.object_code, category_code=category, drill=case.drill_id)
    same = same.exclude(pk=case.pk)
    return same.first() if case.object_code else None


def _pick(choices: dict, data: dict, name: str):
    code = data.get(name)
    if not code:
        return None
    if not isinstance(code, str) or code not in choices:
        told = code[:64] if isinstance(code, str) and storable(code) else "?"
        raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": told}, name)
    return choices[code]


def _acknowledge(move: Move) -> dict:
    """签收 by a named post on duty. Takes ``answered_by``: ``screen`` (default), ``voice`` or ``in_person``.

    A colleague may write down who has answered by voice or in person: ``who``, a username of the same unit.
    """
    answered_by = move.data.get("answered_by") or Answered.SCREEN.value
    if answered_by not in Answered.values:
        raise Invalid("bad_choice", _("叫应方式应为 screen、voice 或 in_person。"), "answered_by")
    answerer, post = _answerer(move, answered_by)
    standing = ladder.standing(move.case, answerer, post, move.changes.now)
    told: dict[str, str | int] = {"duty_post": standing.post.title, "standing": standing.as_}
    if answerer is move.actor:
        # The entry is signed in the post on duty, which need not be the first that the person holds in the unit.
        move.post = standing.post
    elif answerer.user:
        told |= {"answerer": answerer.user.pk, "person": answerer.label}
    party = move.party
    party.acknowledged_at, party.acknowledged_by, party.answered_by = move.changes.now, answerer.user, answered_by
    party.save(update_fields=["acknowledged_at", "acknowledged_by", "answered_by"])
    if move.case.state == State.DISPATCHED:
        move.case.acknowledge()
    move.changes.stop(move.case, *ladder.KINDS, unit=move.post.unit)
    return {"unit": move.post.unit.code, "answered_by": answered_by, **told}


def _answerer(move: Move, answered_by: str) -> tuple[acting.Actor, Post]:
    """Who has answered, in which post: the actor himself, or the named colleague whose answer he writes down."""
    name = move.data.get("who")
    if not name or (move.actor.user and name == move.actor.user.username):
        return move.actor, move.post
    if answered_by == Answered.SCREEN:
        raise Invalid("bad_choice", _("代为记录的签收须为电话叫应或当面告知。"), "answered_by")
    roles = access.roles("case.acknowledge")
    held = Post.objects.held(move.changes.now).filter(unit=move.post.unit_id, role__in=roles, user__is_active=True)
    known = isinstance(name, str) and storable(name)
    post = held.filter(user__username=name).select_related("user").first() if known else None
    if post is None:
        raise Invalid("unknown_person", _("本单位没有这位可以签收的人员。"), "who")
    return acting.of(post.user), post


def _arrive(move: Move) -> dict:
    """到场. Takes ``location``: ``{"lat", "lon"}`` in WGS84 degrees."""
    move.case.arrive()
    move.changes.stop(move.case, "arrive")
    place = _location(move.data.get("location"))
    return {"unit": move.post.unit.code, **({"location": place} if place else {})}


def _location(value: Any) -> list[str] | None:
    if value in (None, "", {}):
        return None
    try:
        lat, lon = float(value["lat"]), float(value["lon"])
    except (TypeError, KeyError, ValueError, OverflowError):
        raise Invalid("bad_location", _("位置应为 {lat, lon, crs}。"), "location") from None
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise Invalid("bad_location", _("纬度应在 ±90 度、经度应在 ±180 度之内。"), "location")
    return [f"{lat:.6f}", f"{lon:.6f}"]


def _contain(move: Move) -> None:
    """受控: stops the four-hour clock; the lasting repair has its own."""
    move.case.contain()
    move.case.contained_at = move.changes.now
    move.changes.stop(move.case, "arrive", "contain", "medium_limit")
    # Whoever asked for help against the danger no longer needs it.
    move.changes.overtake(move.case, "escalate")
    move.changes.start(move.case, "rectify", move.case.holder, days=move.case.policy["rectify_days"])


def _rectify(move: Move) -> None:
    """整改 begins; its clock has been running since containment."""
    move.case.rectify()


def _report(move: Move) -> None:
    """反馈: the work is handed to somebody else's eyes."""
    move.case.report()
    move.changes.stop(move.case, "rectify", "arrive", "contain", "medium_limit")
    move.changes.start(move.case, "verify", move.changes.known.unit_with("verify"), minutes=move.case.policy["verify"])


def _rework(move: Move) -> None:
    """返工. Takes ``reason`` (needed). Proof must be given anew."""
    move.required("reason")
    move.case.rework()
    _again(move)


def _again(move: Move) -> None:
    case = move.case
    case.rework_count += 1
    case.proof_since = move.changes.now
    move.changes.stop(case, "verify")
    move.changes.start(case, "rectify", case.holder, days=case.policy["rectify_days"])


def _close(move: Move) -> None:
    """结案: every clock stops. Takes ``note``; where a person measured instead of a sensor the page asks for it."""
    move.case.close()
    move.case.closed_at = move.changes.now
    _stop_all(move.changes, move.case)


def _reopen(move: Move) -> None:
    """重开. Takes ``reason`` (needed)."""
    move.required("reason")
    if other := _same(move.case):
        told = {"number": other.number}
        raise Refused("already_open", _("该监测对象已有同类在办案件%(number)s，请在该案件中办理。") % told)
    move.case.reopen()
    move.case.closed_at = None
    _again(move)


def _resume(move: Move) -> None:
    """恢复: the clocks go on with what was left."""
    unpause(move.changes, move.case)


def _void(move: Move) -> None:
    """作废. Takes ``reason`` (needed)."""
    move.required("reason")
    move.case.void()
    _stop_all(move.changes, move.case)


def _stop_all(changes: Changes, case: Case) -> None:
    from cases.models import DeadlineKind

    changes.stop(case, *DeadlineKind.values)
    changes.overtake(case)
    binding.lapse(changes, case)


DOES: dict[str, Callable[[Move], dict | None]] = {
    "file": _file,
    "acknowledge": _acknowledge,
    "arrive": _arrive,
    "contain": _contain,
    "rectify": _rectify,
    "report": _report,
    "rework": _rework,
    "close": _close,
    "reopen": _reopen,
    "resume": _resume,
    "void": _void,
}
