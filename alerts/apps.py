from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "alerts"
    verbose_name = _("预警")

    def ready(self):
        from alerts.exchange import Objects
        from responsibility.exchange import tables

        tables.register(Objects())
