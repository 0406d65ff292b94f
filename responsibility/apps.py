from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ResponsibilityConfig(AppConfig):
    name = "responsibility"
    verbose_name = _("责任")

    def ready(self):
        from responsibility.exchange import matrix, posts, rosters, tables, units

        for table in (units.Units(), posts.Posts(), matrix.Matrix(), rosters.Rosters()):
            tables.register(table)
