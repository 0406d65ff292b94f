"""That the answer to a question was taken out of the house as a file."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from desk.asking import Question
from responsibility import access, acting, chains, ledger
from responsibility.models import User
from responsibility.refusals import Forbidden


@transaction.atomic
def take(question: Question, *, by: User) -> None:
    """Write it down; what was asked for is sealed, for it may name people. ``Forbidden``."""
    actor = acting.of(by)
    post = access.post_for(actor, "ledger.read")
    if post is None:
        raise Forbidden("wrong_role", _("只有审计员和区安委办可以查阅全部台账。"))
    act = ledger.Act(chains.dated(), "desk.take", "desk", "", "", after={"text": question.told})
    ledger.record([act], by=actor, post=post, new_chains=True)
