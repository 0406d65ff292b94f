"""The life of a version: drawn up by the department that leads, laid before the committee, published by another person.

Each act locks the version (a new one: its category), is judged under the lock and leaves its entry in the same
transaction, on the chain of the version.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from handbook import checks, wording
from handbook.models import Step, Version, VersionState
from responsibility import access, acting, clock, directory, ledger, rows_told
from responsibility.directory import Directory
from responsibility.models import Category, Post, Unit, User
from responsibility.ownership import Question
from responsibility.refusals import Forbidden, Invalid, Refused

# The states that each verb starts from; who may is told by the permission table, as ``handbook.<verb>``.
FROM: dict[str, list[str]] = {
    "submit": [VersionState.DRAFT],
    "publish": [VersionState.SUBMITTED],
    "take_back": [VersionState.SUBMITTED],
    "withdraw": [VersionState.DRAFT, VersionState.SUBMITTED],
}
# The function of the unit that keeps the handbook of a danger on which nobody leads.
COORDINATION = "overall_coordination"
# A version that lies further off would keep every later one out.
FURTHEST = timedelta(days=366)


class NotReady(Refused):
    """Faults stand in the way; ``findings`` lists them, each with its step."""

    def __init__(self, findings: list[checks.Finding]):
        super().__init__("not_ready", _("手册还有差错：见各步提示。"))
        self.findings = findings


# --- who ----------------------------------------------------------------------
def owner_of(category: Category, known: Directory, at: datetime) -> Unit | None:
    """The unit that keeps the handbook of ``category``: who leads on it by the matrix, else the coordinating office."""
    row = known.book.ask(Question(category, None, None, at)).lead
    lead = known.units.get(row.unit_id) if row and row.unit_id else None
    return lead or known.unit_with(COORDINATION)


def may(actor: acting.Actor, verb: str, owner_id: int | None, known: Directory) -> Post | None:
    """The post in which ``actor`` may do ``handbook.<verb>`` on a handbook of the unit ``owner_id``."""
    return access.post_for(actor, f"handbook.{verb}", own=_and_above(owner_id, known))


def allowed(version: Version, actor: acting.Actor, known: Directory) -> list[str]:
    """The verbs that ``actor`` may press on ``version`` as it stands; who wrote of it does not approve it."""
    verbs = [v for v, states in FROM.items() if version.state in states and may(actor, v, version.owner_id, known)]
    own = "publish" in verbs and actor.user is not None and _wrote(version, actor.user)
    return [verb for verb in verbs if not (own and verb == "publish")]


def stamp(version: Version) -> str:
    """What names the version as it stands: every change is an entry of its chain."""
    return str(ledger.story(version.chain).count())


def _and_above(owner_id: int | None, known: Directory) -> set[int]:
    found: set[int] = set()
    unit = known.units.get(owner_id or 0)
    while unit is not None and unit.pk not in found:
        found.add(unit.pk)
        unit = known.units.get(unit.parent_id or 0)
    return found


def _wrote(version: Version, user: User) -> bool:
    """Whether ``user`` began the version or changed a step of it, in whatever post."""
    written = ledger.story(version.chain).filter(verb__in=("handbook.draft", "handbook.steps"), actor=user)
    return version.drafted_by_id == user.pk or written.exists()


# --- what ---------------------------------------------------------------------
def draft(code: str, *, by: User) -> Version:
    """起草: a new version of the category ``code`` that begins as a copy of the one published last.

    ``Refused`` (``draft_open``) while another one is open, ``Forbidden`` for who is not of its owner.
    """
    known, now = directory.current(), clock.now()
    if code not in known.categories:
        raise Invalid("unknown_code", _("没有这个风险类别。"), "category")
    with transaction.atomic():
        category = _locked_category(known.categories[code].pk)
        actor, owner = acting.of(by), owner_of(category, known, now)
        post = may(actor, "draft", owner.pk if owner else None, known)
        if owner is None or post is None:
            raise _wrong_role(owner)
        if other := Version.objects.open().filter(category=category).first():
            told = {"number": other.number}
            raise Refused("draft_open", _("第 %(number)d 版还在编制，请先办完或撤回。") % told)
        last = Version.objects.filter(category=category, state=VersionState.PUBLISHED).first()
        version = _create(category, owner, based_on=last, drafted_by=by, source=last.source if last else "")
        Step.objects.bulk_create(wording.copies(last, version) if last else [])
        tell(version, "draft", actor, post, after={"based_on": last.number if last else None})
    return version


def put(version_id: int, wish: wording.Wish, *, by: User, instead_of: int | None = None) -> Step:
    """Add a step to a draft, or change the one with the id ``instead_of``; the others make room.

    ``Invalid`` names the first field that cannot be used; ``Refused`` once the version is closed to changes.
    """
    with transaction.atomic():
        version, actor, post, known = _draft(version_id, by)
        said = wording.read(wish, known)
        steps = list(version.steps.select_related("unit"))
        old = _find(steps, instead_of) if instead_of is not None else None
        before = {"steps": [wording.words(old)] if old else []}
        step = old or Step(version=version)
        for name, value in said.items():
            setattr(step, name, value)
        rest = [other for other in steps if other is not old]
        rest.insert(min(max(wish.position or len(rest) + 1, 1), len(rest) + 1) - 1, step)
        _number(rest)
        step.save()
        tell(version, "steps", actor, post, before=before, after={"steps": [wording.words(step)]})
    return step


def remove(version_id: int, step_id: int, *, by: User) -> None:
    """Take a step out of a draft."""
    with transaction.atomic():
        version, actor, post, _known = _draft(version_id, by)
        steps = list(version.steps.select_related("unit"))
        step = _find(steps, step_id)
        before = {"steps": [wording.words(step)]}
        step.delete()
        _number([other for other in steps if other is not step])
        tell(version, "steps", actor, post, before=before, after={"steps": []})


def submit(version_id: int, *, by: User) -> Version:
    """送审: closed to changes, before the committee. ``NotReady`` while faults stand."""
    with transaction.atomic():
        version, actor, post = _begin(version_id, "submit", by)
        _refuse_faults(version)
        lay_before(version, actor, post)
    return version


def take_back(version_id: int, *, by: User, note: str = "") -> Version:
    """退回修改: back to who drew it up, with a word on why."""
    with transaction.atomic():
        version, actor, post = _begin(version_id, "take_back", by)
        _move(version, VersionState.DRAFT)
        tell(version, "take_back", actor, post, note=wording.text(note, "note", 500))
    return version


def withdraw(version_id: int, *, by: User) -> Version:
    """撤回: kept to read, goes no further."""
    with transaction.atomic():
        version, actor, post = _begin(version_id, "withdraw", by)
        _move(version, VersionState.WITHDRAWN)
        tell(version, "withdraw", actor, post)
    return version


def publish(version_id: int, *, by: User, at: datetime | None = None, seen: str = "") -> Version:
    """核准并发布 at a moment, now or later, by somebody who wrote nothing of it; the version before it ends then.

    An hour of today that is past means now, an earlier day is ``Invalid``. ``seen``: the ``stamp`` of what ``by``
    looked at; it has changed since → ``Refused`` (``moved_on``).
    """
    now = clock.now()
    if at and localdate(at) < localdate(now):
        raise Invalid("past", _("生效时间不能早于今天。"), "at")
    with transaction.atomic():
        version, actor, post = _begin(version_id, "publish", by)
        if _wrote(version, by):
            raise Forbidden("own_draft", _("起草人不能核准自己起草的手册。"))
        if seen and seen != stamp(version):
            raise Refused("moved_on", _("手册在您打开之后有改动，请重看一遍再办理。"))
        _refuse_faults(version)
        come_into_force(version, max(at or now, now), actor, post)
    return version


def lay_before(version: Version, actor: acting.Actor, post: Post | None) -> None:
    """The version is before the committee. The caller's transaction."""
    _move(version, VersionState.SUBMITTED, submitted_at=clock.now())
    tell(version, "submit", actor, post)


def come_into_force(version: Version, at: datetime, actor: acting.Actor, post: Post | None) -> None:
    """The version holds from ``at`` on, and the one before it, if any, until then. The caller's transaction."""
    if at > clock.now() + FURTHEST:
        raise Invalid("bad_time", _("生效时间最迟为一年之后。"), "at")
    _locked_category(version.category_id)
    published = Version.objects.filter(category=version.category_id, state=VersionState.PUBLISHED)
    before = published.filter(valid__endswith=None).select_related("category").first()
    if before:
        if before.valid.lower >= at:
            raise Refused("too_early", _("生效时间须晚于上一版的生效时间。"), "at")
        before.valid = DateTimeTZRange(before.valid.lower, at)
        before.save(update_fields=["valid"])
        tell(before, "supersede", actor, post, after={"by": version.number, "until": at.isoformat()})
    _move(
        version, VersionState.PUBLISHED, valid=DateTimeTZRange(at, None), approved_at=clock.now(),
        approved_by=actor.user,
    )  # fmt: skip
    tell(version, "publish", actor, post, after={"from": at.isoformat(), "steps": version.steps.count()})


def new(category: Category, owner: Unit, **fields) -> Version:
    """A draft that somebody else fills, as from a data file. The caller's transaction."""
    return _create(_locked_category(category.pk), owner, **fields)


# --- the pieces ---------------------------------------------------------------
def _locked_category(pk: int) -> Category:
    """One after the other: two drafts of one category begun at once would take the same number."""
    return Category.objects.select_for_update(no_key=True).get(pk=pk)


def _create(category: Category, owner: Unit, **fields) -> Version:
    last = Version.objects.filter(category=category).aggregate(last=Max("number"))["last"] or 0
    return Version.objects.create(
        category=category, owner=owner, number=last + 1, drafted_at=clock.now(), **fields
    )  # fmt: skip


def _begin(version_id: int, verb: str, by: User) -> tuple[Version, acting.Actor, Post]:
    """The version, locked, when its state and the posts of ``by`` allow ``verb``."""
    actor = acting.of(by)
    version = Version.objects.select_for_update(of=("self",), no_key=True).select_related("category").get(pk=version_id)
    post = may(actor, verb, version.owner_id, directory.current())
    if post is None:
        raise _wrong_role(version.owner)
    if version.state not in FROM[verb]:
        raise Refused("wrong_state", _("手册现为“%(state)s”，不能这样办理。") % {"state": version.get_state_display()})
    return version, actor, post


def _draft(version_id: int, by: User) -> tuple[Version, acting.Actor, Post, Directory]:
    actor, known = acting.of(by), directory.current()
    version = Version.objects.select_for_update(of=("self",), no_key=True).select_related("category").get(pk=version_id)
    post = may(actor, "steps", version.owner_id, known)
    if post is None:
        raise _wrong_role(version.owner)
    if not version.is_open:
        raise Refused("closed", _("本版手册已不能修改，请另起一版。"))
    return version, actor, post, known


def _wrong_role(owner: Unit | None) -> Forbidden:
    told = {"unit": owner.label if owner else "—"}
    return Forbidden("wrong_role", _("手册由%(unit)s编制、由区安委办核准，本岗位不能办理这一步。") % told)


def _find(steps: list[Step], pk: int) -> Step:
    found = next((step for step in steps if step.pk == pk), None)
    if found is None:
        raise Refused("step_gone", _("这一步刚被别人删去，请重新打开手册再改。"))
    return found


def _number(steps: list[Step]) -> None:
    """Number ``steps`` from 1; those that stand already and move are written."""
    moved = []
    for position, step in enumerate(steps, 1):
        if step.position != position:
            step.position = position
            moved.append(step)
    Step.objects.bulk_update([step for step in moved if step.pk], ["position"])


def _refuse_faults(version: Version) -> None:
    if found := checks.faults(list(version.steps.select_related("unit")), version.category):
        raise NotReady(found)


def _move(version: Version, to: str, **fields) -> None:
    version.state = to
    for name, value in fields.items():
        setattr(version, name, value)
    version.save()


def tell(version: Version, verb: str, actor: acting.Actor, post, *, before=None, after=None, note: str = "") -> None:
    """Write ``handbook.<verb>`` on the chain of ``version``."""
    act = ledger.Act(
        chain=version.chain,
        verb=f"handbook.{verb}",
        subject_type="handbook",
        subject_id=f"{version.category.code}/{version.number}"[:64],
        subject_label=version.category.name,
        before=before or {},
        after=after or {},
        note=note,
    )
    ledger.record([act], by=actor, post=post)
    rows_told.tell(actor, post)
