"""Take a table out to a file, or judge and import one."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from config import progress
from responsibility.exchange import importing, writing
from responsibility.exchange.faults import Fault
from responsibility.exchange.tables import TABLES
from responsibility.models import Upload, UploadState, User
from responsibility.refusals import Refused

MOST_TOLD = 50


class Command(BaseCommand):
    """The same two steps as in the browser: nothing is imported that the dry run found fault with."""

    help = "导入导出表格 / exchange a table with an XLSX or CSV file: judge it, and with --apply import it."

    def add_arguments(self, parser):
        parser.add_argument("table", choices=sorted(TABLES))
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", metavar="USERNAME", help="who imports; the ledger says so")
        parser.add_argument("--edition", default="", help="number of the draft edition (table matrix)")
        parser.add_argument("--apply", action="store_true", help="import when nothing is wrong")
        parser.add_argument("--export", action="store_true", help="write what is there into FILE instead")
        parser.add_argument("--template", action="store_true", help="write an empty template into FILE instead")

    def handle(self, *args, table, file, by, edition, **options):
        """Ends with code 1 when the file has faults or could not be imported."""
        self.table = TABLES[table]
        try:
            if options["export"] or options["template"]:
                self._write(file, edition, empty=options["template"])
            else:
                self._read(file, edition, by, options["apply"])
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None

    def _write(self, path: Path, edition: str, empty: bool) -> None:
        form = path.suffix.lstrip(".").lower()
        if form not in writing.TYPES or (empty and form != writing.XLSX):
            raise CommandError("文件名须以 .xlsx 或 .csv 结尾，模板只有 .xlsx / the name must end in .xlsx or .csv.")
        with path.open("wb") as file:
            if empty:
                writing.template(self.table, file)
            else:
                writing.export(self.table, edition, form, file)
        self.stdout.write(f"{path}  {path.stat().st_size:,} B")

    def _read(self, path: Path, edition: str, by: str | None, apply: bool) -> None:
        person = User.objects.filter(username=by or "").first()
        if person is None:
            raise CommandError("需要 --by：以谁的名义导入 / name an account with --by.")
        with path.open("rb") as file:
            upload = importing.receive(self.table, file, path.name, by=person, scope=edition)
        with progress.bar(self.stdout, "核对 judged", upload.lines) as done:
            upload = importing.judge(upload.pk, done)
        self._tell(upload)
        if upload.state == UploadState.FAULTY:
            raise CommandError(f"{upload.fault_count} 处差错，未作任何改动 / faults; nothing was changed.")
        if apply and upload.effective:
            with progress.bar(self.stdout, "导入 imported", upload.lines) as done:
                importing.apply(upload.pk, by=person, progress=done)
            self.stdout.write("已导入 applied")

    def _tell(self, upload: Upload) -> None:
        words = {"created": "新增", "changed": "更改", "removed": "删去", "unchanged": "未变"}
        self.stdout.write("  ".join(f"{zh} {name} {upload.counts[name]}" for name, zh in words.items()))
        for kept in upload.faults[:MOST_TOLD]:
            fault = Fault(**kept)
            self.stdout.write(f"  {fault.cell or '—'}: {fault.detail}")
        if not upload.fault_count:
            self.stdout.write(f"逐行结果 report: {importing.sheet_of(upload)}")
