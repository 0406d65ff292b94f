"""What the pages of a handbook show, on the screen and on paper."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from handbook import checks, versions
from handbook.models import Step, Version, VersionState
from responsibility import access, acting, clock, ledger
from responsibility.acts import ACTS
from responsibility.directory import Directory
from responsibility.models import Category, Grade, Loop, Unit

LABELS = {verb: ACTS[f"handbook.{verb}"].label for verb in versions.FROM}
# What a changed step differs in, in words.
DIFFERS = {
    "position": _("序号"), "grades": _("适用颜色"), "loop": _("闭环层级"), "role": _("执行者"), "unit_id": _("执行者"),
    "text": _("做什么"), "text_en": _("英文"), "how": _("怎么做"), "how_en": _("英文"), "minutes": _("时限"),
    "proof": _("凭证"), "blocks": _("必办"),
}  # fmt: skip


@dataclass(frozen=True)
class Shelf:
    """One category on the list of handbooks."""

    category: Category
    owner: Unit | None
    current: Version | None
    coming: list[Version]


@dataclass(frozen=True)
class Row:
    """One colour, and for each loop the numbers of the steps that hold there."""

    grade: Grade
    cells: list[list[int]]


def standing(version: Version, now: datetime) -> str:
    """``draft``, ``submitted``, ``withdrawn``; of what was published ``coming``, ``in_force`` or ``superseded``."""
    if version.state != VersionState.PUBLISHED:
        return str(version.state)
    if version.valid.lower > now:
        return "coming"
    return "in_force" if version.valid.upper is None or now < version.valid.upper else "superseded"


def shelves(actor: acting.Actor, known: Directory) -> list[tuple[str, list[Shelf]]]:
    """The handbooks of all categories by domain, with what is being prepared as far as ``actor`` sees it. One query."""
    now, by_category = clock.now(), defaultdict(list)
    for version in Version.objects.visible_to(actor, known).select_related("owner").order_by("-number"):
        by_category[version.category_id].append(version)
    domains: dict[str, list[Shelf]] = defaultdict(list)
    for category in known.categories.values():
        told = by_category[category.pk]
        current = next((version for version in told if standing(version, now) == "in_force"), None)
        coming = [version for version in told if standing(version, now) in ("draft", "submitted", "coming")]
        owner = versions.owner_of(category, known, now)
        domains[category.domain_label].append(Shelf(category, owner, current, coming))
    return list(domains.items())


def find(category: Category, number: int | None, actor: acting.Actor, known: Directory) -> Version | None:
    """The version ``number`` of ``category``, else that in force, else the newest that ``actor`` sees, if any."""
    people = ("owner", "drafted_by", "approved_by", "based_on")
    seen = Version.objects.visible_to(actor, known).filter(category=category).select_related("category", *people)
    if number is not None:
        return seen.filter(number=number).first()
    now = clock.now()
    return seen.filter(state=VersionState.PUBLISHED, valid__contains=now).first() or seen.order_by("-number").first()


def steps_of(version: Version) -> list[Step]:
    """The steps of a version, in order."""
    return list(version.steps.select_related("unit"))


def grid(steps: list[Step]) -> list[Row]:
    """Colour × loop → the numbers of the steps that hold there."""
    return [
        Row(grade, [[step.position for step in steps if step.holds(grade, loop)] for loop in Loop]) for grade in Grade
    ]


def about(version: Version, actor: acting.Actor, known: Directory, *, grade: str = "", loop: str = "") -> dict:
    """All that the page of ``version`` tells ``actor``; ``grade`` and ``loop`` narrow the steps shown."""
    steps = steps_of(version)
    # The colour that a step names stands for itself where none is asked for.
    shown = [step for step in steps if step.holds(grade or (step.grades or [""])[0], loop or Loop.LARGE)]
    judged = version.state in (VersionState.DRAFT, VersionState.SUBMITTED)
    found = checks.faults(steps, version.category) if judged else []
    verbs, now = versions.allowed(version, actor, known), clock.now()
    others = Version.objects.visible_to(actor, known).filter(category=version.category_id)
    keeps = versions.may(actor, "draft", _owner(version, known), known) is not None
    return {
        "version": version,
        "category": version.category,
        "standing": standing(version, now),
        "steps": [(step, [finding for finding in found if finding.step is step]) for step in shown],
        "all": steps,
        "grid": grid(steps),
        "loops": list(Loop),
        "grades": list(Grade),
        "grade": grade,
        "loop": loop,
        "faults": found,
        "seen": versions.stamp(version),
        "allowed": {verb: LABELS[verb] for verb in LABELS if verb in verbs},
        "edits": version.is_open and versions.may(actor, "steps", version.owner_id, known) is not None,
        "drafts": keeps and not Version.objects.open().filter(category=version.category_id).exists(),
        "others": [(other, standing(other, now)) for other in others.select_related("owner").order_by("-number")],
        "story": list(ledger.story(version.chain)) if access.may(actor, "handbook.read") else [],
    }


def _owner(version: Version, known: Directory) -> int | None:
    owner = versions.owner_of(version.category, known, clock.now())
    return owner.pk if owner else None
