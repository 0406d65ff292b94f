"""Forget a person of the public, as the privacy law orders; each proof of the ledger holds afterwards."""

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from cases import erasure
from responsibility.erasing import Person
from responsibility.models import User
from responsibility.refusals import Refused


class Command(BaseCommand):
    """Counts first with ``--dry-run``. What it has done cannot be undone."""

    help = "依法删除个人信息 / erase a person's name and telephone (PIPL art. 47); proofs of the ledger stay whole."

    def add_arguments(self, parser):
        parser.add_argument("--name", default="", help="姓名 / name, as it was written down")
        parser.add_argument("--phone", default="", help="电话 / telephone number")
        parser.add_argument("--basis", choices=erasure.Basis.values, required=True, help="法定事由 / ground of art. 47")
        parser.add_argument("--reason", required=True, help="理由，记入台账 / reason, told in the ledger")
        parser.add_argument("--by", help="以谁的名义 / account of the office that orders it")
        parser.add_argument(
            "--officials", default="", help="也删除行为人姓名的理由 / why officials' names are to go too"
        )
        parser.add_argument("--dry-run", action="store_true", help="只计数 / count only")

    def handle(self, *args, name, phone, basis, reason, by, officials, dry_run, **options):
        """Print what was, or would be, erased, and where the person still stands."""
        office = User.objects.filter(username=by).first() if by else None
        if by and office is None:
            raise CommandError(f"没有账号 {by} / there is no such account.")
        told = {"basis": basis, "reason": reason, "officials": officials}
        try:
            done = erasure.erase(Person(name, phone), by=office, dry_run=dry_run, **told)
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        did = "将删除 would erase" if dry_run else "已删除 erased"
        self.stdout.write(f"{did}: 台账 {done.parts} 处 / parts in {done.entries} entries")
        for table, count in done.rows.items():
            self.stdout.write(f"  {_called(table)}: {count}")
        self.stdout.write(f"涉及案件 cases: {', '.join(done.cases) or '—'}")
        for table, count in done.left.items():
            self.stdout.write(f"  {'现有 stands in' if dry_run else '仍有 left in'} {_called(table)}: {count}")


def _called(table: str) -> str:
    """A table in both languages; a volume of the archive, and what is no table of ours, by its own name."""
    model = next((model for model in apps.get_models() if model._meta.db_table == table), None)
    if model is None:
        return table
    said = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            said.append(str(model._meta.verbose_name))
    return " ".join(dict.fromkeys(said))
