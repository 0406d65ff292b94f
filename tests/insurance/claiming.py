"""What the tests of claims stand on: a covered case, and a claim brought as far as wanted."""

from datetime import timedelta

from django.db import transaction

from cases.models import Case
from insurance.claims import handling, noticing
from insurance.claims.models import Claim
from insurance.policies.models import Cover, Judgement, Policy, Share
from responsibility import clock
from tests.insurance.conftest import told, unit


@transaction.atomic
def cover(case: Case, policy: Policy, **fields) -> Cover:
    """The cover of ``case`` by ``policy``, as the sweep finds it, with its entry."""
    now = clock.now()
    Judgement.objects.get_or_create(case=case, defaults={"at": case.opened_at, "judged_at": now})
    given = {"case": case, "policy": policy, "at": case.opened_at, "found_at": now, "until": now + timedelta(days=700)}
    given |= fields
    made = Cover.objects.create(**{"shown_until": given["until"] if policy.confirmed_until else None} | given)
    told(policy, "policy.cover", policy.number)
    return made


@transaction.atomic
def shared(policy: Policy, **percents) -> None:
    """``policy`` is carried together: ``X_INS=60, X_INS_B=40``."""
    for code, percent in percents.items():
        insurer = unit(code.replace("_", "-"))
        Share.objects.update_or_create(policy=policy, insurer=insurer, defaults={"percent": percent})
    told(policy, "policy.endorse", policy.number)


def noticed(case: Case, policy: Policy, people, who: str = "enterprise", **more) -> Claim:
    """A claim that ``who`` has given notice of."""
    given = {"loss": "雨污管井防坠网损坏，一名作业人员受伤", "estimate": "8000"} | more
    return noticing.notice(policy.pk, case.number, by=people[who], **given)


def assessed(case: Case, policy: Policy, people, amount: str = "8000", **more) -> Claim:
    """Noticed, registered and assessed at ``amount`` yuan."""
    claim = noticed(case, policy, people, **more)
    handling.register(claim.pk, by=people["insurer"], theirs="PICC-1", reserve="5000")
    handling.assess(claim.pk, amount, "按发票核定", by=people["insurer"])
    claim.refresh_from_db()
    return claim


def agreed(case: Case, policy: Policy, people, amount: str = "8000", **more) -> Claim:
    """… and agreed on by the insured."""
    claim = assessed(case, policy, people, amount, **more)
    handling.agree(claim.pk, by=people["enterprise"])
    claim.refresh_from_db()
    return claim
