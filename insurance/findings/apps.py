from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FindingsConfig(AppConfig):
    name = "insurance.findings"
    label = "findings"
    verbose_name = _("隐患与风险单元自控")

    def ready(self) -> None:
        """Tell the floors below where people's words stand here, and hear of visits and of firms to be scored."""
        from cases import erasure, sentences
        from insurance.findings import hearing, models, notifying, words

        erasure.PLACES += [
            (models.Finding, ("text", "basis", "advice", "rectified_note"), "chain"),
            (models.Proof, ("note", "original_name"), "finding__chain"),
            (models.Recheck, ("note",), "finding__chain"),
            (models.Register, ("lines",), "chain"),
            (models.InCharge, ("name", "task", "phone"), "register__chain"),
            (models.Certificate, ("name", "number", "holder"), "register__chain"),
            (models.SelfCheck, ("person", "results"), "register__chain"),
            (models.CheckPhoto, ("original_name",), "self_check__register__chain"),
            (models.DutyAnswer, ("text",), "chain"),
        ]
        sentences.ABOUT.update(words.ABOUT)
        sentences.OWN.update(words.ACTS)
        sentences.SENTENCES.update(words.SENTENCES)
        notifying.speak()
        hearing.register()
