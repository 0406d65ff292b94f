from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalsConfig(AppConfig):
    name = "insurance.portals"
    label = "portals"
    verbose_name = _("外部单位门户")

    def ready(self) -> None:
        """Tell the floors below which cases concern whom and what belongs to their bundles, where words stand here,
        and where outsiders begin."""
        from cases import aside, erasure, outside, sentences
        from cases.bundle.beside import SOURCES
        from insurance.findings import words as finding_words
        from insurance.policies import words as policy_words
        from insurance.portals import carried, home, waits, ways, words
        from insurance.portals.concerning import concerns
        from insurance.portals.models import Contact, Hook
        from insurance.service import words as service_words
        from responsibility import fronts

        outside.CONCERNS.append(concerns)
        SOURCES.append(carried.beside)
        erasure.PLACES += [(Contact, ("name", "phone", "duty"), ""), (Hook, ("label",), "")]
        fronts.FRONTS.append(home.front)
        waits.register()
        aside.WAYS.append(ways.of)
        for part in (words, policy_words, service_words, finding_words):
            sentences.ABOUT.update(part.ABOUT)
            sentences.OWN.update(part.ACTS)
            sentences.SENTENCES.update(part.SENTENCES)
