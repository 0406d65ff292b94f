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
    "policy.ask": gettext_lazy("登记了以本单位为被保险人的保单，请确认或者否认；确认之前保险公司看不到本单位的案件。"),
    "policy.widen": gettext_lazy("保单批改扩大了承保范围或期限，请确认扩大的部分；确认之前保险公司看不到其中的案件。"),
    "policy.remind": gettext_lazy("保险公司提醒：这份保单还没有得到本单位确认。"),
    "policy.confirm": gettext_lazy("被保险人已确认保单，其承保的案件可以查阅。"),
    "policy.decline": gettext_lazy("被保险人否认有这份保单。"),
    "cover.found": gettext_lazy("案件属于贵司承保范围。"),
    "cover.shown": gettext_lazy("案件属于贵司承保范围。"),
    "cover.lost": gettext_lazy("案件不再属于贵司承保范围。"),
    "cover.regraded": gettext_lazy("承保案件的颜色已变更。"),
    "cover.ended": gettext_lazy("承保案件已结束。"),
    "cover.reopened": gettext_lazy("承保案件已重开。"),
}
# As long as the column for what a notice is about.
SUBJECT = 40


def of_policies(event: str, policies: Iterable[Policy], now: datetime, *, asks: str = "") -> None:
    """Tell all whom ``policies`` name, but the lead who acts: co-insurers, the broker, the insured. Two statements.

    ``asks``: the event in its place for the insured, whose word is asked.
    """
    policies = list(policies)
    shared = carriers(policy.pk for policy in policies)
    rows = []
    for policy in policies:
        named = {policy.insured_id, policy.broker_id, *shared.get(policy.pk, ())} - {None, policy.insurer_id}
        for unit in sorted(pk for pk in named if pk):
            said_to = asks if asks and unit == policy.insured_id else event
            rows.append(_row(said_to, unit, Grade.BLUE, policy.number, policy, now))
    outbox.write(rows)


def of_premium(policy: Policy, now: datetime) -> None:
    """Tell who shares ``policy`` and the insured that premium came or went back; a broker is not. Two statements."""
    named = {policy.insured_id, *carriers([policy.pk]).get(policy.pk, ())} - {policy.insurer_id}
    outbox.write([_row("policy.premium", unit, Grade.BLUE, policy.number, policy, now) for unit in sorted(named)])


def of_words(event: str, policies: Iterable[Policy], now: datetime, *also: int) -> None:
    """Tell who carries and who brokers ``policies`` what the insured said, and the units ``also``. Two statements."""
    policies = list(policies)
    shared = carriers(policy.pk for policy in policies)
    outbox.write(
        [
            _row(event, unit, Grade.BLUE, policy.number, policy, now)
            for policy in policies
            for unit in sorted({*shared.get(policy.pk, ()), *also, *([policy.broker_id] if policy.broker_id else [])})
        ]
    )


def of_reminder(policy: Policy, now: datetime) -> None:
    """Tell the insured that its word is still asked for."""
    outbox.write([_row("policy.remind", policy.insured_id, Grade.BLUE, policy.number, policy, now)])


def of_covers(event: str, covers: Iterable[tuple[Cover, Policy, str, str]], now: datetime) -> None:
    """Tell every insurer of each ``(cover, policy, case number, colour of the case)``, in that colour. Two statements.

    An insurer is told nothing before the insured has confirmed the policy, and nothing any more after the claim tail.
    """
    told = [each for each in covers if each[0].shown_until and each[0].shown_until > now]
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
