"""Everything the page of one case shows, gathered in a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alerts.models import Alert
from cases import deciding, fivefold, guards, joint, requests, sensors, ticking, urging_page, worklist
from cases.bundle import reader
from cases.bundle.reader import Reader
from cases.models import Case, Deadline, Evidence, Grant, Loop, Party, Request, RequestKind, State
from cases.models.work import REASONS, EvidenceKind, RequestState
from cases.worklist import ORDER
from responsibility import access, clock, ledger, roster
from responsibility.acting import Actor
from responsibility.directory import Directory
from responsibility.models import LedgerEntry, Post
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Refused

TIMELINE, ALERTS = 40, 10
ALL_OF_IT = 2000
RELATED = ("holder", "lead", "territory__unit", "risk_object__main_body", "category", "scenario")
OF_STREET = (DutyRole.TERRITORY, DutyRole.MAIN_BODY)
FIELDS = {
    "file": ["category", "scenario", "territory", "grade", "note"],
    "acknowledge": ["answered_by", "who", "note"],
    "arrive": ["place", "note"],
    "contain": ["files", "place", "note"],
    "report": ["files", "place", "note"],
    "rework": ["reason"],
    "reopen": ["reason"],
    "void": ["reason"],
}
# (label, the verb that ends the step, the states that stand in it)
OF_REQUEST = (
    "unit", "asked_by", "decided_by", "proposed", "designated", "deadline", "evidence", "appeal_of", "appeal",
)  # fmt: skip
STEPS = [
    (_("派遣"), "case.open case.file", {State.TRIAGE}),
    (_("签收"), "case.acknowledge", {State.DISPATCHED}),
    (_("到场"), "case.arrive", {State.ACKNOWLEDGED}),
    (_("受控"), "case.contain", {State.ON_SITE}),
    (_("整改"), "case.report", {State.CONTAINED, State.RECTIFYING, State.SUSPENDED}),
    (_("核查"), "case.close", {State.VERIFYING}),
    (_("结案"), "case.close", {State.CLOSED}),
]
REPAIR = 4
EXTENDED = ("contain", "rectify")
CALLS = Q(verb="deadline.missed") & (Q(after__has_key="rung") | Q(after__has_key="exhausted"))
MILESTONES = [verb for _label, names, _states in STEPS for verb in names.split()] + ["case.escalate", "case.rectify"]


@dataclass
class Step:
    """One step of the work: ``done``, ``skipped``, ``now`` or ``later``, and when it was done."""

    label: str
    phase: str
    at: datetime | None


@dataclass
class Level:
    """One loop of the track: whether it is joined, since when, who came with it, and the entry that tells why."""

    label: str
    joined: bool
    current: bool
    at: datetime | None
    parties: list[Party]
    entry: LedgerEntry | None = None


@dataclass
class Form:
    """One verb as a form: its fields, what was typed, and which proofs are still missing."""

    verb: str
    label: str
    fields: list[str]
    typed: dict


@dataclass
class Askable:
    """One kind of request that the reader may make now: its reason codes, and who would decide it."""

    kind: RequestKind
    codes: list
    who: str


def about(case: Case, actor: Actor, known: Directory, *, whole: bool = False, failed: str = "", typed=None) -> dict:
    """The context of the page; ``whole`` lifts the limits of timeline and alerts.

    ``failed`` names a verb that has just been refused, ``typed`` what its form held: it is shown again.
    """
    parties = list(case.parties.select_related("unit", "acknowledged_by"))
    deadlines = list(case.deadlines.select_related("unit").prefetch_related("pauses__approved_by"))
    evidence = list(case.evidence.select_related("uploaded_by", "unit"))
    inside = reads_by_office(case, actor, known, parties, deadlines)
    to = reader.towards(actor, inside=inside)
    asked = list(case.requests.select_related(*OF_REQUEST)) if inside else []
    allowed = guards.allowed(actor, case, parties)
    milestones = to.told(ledger.story(case.chain).filter(Q(verb__in=MILESTONES) | CALLS))
    forms = [_form(verb, failed, typed) for verb in allowed]
    forms.sort(key=lambda form: ORDER.index(form.verb) if form.verb in ORDER else len(ORDER))
    primary = forms[0] if forms and forms[0].verb in ORDER else None
    engaged = {party.unit_id for party in parties if party.until is None}
    may_prove = _permits(guards.may_prove, actor, case, engaged)
    return {
        "case": case,
        "inside": inside,
        "row": _row(case, actor, known, to),
        "parties": parties,
        **_answering(case, parties, milestones, known, actor if "acknowledge" in allowed else None, to),
        "deadlines": _clocks(deadlines, to),
        "steps": _steps(case, milestones),
        "reported_straight": _reported(case, milestones) and not _repaired(case, milestones),
        "loops": _loops(case, parties, milestones),
        "evidence": evidence,
        "sees_originals": access.may(actor, "evidence.original"),
        "missing": _missing(case, evidence),
        "alerts": list(_alerts(case)[: ALL_OF_IT if whole else ALERTS]),
        "story": _story(case, to, ALL_OF_IT if whole else TIMELINE),
        "whole": whole,
        "primary": primary,
        "others": [form for form in forms if form is not primary],
        "must_measure": "close" in allowed and sensors.must_be_measured(case),
        "may_prove": may_prove,
        "kinds": EvidenceKind,
        **_asking(case, actor, known, engaged, asked),
        "extendable": [d for d in deadlines if d.kind in EXTENDED and not (d.stopped_at or d.missed_at or d.paused_at)],
        **_duties(case),
        **ticking.about(case, actor, known, engaged, evidence),
        "asking": next((unit for unit in (case.lead_id, case.holder_id) if unit in actor.unit_ids), None),
        "grants": _grants(case, actor),
        "shares": access.may(actor, "case.share"),
        "units": known.units.values() if access.may(actor, "case.share") else (),
        "family": list(_family(case, actor, known)),
        **_together(case, actor, known, allowed, asked, inside=inside),
    }


def _story(case: Case, to: Reader, most: int) -> list[LedgerEntry]:
    """The newest entries as ``to`` may see them. Who is not shown each of them reads further back."""
    newest = ledger.story(case.chain).order_by("-seq")
    return to.told(newest[: most if to.inside else ALL_OF_IT])[:most]


def _clocks(deadlines: list[Deadline], to: Reader) -> list[Deadline]:
    return sorted((d for d in deadlines if to.owes(d.kind)), key=lambda d: (d.stopped_at is not None, d.due_at))


def _row(case: Case, actor: Actor, known: Directory, to: Reader) -> worklist.Row:
    row = next(iter(worklist.rows(actor, known, [case.pk])))
    if row.clock and not to.owes(row.clock.kind):
        row.clock, row.lamp = None, "none"
    return row


def reads_by_office(
    case: Case, actor: Actor, known: Directory, parties: list[Party], deadlines: list[Deadline]
) -> bool:
    """Whether the actor sees the case otherwise than by a grant; as ``CaseQuerySet.inside_for``, without a query."""
    if access.everywhere(actor, "case.read"):
        return True
    mine = access.units(actor, "case.read", known.units)
    asked = {deadline.unit_id for deadline in deadlines if deadline.kind == "decide"}
    return bool(mine & ({case.lead_id} | {party.unit_id for party in parties} | asked))


def _asking(case: Case, actor: Actor, known: Directory, engaged: set[int], asked: list[Request]) -> dict:
    """What has been asked, and what the reader may decide, appeal against or ask now."""
    desk, askable = deciding.Desk(actor, known, clock.now()), _askable(actor, case, engaged, asked)
    outsiders = [unit for unit in known.units.values() if unit.pk not in engaged and unit.closed_on is None]
    return {
        "asked": [(request, decides(actor, request, case, desk)) for request in asked],
        "appealable": {request.pk for request in asked if _appeals(actor, case, request, engaged)},
        "askable": askable,
        "outsiders": outsiders if RequestKind.SHARE in askable else (),
    }


def _answering(
    case: Case, parties: list[Party], milestones: list, known: Directory, actor: Actor | None, to: Reader
) -> dict:
    """Who is on duty, who is being called, and whose answer ``actor`` may write down."""
    engaged = {party.unit_id for party in parties if party.until is None}
    return {
        "watches": roster.watches(engaged, clock.now()) if case.is_open and to.inside else {},
        "calls": _calls(parties, milestones, known),
        "colleagues": _colleagues(actor, engaged) if actor else [],
    }


def _calls(parties: list[Party], milestones: list, known: Directory) -> dict[int, LedgerEntry]:
    """The last call of the ladder to each party that has not answered, by the id of its unit."""
    waiting = {p.unit_id: p.since for p in parties if p.until is None and p.acknowledged_at is None}
    calls = {}
    for entry in milestones:
        owing = known.units_by_code.get(entry.after.get("unit") or "") if entry.verb == "deadline.missed" else None
        if owing and owing.pk in waiting and entry.at >= waiting[owing.pk]:
            calls[owing.pk] = entry
    return calls


def _colleagues(actor: Actor, engaged: set[int]) -> list[Post]:
    """Whose answer the actor may write down: those of his engaged units who may acknowledge. One query."""
    held = Post.objects.held(clock.now()).filter(unit__in=engaged & actor.unit_ids, user__is_active=True)
    held = held.filter(role__in=access.roles("case.acknowledge")).exclude(user=actor.user)
    return list(held.select_related("user"))


def _together(
    case: Case, actor: Actor, known: Directory, allowed: list[str], asked: list[Request], *, inside: bool
) -> dict:
    """Joint work, and the key by which the page knows that its forms are no longer those that would be offered."""
    shown = joint.about(case, actor, known) if inside else dict(joint.NOTHING)
    urged = urging_page.about(case, actor, known) if inside else {"urgings": [], "urges": []}
    pending = ",".join(str(request.pk) for request in asked if request.state == RequestState.PENDING)
    owed = ",".join(line.key for line in urged.get("to_reply", []))
    return shown | urged | {"forms_now": f"{case.state}:{','.join(allowed)}:{pending}:{joint.state_of(shown)}:{owed}"}


def _duties(case: Case) -> dict:
    """Who answers for what, how many duties nobody fills, and who helps; nothing of it before the case is filed."""
    shown = fivefold.shown(case.duties) if case.filed_at else []
    aside = [line for line in case.duties if line["role"] in fivefold.ASIDE]
    return {"duties": shown, "vacancies": sum(duty.vacant for duty in shown), "aside": aside}


def _grants(case: Case, actor: Actor) -> list[Grant]:
    """The grants on the case, for those who grant and those who check; nobody else learns who reads along."""
    if not access.may(actor, "case.grants"):
        return []
    return list(case.grants.select_related("unit", "user", "granted_by"))


def _family(case: Case, actor: Actor, known: Directory):
    """The other cases of the same danger that this person may see."""
    first = case.linked_to_id or case.pk
    family = Case.objects.visible_to(actor, known.units).filter(Q(linked_to=first) | Q(pk=first))
    return family.exclude(pk=case.pk).select_related("lead").order_by("pk")


def _form(verb: str, failed: str, typed) -> Form:
    given = {name: typed[name] for name in typed} if typed and verb == failed else {}
    return Form(verb, guards.TABLE[verb]["label"], FIELDS.get(verb, ["note"]), given)


def _permits(question, *args) -> bool:
    try:
        question(*args)
    except Refused:
        return False
    return True


def _missing(case: Case, evidence: list[Evidence]) -> list[EvidenceKind]:
    """The proofs that the handbook names and nobody has given since they count."""
    given = {item.kind for item in evidence if item.uploaded_at >= case.proof_since}
    wanted = case.policy.get("evidence") or [EvidenceKind.PHOTO.value]
    return [EvidenceKind(kind) for kind in wanted if kind not in given]


def _alerts(case: Case):
    return Alert.objects.filter(chain=case.chain).select_related("source").defer("payload").order_by("-received_at")


def _steps(case: Case, milestones: list) -> list[Step]:
    position = next((n for n, (_l, _v, states) in enumerate(STEPS) if case.state in states), None)
    at = {entry.verb: entry.at for entry in milestones}
    steps = []
    for number, (label, verbs, _states) in enumerate(STEPS):
        phase = "later" if position is None or number > position else "now" if number == position else "done"
        if case.state == State.CLOSED:
            phase = "done"
        if number == REPAIR and phase == "done" and not _repaired(case, milestones):
            phase = "skipped"
        when = next((at[verb] for verb in verbs.split() if verb in at), None) if phase == "done" else None
        steps.append(Step(str(label), phase, when))
    return steps


def _reported(case: Case, milestones: list) -> bool:
    return any(entry.verb == "case.report" for entry in milestones)


def _repaired(case: Case, milestones: list) -> bool:
    """Whether the case was ever under repair: begun by its people, or sent back to it by rework or reopening."""
    return case.rework_count > 0 or any(entry.verb == "case.rectify" for entry in milestones)


def _loops(case: Case, parties: list[Party], milestones: list) -> list[Level]:
    """Small, medium, large: a case that went straight to the large loop has all three, for none is released."""
    since = {Loop.SMALL: case.filed_at}
    risen = {Loop(entry.after["loop"]): entry for entry in milestones if entry.verb == "case.escalate"}
    since |= {loop: entry.at for loop, entry in risen.items()}
    order = list(Loop)
    present = order.index(Loop(case.loop)) if case.filed_at else -1
    levels = [
        Level(str(loop.label), n <= present, n == present, since.get(loop), [], risen.get(loop))
        for n, loop in enumerate(order)
    ]
    for party in parties:
        home = 0 if party.role in OF_STREET else 2 if party.role == DutyRole.COMMAND else 1
        levels[min(home, max(present, 0))].parties.append(party)
    return levels


def decides(actor: Actor, request: Request, case: Case, desk: deciding.Desk | None = None) -> bool:
    """Whether ``actor`` may decide ``request`` now."""
    return request.state == RequestState.PENDING and _permits(requests.decider, actor, request, case, desk)


def _appeals(actor: Actor, case: Case, request: Request, engaged: set[int]) -> bool:
    """Whether a refusal may still be taken to arbitration by one of the actor's units."""
    if not _permits(guards.may_prove, actor, case, engaged, "request.appeal"):
        return False
    return request.unit_id in actor.unit_ids & engaged and _permits(requests.may_appeal, request, request.unit_id)


def _askable(actor: Actor, case: Case, engaged: set[int], asked: list[Request]) -> dict[str, Askable]:
    pending = {request.kind for request in asked if request.state == RequestState.PENDING}
    kinds = [
        kind
        for kind in RequestKind
        if kind not in pending
        and kind not in requests.BY_SYSTEM
        and _permits(guards.may_prove, actor, case, engaged, f"request.{kind}")
        and _permits(requests.POSSIBLE[kind.value], case)
    ]
    granted = [request.kind for request in asked if request.state == RequestState.APPROVED]
    who = {kind: deciding.whose(deciding.act(kind, case, nth=granted.count(kind) + 1), case) for kind in kinds}
    return {kind: Askable(kind, REASONS[kind], who[kind]) for kind in kinds}


def net_seconds(deadline: Deadline, now: datetime) -> tuple[float, float]:
    """``(elapsed, net)`` seconds of a clock up to its stop or ``now``; net leaves the granted pauses out."""
    end = deadline.stopped_at or now
    elapsed = max(0.0, (end - deadline.started_at).total_seconds())
    paused = sum(((min(p.until or end, end)) - p.since).total_seconds() for p in deadline.pauses.all())
    return elapsed, max(0.0, elapsed - max(0.0, paused))
