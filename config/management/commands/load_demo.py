"""Load the demo people, the demo source and a day of work."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo import people
from responsibility import loading


class Command(BaseCommand):
    """Safe to repeat: what is there stays."""

    help = "载入演示人员、子平台与一天的案件 / load demo people, source and a day of cases (demo mode only)."

    def add_arguments(self, parser):
        parser.add_argument("--file", type=Path, default=settings.DISTRICT_FILE, help="district file (JSON)")

    def handle(self, *args, file, **options):
        """Refused outside demo mode."""
        if not settings.DEMO:
            raise CommandError("仅演示模式可用 / demo mode only: set DEMO=1.")
        try:
            data = loading.read(file)
            for table, tally in people.load(data).items():
                self.stdout.write(f"  {table}: {tally}")
        except loading.BadDistrictFile as error:
            raise CommandError(str(error)) from None
