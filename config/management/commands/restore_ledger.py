"""Bring an archived month of the ledger back into the database."""

from django.core.management.base import BaseCommand, CommandError

from config.management.commands.archive_ledger import month_of
from notary.archiving import altering
from responsibility.refusals import Refused


class Command(BaseCommand):
    """Verifies the files first; they are removed when the entries are back."""

    help = "归档月份还原入库 / bring an archived month of the ledger back into the database."

    def add_arguments(self, parser):
        parser.add_argument("month", help="2026-08")

    def handle(self, *args, month, **options):
        """Print how many entries came back."""
        try:
            count = altering.restore(month_of(month))
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        self.stdout.write(f"已还原 {count} 条 / {count} entries are back.")
