from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClaimsConfig(AppConfig):
    name = "insurance.claims"
    label = "claims"
    verbose_name = _("理赔")

    def ready(self) -> None:
        """Tell the floors below where people's words stand here, and what the acts are called."""
        from cases import erasure, originals, sentences
        from insurance.claims import keeping, notifying, seeing, told
        from insurance.claims.models import Ask, Assessment, Claim, Paper, Pursuit, ReserveChange
        from insurance.policies.seeing import BESIDE
        from insurance.service.originals import source

        erasure.PLACES += [
            (Claim, ("loss", "reason"), ""),
            (Ask, ("wanted",), ""),
            (Paper, ("note", "original_name"), ""),
            (Assessment, ("findings", "objection"), ""),
            (ReserveChange, ("reason",), ""),
            (Pursuit, ("against", "basis", "outcome"), ""),
        ]
        originals.SOURCES.append(source(Paper, "claim__number", "claim__chain", keeping.root))
        notifying.speak()
        BESIDE.append(seeing.of_policy)
        sentences.ABOUT["claim"] = _("理赔")
        sentences.OWN.update(told.CALLED)
        sentences.SENTENCES.update(told.SENTENCES)
