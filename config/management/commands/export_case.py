"""Write the evidence bundle of one case into a file."""

import shutil
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.http import Http404

from cases.bundle import exporting
from cases.models import Case
from responsibility.models import User
from responsibility.refusals import Refused

GRANT = (
    "外部单位和专家须先经特别授权：由区城运应急办或区安委办在案件页“特别授权”中授予，写明用途和期限"
    " / outsiders need a grant first: the emergency or the committee office gives it on the page of the case,"
    " under “Special grants”, with purpose and end."
)


class Command(BaseCommand):
    """Whole, or as one person would be given it. Says nothing of the case that the bundle does not."""

    help = "导出案件证据包 / export the evidence bundle of a case: what verify.py in it checks."

    def add_arguments(self, parser):
        parser.add_argument("number", help="案件编号 / number of the case")
        parser.add_argument("file", type=Path, help="写入的文件 / the ZIP to write")
        parser.add_argument("--as", dest="username", help="按此人可见的内容导出 / masked as for this person")

    def handle(self, *args, number, file, username, **options):
        """Write the file; the ledger is told of the export."""
        case = Case.objects.filter(number=number).first() if "\x00" not in number else None
        if case is None:
            raise CommandError(f"没有案件 {number} / there is no such case.")
        by = User.objects.filter(username=username).first() if username else None
        if username and by is None:
            raise CommandError(f"没有账号 {username} / there is no such account.")
        try:
            with exporting.export(case.pk, by=by) as made, file.open("wb") as target:
                shutil.copyfileobj(made, target)
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        except Http404:
            raise CommandError(f"{username} 不能查阅 {number} / may not see this case. {GRANT}") from None
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        self.stdout.write(f"{file}  {file.stat().st_size:,} B")
