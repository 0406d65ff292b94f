"""Load a district: its units, territories, categories, matrix, calendar and risk objects."""

import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from alerts.loading import load_objects
from handbook.loading import load_handbooks
from resources.loading import load_resources
from responsibility import loading
from responsibility.geometry import BoundaryError


class Command(BaseCommand):
    help = "Load the district file (DISTRICT_FILE, or --file). Loading twice changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("--file", type=Path, default=settings.DISTRICT_FILE, help="district file (JSON)")
        parser.add_argument("--boundaries", type=Path, help="real boundaries: GeoJSON FeatureCollection, WGS84")

    def handle(self, *args, file, boundaries, **options):
        try:
            data = loading.read(file)
            real = json.loads(boundaries.read_text(encoding="utf-8")) if boundaries else None
            with transaction.atomic():
                loading.load(data, real, self._say)
                self._say("处置手册 handbooks", load_handbooks(data))
                self._say("监测对象 risk objects", load_objects(data))
                for table, tally in load_resources(data).items():
                    self._say(table, tally)
        except (loading.BadDistrictFile, BoundaryError, OSError, ValueError) as error:
            raise CommandError(str(error)) from None

    def _say(self, table: str, tally: loading.Tally) -> None:
        self.stdout.write(f"  {table}: {tally}")
