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
from responsibility.models import LedgerEntry, Unit
from responsibility.models.matrix import DutyRole
from responsibility.ownership import Question, Weighed
from responsibility.refusals import Invalid


class SignInSerializer(serializers.Serializer):
    """Name and password."""

    username = serializers.CharField()
    password = serializers.CharField()


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
        stage = request.query_params.get("stage", "")
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
