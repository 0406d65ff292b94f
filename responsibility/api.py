"""Sign-in for programs, the question who owns what, and the ledger."""

from datetime import datetime

from django.contrib.auth import authenticate
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.generics import ListAPIView
from rest_framework.parsers import FormParser
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.response import Response
from rest_framework.views import APIView

from responsibility import access, acting, clock, directory, tokens
from responsibility.interface import ErrorsSerializer, Json, NewestEntryFirst
from responsibility.models import Duty, LedgerEntry, Unit
from responsibility.models.matrix import DutyRole
from responsibility.refusals import Invalid


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
        return Response({"token": tokens.issue(user)})

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
        category = known.categories.get(request.query_params.get("category"))
        if category is None:
            raise Invalid("unknown_code", _("没有这个风险类别。"), "category")
        scenario = self._scenario(known)
        territory = known.territories_of([self._point()])[0]
        if territory is None:
            raise Invalid("outside_district", _("该位置不在本区范围内。"), "lat")
        at = self._at()
        found = known.owners(category, scenario, territory, at)
        roles = {role: [_named(known.units.get(row.unit_id)) for row in rows] for role, rows in found.items()}
        roles[DutyRole.TERRITORY] = [_named(territory.unit)]
        lead = found.get(DutyRole.LEAD)
        return Response(
            {
                "lead": _named(known.units.get(lead[0].unit_id)) if lead else None,
                "roles": {str(role): [unit for unit in units if unit] for role, units in roles.items()},
                "trace": self._trace(known, category, lead[0] if lead else None, at),
            }
        )

    def _scenario(self, known):
        code = self.request.query_params.get("scenario")
        if not code:
            return None
        if code not in known.scenarios:
            raise Invalid("unknown_code", _("没有这个场景。"), "scenario")
        return known.scenarios[code]

    def _point(self) -> tuple[float, float]:
        try:
            lat, lon = (float(self.request.query_params[name]) for name in ("lat", "lon"))
        except (KeyError, ValueError):
            lat = lon = float("nan")
        if not (abs(lat) <= 90 and abs(lon) <= 180):
            raise Invalid("bad_location", _("纬度应在 ±90 度、经度应在 ±180 度之内。"), "lat")
        return lat, lon

    def _at(self) -> datetime:
        text = self.request.query_params.get("at")
        if not text:
            return clock.now()
        try:
            at = parse_datetime(text.replace(" ", "+"))
        except ValueError:
            at = None
        if at is None or at.utcoffset() is None:
            raise Invalid("bad_time", _("应为带时区的时间，例如 2026-11-21T09:16:00+08:00。"), "at")
        return at

    def _trace(self, known, category, winner: Duty | None, at: datetime) -> list[dict]:
        trace = []
        for row in known.duties.get(category.pk, {}).get(DutyRole.LEAD, []):
            why = "won" if row is winner else "not_in_force" if at not in row.valid else "less_specific_or_elsewhere"
            trace.append(
                {"duty": row.pk, "unit": _named(known.units.get(row.unit_id)), "basis": row.basis_label, "result": why}
            )
        return trace


class ReadsLedger(BasePermission):
    """Posts that read the whole ledger."""

    message = _("只有审计员和区安委办可以查阅全部台账。")
    code = "not_auditor"

    def has_permission(self, request, view):
        return bool(acting.of(request.user).roles & access.READS_LEDGER)


class LedgerSerializer(serializers.ModelSerializer):
    """One entry of the ledger with everything its digest covers."""

    class Meta:
        model = LedgerEntry
        exclude = ["xact"]


class Ledger(ListAPIView):
    """The ledger, newest first, by cursor; filter by ``chain`` or ``verb``."""

    serializer_class = LedgerSerializer
    pagination_class = NewestEntryFirst
    permission_classes = [ReadsLedger]
    queryset = LedgerEntry.objects.all()
    filterset_fields = ["chain", "verb", "subject_id"]
