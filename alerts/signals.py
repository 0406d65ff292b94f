"""The one way up: accepted alerts are handed to whoever opens cases, inside the transaction of their receipt."""

from django.dispatch import Signal

# Sent with ``drafts`` (a list of ``alerts.intake.Draft``) and ``now``; a receiver sets each draft's outcome.
alerts_received = Signal()
