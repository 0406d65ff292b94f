"""到期提醒: clocks of the insurance side that ran out, or are about to, told once to whoever is concerned.

Found by query: a clock that is over and of which no ``Reminded`` stands has not been told of. So nothing is lost while
the side is off, and any number may look at once. Nobody's case is locked.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from insurance import inboxes
from insurance.claims import notifying as of_claims
from insurance.claims.models import Claim
from insurance.findings import notifying as of_findings
from insurance.findings.models import Finding
from insurance.firms import telling as of_firms
from insurance.firms.models import Complaint, Measure
from insurance.policies.models import Policy
from insurance.service.models import ServiceOrder
from notices import outbox
from notices.models import Notice
from responsibility import clock
from responsibility.directory import Directory
from responsibility.models import Grade

# At a time; the next batch comes at once.
MOST = 500
# A clock is near in its last third, and at the most so long before its end.
NEAR = timedelta(days=3)
MONTH = timedelta(days=30)
# ``id`` and ``due_at`` of what is to be told of, for each kind.
CLOCKS = {
    "finding.overdue": "SELECT id, due_at FROM findings_finding WHERE state = 'open' AND due_at <= %(now)s",
    "finding.case_ended": """
        SELECT f.id, coalesce(c.closed_at, c.opened_at) AS due_at
        FROM findings_finding f JOIN cases_case c ON c.number = f.case_number
        WHERE f.state <> 'closed' AND f.case_number <> '' AND c.state IN ('closed', 'void')
    """,
    "claim.due_soon": """
        SELECT claim_id AS id, due_at FROM claims_term WHERE met_at IS NULL AND held_at IS NULL AND NOT lapsed
        AND due_at > %(now)s AND due_at - least((due_at - started_at) / 3, %(near)s) <= %(now)s
    """,
    "claim.overdue": """
        SELECT claim_id AS id, due_at FROM claims_term
        WHERE met_at IS NULL AND held_at IS NULL AND NOT lapsed AND due_at <= %(now)s
    """,
    "complaint.due_soon": """
        SELECT id, due_at FROM firms_complaint WHERE answered_at IS NULL AND due_at > %(now)s
        AND due_at - %(near)s <= %(now)s
    """,
    "complaint.overdue": "SELECT id, due_at FROM firms_complaint WHERE answered_at IS NULL AND due_at <= %(now)s",
    "measure.due_soon": """
        SELECT id, answer_until AS due_at FROM firms_measure WHERE answered_at IS NULL AND answer_until > %(now)s
        AND answer_until - %(near)s <= %(now)s AND (decided_at IS NULL OR kind = 'stop')
    """,
    "policy.ending": """
        SELECT id, ends_at AS due_at FROM policies_policy p WHERE cancelled_at IS NULL AND ends_at > %(now)s
        AND ends_at - %(month)s <= %(now)s AND starts_at <= %(now)s
        AND NOT EXISTS (SELECT FROM policies_policy n WHERE n.renews_id = p.id)
    """,
    "order.overdue": """
        SELECT id, due_at FROM service_serviceorder WHERE due_at <= %(now)s
        AND state IN ('ordered', 'accepted', 'agreed', 'visited', 'disputed')
    """,
}
# Two sweepers write the same line once; whoever wrote it tells.
TAKE = """
    INSERT INTO portals_reminded (kind, subject, due_at)
    SELECT %(kind)s, k.id, k.due_at FROM ({clock}) k WHERE NOT EXISTS (
        SELECT FROM portals_reminded r WHERE r.kind = %(kind)s AND r.subject = k.id AND r.due_at = k.due_at)
    GROUP BY k.id, k.due_at ORDER BY k.due_at, k.id LIMIT {most}
    ON CONFLICT DO NOTHING RETURNING subject
"""
SAID = {
    "complaint.due_soon": _("对{unit}的投诉答复期限将到。"),
    "complaint.overdue": _("对{unit}的投诉逾期未答复。"),
}
OF_MEASURES = {"measure.due_soon": _("对{unit}的处理，陈述申辩期限将到。")}
PLAIN = {
    "order.overdue": _("服务委托超过应完成时间。"),
    "policy.ending": _("保单将在 30 天内到期，尚未续保。"),
}


def sweep() -> int:
    """Tell of all that ran out or is near; how many clocks. Two statements for each kind, and those of its notices."""
    told = 0
    for kind in CLOCKS:
        while True:
            done = _batch(kind)
            told += done
            if done < MOST:
                break
    return told


@transaction.atomic
def _batch(kind: str) -> int:
    now = clock.now()
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"kind": kind, "now": now, "near": NEAR, "month": MONTH}
        cursor.execute(TAKE.format(clock=CLOCKS[kind], most=MOST), asked)
        ids = [pk for (pk,) in cursor.fetchall()]
    if ids:
        outbox.write(MADE[kind.partition(".")[0]](kind, sorted({*ids}), now))
    return len(ids)


def _findings(kind: str, ids: Sequence[int], now: datetime) -> list[dict]:
    related = ("order", "insured", "risk_object", "territory", "category")
    found = list(Finding.objects.filter(pk__in=ids).select_related(*related))
    return of_findings.rows(kind, found, now, by=None)


def _claims(kind: str, ids: Sequence[int], now: datetime) -> list[dict]:
    found = Claim.objects.filter(pk__in=ids).select_related("policy", "case")
    return of_claims.of_clocks(kind, list(found), now)


def _complaints(kind: str, ids: Sequence[int], now: datetime) -> list[dict]:
    told = []
    committee = inboxes.standing(of_firms.OFFICES[of_firms.COMMITTEE])
    for made in Complaint.objects.filter(pk__in=ids).select_related("firm__unit"):
        about = inboxes.About(made.firm.chain, made.firm.unit.code, reverse("firm-complaints"))
        units = [made.firm.unit_id, *([made.by_unit_id, committee] if kind == "complaint.overdue" else [])]
        told += inboxes.rows(kind, about, units, now, grade=_grade(kind), words={"unit": made.firm.unit_id})
    return told


def _measures(kind: str, ids: Sequence[int], now: datetime) -> list[dict]:
    told = []
    for made in Measure.objects.filter(pk__in=ids).select_related("firm__unit"):
        about = inboxes.About(made.firm.chain, made.firm.unit.code, reverse("firm", args=[made.firm_id]))
        told += inboxes.rows(
            kind, about, [made.firm.unit_id], now, grade=Grade.YELLOW, words={"unit": made.firm.unit_id}
        )
    return told


def _policies(kind: str, ids: Sequence[int], now: datetime) -> list[dict]:
    told = []
    for policy in Policy.objects.filter(pk__in=ids):
        about = inboxes.About(policy.chain, policy.number, reverse("insurance-policy", args=[policy.pk]))
        told += inboxes.rows(kind, about, [policy.insurer_id, policy.broker_id, policy.insured_id], now)
    return told


def _orders(kind: str, ids: Sequence[int], now: datetime) -> list[dict]:
    told = []
    for order in ServiceOrder.objects.filter(pk__in=ids):
        about = inboxes.About(order.chain, order.number, reverse("insurance-order", args=[order.number]))
        units = [order.firm_id, order.by_unit_id, order.insured_id]
        told += inboxes.rows(kind, about, units, now, grade=_grade(kind))
    return told


def _grade(kind: str) -> str:
    return Grade.YELLOW if kind.endswith(".overdue") else Grade.BLUE


MADE = {
    "finding": _findings, "claim": _claims, "complaint": _complaints, "measure": _measures, "policy": _policies,
    "order": _orders,
}  # fmt: skip


def speak() -> None:
    """Have these notices said."""

    def words(notice: Notice, known: Directory) -> dict:
        return {"unit": inboxes.name(notice, known)}

    inboxes.speak(SAID | OF_MEASURES, words)
    inboxes.speak(PLAIN)
