"""What the reading room of the ledger may be narrowed by."""

from datetime import datetime, time, timedelta

import django_filters as filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from responsibility.models import LedgerEntry, Unit


class LedgerFilter(filters.FilterSet):
    """``verb``; ``since`` and ``until``, local days, both included; ``person`` by name or account; ``unit`` by code."""

    verb = filters.CharFilter(max_length=40, label=_("行为"))
    since = filters.DateFilter(method="from_day", label=_("自"))
    until = filters.DateFilter(method="to_day", label=_("至"))
    person = filters.CharFilter(method="by_person", max_length=150, label=_("行为人"))
    unit = filters.CharFilter(method="of_unit", max_length=64, label=_("单位"))

    class Meta:
        model = LedgerEntry
        fields: list[str] = []

    def from_day(self, queryset, name, value):
        """From the beginning of the local day."""
        return queryset.filter(at__gte=_midnight(value))

    def to_day(self, queryset, name, value):
        """To the end of the local day."""
        return queryset.filter(at__lt=_midnight(value) + timedelta(days=1))

    def by_person(self, queryset, name, value):
        """The name as it was written down, or the account."""
        return queryset.filter(Q(actor_label=value) | Q(actor__username=value))

    def of_unit(self, queryset, name, value):
        """The name that the unit bears now, as it was written down."""
        return queryset.filter(unit_label__in=Unit.objects.filter(code=value).values("name"))


def _midnight(day) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
