from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    name = "insurance.policies"
    label = "policies"
    verbose_name = _("风控保单")

    def ready(self) -> None:
        """Tell the floors below what there is to exchange, to say, and where people's words stand here."""
        from cases import erasure
        from insurance.policies import telling
        from insurance.policies.exchange import Policies
        from insurance.policies.models import Endorsement, Policy
        from responsibility.exchange import tables

        tables.register(Policies())
        telling.speak()
        erasure.PLACES += [(Endorsement, ("note",), ""), (Policy, ("decline_reason",), "")]
