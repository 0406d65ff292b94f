from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    name = "insurance.policies"
    label = "policies"
    verbose_name = _("风控保单")

    def ready(self) -> None:
        """Tell the floors below what there is to exchange, to say, and where people's words stand here."""
        from cases import erasure, sentences
        from insurance.policies import telling, words
        from insurance.policies.exchange import Policies
        from insurance.policies.models import Endorsement, Policy
        from responsibility.exchange import tables

        tables.register(Policies())
        telling.speak()
        sentences.ABOUT.update(words.ABOUT)
        sentences.OWN.update(words.ACTS)
        sentences.SENTENCES.update(words.SENTENCES)
        erasure.PLACES += [(Endorsement, ("note",), ""), (Policy, ("decline_reason",), "")]
