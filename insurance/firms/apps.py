from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FirmsConfig(AppConfig):
    name = "insurance.firms"
    label = "firms"
    verbose_name = _("第三方机构")

    def ready(self) -> None:
        """Tell the floors below where people's words stand here, and what the register can be scored by."""
        from cases import erasure, sentences
        from insurance.firms import facts, telling, words
        from insurance.firms.models import Complaint, Inspector, Measure

        said = ("text", "answer", "hearing_note", "decision", "appeal", "ruling")
        erasure.PLACES += [
            (Complaint, ("text", "extension", "answer"), ""),
            (Inspector, ("name", "certificate", "number"), ""),
            (Measure, said, ""),
        ]
        sentences.ABOUT.update(words.ABOUT)
        sentences.OWN.update(words.ACTS)
        sentences.SENTENCES.update(words.SENTENCES)
        telling.speak()
        facts.register()
