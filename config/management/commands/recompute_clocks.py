"""Work every clock out anew from its events and compare it with what is stored."""

from itertools import islice

from django.core.management.base import BaseCommand, CommandError

from cases import recomputing
from config import progress

SHOWN = 20


class Command(BaseCommand):
    """Reads only. Ends with code 1 when a figure differs."""

    help = "由计时事件重算全部时限 / recompute all clocks from their events; exit code 1 when one differs."

    def handle(self, *args, **options):
        """Print the first differences, then one sentence."""
        total = recomputing.count()
        with progress.bar(self.stdout, "重算 recompute", total) as done:
            found = recomputing.differences(done)
            first = list(islice(found, SHOWN))
            more = sum(1 for _difference in found)
        for difference in first:
            self.stdout.write(f"  {difference}")
        if first:
            raise CommandError(f"{total} 个时限中有 {len(first) + more} 处不符 / differences in {total} clocks.")
        self.stdout.write(f"时限无误：{total} 个全部由事件重算相符 / all {total} clocks agree with their events.")
