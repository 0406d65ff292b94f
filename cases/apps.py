from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = _("案件")

    def ready(self):
        from django.urls import register_converter

        from cases import receivers  # noqa: F401
        from cases.addresses import CaseNumber

        # Here and not beside the addresses: those of other rooms name cases as well.
        register_converter(CaseNumber, "number")
