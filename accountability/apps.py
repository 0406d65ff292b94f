from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

EVENTS = [f"consequence.{act}" for act in ("reminder", "talk", "handover", "hold", "answer", "withdraw")]


class AccountabilityConfig(AppConfig):
    name = "accountability"
    verbose_name = _("责任追溯")

    def ready(self) -> None:
        """Tell the floors below how notices of consequences are said, and where people's words stand here."""
        from accountability.models import Answer, Consequence, Recheck, Statement
        from cases import erasure, notifying
        from notices import texts

        texts.register(EVENTS, notifying.said)
        erasure.PLACES += [
            (Statement, ("text",), "case__number"),
            (Recheck, ("note",), "case__number"),
            (
                Consequence,
                ("text", "place", "chair", "minutes", "outcome", "body", "purpose", "withdraw_note"),
                "case__number",
            ),
            (Answer, ("text",), "consequence__case__number"),
        ]
