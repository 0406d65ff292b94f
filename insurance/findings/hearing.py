"""What this part hears of those below it: what a visit found, who works where, a firm to be scored, a year judged."""

from datetime import datetime

from django.db.models import Count, F, Q

from cases import originals
from insurance.findings import apart, keeping, scoring, telling
from insurance.findings.models import CheckPhoto, Finding, FindingState, Proof
from insurance.firms.scoring import MEASURES
from insurance.policies.models import Policy
from insurance.service.assessing import PUT_RIGHT
from insurance.service.ordering import WORKED
from insurance.service.originals import source
from insurance.service.visiting import FOUND
from responsibility import clock


def register() -> None:
    """Stand in the lists of the parts below, none of which knows of this one."""
    originals.SOURCES += [
        source(Proof, "finding__number", "finding__chain", keeping.root),
        source(CheckPhoto, "self_check__register__risk_object__code", "self_check__register__chain", keeping.root),
    ]
    FOUND.append(telling.at_visit)
    WORKED.append(apart.worked)
    PUT_RIGHT.append(put_right)
    MEASURES.update(scoring.MEASURES)


def put_right(policy: Policy, since: datetime, until: datetime) -> dict[str, int]:
    """Of what was found by orders of ``policy`` in a span: how many were put right, how many were not in time."""
    found = Finding.objects.filter(order__policy=policy, found_at__gte=since, found_at__lt=until)
    late = Q(rectified_at__gt=F("due_at")) | Q(state=FindingState.OPEN, due_at__lte=clock.now())
    return found.aggregate(put_right=Count("pk", filter=~Q(state=FindingState.OPEN)), overdue=Count("pk", filter=late))
