"""Compare the triggers and functions of the database with those that the migrations make."""

import json

from django.core.management.base import BaseCommand, CommandError

from config import safeguards


class Command(BaseCommand):
    """Reads the database only. ``--write`` takes what it holds as right: for a new migration, on a fresh database."""

    help = "核对数据库自身的规则 / check the rules that the database keeps; exit code 1 when one is not as written."

    def add_arguments(self, parser):
        parser.add_argument("--write", action="store_true", help=f"write {safeguards.FILE.name} anew")

    def handle(self, *args, write, **options):
        """Print each fault, or one sentence."""
        if write:
            safeguards.FILE.write_text(json.dumps(safeguards.found(), indent=2) + "\n")
        told = safeguards.faults()
        if told:
            raise CommandError("\n".join(told))
        self.stdout.write(f"数据库规则完好 / {len(safeguards.found())} triggers and functions are as written.")
