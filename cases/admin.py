"""Cases to look at; they are worked through their verbs only."""

from django.contrib import admin

from cases.models import Case, Request
from responsibility.admin import ReadOnly


@admin.register(Case)
class Cases(ReadOnly):
    """Cases."""

    list_display = ["number", "state", "loop", "grade", "title", "holder", "opened_at"]
    list_select_related = ["holder"]
    list_filter = ["state", "loop", "grade"]
    search_fields = ["=number"]


@admin.register(Request)
class Requests(ReadOnly):
    """Requests."""

    list_display = ["case", "kind", "state", "unit", "asked_at"]
    list_select_related = ["case", "unit"]
