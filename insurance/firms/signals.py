"""What higher parts hear of firms."""

from django.dispatch import Signal

# A firm may not go on with its orders: sent inside the transaction of the measure, with the firm's row locked, so that
# what a receiver does stands or falls with it. ``firm`` (Firm), ``at`` (instant), ``by`` (Actor), ``post`` (Post in
# which he acted), ``measure`` (Measure). Sender: the class Firm.
firm_stopped = Signal()
