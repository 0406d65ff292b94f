from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "retention"
    verbose_name = _("保存期限")

    def ready(self) -> None:
        """Whoever is forgotten by law is forgotten in the reasons given here too."""
        from responsibility import erasing
        from retention import forgetting

        erasing.person_forgotten.connect(forgetting.words, dispatch_uid="retention")
