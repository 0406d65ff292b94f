"""Where alerts come up: one signal, inside the transaction of their receipt."""

from django.dispatch import receiver

from alerts.signals import alerts_received
from cases import arbitration, opening
from responsibility import editions


@receiver(alerts_received)
def open_or_join(sender, drafts, now, known, **kwargs):
    """If a case cannot be opened, the receipt is rolled back too: no accepted alert is without its case."""
    opening.take(drafts, now, known)


@receiver(editions.published)
def propose_redispatch(sender, now, at, **kwargs):
    """Open cases under changed rows are proposed to the emergency office; nothing moves silently."""
    arbitration.propose_redispatch(now, at)
