"""What must be true before a verb, and the sentence that says why not. Asked under the row lock."""

from collections.abc import Collection
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from cases import binding, checklist, sensors
from cases.models import Case, Evidence, Loop, Party, State
from cases.models.machine import verbs
from cases.models.work import EvidenceKind
from handbook.models import Blocks
from responsibility import access, ledger
from responsibility.acting import Actor
from responsibility.acts import ACTS, Scope
from responsibility.models import Post
from responsibility.refusals import Forbidden, Refused

TABLE = verbs(Case)
# What the ledger calls the acts of those who dispose of a case.
WORK = [
    act
    for act in ("evidence.add", "checklist.mark", "order.done", "dispatch.arrive", *(f"case.{verb}" for verb in TABLE))
    if {Scope.PARTY, Scope.HOLDER, Scope.NAMED} & set(ACTS[act].cells.values())
]


def post_for(actor: Actor, verb: str, case: Case, engaged: set[int]) -> Post:
    """The post in which ``actor`` may press ``verb`` on ``case``; ``Forbidden`` with the reason when there is none.

    ``engaged``: ids of the units that are parties now.
    """
    act = f"case.{verb}"
    if not ACTS[act].cells:
        raise Forbidden("needs_request", _("这一步须经请示批准，不能直接操作。"))
    post = access.post_for(actor, act, **places(case, engaged))
    if post is None and set(ACTS[act].cells.values()) == {Scope.DISTRICT}:
        raise Forbidden("wrong_role", _("这一步由区城运中心的值班长或核查员办理。"))
    if post is None and actor.post_in(engaged, {str(role) for role in access.roles(act)}):
        raise Forbidden(
            "not_holder",
            _("当前由%(unit)s负责，这一步由其人员办理。") % {"unit": case.holder.label if case.holder else "—"},
        )
    if post is None:
        raise Forbidden("not_engaged", _("您所在的单位或岗位不承办此案件。"))
    return post


def places(case: Case, engaged: Collection[int]) -> dict[str, Collection[int]]:
    """The ids of the units that the scopes of the permission table mean on ``case``."""
    owners = {unit for unit in (case.lead_id, case.holder_id) if unit and unit in engaged}
    lead: set[int] = {case.lead_id} if case.lead_id else set()
    return {"party": engaged, "holder": commanding(case), "owner": owners, "lead": lead}


class Commanded(Protocol):
    """As much of a case as tells who commands it."""

    loop: str

    @property
    def holder_id(self) -> int | None: ...

    @property
    def lead_id(self) -> int | None: ...


def commanding(case: Commanded) -> set[int]:
    """Ids of the units that command: the holder, in the large loop also the lead, which goes on leading under it."""
    units = {case.holder_id, case.lead_id if case.loop == Loop.LARGE else None}
    return {unit for unit in units if unit}


def moves_now(verb: str, case: Case, party: Party | None = None) -> None:
    """``Refused`` unless the machine allows ``verb`` now. A second party's answer is always taken."""
    if verb == "acknowledge" and case.is_open and case.state != State.TRIAGE:
        if party is not None and party.acknowledged_at is None:
            return
        raise Refused("already_acknowledged", _("您的单位已经签收。"))
    if verb == "arrive" and case.state == State.DISPATCHED:
        raise Refused("not_acknowledged", _("请先签收，再报到场。"))
    if str(case.state) not in map(str, TABLE[verb]["sources"]):
        raise Refused(
            "wrong_state",
            _("案件目前%(state)s，不能%(verb)s。") % {"state": case.get_state_display(), "verb": TABLE[verb]["label"]},
        )


def _proof(case: Case) -> None:
    given = set(Evidence.objects.filter(case=case, uploaded_at__gte=case.proof_since).values_list("kind", flat=True))
    wanted = set(case.policy.get("evidence") or [EvidenceKind.PHOTO.value])
    missing = wanted - given
    if missing:
        names = "、".join(str(EvidenceKind(kind).label) for kind in sorted(missing))
        raise Refused("no_evidence", _("还缺处置凭证：%(kinds)s。") % {"kinds": names}, "evidence")


def contain(case: Case, actor: Actor) -> None:
    """受控 needs the proof that the category asks, and every mandatory order and every binding step done."""
    binding.refuse_unfinished(case)
    _proof(case)
    checklist.refuse_open(case, Blocks.CONTAIN)


def report(case: Case, actor: Actor) -> None:
    """反馈 needs proof given since the case was opened, reworked or reopened."""
    _proof(case)


def close(case: Case, actor: Actor) -> None:
    """结案: by nobody who worked on it; all sent is back, proof and bound steps are there, the sensor is quiet."""
    apart(case, actor)
    binding.refuse_resources_out(case)
    _proof(case)
    checklist.refuse_open(case, Blocks.CLOSE)
    _quiet(case)


def rework(case: Case, actor: Actor) -> None:
    """返工 is told by somebody outside the disposing units, too."""
    apart(case, actor)


def apart(case: Case, actor: Actor) -> None:
    """``Forbidden`` for who worked on the case, or has any post in a unit that did (facts 0, no. 1).

    Every post counts, because a second one would else let a person check his own work; and the acts told by the
    ledger count, because a post can be given up.
    """
    if Party.objects.filter(case=case, unit__in=actor.unit_ids).exists():
        raise Forbidden("own_work", _("核查人所在单位参与过处置，须由其他单位核查。"))
    if ledger.story(case.chain).filter(actor=actor.user, verb__in=WORK).exists():
        raise Forbidden("own_work", _("您本人办理过此案件，须由他人核查。"))


def _quiet(case: Case) -> None:
    """Where the object has a sensor, its last values are below blue, as many as the category asks."""
    wanted = sensors.watched(case)
    quiet = sensors.quiet(case, wanted) if wanted else None
    if quiet is not None and quiet < wanted and sensors.sends_readings(case):
        raise Refused(
            "sensor_not_clear",
            _("监测值须连续 %(wanted)d 次低于蓝色阈值，目前 %(quiet)d 次。") % {"wanted": wanted, "quiet": quiet},
        )


def allowed(actor: Actor, case: Case, parties: list[Party]) -> list[str]:
    """The verbs that ``actor`` may press on ``case`` now, in the order of the machine. No queries.

    Proof and the duty roster are not asked here: a button that then says what is missing teaches more than one that
    hides.
    """
    engaged = {party.unit_id for party in parties if party.until is None}
    worked = {party.unit_id for party in parties}
    verbs_now = []
    for verb in TABLE:
        try:
            post = post_for(actor, verb, case, engaged)
            party = next((p for p in parties if p.unit_id == post.unit_id and p.until is None), None)
            moves_now(verb, case, party)
        except Refused:
            continue
        if verb in ("close", "rework") and actor.unit_ids & worked:
            continue
        verbs_now.append(verb)
    return verbs_now


def may_prove(actor: Actor, case: Case, engaged: set[int], act: str = "evidence.add") -> Post:
    """The post in which ``actor`` may give evidence, or ask ``act`` (``request.<kind>``), on ``case``."""
    post = access.post_for(actor, act, **places(case, engaged))
    if post is None and actor.post_in(engaged, {str(role) for role in access.roles(act)}):
        raise Forbidden("not_owner", _("只有牵头单位或当前责任单位可以退回。"))
    if post is None:
        raise Forbidden("not_engaged", _("您所在的单位或岗位不承办此案件。"))
    if not case.is_open or case.state == State.TRIAGE:
        raise Refused("wrong_state", _("案件目前%(state)s，不能补充材料。") % {"state": case.get_state_display()})
    return post


GUARDS = {"contain": contain, "report": report, "close": close, "rework": rework}
