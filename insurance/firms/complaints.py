"""投诉: somebody who was served complains of a firm; the firm answers in time, or is late, which is a fact."""

from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.firms import dues, reading
from insurance.firms.acting import Deed, allowed, begin
from insurance.firms.models import Complaint, Firm
from responsibility import acting, clock
from responsibility.models import User
from responsibility.refusals import Invalid, Refused

NUMBER = 40
# Registered by the part that keeps orders: the units of an order by its number, the firm's first; nothing for no order.
ORDERS: list[Callable[[str], tuple[int, ...]]] = []


@transaction.atomic
def make(firm: int, text: object, about: object = "", *, by: User) -> Complaint:
    """Complain of ``firm`` (row id); ``about``: the number of an order, or empty. ``Forbidden``, ``Invalid``.

    An order of others is answered like one that is not there.
    """
    mine = acting.of(by).unit_ids
    actor, post = allowed("complaint.make", by, *mine)
    found = Firm.objects.select_for_update(no_key=True, of=("self",)).select_related("unit").get(pk=firm)
    deed = Deed(found, actor, post, clock.now())
    said, number = typed.text(text, "text"), typed.text(about, "about", limit=NUMBER, needed=False)
    if number and not _concerns(number, found.unit_id, post.unit_id):
        raise Invalid("unknown_order", _("没有这一委托。"), "about")
    due, provisional = dues.complaint_due(deed.at)
    made = Complaint.objects.create(
        firm=found, about=number, by_unit_id=post.unit_id, made_by=by, made_at=deed.at, text=said, due_at=due
    )
    told = {"about": number, "by": post.unit.code, "due_at": due.isoformat(), "provisional": provisional, "text": said}
    deed.tell("complaint.make", subject="complaint", pk=made.pk, after=told, complainer=made.by_unit_id)
    return made


@transaction.atomic
def check(complaint: int, *, by: User) -> Complaint:
    """The firm announces in time that it looks into it: thirty days from the complaint. ``Refused``."""
    deed, found = _load(complaint, by)
    if found.checking_at is not None or found.extended_at is not None or deed.at >= found.due_at:
        raise Refused("too_late", _("已经告知核查、已经延期，或答复期限已过。"))
    before, found.checking_at = found.due_at, deed.at
    found.due_at = max(found.due_at, dues.natural(found.made_at, dues.CHECKING))
    return _moved("complaint.check", deed, found, before, "")


@transaction.atomic
def extend(complaint: int, days: object, reason: object, *, by: User) -> Complaint:
    """Put the answer off once, by thirty days at most, before it is due. ``Invalid``, ``Refused``."""
    deed, found = _load(complaint, by)
    more, said = reading.count(days, "days", dues.EXTENSION), typed.text(reason, "reason")
    if found.extended_at is not None or deed.at >= found.due_at:
        raise Refused("too_late", _("已经延期过，或答复期限已过。"))
    before, found.extended_at, found.extension = found.due_at, deed.at, said
    found.due_at += more * dues.DAY
    return _moved("complaint.extend", deed, found, before, said)


@transaction.atomic
def answer(complaint: int, text: object, *, by: User) -> Complaint:
    """Answer it, once; late too. ``Forbidden``, ``Invalid``, ``Refused``."""
    deed, found = _load(complaint, by)
    said = typed.text(text, "text")
    found.answer, found.answered_at, found.answered_by = said, deed.at, by
    found.save(update_fields=["answer", "answered_at", "answered_by"])
    told = {"answer": said, "late": found.late(deed.at)}
    deed.tell("complaint.answer", subject="complaint", pk=found.pk, after=told, complainer=found.by_unit_id)
    return found


def _load(pk: int, by: User) -> tuple[Deed, Complaint]:
    deed = begin(Complaint.objects.values_list("firm_id", flat=True).get(pk=pk), "complaint.answer", by)
    found = Complaint.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    if found.answered_at is not None:
        raise Refused("answered", _("该投诉已经答复。"))
    return deed, found


def _moved(verb: str, deed: Deed, found: Complaint, before, note: str) -> Complaint:
    found.save(update_fields=["due_at", "checking_at", "extended_at", "extension"])
    was, now = {"due_at": before.isoformat()}, {"due_at": found.due_at.isoformat()}
    deed.tell(verb, subject="complaint", pk=found.pk, before=was, after=now, note=note, complainer=found.by_unit_id)
    return found


def _concerns(number: str, firm: int, unit: int) -> bool:
    """Whether the order ``number`` is one of ``firm`` that names ``unit``; without a register of orders, as typed."""
    if not ORDERS:
        return True
    return any(units and units[0] == firm and unit in units[1:] for units in (order(number) for order in ORDERS))
