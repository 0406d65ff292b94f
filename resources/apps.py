from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ResourcesConfig(AppConfig):
    name = "resources"
    verbose_name = _("应急资源")

    def ready(self):
        from resources.exchange import Stock
        from responsibility.exchange import tables

        tables.register(Stock())
