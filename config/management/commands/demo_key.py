"""Print the key of the demo source."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo import people


class Command(BaseCommand):
    """One line, nothing else, so that scripts can take it."""

    help = "打印演示子平台密钥 / print the key of the demo source (demo mode only)."

    def handle(self, *args, **options):
        """Refused outside demo mode."""
        if not settings.DEMO:
            raise CommandError("仅演示模式可用 / demo mode only: set DEMO=1.")
        self.stdout.write(people.source_key())
