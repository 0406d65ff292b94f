"""Where alerts come up: one signal, inside the transaction of their receipt."""

from django.dispatch import receiver

from alerts.signals import alerts_received
from cases import opening


@receiver(alerts_received)
def open_or_join(sender, drafts, now, known, **kwargs):
    """If a case cannot be opened, the receipt is rolled back too: no accepted alert is without its case."""
    opening.take(drafts, now, known)
