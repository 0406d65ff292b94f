"""Periods and holds for programs."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from responsibility import access, acting
from responsibility.interface import ErrorsSerializer
from retention import seeing
from retention.models import Hold


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
    """The newest batch of a run; ``removed`` by class."""

    at = serializers.DateTimeField()
    removed = serializers.DictField(source="after")


class RetentionSerializer(serializers.Serializer):
    """Everything."""

    classes = KeptSerializer(many=True)
    last_run = RunSerializer(allow_null=True)
    holds = HoldSerializer(many=True)


class Retention(APIView):
    """What is kept how long, by what law, what is over age, and what is held."""

    permission_classes = [IsAuthenticated, ReadsRetention]

    @extend_schema(responses={200: RetentionSerializer, 403: ErrorsSerializer})
    def get(self, request):
        """Holds that hold come first."""
        told = {"classes": seeing.lines(), "last_run": seeing.last_run(), "holds": seeing.holds()}
        return Response(RetentionSerializer(told).data)
