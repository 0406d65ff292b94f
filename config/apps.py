from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Bihuan"

    def ready(self):
        from config import signing  # noqa: F401
