"""The permission table for those who audit it: a page, a file and an API, all written from the table itself."""

import csv
from dataclasses import dataclass

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from responsibility import access, acting
from responsibility.acts import ACTS, Act, Kind, Scope
from responsibility.interface import ErrorsSerializer
from responsibility.models import Role


@dataclass(frozen=True)
class Line:
    """One row with a cell for each role across; an empty scope where the role may not."""

    name: str
    act: Act
    cells: list[tuple[Role, Scope | None]]


def lines(across: list[Role]) -> list[Line]:
    """The table with the roles ``across``."""
    return [Line(name, act, [(role, act.cells.get(role)) for role in across]) for name, act in ACTS.items()]


def _reader(request: HttpRequest) -> acting.Actor:
    actor = acting.of(request.user)
    if not access.may(actor, "permissions.read"):
        raise PermissionDenied
    return actor


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """``/permissions/``: acts down by chapter, roles across; ``role`` shows one role alone, with what it may do."""
    actor, asked = _reader(request), request.GET.get("role", "")
    if asked and asked not in Role.values:
        raise BadRequest("role")
    across = [Role(asked)] if asked else list(Role)
    shown = [line for line in lines(across) if not asked or asked in line.act.cells]
    context = {"actor": actor, "lines": shown, "across": across, "roles": Role, "asked": asked, "scopes": Scope}
    return render(request, "responsibility/permissions.html", context)


@require_GET
def sheet(request: HttpRequest) -> HttpResponse:
    """``/permissions/table.csv``: the whole table in the reader's language, UTF-8 with a mark so that Excel sees it."""
    _reader(request)
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="permissions.csv"'
    rows = csv.writer(answer)
    rows.writerow([_("类别"), _("动作"), _("代码"), *(role.label for role in Role), _("条件")])
    for line in lines(list(Role)):
        scopes = [scope.label if scope else "" for _role, scope in line.cells]
        rows.writerow([line.act.kind.label, line.act.label, line.name, *scopes, line.act.note])
    return answer


class ReadsPermissions(BasePermission):
    """Posts that read the permission table."""

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), "permissions.read")


class PermissionSerializer(serializers.Serializer):
    """One row. ``roles``: the scope of each role that may; a role that is not there may not."""

    act = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    label = serializers.CharField()  # type: ignore[assignment]
    roles = serializers.DictField(child=serializers.ChoiceField(Scope.choices))
    note = serializers.CharField()


class Permissions(APIView):
    """Who may do what."""

    permission_classes = [IsAuthenticated, ReadsPermissions]

    @extend_schema(operation_id="permissions", responses={200: PermissionSerializer(many=True), 403: ErrorsSerializer})
    def get(self, request):
        """The whole permission table, in the order of the page; words in the reader's language."""
        rows = [
            {"act": name, "kind": act.kind, "label": act.label, "roles": act.cells, "note": act.note}
            for name, act in ACTS.items()
        ]
        return Response(PermissionSerializer(rows, many=True).data)
