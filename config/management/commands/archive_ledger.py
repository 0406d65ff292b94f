"""Bring months of the ledger whose cases are over into files, or check the files."""

import re
from datetime import UTC, date
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cases import ended
from config import progress, tampering
from notary.archiving import taking
from notary.verifying import archives, diagnosis
from responsibility import volumes
from responsibility.models import Volume
from responsibility.refusals import Refused

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
SHOWN = 10


def month_of(text: str) -> date:
    """The first day of ``2026-08``; ``CommandError`` for what is no month."""
    found = MONTH.fullmatch(text)
    if found is None:
        raise CommandError(f"月份应为 2026-08 的形式 / a month is written 2026-08: {text}")
    return date(int(found[1]), int(found[2]), 1)


def ago(count: int) -> date:
    """The first day of the month ``count`` months ago, by UTC."""
    today = timezone.now().astimezone(UTC).date()
    months = today.year * 12 + today.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


class Command(BaseCommand):
    """Months that something holds stay, and it is said what. Ends with code 1 when a check finds anything."""

    help = "台账按月归档 / bring months of the ledger whose cases are over into files."

    def add_arguments(self, parser):
        parser.add_argument("--before", help="months before this one, 2026-08; LEDGER_HOT_MONTHS ago when not given")
        parser.add_argument("--to", help="the folder; LEDGER_ARCHIVE when not given, and readers look only there")
        parser.add_argument("--check", action="store_true", help="change nothing, check every file of the archive")

    def handle(self, *args, before, to, check, **options):
        """Print a line for each month, and what is in the way of those that stay."""
        if to:
            settings.LEDGER_ARCHIVE = to
        if check:
            if not Path(settings.LEDGER_ARCHIVE).is_dir():
                raise CommandError(f"没有这个归档目录 / no such folder of an archive: {settings.LEDGER_ARCHIVE}")
            return self._check()
        for file in taking.leftovers():
            file.unlink()
            self.stdout.write(f"  清除残留 removed what an interrupted run left: {file.name}")
        before = month_of(before) if before else ago(settings.LEDGER_HOT_MONTHS)
        taken = [volume for month in taking.months(before) if (volume := self._take(month))]
        self.stdout.write(f"已归档 {len(taken)} 个月 / {len(taken)} months archived.")
        return None

    def _take(self, month: date) -> Volume | None:
        holding = [*ended.open_between(*taking.bounds(month)), *taking.obstacles(month)]
        if holding:
            more = f" +{len(holding) - SHOWN}" if len(holding) > SHOWN else ""
            self.stdout.write(f"  {month:%Y-%m} 留库 stays, 未结 held by: {' '.join(holding[:SHOWN])}{more}")
            return None
        try:
            volume = taking.take(month)
        except Refused as refused:
            self.stdout.write(f"  {month:%Y-%m} 留库 stays: {refused.detail}")
            return None
        except (volumes.Damaged, OSError) as error:
            raise CommandError(f"{month:%Y-%m} 未归档，库中未动 / not archived, nothing changed: {error}") from None
        self.stdout.write(
            f"  {month:%Y-%m} → {volume.name}  {volume.entries} 条 entries  {volume.size} B  {volume.sha256}"
        )
        return volume

    def _check(self) -> None:
        found, count = list(archives.files()), 0
        total = sum(Volume.objects.filter(restored_at=None).values_list("entries", flat=True))
        with progress.bar(self.stdout, "归档 archive", total) as done:
            for part in map(archives.entries, archives.spans()):
                found += part.signs
                count += part.entries
                done(count)
        for file in taking.leftovers():
            self.stdout.write(f"  残留 left by an interrupted run: {file.name}")
        for line in tampering.lines(diagnosis.diagnose(found, [], 0)):
            self.stdout.write(line)
        if found:
            raise CommandError(f"归档不符 / the archive does not fit: {len(found)}")
        self.stdout.write(f"归档完整：{count} 条 / archive intact: {count} entries.")
