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
        from insurance.portals import carried, contacts, home, reminding, waits, ways, words
        from insurance.portals.concerning import concerns
        from insurance.portals.models import Contact, Hook
        from responsibility import fronts

        outside.CONCERNS.append(concerns)
        SOURCES.append(carried.beside)
        erasure.PLACES += [(Contact, ("name", "phone", "duty"), ""), (Hook, ("label",), "")]
        fronts.FRONTS.append(home.front)
        waits.register()
        reminding.speak()
        contacts.speak()
        aside.WAYS.append(ways.of)
        sentences.ABOUT.update(words.ABOUT)
        sentences.OWN.update(words.ACTS)
        sentences.SENTENCES.update(words.SENTENCES)
