"""Bringing a file and importing it: two acts of a person, each in the ledger.

The dry run writes nothing but its report. Applying judges the file again under the table's lock and writes in the same
transaction; when the outcome is not what the dry run said, everything is undone and the new outcome is reported.
Short files are done while their sender waits, long ones by the worker: then the row itself is the queue.
"""

import hashlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from responsibility import access, acting, clock, ledger, rows_told
from responsibility.exchange import judging, reading
from responsibility.exchange.faults import BadFile, Fault
from responsibility.exchange.judging import Progress, Report
from responsibility.exchange.tables import TABLES, Table
from responsibility.models import Post, Upload, UploadState, User
from responsibility.refusals import Forbidden, Invalid, Refused

log = structlog.get_logger(__name__)
BLOCK = 1 << 20
# Longer files are left to the worker: a request is not kept waiting for more.
SHORT = 5000
# How often the page of a long file may see it move on, in lines.
STRIDE = 500


class _Doubt(Exception):
    """The second look did not find what the first one did."""

    def __init__(self, report: Report):
        super().__init__()
        self.report = report


def receive(table: Table, file: IO[bytes], name: str, *, by: User, scope: str = "") -> Upload:
    """Keep a file to be judged. ``Invalid`` for one that cannot be one, ``Forbidden`` for who may not import it."""
    actor, post = _acting(by, table)
    scopes = table.scopes()
    if scopes is not None and scope not in dict(scopes):
        raise Invalid("bad_choice", _("请选择要导入的清单版本。"), "scope")
    sha256, size, lines = _keep(file)
    with transaction.atomic():
        upload = Upload.objects.create(
            table=table.name,
            scope=scope if scopes is not None else "",
            file_name=_clean(name) or sha256[:12],
            sha256=sha256,
            size=size,
            lines=lines,
            brought_at=clock.now(),
            brought_by=by,
        )
        _tell(upload, "exchange.bring", actor, post, after={})
    return upload


def judge(upload_id: int, progress: Progress = lambda _line: None) -> Upload:
    """The dry run of a waiting file; nothing happens to one that is judged already or in other hands."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update(skip_locked=True).filter(pk=upload_id).first()
        if upload is None or upload.state != UploadState.WAITING:
            return upload or Upload.objects.get(pk=upload_id)
        actor, table = acting.of(upload.brought_by), TABLES[upload.table]
        report = judging.run(path_of(upload), table, upload.scope, actor, sheet=sheet_of(upload), progress=progress)
        _report(upload, report)
    return upload


def ask(upload_id: int, *, by: User) -> Upload:
    """Leave a judged file to the worker, to be imported for ``by``."""
    with transaction.atomic():
        upload, _actor, _post = _ready(upload_id, by, {UploadState.JUDGED})
        upload.state, upload.applied_by, upload.stale = UploadState.APPLYING, by, False
        upload.save()
    return upload


def apply(upload_id: int, *, by: User, progress: Progress = lambda _line: None) -> Upload:
    """Import a judged file, all or nothing; ``Refused`` ``changed_since`` when the outcome is another by now."""
    try:
        with transaction.atomic():
            upload, actor, post = _ready(upload_id, by, {UploadState.JUDGED, UploadState.APPLYING})
            table = TABLES[upload.table]
            table.lock(upload.scope)
            report = judging.run(
                path_of(upload), table, upload.scope, actor, sheet=sheet_of(upload), write=by, progress=progress
            )
            if report.faults.count or report.plan != upload.plan:
                raise _Doubt(report)
            upload.state, upload.applied_at, upload.applied_by = UploadState.APPLIED, clock.now(), by
            upload.stale = False
            upload.save()
            rows_told.tell(actor, post)
            _tell(upload, "exchange.apply", actor, post, before=_rows(report, "before"), after=_after(report))
            return upload
    except _Doubt as doubt:
        with transaction.atomic():
            upload = Upload.objects.select_for_update().get(pk=upload_id)
            _report(upload, doubt.report, stale=True)
        raise Refused(
            "changed_since", _("核对之后数据有了变化，未作任何改动；请看新的核对结果，再决定是否导入。")
        ) from None
    except IntegrityError as error:
        log.warning("exchange", upload=upload_id, error=str(error))
        raise Refused("conflict", _("与已有数据冲突，未作任何改动。")) from None


def run_waiting() -> int:
    """Do all that waits, oldest first; how many. One that fails is told so and never stops the others."""
    waiting = Upload.objects.filter(state__in=[UploadState.WAITING, UploadState.APPLYING]).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True))
    for upload_id in ids:
        _step(upload_id)
    return len(ids)


def _step(upload_id: int) -> None:
    """One file, held so that no second worker takes it; what fails is undone down to here, and told."""
    with transaction.atomic():
        held = Upload.objects.select_for_update(skip_locked=True).filter(pk=upload_id).first()
        if held is None or not held.is_underway:
            return
        try:
            if held.state == UploadState.APPLYING and held.applied_by:
                apply(upload_id, by=held.applied_by, progress=follow(held))
            else:
                judge(upload_id, follow(held))
        except Refused as error:
            if error.code != "changed_since":
                _fail(upload_id, Fault("refused", words={"why": str(error.detail)}))
        except Exception:
            log.exception("exchange", upload=upload_id)
            _fail(upload_id, Fault("failed"))


def follow(upload: Upload) -> Progress:
    """Tell the page of ``upload`` now and then which line was reached."""

    def reached(line: int) -> None:
        if line % STRIDE == 0:
            cache.set(f"exchange:{upload.pk}", line, 3600)

    return reached


def reached(upload: Upload) -> int:
    """The line that the worker has reached, roughly."""
    return min(cache.get(f"exchange:{upload.pk}") or 0, upload.lines)


def path_of(upload: Upload) -> Path:
    """Where the file stands, byte for byte as it came."""
    return settings.EXCHANGE_ROOT / upload.sha256[:2] / upload.sha256


def sheet_of(upload: Upload) -> Path:
    """Where the whole report of the dry run stands, as CSV."""
    return settings.EXCHANGE_ROOT / "reports" / f"{upload.chain}.csv"


def _keep(file: IO[bytes]) -> tuple[str, int, int]:
    """Digest, size and lines of a file that was kept; a file that is no table leaves nothing."""
    root = settings.EXCHANGE_ROOT
    (root / "reports").mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with NamedTemporaryFile(dir=root, prefix=".incoming-") as kept:
        while block := file.read(BLOCK):
            size += len(block)
            if size > settings.EXCHANGE_MAX_BYTES:
                most = settings.EXCHANGE_MAX_BYTES >> 20
                raise Invalid("file_size", _("文件超过 %(most)s MB。") % {"most": most}, "file")
            digest.update(block)
            kept.write(block)
        kept.flush()
        try:
            with reading.opened(Path(kept.name)) as opened:
                lines = opened.rows
        except BadFile as error:
            raise Invalid(error.fault.code, error.fault.detail, "file") from None
        place = root / digest.hexdigest()[:2] / digest.hexdigest()
        place.parent.mkdir(exist_ok=True)
        # A link, so that the temporary name may go; the same file brought twice is one file, and as young as the last.
        try:
            place.hardlink_to(kept.name)
        except FileExistsError:
            os.utime(place)
    return digest.hexdigest(), size, lines


def _clean(name: str) -> str:
    """The last part of the sender's name for the file, of printable characters."""
    return "".join(char for char in name.replace("\\", "/").rpartition("/")[2] if char.isprintable())[-200:]


def _acting(by: User, table: Table) -> tuple[acting.Actor, Post]:
    actor = acting.of(by)
    post = access.post_for(actor, table.act, own=actor.unit_ids)
    if post is None:
        raise Forbidden("wrong_role", _("本岗位不能导入这张表。"))
    return actor, post


def _ready(upload_id: int, by: User, states: set[str]) -> tuple[Upload, acting.Actor, Post]:
    upload = Upload.objects.select_for_update().get(pk=upload_id)
    actor, post = _acting(by, TABLES[upload.table])
    if upload.state not in states:
        raise Refused("wrong_state", _("该文件现为“%(state)s”，不能导入。") % {"state": upload.get_state_display()})
    if not upload.effective:
        raise Refused("nothing_to_do", _("文件与现有数据一致，没有要导入的内容。"))
    return upload, actor, post


def _report(upload: Upload, report: Report, stale: bool = False) -> None:
    upload.state = UploadState.FAULTY if report.faults.count else UploadState.JUDGED
    upload.counts, upload.shown, upload.plan, upload.stale = report.counts, report.shown, report.plan, stale
    upload.faults, upload.fault_count, upload.applied_by = report.listed(), report.faults.count, None
    upload.save()


def _fail(upload_id: int, fault: Fault) -> None:
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload_id)
        report = Report(TABLES[upload.table])
        report.faults.add(fault)
        report.counts, report.shown = upload.counts or report.counts, upload.shown
        _report(upload, report)


def _after(report: Report) -> dict:
    left_out = report.effective - len(report.ledger["after"])
    return report.counts | _rows(report, "after") | {"rows_left_out": left_out}


def _rows(report: Report, name: str) -> dict:
    return {"rows": report.ledger[name]}


def _tell(
    upload: Upload, verb: str, actor: acting.Actor, post: Post, *, before: dict | None = None, after: dict
) -> None:
    file = {"file": upload.file_name, "sha256": upload.sha256, "scope": upload.scope}
    act = ledger.Act(
        chain=upload.chain,
        verb=verb,
        subject_type="exchange",
        subject_id=upload.table,
        subject_label=f"{TABLES[upload.table].zh} · {upload.file_name}",
        before=before or {},
        after=file | after,
    )
    ledger.record([act], by=actor, post=post)
