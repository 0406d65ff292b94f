"""Write the event log of a period into a file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accountability import period
from config import progress
from mining import exporting, reading
from responsibility.models import User
from responsibility.refusals import Refused


class Command(BaseCommand):
    """OCEL 2.0 or XES, without persons; the ledger is told of it."""

    help = "导出事件日志 / export the event log of a period as OCEL 2.0 (JSON) or XES, for process mining."

    def add_arguments(self, parser):
        parser.add_argument("--format", choices=sorted(exporting.WRITE), required=True, dest="form")
        parser.add_argument("--from", default="", dest="since", help="起日 / first local day, 2026-01-31")
        parser.add_argument("--to", default="", dest="until", help="止日 / last local day")
        parser.add_argument("--output", type=Path, required=True, help="写入的文件 / the file to write")
        parser.add_argument("--as", dest="username", help="以此人名义导出 / export as this person")
        parser.add_argument("--purpose", default="", help="用途，记入台账 / what for; kept in the ledger")

    def handle(self, *args, form, since, until, output, username, purpose, **options):
        """Write the file; a part of it where the reading failed is taken away again."""
        by = User.objects.filter(username=username).first() if username else None
        if username and by is None:
            raise CommandError(f"没有账号 {username} / there is no such account.")
        try:
            asked = period.asked({"since": since, "until": until})
            self._write(form, asked, output, by, purpose)
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from None
        self.stdout.write(f"{output}  {output.stat().st_size:,} B")

    def _write(self, form: str, asked: period.Period, output: Path, by: User | None, purpose: str) -> None:
        part = output.with_name(f"{output.name}.part")
        try:
            with part.open("wb") as file, progress.bar(self.stdout, "案件 cases", reading.count(asked)) as done:
                file.writelines(exporting.export(form, asked, by=by, purpose=purpose, say=done))
            part.replace(output)
        finally:
            part.unlink(missing_ok=True)
