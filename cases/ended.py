"""Which cases of a month are not over: their record stays in the database."""

from uuid import UUID

from cases.models import Case


def open_between(above: UUID, upto: UUID) -> list[str]:
    """The numbers of the cases in a range of chains that are still worked or suspended, oldest first."""
    found = Case.objects.open().filter(chain__gt=above, chain__lte=upto).order_by("chain")
    return list(found.values_list("number", flat=True))
