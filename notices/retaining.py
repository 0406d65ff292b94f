"""Messages and notices as one class of what is retained."""

from datetime import datetime

from notices import forgetting
from notices.models import Notice
from responsibility.retention import Remover


def _oldest() -> datetime | None:
    return Notice.objects.order_by("at").values_list("at", flat=True).first()


def _remove(before: datetime) -> int:
    return sum(forgetting.forget(before))


NOTICES = Remover(_oldest, forgetting.waiting, _remove)
