"""The life of an edition: drawn up, sent to every unit it names, approved by somebody else, published at a moment.

Each act locks the edition, is judged under the lock and leaves its entry in the same transaction. Whoever needs to know
of a publication (floor 3 proposes to re-dispatch open cases) listens to ``published``.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.dispatch import Signal
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from responsibility import access, acting, checks, clock, directory, ledger
from responsibility.models import Duty, Edition, EditionState, Opinion, Post, Stance, User
from responsibility.refusals import Forbidden, Invalid, Refused
from responsibility.rows import COPIED, Row, content, fields, words

# Sent in the transaction of the publication with ``edition``, ``before`` (Book of the former rows), ``now``.
published = Signal()

# The states that each verb starts from; who may is told by the permission table, as ``edition.<verb>``.
STEPS: dict[str, list[str]] = {
    "send": [EditionState.DRAFT],
    "approve": [EditionState.COMMENT],
    "publish": [EditionState.APPROVED],
    "take_back": [EditionState.COMMENT, EditionState.APPROVED],
    "withdraw": [EditionState.DRAFT, EditionState.COMMENT, EditionState.APPROVED],
}


class NotPublishable(Refused):
    """Faults stand in the way; ``findings`` lists them, each with its cells."""

    def __init__(self, findings: list[checks.Finding]):
        super().__init__("not_publishable", _("清单还有差错，不能发布：见各行提示。"))
        self.findings = findings


def in_force(at: datetime) -> Edition | None:
    """The edition in force at ``at``."""
    return Edition.objects.filter(state=EditionState.PUBLISHED, valid__contains=at).first()


def steps(edition: Edition, actor: acting.Actor) -> list[str]:
    """The verbs that ``actor`` may press on ``edition`` as it stands; who drew it up does not approve it."""
    open_to = [
        verb for verb, states in STEPS.items() if edition.state in states and access.may(actor, f"edition.{verb}")
    ]
    own = "approve" in open_to and actor.user is not None and _wrote(edition, actor.user)
    return [verb for verb in open_to if not (own and verb == "approve")]


def stamp(duties: Iterable[Duty]) -> str:
    """What names the rows as they stand: a row is never changed, only replaced by one with a higher id."""
    ids = [duty.pk for duty in duties]
    return f"{len(ids)}-{max(ids, default=0)}"


def draft(*, by: User, title: str, document: str = "") -> Edition:
    """起草: a new draft that begins as a copy of the newest published edition. ``Invalid`` without a title."""
    if not title.strip():
        raise Invalid("required", _("请填写清单名称。"), "title")
    with transaction.atomic():
        actor, post = _acting(by, "edition.draft")
        based_on = Edition.objects.filter(state=EditionState.PUBLISHED).order_by("-number").first()
        edition = _create(title.strip()[:200], document.strip()[:100], based_on=based_on, drafted_by=by)
        if based_on:
            rows = based_on.duties.order_by("pk")
            Duty.objects.bulk_create(Duty(edition=edition, **{n: getattr(row, n) for n in COPIED}) for row in rows)
        _tell(edition, "edition.draft", actor, post, after={"based_on": based_on.number if based_on else None})
    return edition


def put(edition_id: int, rows: list[Row], *, by: User, instead_of: Iterable[int] = ()) -> list[Duty]:
    """Add ``rows`` to a draft in place of the rows with the ids ``instead_of``; opinions on those lapse.

    A row that comes back as it was stays, with what was said to it. The rows as they stand, in the order of ``rows``.
    ``Invalid`` names the first field that cannot be used; ``Refused`` once the edition is closed to changes.
    """
    with transaction.atomic():
        actor, post = _acting(by, "edition.rows")
        edition = _open(edition_id)
        known = directory.current()
        made = [Duty(edition=edition, **fields(row, known)) for row in rows]
        replaced = set(instead_of)
        gone = list(edition.duties.filter(pk__in=replaced))
        if len(gone) != len(replaced):
            raise Refused("row_gone", _("这一行刚被别人改过或删去，请重新打开清单再改。"))
        there: dict[tuple, list[Duty]] = defaultdict(list)
        for duty in gone:
            there[content(duty)].append(duty)
        kept = [there[content(duty)].pop() if there[content(duty)] else duty for duty in made]
        made = [duty for duty in kept if duty.pk is None]
        gone = [duty for left in there.values() for duty in left]
        Opinion.objects.filter(duty__in=gone).delete()
        Duty.objects.filter(pk__in=[duty.pk for duty in gone]).delete()
        Duty.objects.bulk_create(made)
        if made or gone:
            before, after = ({"rows": [words(duty, known) for duty in duties]} for duties in (gone, made))
            _tell(edition, "edition.rows", actor, post, before=before, after=after)
    return kept


def send(edition_id: int, *, by: User) -> Edition:
    """征求意见: every named unit may now speak to its rows."""
    return _move(edition_id, "send", EditionState.COMMENT, by)


def take_back(edition_id: int, *, by: User) -> Edition:
    """退回修改: back to the drafter."""
    return _move(edition_id, "take_back", EditionState.DRAFT, by)


def withdraw(edition_id: int, *, by: User) -> Edition:
    """撤回: the draft is kept to read and goes no further."""
    return _move(edition_id, "withdraw", EditionState.WITHDRAWN, by)


def opine(edition_id: int, stance: str, duty_ids: list[int], *, by: User, text: str = "") -> int:
    """A named unit accepts or objects to its own rows; the number of rows it spoke to.

    ``Forbidden`` for a row that names another unit; an objection needs ``text``.
    """
    if stance not in Stance.values:
        raise Invalid("bad_choice", _("意见应为同意或有异议。"), "stance")
    if stance == Stance.OBJECT and not text.strip():
        raise Invalid("required", _("有异议时请写明理由。"), "text")
    with transaction.atomic():
        actor = acting.of(by)
        units = speaks_for(actor)
        if not units:
            raise _wrong_role()
        edition = Edition.objects.select_for_update().get(pk=edition_id)
        if edition.state != EditionState.COMMENT:
            raise Refused("not_in_comment", _("本版清单目前不在征求意见。"))
        duties = list(edition.duties.filter(pk__in=duty_ids))
        if not duties or len(duties) != len(set(duty_ids)) or any(duty.unit_id not in units for duty in duties):
            raise Forbidden("not_named", _("只能对列明本单位的行提出意见。"))
        known = directory.current()
        for duty in duties:
            Opinion.objects.update_or_create(
                duty=duty,
                unit=known.units[duty.unit_id or 0],
                defaults={"stance": stance, "text": text.strip()[:500], "given_at": clock.now(), "given_by": by},
            )
        after = {"stance": stance, "rows": [words(duty, known) for duty in duties]}
        _tell(edition, "edition.opinion", actor, units[duties[0].unit_id], after=after, note=text)
    return len(duties)


def approve(edition_id: int, *, by: User, seen: str = "") -> Edition:
    """核准, by somebody who wrote nothing of it; refused while a unit objects.

    ``seen``: the ``stamp`` of the rows that ``by`` looked at; others have come since → ``Refused`` ``moved_on``.
    """
    with transaction.atomic():
        edition, actor, post = _begin(edition_id, "approve", by)
        if _wrote(edition, by):
            raise Forbidden("own_draft", _("起草人不能核准自己起草的清单。"))
        _refuse_unseen(edition, seen)
        if Opinion.objects.filter(duty__edition=edition, stance=Stance.OBJECT).exists():
            raise Refused("objections", _("还有单位提出异议，请先修改有异议的行。"))
        edition.state, edition.approved_at, edition.approved_by = EditionState.APPROVED, clock.now(), by
        edition.save()
        silent = len({duty.unit_id for duty in edition.duties.filter(opinions=None, unit__isnull=False)})
        _tell(edition, "edition.approve", actor, post, after={"silent_units": silent})
    return edition


def publish(
    edition_id: int, *, by: User, at: datetime | None = None, accepted_gaps: Iterable[str] = (), seen: str = ""
) -> Edition:
    """发布 at a moment, now or later. ``NotPublishable`` while faults stand; every gap must be in ``accepted_gaps``.

    An hour of today that is past means now, an earlier day is ``Invalid``. ``seen`` as in ``approve``.
    """
    now = clock.now()
    if at and localdate(at) < localdate(now):
        raise Invalid("past", _("生效时间不能早于今天。"), "at")
    at = max(at, now) if at else now
    with transaction.atomic():
        edition, actor, post = _begin(edition_id, "publish", by)
        known = directory.current()
        _refuse_unseen(edition, seen)
        duties = list(edition.duties.order_by("pk"))
        found = checks.faults(duties, known, at)
        if found:
            raise NotPublishable(found)
        gaps, accepted = checks.gaps_ahead(duties, known, at), set(accepted_gaps)
        missing = [gap.label for gap in gaps if gap.key not in accepted]
        if missing:
            raise Refused("gaps", _("还有未确认的职责空白：%(gaps)s。") % {"gaps": "、".join(missing)})
        edition.published_by = by
        open_gaps = [gap.key for gap in gaps]
        before = _come_into_force(edition, at, now, open_gaps)
        if before:
            after = {"by": edition.number, "until": at.isoformat()}
            _tell(before, "edition.supersede", actor, post, after=after)
        _tell(edition, "edition.publish", actor, post, after={"from": at.isoformat(), "gaps": open_gaps})
        published.send(sender=Edition, edition=edition, before=known.book, now=now, at=at)
    return edition


def publish_file(title: str, rows: list[dict], origin: str, since: datetime) -> Edition:
    """The first edition, from a data file, in force since its earliest row. The caller's transaction."""
    edition = _create(title, "", origin=origin)
    Duty.objects.bulk_create(Duty(edition=edition, **row) for row in rows)
    _come_into_force(edition, since, clock.now(), [])
    _tell(edition, "edition.publish", acting.SYSTEM, None, after={"from": since.isoformat(), "origin": origin})
    return edition


def draft_file(title: str, rows: list[dict], origin: str) -> Edition:
    """A draft from a data file that differs from the one read before: nothing moves silently."""
    edition = _create(title, "", origin=origin)
    Duty.objects.bulk_create(Duty(edition=edition, **row) for row in rows)
    _tell(edition, "edition.draft", acting.SYSTEM, None, after={"origin": origin})
    return edition


def _create(title: str, document: str, **fields) -> Edition:
    # One after the other: two drafts begun at once would take the same number.
    list(Edition.objects.select_for_update().order_by("-number").values_list("pk")[:1])
    number = (Edition.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    return Edition.objects.create(number=number, title=title, document=document, drafted_at=clock.now(), **fields)


def _come_into_force(edition: Edition, at: datetime, now: datetime, gaps: list[str]) -> Edition | None:
    """Every row becomes live, and the edition before it, which is returned, ends."""
    before = Edition.objects.select_for_update().filter(state=EditionState.PUBLISHED, valid__endswith=None).first()
    if before:
        if before.valid.lower >= at:
            raise Refused("too_early", _("生效时间须晚于上一版的生效时间。"), "at")
        before.valid = DateTimeTZRange(before.valid.lower, at)
        before.save(update_fields=["valid"])
    edition.duties.update(live=True)
    edition.state, edition.valid = EditionState.PUBLISHED, DateTimeTZRange(at, None)
    edition.published_at, edition.accepted_gaps = now, gaps
    edition.save()
    return before


def speaks_for(actor: acting.Actor) -> dict[int | None, Post]:
    """The units whose rows ``actor`` may speak to, each with the post in which."""
    return {post.unit_id: post for post in actor.posts if access.scope("edition.opinion", post.role)}


def _wrote(edition: Edition, user: User) -> bool:
    """Whether ``user`` began the edition or put rows into it, in whatever post."""
    if edition.drafted_by_id == user.pk:
        return True
    return ledger.story(edition.chain).filter(verb="edition.rows", actor=user).exists()


def _refuse_unseen(edition: Edition, seen: str) -> None:
    if seen and seen != stamp(edition.duties.all()):
        raise Refused("moved_on", _("清单在您打开之后有改动，请重看一遍再办理。"))


def _acting(user: User, act: str) -> tuple[acting.Actor, Post]:
    actor = acting.of(user)
    post = access.post_for(actor, act)
    if post is None:
        raise _wrong_role()
    return actor, post


def _wrong_role() -> Forbidden:
    return Forbidden("wrong_role", _("本岗位不能办理清单的这一步。"))


def _open(edition_id: int) -> Edition:
    edition = Edition.objects.select_for_update().get(pk=edition_id)
    if not edition.is_open:
        raise Refused("closed", _("本版清单已不能修改，请另起一版。"))
    return edition


def _begin(edition_id: int, verb: str, by: User) -> tuple[Edition, acting.Actor, Post]:
    """The edition, locked, when its state and the posts of ``by`` allow ``verb``."""
    actor, post = _acting(by, f"edition.{verb}")
    edition = Edition.objects.select_for_update().get(pk=edition_id)
    if edition.state not in STEPS[verb]:
        raise Refused("wrong_state", _("清单现为“%(state)s”，不能这样办理。") % {"state": edition.get_state_display()})
    return edition, actor, post


def _move(edition_id: int, verb: str, to: str, by: User) -> Edition:
    with transaction.atomic():
        edition, actor, post = _begin(edition_id, verb, by)
        before, edition.state = edition.state, to
        if to == EditionState.COMMENT:
            edition.sent_at = clock.now()
        edition.save()
        _tell(edition, f"edition.{verb}", actor, post, before={"state": str(before)}, after={"state": str(to)})
    return edition


def _tell(edition: Edition, verb: str, actor: acting.Actor, post, *, before=None, after=None, note: str = "") -> None:
    act = ledger.Act(
        chain=edition.chain,
        verb=verb,
        subject_type="edition",
        subject_id=str(edition.number),
        subject_label=edition.title,
        before=before or {},
        after=after or {},
        note=note,
    )
    ledger.record([act], by=actor, post=post)
