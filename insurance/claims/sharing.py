"""共保分摊: an amount among those who carry a policy together, to the fen and without a fen too many."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from insurance import money
from insurance.policies.models import Policy, Share
from responsibility.models import Unit
from responsibility.refusals import Refused

WHOLE = Decimal(100)


@dataclass(frozen=True)
class Part:
    """What one insurer bears: ``rounding`` yuan more than its exact share."""

    insurer: Unit
    percent: Decimal
    amount: Decimal
    rounding: Decimal


def split(amount: Decimal, shares: Sequence[Share]) -> list[Part]:
    """``amount`` (yuan, two places) among ``shares``, which are 100 percent together; the sum is exact.

    Each gets its share cut to the fen; the fen left over go one by one to those who lost most by that, the larger
    share first. ``Refused`` when the shares are not 100 percent.
    """
    if sum(share.percent for share in shares) != WHOLE:
        raise Refused("shares_not_whole", _("保单的共保份额合计不是 100%，不能分摊。"))
    exact = [amount * share.percent / WHOLE for share in shares]
    given = [money.capped(value) for value in exact]
    left = int((amount - sum(given)) / money.FEN)
    order = sorted(range(len(shares)), key=lambda n: (given[n] - exact[n], -shares[n].percent, shares[n].pk or n))
    for place in order[:left]:
        given[place] += money.FEN
    return [
        Part(share.insurer, share.percent, mine, mine - wanted)
        for share, mine, wanted in zip(shares, given, exact, strict=True)
    ]


def of(policy: Policy, amount: Decimal) -> list[Part]:
    """``amount`` among those who carry ``policy``. ``Refused`` as in ``split``."""
    return split(amount, list(policy.shares.select_related("insurer").order_by("-percent", "pk")))


def told(parts: Sequence[Part]) -> str:
    """The parts as the ledger is told of them: ``X-INS 60.00 (+0.004); …``, with what was rounded where it was."""
    return "; ".join(
        f"{part.insurer.code} {part.amount}" + (f" ({part.rounding.normalize():+f})" if part.rounding else "")
        for part in parts
    )
