"""Evidence: received, hashed, put away, and written down in the same breath."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alerts.formats.item import CLOCK_SKEW
from cases import files, guards
from cases.changes import Changes, locked_case, place_of
from cases.filetypes import IMAGES, VIDEOS
from cases.models import Case, Evidence
from cases.models.work import EvidenceKind
from responsibility import acting, clock, directory
from responsibility.models import User
from responsibility.refusals import Invalid

# No camera that proves anything is older, and a clock that runs ahead of the server's is wrong.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# What a proof of each kind can be.
TYPES = {
    EvidenceKind.PHOTO: IMAGES,
    EvidenceKind.VIDEO: VIDEOS,
    EvidenceKind.DOCUMENT: ["application/pdf", *IMAGES],
    EvidenceKind.READING: ["application/pdf", *IMAGES],
}


def add(
    case_id: int,
    upload,
    *,
    by: User,
    kind: str = "photo",
    note: str = "",
    taken_at: datetime | None = None,
    lat: float | None = None,
    lon: float | None = None,
) -> Evidence:
    """Add ``upload`` to the case as ``by``. Time and place in the picture stand in for those not given.

    The same file of the same kind again answers with the first record. Raises ``Forbidden``, ``Refused``,
    ``Invalid`` (also for a file that is too large or of a type not taken, or a time that cannot be true).
    """
    if kind not in EvidenceKind.values:
        raise Invalid("bad_choice", _("凭证类别应为 photo、reading、document 或 video。"), "kind")
    if upload is None:
        raise Invalid("required", _("请选择文件。"), "file")
    if len(note) > 500 or "\x00" in note:
        raise Invalid("too_long", _("超过 %(limit)d 个字符。") % {"limit": 500}, "note")
    if taken_at and not _credible(taken_at):
        raise Invalid("bad_time", _("拍摄时间应在 2000 年之后，且不晚于现在。"), "taken_at")
    _engaged(case_id, by)
    try:
        stored = files.receive(
            upload,
            root=settings.EVIDENCE_ROOT,
            limit=settings.EVIDENCE_MAX_BYTES,
            tz=ZoneInfo(settings.TIME_ZONE),
            types=TYPES[EvidenceKind(kind)],
        )
    except files.FileRefused as refused:
        raise Invalid(refused.code, refused.detail, "file") from None
    told = {
        "note": note,
        "taken_at": taken_at or (stored.taken_at if stored.taken_at and _credible(stored.taken_at) else None),
        "lat": lat if lat is not None else stored.lat,
        "lon": lon if lon is not None else stored.lon,
    }
    with transaction.atomic():
        return _keep(case_id, stored, kind, told, by)


def _credible(taken_at: datetime) -> bool:
    """Whether a picture can have been taken then. A camera's own clock is only hearsay."""
    return EARLIEST <= taken_at <= clock.now() + CLOCK_SKEW


def _keep(case_id: int, stored: files.Stored, kind: str, told: dict, by: User) -> Evidence:
    case = locked_case(case_id, "holder", "lead")
    changes = Changes(directory.current(), clock.now())
    changes.remember_parties({case.pk})
    actor = acting.of(by)
    post = guards.may_prove(actor, case, changes.engaged[case.pk])
    same = Evidence.objects.filter(case=case, sha256=stored.sha256, kind=kind).first()
    if same and same.uploaded_at >= case.proof_since:
        return same
    if same:
        raise Invalid("used_before", _("这份文件在返工之前已经用过，请重新取证。"), "file")
    evidence = Evidence.objects.create(
        case=case,
        kind=kind,
        sha256=stored.sha256,
        size=stored.size,
        content_type=stored.content_type,
        path=str(stored.path),
        original_name=stored.original_name[:255],
        uploaded_at=changes.now,
        uploaded_by=by,
        unit=post.unit,
        **told,
    )
    changes.touch(case)
    taken_at = told["taken_at"].isoformat() if told["taken_at"] else None
    after = {"kind": kind, "sha256": stored.sha256, "size": stored.size, "type": stored.content_type}
    after |= {"taken_at": taken_at, "taken_where": place_of(told["lat"], told["lon"])}
    changes.tell(case, "evidence.add", after=after, note=told["note"])
    changes.write(by=actor, post=post)
    return evidence


def _engaged(case_id: int, by: User) -> None:
    """Refuse before a large file is taken in; asked again under the lock."""
    case = Case.objects.select_related("holder").get(pk=case_id)
    engaged = set(case.parties.filter(until__isnull=True).values_list("unit_id", flat=True))
    guards.may_prove(acting.of(by), case, engaged)
