"""Sign-in for programs, the question who owns what, and the ledger."""

from datetime import datetime
from uuid import UUID

from axes.helpers import get_client_ip_address
from django.contrib.auth import authenticate
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.generics import ListAPIView
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from responsibility import access, acting, asking, directory, shelf, tokens
from responsibility.interface import ErrorsSerializer, Json, NewestEntryFirst
from responsibility.models import LedgerEntry, Unit
from responsibility.models.matrix import DutyRole
from responsibility.ownership import Question, Weighed


class SignInSerializer(serializers.Serializer):
    """Name and password."""

    # As long as the forms take.
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096)


class SignIn(APIView):
    """Tokens for people's programs."""

    authentication_classes: list = []
    permission_classes = [AllowAny]
    parser_classes = [Json, FormParser]

    @extend_schema(
        operation_id="token",
        request=SignInSerializer,
        responses={
            200: inline_serializer("IssuedToken", {"token": serializers.CharField()}),
            400: ErrorsSerializer,
            401: ErrorsSerializer,
        },
    )
    def post(self, request):
        """A token for ``Authorization: Token <token>``, valid for 30 days. Many failures lock the name for a while."""
        given = SignInSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = authenticate(request._request, **given.validated_data)
        if user is None:
            raise AuthenticationFailed(_("用户名或密码不正确，或账号已暂时锁定。"), code="sign_in_failed")
        return Response({"token": tokens.issue(user, request.path, get_client_ip_address(request._request) or "")})

    def get_authenticate_header(self, request):
        """So that a failure is 401, not 403."""
        return "Token"


def _named(unit: Unit | None) -> dict | None:
    return {"code": unit.code, "name": unit.label} if unit else None


class Owner(APIView):
    """Who owns it."""

    @extend_schema(
        operation_id="matrix_owner",
        parameters=[
            OpenApiParameter("category", str, required=True),
            OpenApiParameter("scenario", str),
            OpenApiParameter("stage", str),
            OpenApiParameter("lat", float, required=True, description="Degrees, WGS84."),
            OpenApiParameter("lon", float, required=True),
            OpenApiParameter("at", datetime, description="Past or future; now when left out."),
        ],
        responses={
            200: inline_serializer(
                "OwnerAnswer",
                {
                    "lead": serializers.DictField(allow_null=True),
                    "roles": serializers.DictField(),
                    "trace": serializers.ListField(child=serializers.DictField()),
                },
            ),
            400: ErrorsSerializer,
        },
    )
    def get(self, request):
        """The lead (null where nobody is named), every role, and the rows looked at with why each won or lost."""
        known = directory.current()
        asked = request.query_params
        category, scenario = asking.category(asked, known), asking.scenario(asked, known)
        territory, at, stage = asking.place(asked, known), asking.instant(asked), asked.get("stage", "")
        found = known.book.explain(Question(category, scenario, territory, at, stage))
        roles = {role: [_named(known.units.get(row.unit_id)) for row in rows] for role, rows in found.roles.items()}
        roles[DutyRole.TERRITORY] = [_named(territory.unit)]
        return Response(
            {
                "lead": _named(known.units.get(found.lead.unit_id)) if found.lead else None,
                "roles": {str(role): [unit for unit in units if unit] for role, units in roles.items()},
                "trace": [_weighed(known, weighed) for weighed in found.trace],
            }
        )


def _weighed(known: directory.Directory, weighed: Weighed) -> dict:
    """One row of the trace: what it says, since when and by which edition, and why it won or lost."""
    row = weighed.duty
    codes = {s.pk: s.code for s in known.scenarios.values()} | {None: None}
    return {
        "duty": row.pk,
        "edition": row.edition.number,
        "role": row.role,
        "unit": _named(known.units.get(row.unit_id or 0)),
        "domain": row.domain or None,
        "scenario": codes[row.scenario_id],
        "territory": next((t.code for t in known.territories.values() if t.pk == row.territory_id), None),
        "stage": row.stage or None,
        "basis": row.basis_label,
        "from": row.span.lower,
        "to": row.span.upper,
        "result": weighed.verdict,
    }


class ReadsLedger(BasePermission):
    """Posts that read the whole ledger."""

    message = _("只有审计员和区安委办可以查阅全部台账。")
    code = "not_auditor"

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), "ledger.read")


class LedgerSerializer(serializers.ModelSerializer):
    """One entry of the ledger with everything its digest covers."""

    class Meta:
        model = LedgerEntry
        exclude = ["xact", "salt", "salts", "erased"]


class Ledger(ListAPIView):
    """The ledger, newest first, by cursor; filter by ``chain`` or ``verb``."""

    serializer_class = LedgerSerializer
    pagination_class = NewestEntryFirst
    permission_classes = [IsAuthenticated, ReadsLedger]
    queryset = LedgerEntry.objects.all()
    filterset_fields = ["chain", "verb", "subject_id"]

    def filter_queryset(self, queryset):
        """Of one chain also what is archived."""
        found, chain = super().filter_queryset(queryset), self.request.query_params.get("chain", "").strip()
        return shelf.reading(found, [UUID(chain)]) if chain else found
