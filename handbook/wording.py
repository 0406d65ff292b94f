"""A step as it comes from a form or a file, as it is copied, and as the ledger tells it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from handbook.models import Blocks, Step, Version
from responsibility.directory import Directory
from responsibility.models import EvidenceKind, Grade, Loop
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Invalid
from responsibility.soundness import LONGEST_MINUTES

COPIED = (
    "kin", "position", "grades", "loop", "role", "unit_id", "text", "text_en", "how", "how_en", "minutes", "proof",
    "blocks",
)  # fmt: skip
# Who may be named: a unit in its role on the case. 领导责任 is a person's, and takes no step itself.
DOERS = [role for role in DutyRole if role != DutyRole.LEADER]
LENGTHS = {"text": 500, "text_en": 500, "how": 1000, "how_en": 1000}


@dataclass
class Wish:
    """What somebody wants a step to say; ``unit`` is a code, ``position`` counts from 1, nothing puts it last."""

    text: str
    text_en: str = ""
    how: str = ""
    how_en: str = ""
    grades: list[str] = field(default_factory=list)
    loop: str = Loop.SMALL.value
    role: str = ""
    unit: str = ""
    minutes: int | None = None
    proof: str = ""
    blocks: str = ""
    position: int | None = None


def read(wish: Wish, known: Directory) -> dict:
    """The fields of the step, without its position; ``Invalid`` names the first that cannot be used."""
    said: dict = {name: text(getattr(wish, name), name, size) for name, size in LENGTHS.items()}
    if not said["text"]:
        raise Invalid("required", _("请写明做什么。"), "text")
    if wish.unit and wish.role:
        raise Invalid("bad_choice", _("责任角色和单位只填其一。"), "unit")
    if wish.unit and wish.unit not in known.units_by_code:
        raise Invalid("unknown_code", _("没有这个单位。"), "unit")
    _among(wish.role, ["", *DOERS], "role")
    _among(wish.loop, Loop.values, "loop")
    _among(wish.proof, ["", *EvidenceKind.values], "proof")
    _among(wish.blocks, ["", *Blocks.values], "blocks")
    for grade in wish.grades:
        _among(grade, Grade.values, "grades")
    if wish.minutes is not None and not 1 <= wish.minutes <= LONGEST_MINUTES:
        raise Invalid("bad_number", _("请填写 1 至 %(most)d 之间的分钟数。") % {"most": LONGEST_MINUTES}, "minutes")
    # Every colour is no restriction at all; the colours stand from red to blue however they came.
    grades = [grade for grade in Grade.values if grade in wish.grades]
    return said | {
        "grades": [] if len(grades) == len(Grade) else grades,
        "unit": known.units_by_code.get(wish.unit),
        **{name: getattr(wish, name) for name in ("loop", "role", "minutes", "proof", "blocks")},
    }


def text(value: str, name: str, size: int) -> str:
    """``value`` without blanks around it; ``Invalid`` for what is too long or cannot be stored."""
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise Invalid("bad_text", _("含有不能保存的字符。"), name)
    if len(value.strip()) > size:
        raise Invalid("too_long", _("此项最多 %(size)d 个字。") % {"size": size}, name)
    return value.strip()


def _among(value: str, choices: Iterable[str], name: str) -> None:
    if value not in choices:
        raise Invalid("bad_choice", _("没有这个选项。"), name)


def copies(old: Version, version: Version) -> list[Step]:
    """The steps of ``old`` as steps of ``version``, not yet written."""
    return [Step(version=version, **{name: getattr(step, name) for name in COPIED}) for step in old.steps.all()]


def words(step: Step) -> str:
    """A step for the ledger: what parts it from another, in codes and in Chinese."""
    doer = step.unit.code if step.unit else step.role
    parts = [str(step.position), "+".join(step.grades), step.loop, doer, step.text, step.how, str(step.minutes or ""),
             step.proof, step.blocks]  # fmt: skip
    return "|".join(parts)
