"""Who is told of what, as a table: from the verb of an act to those of the case's units who are told of it.

Whatever is written into the ledger of a case passes here once, so no action has to think of it. No queries.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cases.models import Case, Loop
from notices import outbox, texts
from notices.models import Audience, Notice
from responsibility.directory import Directory
from responsibility.ledger import Act
from responsibility.models import Grade

DUTY, COMMAND, CHECK = Audience.DUTY, Audience.COMMAND, Audience.CHECK
# Told to the posts that the ladder calls, see ``cases/ladder.py``.
CALL = "deadline.missed"


@dataclass(frozen=True)
class To:
    """``audience`` of the unit that stands in ``relation`` to the case, from the colour ``least`` on.

    ``street``, ``lead``, ``holder``, ``owing`` (the unit that the act names, as it let a clock pass or was given an
    order), its ``peers`` (it and all units of its kind), or a standing function of the district.
    """

    relation: str
    audience: Audience
    least: Grade = Grade.BLUE


STREET = To("street", DUTY)
HOLDER, LEAD = To("holder", DUTY), To("lead", DUTY)
SHIFT_LEADER, COMMITTEE = To("dispatch", DUTY), To("overall_coordination", DUTY)
COMMAND_ROOM = To("large_loop_command", DUTY)
NEXT_UP = To("next_up", COMMAND)
TOLD: dict[str, tuple[To, ...]] = {
    "case.open": (STREET, To("street", COMMAND, Grade.RED)),
    "case.file": (STREET, To("street", COMMAND, Grade.RED)),
    "case.triage": (SHIFT_LEADER,),
    "case.escalate": (HOLDER, To("lead", COMMAND), To("street", COMMAND)),
    "case.designate": (HOLDER, LEAD),
    "case.rework": (HOLDER,),
    "case.reopen": (HOLDER,),
    "case.report": (To("verify", CHECK),),
    "alert.joined": (HOLDER,),
    "deadline.missed": (To("owing", COMMAND),),
    "request.escalate": (NEXT_UP,),
    "request.extend": (SHIFT_LEADER,),
    "request.suspend": (SHIFT_LEADER,),
    "request.void": (SHIFT_LEADER,),
    "request.return": (COMMAND_ROOM,),
    "request.redispatch": (COMMAND_ROOM,),
    "request.determine": (COMMITTEE,),
    "order.give": (To("owing", DUTY),),
    "order.return": (LEAD,),
    "order.done": (LEAD,),
    "dispatch.send": (To("owing", DUTY),),
    "dispatch.arrive": (HOLDER,),
    "command.open": (LEAD, STREET),
    "command.stand_down": (LEAD, STREET),
    "urging.reminder": (To("owing", DUTY),),
    "urging.urge": (To("owing", COMMAND),),
    "urging.supervision": (To("owing", COMMAND), LEAD, COMMITTEE),
    "urging.circular": (To("peers", COMMAND),),
    "urging.reply": (COMMITTEE,),
    "urging.lift": (To("owing", COMMAND),),
    "request.approve": (HOLDER, STREET),
    "request.refuse": (HOLDER, STREET),
    "request.overtaken": (HOLDER,),
}
# What is asked of whoever is told.
ASKED = {
    "case.open": gettext_lazy("请签收。"),
    "case.file": gettext_lazy("请签收。"),
    "case.escalate": gettext_lazy("请签收。"),
    "case.designate": gettext_lazy("请签收。"),
    "case.triage": gettext_lazy("请研判。"),
    "case.report": gettext_lazy("请核查。"),
    "order.give": gettext_lazy("请签收。"),
    "urging.supervision": gettext_lazy("请按期回复。"),
    **{f"request.{kind}": gettext_lazy("请审批。") for kind in ("escalate", "extend", "suspend", "void")},
    **{f"request.{kind}": gettext_lazy("请裁定。") for kind in ("return", "redispatch", "determine")},
}
# Of a case's clocks, those whose passing is told otherwise: the first two climb the ladder, the others widen the loop.
TOLD_OTHERWISE = {"acknowledge", "rung", "contain", "medium_limit"}
# What a sentence of ours may need of an act; the rest stays in the ledger.
WORDS = {
    "holder", "lead", "unit", "grade", "reason", "loop", "why", "alert_count", "kind", "due_at", "minutes", "proposed",
    "hops", "second", "rung", "to", "called", "text", "power", "station", "sent", "commander",
    "phase", "objectives", "conclusion",
}  # fmt: skip


@dataclass
class Outbox:
    """The notices of one writing: ``tell`` for what the table knows, ``call`` for who is called by name."""

    known: Directory
    rows: list[dict] = field(default_factory=list)

    def tell(self, told: Iterable[tuple[Case, Act]], at) -> list[dict]:
        """The rows of all that was called and of each act in ``told``, which happened at ``at``."""
        for case, act in told:
            for to in TOLD.get(act.verb, ()):
                if case.grade_rank <= to.least.rank and not self._passed_over(act):
                    for unit_id in self._units(to, case, act):
                        self._add(case, act.verb, unit_id, to.audience, _words(act), at)
        # Two rules may mean the same people.
        return list({_same(row): row for row in self.rows}.values())

    def call(self, case: Case, unit_id: int, audience: Audience, words: dict, at, post_id: int | None = None) -> None:
        """The ladder calls a named post, or whoever there is."""
        self._add(case, CALL, unit_id, audience, words, at, post_id)

    def _add(self, case: Case, event: str, unit_id: int, audience: Audience, words: dict, at, post_id=None) -> None:
        self.rows.append(
            outbox.row(
                event,
                unit_id=unit_id,
                audience=audience,
                grade=case.grade,
                at=at,
                chain=case.chain,
                subject=case.number,
                title=case.title,
                # Who is told of a circular need not see the case.
                path="/urging/" if event == "urging.circular" else f"/cases/{case.number}/",
                words=words,
                post_id=post_id,
                drill=case.drill_id is not None,
            )  # fmt: skip
        )

    def _passed_over(self, act: Act) -> bool:
        if act.verb == CALL:
            return act.after.get("kind") in TOLD_OTHERWISE
        # A further alert that changes nothing is counted on the case; nobody is woken by it.
        return act.verb == "alert.joined" and all(act.before.get(k) == act.after.get(k) for k in ("grade", "state"))

    def _units(self, to: To, case: Case, act: Act) -> list[int]:
        if to.relation == "peers":
            owing = self.known.units_by_code.get(act.after.get("unit") or "")
            return [u.pk for u in self.known.units.values() if owing and u.kind == owing.kind and u.closed_on is None]
        unit_id = self._unit(to, case, act)
        return [unit_id] if unit_id else []

    def _unit(self, to: To, case: Case, act: Act) -> int | None:
        if to.relation == "street":
            return self._streets.get(case.territory_id or 0)
        if to.relation in ("holder", "lead"):
            return case.holder_id if to.relation == "holder" else case.lead_id
        if to.relation == "owing":
            owing = self.known.units_by_code.get(act.after.get("unit") or "")
            return owing.pk if owing else None
        if to.relation == "next_up" and case.lead_id and case.loop == Loop.SMALL:
            return case.lead_id
        function = "large_loop_command" if to.relation == "next_up" else to.relation
        unit = self.known.unit_with(function)
        return unit.pk if unit else None

    @cached_property
    def _streets(self) -> dict[int, int]:
        return {territory.pk: territory.unit_id for territory in self.known.territories.values()}


def _words(act: Act) -> dict:
    words = {name: value for name, value in act.after.items() if name in WORDS}
    if act.verb == "alert.joined":
        words["was"] = {name: act.before[name] for name in ("grade", "state") if name in act.before}
    return words


def _same(row: dict) -> tuple:
    return row["event"], row["subject"], row["unit_id"], row["audience"], row["post_id"]


def said(notice: Notice, known: Directory) -> str:
    """What has happened on the case and what is asked, as the story of the case tells it."""
    from cases.templatetags import telling

    words = telling.told(notice.event, notice.words.get("was", {}), notice.words, known)
    if notice.event == CALL and notice.words.get("rung"):
        return f"{words} {_('正在叫应您，请立即签收，或电话答复值班室。')}"
    return f"{words} {ASKED.get(notice.event, '')}".strip()


texts.register(TOLD, said)
