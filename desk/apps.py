from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = _("审计台")

    def ready(self) -> None:
        """Roles follow the tables; what is forgotten elsewhere is forgotten here in the same transaction."""
        from desk import forgetting, roles
        from responsibility import erasing

        pre_migrate.connect(roles.stand_aside, sender=self)
        post_migrate.connect(roles.after_migrations, sender=self)
        erasing.entry_emptied.connect(forgetting.entries, dispatch_uid="desk")
        erasing.person_forgotten.connect(forgetting.words, dispatch_uid="desk")
