"""Who may do it, asked under the lock of the firm; and how it is told on the firm's chain."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from insurance.firms import telling
from insurance.firms.models import Firm
from notices import outbox
from responsibility import access, acting, clock, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden

NOT_YOURS = _("这件事不由您的岗位办理。")


@dataclass(frozen=True)
class Deed:
    """One act upon a firm: who does it in which post, and when."""

    firm: Firm
    actor: acting.Actor
    post: Post
    at: datetime

    def tell(
        self, verb: str, *, subject: str = "firm", pk: object = None, before=None, after=None, note="",
        complainer: int | None = None,
    ) -> None:  # fmt: skip
        """Write it onto the firm's chain, and tell whom it concerns; ``subject`` and ``pk`` name the row, the firm
        itself without."""
        named = str(self.firm.pk if pk is None else pk)
        act = ledger.Act(self.firm.chain, verb, subject, named, self.firm.unit.name, before or {}, after or {}, note)
        ledger.record([act], by=self.actor, post=self.post, at=self.at)
        by = self.post.unit_id
        outbox.write(telling.rows(verb, self.firm, self.at, by=by, after=after, complainer=complainer))


def begin(firm: int, act: str, by: User) -> Deed:
    """Lock the register's ``firm`` (its row id) for an act of ``by``; ``Forbidden`` where the table has no cell."""
    # Not locked together with its unit, which is nobody's to hold here.
    locked = Firm.objects.select_for_update(no_key=True, of=("self",)).select_related("unit").get(pk=firm)
    return Deed(locked, *allowed(act, by, locked.unit_id), clock.now())


def allowed(act: str, by: User, *units: int) -> tuple[acting.Actor, Post]:
    """The actor and the post in which he may, where ``units`` are those named; ``Forbidden``."""
    actor = acting.of(by)
    post = access.post_for(actor, act, named=units)
    if post is None:
        raise Forbidden("wrong_role", NOT_YOURS)
    return actor, post
