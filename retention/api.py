"""Periods and holds for programs."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api import REFUSALS
from responsibility import access, acting
from responsibility.interface import ErrorsSerializer
from retention import holds, periods, seeing
from retention.models import Hold, Period

BEYOND = 2**63 - 1


class ReadsRetention(BasePermission):
    """Posts that see what is kept how long."""

    message = _("只有审计员、区安委办、区城运应急办和系统管理员可以查阅保存期限。")
    code = "wrong_role"

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), "retention.read")


class KeptSerializer(serializers.Serializer):
    """One class. Numbers are days; ``null`` for good."""

    code = serializers.CharField(source="kept.code")
    name = serializers.CharField(source="kept.label")
    law = serializers.CharField(source="kept.law")
    named_by_law = serializers.BooleanField(source="kept.by_law", help_text="whether a law names the minimum itself")
    minimum = serializers.IntegerField(source="kept.minimum", allow_null=True)
    days = serializers.IntegerField(allow_null=True)
    removed_by_run = serializers.BooleanField(source="kept.runs")
    oldest = serializers.DateTimeField(allow_null=True)
    over = serializers.IntegerField(allow_null=True, help_text="over age and free to go; a table counts to 10,000")


class HoldSerializer(serializers.ModelSerializer):
    """A hold; ``case`` by number, ``object`` by code."""

    case = serializers.CharField(source="case.number", default=None, allow_null=True)
    object = serializers.CharField(source="risk_object.code", default=None, allow_null=True)

    class Meta:
        model = Hold
        fields = ["id", "case", "object", "since", "until", "reason", "laid_at", "lifted_at"]


class RunSerializer(serializers.Serializer):
    """The newest batch of a run; ``removed`` by class, with the digests of what went."""

    at = serializers.DateTimeField()
    removed = serializers.DictField(source="after")


class RetentionSerializer(serializers.Serializer):
    """Everything."""

    classes = KeptSerializer(many=True)
    last_run = RunSerializer(allow_null=True)
    holds = HoldSerializer(many=True)


class SettingSerializer(serializers.Serializer):
    """A period on its way in: ``days`` null for good."""

    code = serializers.CharField(max_length=20)
    days = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(max_length=500)


class PeriodSerializer(serializers.ModelSerializer):
    """A period that was set."""

    class Meta:
        model = Period
        fields = ["code", "days", "reason", "at"]


class HeldSerializer(serializers.Serializer):
    """A hold on its way in: a ``case`` (number); or an ``object`` (code), local days ``since`` and ``until``."""

    case = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)
    object = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)
    since = serializers.CharField(required=False, default="", allow_blank=True, max_length=20)
    until = serializers.CharField(required=False, default="", allow_blank=True, max_length=20)
    reason = serializers.CharField(max_length=500)


class ReasonSerializer(serializers.Serializer):
    """Why a hold is lifted."""

    reason = serializers.CharField(max_length=500)


class Retention(APIView):
    """What is kept how long, by what law, what is over age, and what is held."""

    permission_classes = [IsAuthenticated, ReadsRetention]

    @extend_schema(responses={200: RetentionSerializer, 403: ErrorsSerializer})
    def get(self, request):
        """Holds that hold come first."""
        told = {"classes": seeing.lines(), "last_run": seeing.last_run(), "holds": seeing.holds()}
        return Response(RetentionSerializer(told).data)


class Periods(APIView):
    """How long a class is kept from now on."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="retention_set", request=SettingSerializer, responses={201: PeriodSerializer, **REFUSALS}
    )
    def post(self, request):
        """Keep a class so many days, never fewer than its minimum."""
        given = _given(SettingSerializer, request)
        made = periods.put(given["code"], given["days"], given["reason"], by=request.user)
        return Response(PeriodSerializer(made).data, status=201)


class Holds(APIView):
    """What is not removed whatever its age."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="retention_hold", request=HeldSerializer, responses={201: HoldSerializer, **REFUSALS})
    def post(self, request):
        """Hold a case, an object or a period."""
        holds.office(request.user, "retention.hold")
        given = _given(HeldSerializer, request)
        made = holds.lay(holds.read(given), given["reason"], by=request.user)
        return Response(HoldSerializer(made).data, status=201)


class HoldEnd(APIView):
    """The end of a hold."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="retention_lift", request=ReasonSerializer, responses={200: HoldSerializer, **REFUSALS})
    def post(self, request, pk):
        """Lift it; another person laid it."""
        given = _given(ReasonSerializer, request)
        return Response(HoldSerializer(holds.lift(min(pk, BEYOND), given["reason"], by=request.user)).data)


def _given(serializer: type[serializers.Serializer], request) -> dict:
    read = serializer(data=request.data)
    read.is_valid(raise_exception=True)
    return read.validated_data
