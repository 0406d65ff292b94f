"""Who is told of a policy and of what it covers: by notice, in registered words."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from insurance.policies.models import Cover, Policy, Share
from notices import outbox, texts
from notices.models import Audience
from responsibility.models import Grade

SAID = {
    "policy.register": gettext_lazy("保单已登记，本单位列名其中。"),
    "policy.endorse": gettext_lazy("保单已批改。"),
    "policy.renew": gettext_lazy("保单已续保。"),
    "policy.cancel": gettext_lazy("保单已解除。"),
    "policy.premium": gettext_lazy("登记了一笔保费。"),
    "cover.found": gettext_lazy("案件属于贵司承保范围。"),
    "cover.lost": gettext_lazy("案件不再属于贵司承保范围。"),
    "cover.regraded": gettext_lazy("承保案件的颜色已变更。"),
    "cover.ended": gettext_lazy("承保案件已结束。"),
    "cover.reopened": gettext_lazy("承保案件已重开。"),
}
# As long as the column for what a notice is about.
SUBJECT = 40


def of_policies(event: str, policies: Iterable[Policy], now: datetime) -> None:
    """Tell all whom ``policies`` name, but the lead who acts: co-insurers, the broker, the insured. Two statements."""
    policies = list(policies)
    shared = carriers(policy.pk for policy in policies)
    rows = []
    for policy in policies:
        named = {policy.insured_id, policy.broker_id, *shared.get(policy.pk, ())} - {None, policy.insurer_id}
        for unit in sorted(pk for pk in named if pk):
            rows.append(_row(event, unit, Grade.BLUE, policy.number, policy, now))
    outbox.write(rows)


def of_premium(policy: Policy, now: datetime) -> None:
    """Tell who shares ``policy`` and the insured that premium came or went back; a broker is not. Two statements."""
    named = {policy.insured_id, *carriers([policy.pk]).get(policy.pk, ())} - {policy.insurer_id}
    outbox.write([_row("policy.premium", unit, Grade.BLUE, policy.number, policy, now) for unit in sorted(named)])


def of_covers(event: str, covers: Iterable[tuple[Cover, Policy, str, str]], now: datetime) -> None:
    """Tell every insurer of each ``(cover, policy, case number, colour of the case)``, in that colour. Two statements.

    An insurer whose claim tail has ended is told nothing any more.
    """
    told = [each for each in covers if each[0].until > now]
    shared = carriers(policy.pk for _cover, policy, _number, _grade in told)
    outbox.write(
        [
            _row(event, unit, grade, number, policy, now)
            for _cover, policy, number, grade in told
            for unit in sorted(shared.get(policy.pk, ()))
        ]
    )


def carriers(policies: Iterable[int]) -> dict[int, set[int]]:
    """``{policy: ids of the units that carry it}``. One statement, none for none."""
    found: dict[int, set[int]] = {}
    wanted = set(policies)
    if wanted:
        for policy, unit in Share.objects.filter(policy__in=wanted).values_list("policy", "insurer"):
            found.setdefault(policy, set()).add(unit)
    return found


def _row(event: str, unit: int, grade: str, subject: str, policy: Policy, now: datetime) -> dict:
    path = f"/insurance/policies/{policy.pk}/"
    return outbox.row(
        event, unit_id=unit, audience=Audience.DUTY, grade=grade, at=now, chain=policy.chain,
        subject=subject[:SUBJECT], path=path, words={"policy": policy.number},
    )  # fmt: skip


def said(notice, known) -> str:
    """The notice in words."""
    about = _("保单 %(number)s：") % {"number": notice.words.get("policy", "")}
    return f"{about}{SAID.get(notice.event, '')}"


def speak() -> None:
    """Have these notices said."""
    texts.register(list(SAID), said, plain=True)
