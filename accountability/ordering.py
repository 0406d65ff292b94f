"""监督措施: somebody in authority reminds, summons to a talk, or hands over; the one concerned says his part beside it.

Facts 2.4: 提醒 → 督办 → 通报 → 约谈 → 移交. The order is advised and not forced; 督办 and 通报 are urgings of the case.
The software records and hands over. It decides no guilt: no field says so, and words that do are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accountability import across, musts
from accountability.period import Period
from accountability.rungs import Consequence, Ground, Rung
from accountability.telling import tell
from cases import typed
from cases.changes import locked_case
from cases.models import Case, Party
from responsibility import access, acting, authority, chains, clock, directory
from responsibility.directory import Directory
from responsibility.models import LedgerEntry, Post, Power, Unit, User
from responsibility.refusals import Forbidden, Invalid, Refused

# On one case; whoever needs more hands it over.
MOST = 30
ACTS = {Rung.REMINDER: "consequence.remind", Rung.TALK: "consequence.talk", Rung.HANDOVER: "consequence.hand_over"}
# What only a court or a competent body may find; such words do not stand in what this records.
VERDICTS = ("有罪", "罪犯", "构成犯罪", "犯罪分子", "渎职罪", "玩忽职守罪", "滥用职权罪", "guilty")
SHORT, LONG = 100, 500
# Words in which somebody may be named are told under names that are sealed (``responsibility/sealing.py``).
SAID_AS = {"chair": "who", "purpose": "why", "place": "address", "body": "recipient"}
LATEST = timedelta(days=366)


@dataclass(frozen=True)
class Asked:
    """What is typed of a consequence; ``person`` is a username, ``bundles`` SHA-256 digests (hex) of bundles."""

    kind: str
    ground: str
    unit: str
    text: str
    number: str = ""
    risk: str = ""
    person: str = ""
    basis: str = ""
    meets_at: datetime | None = None
    place: str = ""
    chair: str = ""
    body: str = ""
    purpose: str = ""
    bundles: list[str] = field(default_factory=list)


@transaction.atomic
def order(asked: Asked, *, by: User) -> Consequence:
    """Write down that ``by`` reminds, summons or hands over, and tell those concerned.

    Raises ``Forbidden`` for who may not; ``Refused`` for a drill, a unit that had no part in it, a finding that is not
    there, or an office without the power to urge; ``Invalid`` with the field; ``Case.DoesNotExist``.
    """
    if asked.kind not in Rung.values or asked.ground not in Ground.values:
        raise Invalid("bad_choice", _("请选择措施和依据事项。"), "kind")
    kind, known = Rung(asked.kind), directory.current()
    # Before anything is said of what was typed, and again under the lock.
    may_order(acting.of(by), kind)
    told = _words(asked, kind)
    case = None if asked.ground == Ground.ENDLESS else _case(asked.number)
    actor, now = acting.of(by), clock.now()
    post = may_order(actor, kind)
    if kind != Rung.REMINDER:
        authority.require(post.unit, Power.URGE, known)
    _found(asked, case, known)
    unit = _unit(asked.unit, concerned(asked.ground, case, asked.risk, known), post, known)
    made = Consequence(
        kind=kind, ground=asked.ground, case=case, risk="" if case else asked.risk, unit=unit,
        chain=case.chain if case else chains.dated(), post=_named(asked.person, unit), at=now, by=by, by_post=post,
        **told,
    )  # fmt: skip
    _known_bundles(made)
    if Consequence.objects.filter(case=case, risk=made.risk).count() >= MOST:
        raise Refused("too_many", _("同一事项的监督措施已满 %(most)d 份。") % {"most": MOST})
    made.save()
    after = {SAID_AS.get(name, name): value for name, value in told.items() if value and name != "meets_at"}
    after |= {"meets_at": made.meets_at.isoformat()} if made.meets_at else {}
    tell(made, f"consequence.{kind}", after, actor, post, now)
    return made


def _words(asked: Asked, kind: Rung) -> dict:
    """The columns that hold what was typed, those of other kinds left out."""
    told: dict = {"text": plain(asked.text, "text"), "basis": typed.text(asked.basis, "basis", limit=200, needed=False)}
    if kind != Rung.REMINDER and not told["basis"]:
        raise Invalid("required", _("约谈和移交须写明法规依据。"), "basis")
    if kind == Rung.TALK:
        if asked.meets_at is None or not timedelta(0) < asked.meets_at - clock.now() < LATEST:
            raise Invalid("bad_time", _("约谈时间应在今后一年之内。"), "meets_at")
        told |= {
            "meets_at": asked.meets_at,
            "place": typed.text(asked.place, "place", limit=200),
            "chair": typed.text(asked.chair, "chair", limit=SHORT),
        }
    if kind == Rung.HANDOVER:
        told |= {
            "body": typed.text(asked.body, "body", limit=SHORT),
            "purpose": plain(asked.purpose, "purpose"),
            "bundles": sorted({digest.strip().lower() for digest in asked.bundles if digest.strip()}),
        }
        if not told["bundles"]:
            raise Invalid("required", _("请列明移交的证据包。先在案件页导出，再移交。"), "bundles")
    return told


def plain(text: str, name: str, limit: int = LONG, *, needed: bool = True) -> str:
    """``text`` as it can be kept; ``Invalid`` where it finds somebody guilty."""
    text = typed.text(text, name, limit=limit, needed=needed)
    if any(word in text.lower() for word in VERDICTS):
        raise Invalid("verdict", _("只写事实和要求；是否有罪由有权机关依法认定。"), name)
    return text


def _case(number: str) -> Case:
    case = locked_case(Case.objects.values_list("pk", flat=True).get(number=number))
    if case.drill_id:
        raise Refused("drill", _("演练案件不作为监督措施的依据。"))
    return case


def _found(asked: Asked, case: Case | None, known: Directory) -> None:
    """``Refused`` where the finding that is referred to is not there."""
    if case is None:
        whole = Period("1970-01-01", str(clock.now().date() + timedelta(days=1)))
        typed.text(asked.risk, "risk", limit=SHORT)
        there = bool(across.elephants(whole, only=asked.risk, limit=1))
    else:
        duties = musts.of_case(case, known)[0] if asked.ground == Ground.COLLECTIVE else []
        there = all(duty.verdict.failed for duty in duties if duty.is_one_of_five)
    if not there:
        raise Refused("not_found_so", _("责任追溯中没有这一事项。"), "ground")


def concerned(ground: str, case: Case | None, risk: str, known: Directory) -> set[int]:
    """The ids of the units that had a part in the case, or in any case of the risk."""
    cases = [case] if case else list(of_risk(risk))
    named = {line["unit"] for each in cases for line in each.duties if line.get("unit")}
    units = {known.units_by_code[code].pk for code in named if code in known.units_by_code}
    units |= {pk for each in cases for pk in (each.holder_id, each.lead_id) if pk}
    return units | set(Party.objects.filter(case__in=cases).values_list("unit", flat=True))


def of_risk(risk: str):
    """The real cases of a risk, by the code of its object or by number; the newest fifty."""
    by = {"object_code": risk} if Case.objects.filter(object_code=risk).exists() else {"number": risk}
    return Case.objects.real().filter(**by).order_by("-pk")[:50]


def _unit(code: str, concerned: set[int], post: Post, known: Directory) -> Unit:
    unit = known.units_by_code.get(code)
    if unit is None:
        raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": str(code)[:64]}, "unit")
    if unit.pk not in concerned:
        raise Refused("not_engaged", _("%(unit)s与所依据的事项无关。") % {"unit": unit.label}, "unit")
    if unit.pk == post.unit_id:
        raise Invalid("bad_choice", _("请选择其他单位。"), "unit")
    return unit


def _named(username: str, unit: Unit) -> Post | None:
    if not username:
        return None
    name = typed.text(username, "person", limit=150)
    post = Post.objects.filter(user__username=name, unit=unit).order_by("-since").first()
    if post is None:
        raise Invalid("unknown_person", _("%(unit)s没有这个人的岗位。") % {"unit": unit.label}, "person")
    return post


def exports(case: Case | None, risk: str = "") -> list[LedgerEntry]:
    """The bundles that were exported of a case, or of the cases of a risk, newest first, at most fifty."""
    numbers = [case.number] if case else [each.number for each in of_risk(risk)]
    found = LedgerEntry.objects.filter(verb="case.export", subject_id__in=numbers)
    return list(found.order_by("-id")[:50])


def _known_bundles(made: Consequence) -> None:
    """``Invalid`` unless each bundle was exported here, of what the consequence refers to."""
    if made.bundles:
        ours = {entry.after.get("sha256") for entry in exports(made.case, made.risk)}
        if unknown := [digest for digest in made.bundles if digest not in ours]:
            told = {"digest": str(unknown[0])[:64]}
            raise Invalid("unknown_bundle", _("不是由本系统就此导出的证据包：%(digest)s。") % told, "bundles")


def may_order(actor: acting.Actor, kind: str) -> Post:
    """The post in which ``actor`` orders ``kind``; ``Forbidden`` otherwise."""
    post = access.post_for(actor, ACTS[Rung(kind)])
    if post is None:
        raise Forbidden("wrong_role", _("约谈和移交由区安委办作出；提醒也可由区城运应急办作出。"))
    return post


def advised(counts: Mapping[str, int], kind: str) -> list[str]:
    """The rungs below ``kind`` that were passed over, in words; ``counts``: how often each was used, by its name."""
    below = LADDER[: [name for name, _label in LADDER].index(kind)]
    return [str(label) for name, label in below if not counts.get(name)]


# The whole ladder, the mildest first: its name here or as an urging, and its word.
LADDER = [
    ("reminder", _("提醒")), ("supervision", _("督办")), ("circular", _("通报")), ("talk", _("约谈")),
    ("handover", _("移交")),
]  # fmt: skip
