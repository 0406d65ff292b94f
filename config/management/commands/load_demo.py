"""Load the demo people, the demo source and a day of work."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from config import progress
from config.demo import history, insured, month, people, rosters
from responsibility import directory, loading


class Command(BaseCommand):
    """Safe to repeat: what is there stays."""

    help = "载入演示人员、子平台与一天的案件 / load demo people, source and a day of cases (demo mode only)."

    def add_arguments(self, parser):
        parser.add_argument("--file", type=Path, default=settings.DISTRICT_FILE, help="district file (JSON)")
        parser.add_argument("--no-history", action="store_true", help="people and source only")

    def handle(self, *args, file, no_history, **options):
        """Refused outside demo mode."""
        if not settings.DEMO:
            raise CommandError("仅演示模式可用 / demo mode only: set DEMO=1.")
        try:
            data = loading.read(file)
            for table, tally in people.load(data).items():
                self.stdout.write(f"  {table}: {tally}")
            self.stdout.write(f"  值班 rosters: 新排 planned {rosters.load(data, timezone.now())}")
            if not no_history:
                self._history(data)
                if told := insured.write(timezone.now()):
                    self.stdout.write(f"  保险 insurance: {told}")
        except (loading.BadDistrictFile, directory.NoDistrict) as error:
            raise CommandError(str(error)) from None

    def _history(self, data: dict) -> None:
        if history.exists():
            self.stdout.write("  历史 history: 已有演示预警，不再生成 / there is one already, left as it is")
            return
        now = timezone.now()
        with progress.bar(self.stdout, "  历史 history（%）", 100) as done, transaction.atomic():
            drawn = month.write(data, now, lambda share: done(round(share * 25)))
            tally = history.write(data, now, lambda share: done(25 + round(share * 75)))
            done(100)
        alerts, acts, closed = tally.outcomes.total(), tally.acts.total(), tally.acts["close"]
        self.stdout.write(f"  历史 history: {alerts} 条预警 alerts · {acts} 次操作 acts · {closed} 件结案 closed")
        if drawn:
            self.stdout.write(f"  抽查 draw of re-checks: {drawn}")
