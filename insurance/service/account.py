"""事故预防费专账: a budget within 21 % of the premium received, and real expenses within the budget.

应急〔2025〕27号: paid out of premium received, at most 21 %, as a budget of its own, real cost, neither diverted nor
overdrawn. Policy and order rows stand under their locks; the database asks the same again (``0002_rules``).
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unicodedata import normalize

from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cases.filetypes import IMAGES
from insurance import money
from insurance.policies.models import Policy, Premium
from insurance.service import given, keeping, telling
from insurance.service.models import Budget, Expense, OrderState, ServiceOrder
from insurance.service.plans import locked
from responsibility import clock
from responsibility.models import User
from responsibility.refusals import Invalid, Refused

SHARE = Decimal("0.21")
VOUCHERS = ("application/pdf", *IMAGES)
# One voucher at a time in the books of an insurer, over all its policies.
ONE_VOUCHER = "SELECT pg_advisory_xact_lock(7621, hashtext(%s))"


@dataclass(frozen=True)
class Balance:
    """The account of a policy in yuan. ``left`` is never shown below zero: nothing is left then."""

    received: Decimal
    budget: Decimal
    spent: Decimal

    @property
    def cap(self) -> Decimal:
        """The most that the budget may be."""
        return money.capped(max(self.received, money.ZERO) * SHARE)

    @property
    def left(self) -> Decimal:
        """What may still be spent: within the budget, and within 21 % of what is received by now."""
        return max(min(self.budget, self.cap) - self.spent, money.ZERO)


def balance(policy: Policy) -> Balance:
    """The account as it stands. Three statements."""
    received = Premium.objects.filter(policy=policy).aggregate(total=Sum("amount"))["total"]
    spent = Expense.objects.filter(policy=policy).aggregate(total=Sum("amount"))["total"]
    newest = Budget.objects.filter(policy=policy).order_by("-id").values_list("amount", flat=True).first()
    return Balance(received or money.ZERO, newest or money.ZERO, spent or money.ZERO)


@transaction.atomic
def budget(pk: int, amount: Any, reason: Any, *, by: User) -> Budget:
    """Set the budget of the policy. ``Forbidden``, ``Invalid``; ``Refused`` beyond the cap or below what was spent."""
    policy, actor, post = locked(pk, "account.spend", "insurer", by)
    amount, reason = given.amount(amount, "amount"), given.text(reason, "reason", needed=False)
    now, stands = clock.now(), balance(policy)
    if amount > stands.cap:
        said = _("预算不得超过实收保费的 21%%，即 %(cap)s 元。") % {"cap": f"{stands.cap:,.2f}"}
        raise Refused("beyond_cap", said, "amount")
    if amount < stands.spent:
        raise Refused(
            "below_spent", _("预算不得低于已支出的 %(spent)s 元。") % {"spent": f"{stands.spent:,.2f}"}, "amount"
        )
    made = Budget.objects.create(policy=policy, amount=amount, reason=reason, set_at=now, set_by=by)
    told = {"before": {"amount": str(stands.budget)}, "after": {"amount": str(amount), "cap": str(stands.cap)}}
    _tell(policy, "account.budget", "budget", made.pk, actor, post, now, told, reason)
    return made


def spend(pk: int, number: Any, amount: Any, voucher: Any, upload, note: Any = "", *, by: User) -> Expense:
    """Enter an expense for the order ``number`` of the policy, with its ``voucher`` number and file.

    ``Forbidden``, ``Invalid``; ``Refused`` beyond the budget or the cap, for an order of another policy, for one that
    is not done, for a voucher that stands already.
    """
    with transaction.atomic():
        locked(pk, "account.spend", "insurer", by)
    amount = given.amount(amount, "amount")
    if not amount:
        raise Invalid("bad_amount", _("金额应大于零。"), "amount")
    # However it is typed, a voucher is one: full-width or not, in capitals or not.
    voucher = normalize("NFKC", given.text(voucher, "voucher", limit=64)).upper()[:64]
    note = given.text(note, "note", needed=False)
    number = given.text(number, "order", limit=40)
    if upload is None:
        raise Invalid("required", _("请选择凭证文件。"), "file")
    stored = keeping.receive(upload, "file", VOUCHERS)
    with transaction.atomic():
        policy, actor, post = locked(pk, "account.spend", "insurer", by)
        order = _done(policy, number)
        _once(policy, voucher)
        now, stands = clock.now(), balance(policy)
        if amount > stands.left:
            raise Refused(
                "overdrawn", _("专账余额 %(left)s 元，不足以支出。") % {"left": f"{stands.left:,.2f}"}, "amount"
            )
        made = Expense.objects.create(
            policy=policy, insurer=policy.insurer, order=order, item=order.item, amount=amount, voucher=voucher,
            note=note, sha256=stored.sha256, size=stored.size, content_type=stored.content_type, path=stored.path,
            recorded_at=now, recorded_by=by,
        )  # fmt: skip
        told = {
            "before": {"spent": str(stands.spent)},
            "after": {"spent": str(stands.spent + amount), "amount": str(amount), "order": order.number,
                      "item": str(order.item), "voucher": voucher, "sha256": stored.sha256},
        }  # fmt: skip
        _tell(policy, "account.spend", "expense", made.pk, actor, post, now, told, note)
        return made


@transaction.atomic
def counter(pk: int, expense: int, reason: Any, *, by: User) -> Expense:
    """Take an entry back, whole, by a counter entry. ``Forbidden``, ``Invalid``, ``Refused`` when it is taken back."""
    policy, actor, post = locked(pk, "account.spend", "insurer", by)
    reason = given.text(reason, "reason")
    first = Expense.objects.filter(policy=policy, pk=expense, counters__isnull=True).first()
    if first is None or Expense.objects.filter(counters=first).exists():
        raise Refused("not_countered", _("没有这笔支出，或者已经冲销。"))
    now, stands = clock.now(), balance(policy)
    copied = ("insurer", "order", "item", "voucher", "sha256", "size", "content_type", "path")
    made = Expense.objects.create(
        policy=policy, amount=-first.amount, note=reason, counters=first, recorded_at=now, recorded_by=by,
        **{name: getattr(first, name) for name in copied},
    )  # fmt: skip
    told = {
        "before": {"spent": str(stands.spent)},
        "after": {"spent": str(stands.spent - first.amount), "counters": first.pk, "voucher": first.voucher},
    }
    _tell(policy, "account.counter", "expense", made.pk, actor, post, now, told, reason)
    return made


def entries(policy: Policy) -> QuerySet[Expense]:
    """The entries of the account, newest first, each with its order, who entered it, and ``taken_back`` if it was."""
    found = Expense.objects.filter(policy=policy).select_related("order", "recorded_by", "counters")
    return found.annotate(taken_back=F("countered_by__pk"))


def _done(policy: Policy, number: str) -> ServiceOrder:
    order = ServiceOrder.objects.filter(policy=policy, number=number).first()
    if order is None:
        raise Refused("foreign_order", _("该委托不属于这份保单，不得列支。"), "order")
    if order.state != OrderState.DONE:
        raise Refused("not_done", _("该委托还没有完成并经双方确认，不得列支。"), "order")
    return order


def _once(policy: Policy, voucher: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ONE_VOUCHER, [f"{policy.insurer_id}:{voucher}"])
    standing = Expense.objects.filter(insurer=policy.insurer_id, voucher=voucher, counters__isnull=True)
    if standing.filter(countered_by__isnull=True).exists():
        raise Refused("voucher_used", _("该凭证号已经列支过。"), "voucher")


def _tell(policy: Policy, verb: str, kind: str, row: int, actor, post, now, told: dict, note: str) -> None:
    page = reverse("service-account", args=[policy.pk])
    telling.tell_policy(policy, verb, kind, row, by=actor, post=post, at=now, page=page, to=[policy.insured],
                        note=note, **told)  # fmt: skip
