"""What this floor keeps for a while: the log of who signed in and who failed to."""

from datetime import datetime

from axes.models import AccessFailureLog, AccessLog
from django.db.models import Min

from responsibility.retention import Remover

BATCH = 5000
LOGS = (AccessLog, AccessFailureLog)


def _oldest() -> datetime | None:
    firsts = [model.objects.aggregate(first=Min("attempt_time"))["first"] for model in LOGS]
    return min((first for first in firsts if first), default=None)


def _over_age(before: datetime) -> int:
    return sum(model.objects.filter(attempt_time__lt=before).count() for model in LOGS)


def _remove(before: datetime) -> int:
    gone = 0
    for model in LOGS:
        old = model.objects.filter(attempt_time__lt=before).order_by("pk").values_list("pk", flat=True)[:BATCH]
        gone += model.objects.filter(pk__in=list(old)).delete()[0]
    return gone


LOGINS = Remover(_oldest, _over_age, _remove)
