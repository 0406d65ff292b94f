"""Replay what happened on the published state machine."""

from django.core.management.base import BaseCommand, CommandError

from accountability import period
from mining import finding
from mining.durations import Only
from responsibility.refusals import Refused


class Command(BaseCommand):
    """Reads only. Ends with code 1 when a case does not fit."""

    help = "核对实际经过与公布流程 / replay the cases of a period on the published machine; exit code 1 on a misfit."

    def add_arguments(self, parser):
        parser.add_argument("--from", default="", dest="since", help="起日 / first local day, 2026-01-31")
        parser.add_argument("--to", default="", dest="until", help="止日 / last local day")

    def handle(self, *args, since, until, **options):
        """One line for the first misfit of each of up to 100 cases, then the figures."""
        try:
            asked = period.asked({"since": since, "until": until})
        except Refused as refused:
            raise CommandError(str(refused.detail)) from None
        found = finding.find(asked, Only()).conformance
        for misfit in found.misfits:
            was = f"{misfit.stood} | {misfit.source} → {misfit.target}"
            self.stdout.write(f"{misfit.number} #{misfit.seq} {misfit.verb}: {was}  {misfit.why.label} / {misfit.why}")
        told = f"{found.fitting} / {found.cases} 件相符 cases fit · {found.fits} / {found.moves} 步 moves"
        self.stdout.write(told + (f" · 符合度 fitness {found.fitness:.4f}" if found.fitness is not None else ""))
        if found.fitting < found.cases:
            raise CommandError(f"{found.cases - found.fitting} 件不符 / cases do not fit.")
