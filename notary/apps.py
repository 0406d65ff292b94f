from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotaryConfig(AppConfig):
    name = "notary"
    verbose_name = _("存证")

    def ready(self) -> None:
        """Tell how the alarm of a witness is said."""
        from notary import seeing
        from notices import texts

        texts.register(["witness.fork"], seeing.said)
