"""Remove what is kept no longer, or count it."""

from django.core.management.base import BaseCommand

from retention import periods, running
from retention.classes import CLASSES


class Command(BaseCommand):
    """A line for each class. What is held, and what belongs to an open case, stays."""

    help = "按保存期限清除 / remove what is over its period; never the ledger, never what is held."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="count, remove nothing")

    def handle(self, *args, dry_run, **options):
        """Run, and say what went."""
        counts, days = (running.over() if dry_run else running.run()), periods.days()
        for kept in CLASSES:
            period = "永久 for good" if days[kept.code] is None else f"{days[kept.code]} 天 days"
            self.stdout.write(f"  {kept.code:<9} {counts.get(kept.code, 0):>8}  {period}  {kept.label}")
        said = "将清除 would go" if dry_run else "已清除 removed"
        self.stdout.write(f"{said}: {sum(counts.values())}")
