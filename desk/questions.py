"""常用检索: a question kept under a name, for oneself or for all of the desk."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases import typed
from desk import asking
from desk.models import Question
from responsibility import access, acting, chains, clock, confining, directory, ledger
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

NAME = 60
MOST = 200


def seen_by(user: User):
    """The questions of ``user`` and those that others share, by name."""
    return Question.objects.filter(Q(owner=user) | Q(shared=True)).select_related("owner")


def keep(given: Mapping[str, str], *, by: User, name: str, shared: bool) -> Question:
    """Keep the question that ``given`` asks. ``Invalid`` with the field, ``Refused`` where the name is taken."""
    asked = asking.read(given, directory.current())
    if not asked.given:
        raise Invalid("empty", _("请先填写检索条件。"), "name")
    with confining.lifted("question"), transaction.atomic():
        actor, post = _asker(by)
        # Two of one name at once would refuse each other by a constraint that tells nobody anything.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        name = _free(typed.text(name, "name", limit=NAME), by)
        if Question.objects.filter(owner=by).count() >= MOST:
            raise Refused("too_many", _("每人最多保存 %(most)d 个常用检索。") % {"most": MOST})
        made = Question.objects.create(
            owner=by, name=name, query=asked.query, shared=shared, chain=chains.standing(), made_at=clock.now()
        )
        _tell("question.keep", made, actor, post, new_chains=True)
    return made


def rename(pk: int, *, by: User, name: str, shared: bool) -> Question:
    """Call an own question ``name`` and share it or not. Raises as ``keep``, ``Refused`` where there is none."""
    with confining.lifted("question"), transaction.atomic():
        (actor, post), question = _asker(by), _own(pk, by)
        name = typed.text(name, "name", limit=NAME)
        if name != question.name:
            name = _free(name, by)
        before = {"text": question.name, "shared": question.shared}
        question.name, question.shared = name, shared
        question.save(update_fields=["name", "shared"])
        _tell("question.change", question, actor, post, before=before)
    return question


def remove(pk: int, *, by: User) -> None:
    """Delete an own question; that there was one stays in the ledger."""
    with confining.lifted("question"), transaction.atomic():
        (actor, post), question = _asker(by), _own(pk, by)
        _tell("question.remove", question, actor, post)
        question.delete()


def _asker(by: User) -> tuple[acting.Actor, Post]:
    actor = acting.of(by)
    post = access.post_for(actor, "ledger.read")
    if post is None:
        raise Forbidden("wrong_role", _("只有审计员和区安委办可以查阅全部台账。"))
    return actor, post


def _own(pk: int, by: User) -> Question:
    question = Question.objects.select_for_update(no_key=True).filter(pk=pk, owner=by).first()
    if question is None:
        raise Refused("not_there", _("没有这个常用检索，或不是您建立的。"))
    return question


def _free(name: str, by: User) -> str:
    if Question.objects.filter(owner=by, name=name).exists():
        raise Refused("name_taken", _("您已有同名的常用检索。"), "name")
    return name


def _tell(verb: str, question: Question, actor, post, before: dict | None = None, **more) -> None:
    after = {} if verb == "question.remove" else {"text": asking.told(question.query), "shared": question.shared}
    act = ledger.Act(question.chain, verb, "question", str(question.pk), question.name, before or {}, after)
    ledger.record([act], by=actor, post=post, **more)
