"""What happens to a consequence after it was ordered: an answer, the minutes of a talk, a withdrawal."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accountability.ordering import LONG, plain
from accountability.rungs import Answer, Consequence, Rung
from accountability.telling import tell
from cases import files, typed
from cases.changes import locked_case
from responsibility import access, acting, clock, directory
from responsibility.models import Post, User
from responsibility.refusals import Forbidden, Invalid, Refused

LONGEST = 2000
# Of one person on one consequence; what is left to say is said in the last.
MOST = 10
PAPERS = ("application/pdf", "image/jpeg", "image/png")


@transaction.atomic
def answer(pk: int, *, by: User, text: str) -> Answer:
    """Keep what ``by`` says for the unit concerned, or for himself. It decides nothing and is never changed.

    Raises ``Forbidden``, ``Refused`` (``too_many``), ``Invalid``; ``Consequence.DoesNotExist``.
    """
    text, of, actor = typed.text(text, "text", limit=LONGEST), locked(pk), acting.of(by)
    post = may_answer(actor, of)
    if Answer.objects.filter(consequence=of, by=by).count() >= MOST:
        raise Refused("too_many", _("您的陈述已满 %(most)d 份。") % {"most": MOST})
    now = clock.now()
    made = Answer.objects.create(consequence=of, text=text, at=now, by=by, unit=post.unit)
    tell(of, "consequence.answer", {"answered": made.pk, "text": text}, actor, post, now)
    return made


def hold(pk: int, *, by: User, outcome: str, minutes: str = "", file: files.Upload | None = None) -> Consequence:
    """Write down, once, how a talk went: ``outcome``, and minutes as words, as a file (PDF, JPEG, PNG), or both.

    Raises ``Forbidden``, ``Refused`` (``wrong_state``), ``Invalid``; ``Consequence.DoesNotExist``.
    """
    outcome, minutes = plain(outcome, "outcome"), plain(minutes, "minutes", LONGEST, needed=False)
    if not minutes and file is None:
        raise Invalid("required", _("请填写约谈记录，或上传记录文件。"), "minutes")
    # Asked before the file is taken in, and again under the lock.
    may_follow(acting.of(by), Consequence.objects.select_related("by_post").get(pk=pk))
    kept = _received(file) if file else None
    with transaction.atomic():
        of, actor, now = locked(pk), acting.of(by), clock.now()
        post = may_follow(actor, of)
        if of.kind != Rung.TALK or of.held_at or of.withdrawn_at:
            raise Refused("wrong_state", _("没有待记录的约谈。"))
        if of.meets_at and now < of.meets_at:
            raise Refused("too_early", _("约谈尚未到时间。"))
        of.held_at, of.held_by, of.outcome, of.minutes = now, by, outcome, minutes
        if kept:
            of.sha256, of.content_type, of.path = kept.sha256, kept.content_type, kept.path
        of.save(update_fields=["held_at", "held_by", "outcome", "minutes", "sha256", "content_type", "path"])
        after = {"conclusion": outcome} | ({"sha256": of.sha256} if of.sha256 else {})
        tell(of, "consequence.minute", after, actor, post, now, note=minutes)
    return of


@transaction.atomic
def withdraw(pk: int, *, by: User, note: str) -> Consequence:
    """Take it back with a reason; it stays to be seen. Only the office that ordered it does.

    Raises ``Forbidden``, ``Refused`` (``wrong_state``), ``Invalid``; ``Consequence.DoesNotExist``.
    """
    note, of, actor, now = typed.text(note, "note", limit=LONG), locked(pk), acting.of(by), clock.now()
    post = may_follow(actor, of)
    if of.withdrawn_at:
        raise Refused("wrong_state", _("已经撤回。"))
    of.withdrawn_at, of.withdrawn_by, of.withdraw_note = now, by, note
    of.save(update_fields=["withdrawn_at", "withdrawn_by", "withdraw_note"])
    tell(of, "consequence.withdraw", {}, actor, post, now, note=note)
    return of


def _received(file: files.Upload) -> files.Stored:
    try:
        return files.receive(file, root=settings.EVIDENCE_ROOT, limit=settings.EVIDENCE_MAX_BYTES, types=PAPERS)
    except files.FileRefused as refused:
        raise Invalid(refused.code, refused.detail, "file") from None


def locked(pk: int) -> Consequence:
    """The consequence, and the case on whose chain it stands, under their locks; ``Consequence.DoesNotExist``."""
    case = Consequence.objects.values_list("case", flat=True).get(pk=pk)
    if case:
        locked_case(case)
    found = Consequence.objects.select_for_update(no_key=True, of=("self",))
    return found.select_related("case", "unit", "post__user", "post__unit", "by_post__unit").get(pk=pk)


def may_answer(actor: acting.Actor, of: Consequence) -> Post:
    """The post in which ``actor`` speaks for the unit concerned, or for himself; ``Forbidden`` otherwise."""
    post = access.post_for(actor, "consequence.answer", named={of.unit_id})
    if post is None and of.post and actor.user and of.post.user_id == actor.user.pk and actor.user.is_active:
        # Whoever has left the post may still say his part of what concerned him in it.
        return of.post
    if post is None:
        raise Forbidden("not_concerned", _("由%(unit)s或所涉本人陈述。") % {"unit": of.unit.label})
    return post


def may_follow(actor: acting.Actor, of: Consequence) -> Post:
    """The post in which ``actor`` records or withdraws for the office that ordered it; ``Forbidden`` otherwise."""
    post = access.post_for(actor, "consequence.withdraw", named={of.by_post.unit_id})
    if post is None:
        unit = directory.current().units[of.by_post.unit_id]
        raise Forbidden("wrong_role", _("由作出该措施的%(unit)s办理。") % {"unit": unit.label})
    return post
