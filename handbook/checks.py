"""What keeps a draft of a handbook from being published, each with the step that it concerns."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from handbook.models import Blocks, Step
from responsibility import soundness
from responsibility.models import Category, Loop

# Natural minutes of a loop where the category sets none (design 4.2); the large loop has no limit of its own.
LIMITS = {Loop.SMALL: ("small_loop", 240), Loop.MEDIUM: ("medium", 480)}


@dataclass(frozen=True)
class Finding:
    """What is wrong, and with which step; without one it is the whole handbook."""

    detail: str | Promise
    step: Step | None = None


def faults(steps: list[Step], category: Category) -> list[Finding]:
    """Everything that must be put right first, in the order of ``steps``."""
    if not steps:
        return [Finding(_("手册还没有步骤。"))]
    return [Finding(detail, step) for step in steps for detail in _of(step, category)]


def limit(category: Category, loop: str) -> int | None:
    """The minutes within which ``loop`` is to have the danger under control; ``None`` for the large loop."""
    name, usual = LIMITS.get(Loop(loop), ("", None))
    return soundness.usable_minutes(category.minutes).get(name, usual) if name else None


def _of(step: Step, category: Category):
    if step.blocks and not (step.role or step.unit_id):
        yield _("必办步骤没有写明由谁做。")
    if step.unit is not None and step.unit.closed_on is not None:
        yield _("%(unit)s已撤销。") % {"unit": step.unit.label}
    longest = limit(category, step.loop)
    # What must be done before the case closes is the lasting repair, which has days and not the loop's hours.
    if step.minutes and longest and step.minutes > longest and step.blocks != Blocks.CLOSE:
        told = {"loop": Loop(step.loop).label, "minutes": longest}
        yield _("时限超过%(loop)s的 %(minutes)d 分钟。") % told
