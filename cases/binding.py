"""What others were ordered to do, or were sent with, and how that binds the case: nobody is left with it."""

from django.utils.translation import gettext_lazy as _

from cases.changes import Changes
from cases.models import Case, Dispatch, Order
from cases.models.order import PENDING
from responsibility.refusals import Refused

# In the words of the district's first language, as everything that is written down.
LAPSED = "案件已办结"


def refuse_unfinished(case: Case) -> None:
    """``Refused`` (``orders_open``) while a mandatory order is not done; the sentence names them."""
    open_ = list(Order.objects.binding().filter(case=case).select_related("unit"))
    if open_:
        names = "；".join(f"{order.unit.label}「{order.text}」" for order in open_)
        raise Refused("orders_open", _("还有必办的派单未办结：%(orders)s。") % {"orders": names})


def refuse_resources_out(case: Case) -> None:
    """``Refused`` (``resources_out``) while something that was sent to the case has not been returned."""
    out = list(Dispatch.objects.out().filter(case=case).select_related("station"))
    if out:
        names = "、".join(dispatch.station.label for dispatch in out)
        raise Refused("resources_out", _("调派的资源尚未归还：%(stations)s。") % {"stations": names})


def lapse(changes: Changes, case: Case) -> None:
    """The case ends: what is still open of its orders is withdrawn, so that nobody goes on with it."""
    for order in Order.objects.filter(case=case, state__in=PENDING).select_related("unit"):
        order.withdraw()
        order.ended_at, order.answer = changes.now, LAPSED
        order.save(update_fields=["state", "ended_at", "answer"])
        told = {"order": order.pk, "unit": order.unit.code, "progress": str(order.state)}
        changes.tell(case, "order.withdraw", after=told, note=LAPSED)
