from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Bihuan"

    def ready(self):
        from config import lockout, signing  # noqa: F401
        from responsibility import erasing

        erasing.person_forgotten.connect(lockout.forget, dispatch_uid="lockout")
