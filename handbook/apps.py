from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HandbookConfig(AppConfig):
    name = "handbook"
    verbose_name = _("处置手册")

    def ready(self):
        from handbook import shelf
        from responsibility import directory

        directory.also("handbooks", shelf.read)
