"""Whatever the law orders to be forgotten goes from the reasons in the same transaction (``cases.erasure``)."""

from responsibility.erasing import Person
from retention.models import Hold, Period


def words(sender, person: Person, **more) -> None:
    """Empty the reasons that name ``person``."""
    for model in (Period, Hold):
        for row in model.objects.all():
            if person.stands_in(row.reason):
                model.objects.filter(pk=row.pk).update(reason=person.emptied(row.reason))
