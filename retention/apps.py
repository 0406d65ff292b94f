from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "retention"
    verbose_name = _("保存期限")

    def ready(self) -> None:
        """Tell the floors below where people's words stand here."""
        from cases import erasure
        from retention.models import Hold, Period

        erasure.PLACES += [(Hold, ("reason",), ""), (Period, ("reason",), "")]
