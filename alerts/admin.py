"""Sources and risk objects for the administrator; alerts to look at."""

from django.contrib import admin

from alerts.models import Alert, RiskObject, Source
from responsibility.admin import ReadOnly, Reference


@admin.register(Source)
class Sources(Reference):
    """Sub-platforms. The key itself is shown once, when it is issued; here stands only its digest."""

    list_display = ["code", "name", "unit", "active", "heartbeat_at"]
    list_select_related = ["unit"]
    readonly_fields = ["heartbeat_at"]


@admin.register(RiskObject)
class RiskObjects(Reference):
    """Risk objects."""

    list_display = ["code", "name", "category", "territory", "main_body"]
    list_select_related = ["category", "territory", "main_body"]
    list_filter = ["category", "territory"]


@admin.register(Alert)
class Alerts(ReadOnly):
    """Alerts, to look at."""

    list_display = ["external_id", "source", "category_code", "grade", "outcome", "case_number", "received_at"]
    list_select_related = ["source"]
    search_fields = ["=external_id", "=case_number"]
