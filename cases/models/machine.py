"""The two machines of a case, and nothing but memory.

The decorators are the one table of transitions: buttons, API verbs, the diagram, the database trigger and the tests are
all read from it. The word on the button, and who may press it, stand in ``responsibility/acts.py`` as ``case.<verb>``.
Guards live in ``cases/guards.py``.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from responsibility.acts import ACTS
from responsibility.models import Loop


class State(models.TextChoices):
    """Where the work stands."""

    TRIAGE = "triage", _("待研判")
    DISPATCHED = "dispatched", _("已派遣")
    ACKNOWLEDGED = "acknowledged", _("已签收")
    ON_SITE = "on_site", _("已到场")
    CONTAINED = "contained", _("已受控")
    RECTIFYING = "rectifying", _("整改中")
    VERIFYING = "verifying", _("待核查")
    CLOSED = "closed", _("已结案")
    SUSPENDED = "suspended", _("已挂账")
    VOID = "void", _("已作废")


ENDED = (State.CLOSED, State.VOID)
WORKED = [s for s in State if s not in (*ENDED, State.TRIAGE)]


class CaseMachine(models.Model):
    """State and loop with their moves."""

    state = FSMField(_("状态"), default=State.TRIAGE, choices=State)
    loop = FSMField(_("闭环层级"), default=Loop.SMALL, choices=Loop)

    class Meta:
        abstract = True

    @transition(state, State.TRIAGE, State.DISPATCHED)
    def file(self):
        """立案: the matrix has been asked, the street is set."""

    @transition(state, State.DISPATCHED, State.ACKNOWLEDGED)
    def acknowledge(self):
        """签收: a named person has answered."""

    @transition(state, State.ACKNOWLEDGED, State.ON_SITE)
    def arrive(self):
        """到场: somebody engaged stands there."""

    @transition(state, State.ON_SITE, State.CONTAINED)
    def contain(self):
        """受控: the danger is under control, with proof."""

    @transition(state, State.CONTAINED, State.RECTIFYING)
    def rectify(self):
        """整改: the lasting repair begins."""

    @transition(
        state,
        [State.CONTAINED, State.RECTIFYING],
        State.VERIFYING,
    )
    def report(self):
        """反馈: done, with proof; somebody else must look."""

    @transition(state, State.VERIFYING, State.RECTIFYING)
    def rework(self):
        """返工: the check failed."""

    @transition(state, State.VERIFYING, State.CLOSED)
    def close(self):
        """结案: somebody outside the disposing units has checked."""

    @transition(state, State.CLOSED, State.RECTIFYING)
    def reopen(self):
        """重开: it was not over."""

    @transition(state, State.RECTIFYING, State.SUSPENDED)
    def suspend(self):
        """挂账: cannot be done now; only by an approved request."""

    @transition(state, State.SUSPENDED, State.RECTIFYING)
    def resume(self):
        """恢复: the reason to wait is gone."""

    @transition(state, State.TRIAGE, State.VOID)
    def void(self):
        """作废: a false alarm or a double, told apart before it was filed."""

    @transition(state, WORKED, State.VOID)
    def annul(self):
        """作废 after filing: only by an approved request."""

    @transition(loop, Loop.SMALL, Loop.MEDIUM)
    def rise_to_medium(self):
        """The departments join; the street stays."""

    @transition(loop, [Loop.SMALL, Loop.MEDIUM], Loop.LARGE)
    def rise_to_large(self):
        """The whole district joins; street and departments stay."""

    @transition(loop, Loop.LARGE, Loop.MEDIUM)
    def stand_down(self):
        """解除: the district, which opened the large loop, ends it; the lead goes on."""


def verbs(model) -> dict:
    """The state moves of ``model`` by name: ``{verb: {"sources": [...], "target": ..., "label": ...}}``."""
    table: dict = {}
    for move in model._meta.get_field("state").get_all_transitions(model):
        words = {"label": ACTS[f"case.{move.name}"].label}
        entry = table.setdefault(move.name, {"sources": [], "target": move.target, **words})
        entry["sources"].append(move.source)
    return table


def pairs(model, field: str) -> set[tuple[str, str]]:
    """Every (from, to) that the machine ``field`` allows."""
    return {(str(m.source), str(m.target)) for m in model._meta.get_field(field).get_all_transitions(model)}
