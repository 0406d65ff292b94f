"""The history of an object for the insurer's own pricing system."""

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from insurance.portals import history
from responsibility import access, acting
from responsibility.interface import ErrorsSerializer


class ReadsHistory(BasePermission):
    """Insurers."""

    message = _("只有保险公司可以查阅。")
    code = "wrong_role"

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), history.ACT)


class MonthSerializer(serializers.Serializer):
    """Alerts in one month. ``elsewhere``: of other objects of the class for each, ``null`` where hidden."""

    month = serializers.CharField(source="first")
    alerts = serializers.DictField(source="grades", child=serializers.IntegerField())
    elsewhere = serializers.FloatField(allow_null=True)


class HistoryFiguresSerializer(serializers.Serializer):
    """Per object; ``null`` where fewer than five objects or five of what is counted stand behind it, or nothing yet."""

    objects = serializers.IntegerField(allow_null=True)
    alerts = serializers.FloatField(allow_null=True)
    cases = serializers.FloatField(allow_null=True)
    contained_minutes = serializers.FloatField(allow_null=True, help_text="median")
    closed_days = serializers.FloatField(allow_null=True, help_text="median")


class HistorySerializer(serializers.Serializer):
    """What happened at an object under a policy of one's own, since the policy began. Amounts are yuan."""

    object = serializers.CharField(source="thing.code")
    category = serializers.CharField(source="thing.category.code", default=None, allow_null=True)
    policies = serializers.ListField(source="policy_numbers", child=serializers.CharField())
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    months = MonthSerializer(many=True)
    own = HistoryFiguresSerializer()
    others = HistoryFiguresSerializer(help_text="other objects of the same category")
    findings_open = serializers.IntegerField()
    findings_closed = serializers.IntegerField()
    rectified_days = serializers.FloatField(allow_null=True, help_text="median")
    claims_paid = serializers.IntegerField(source="claims")
    paid = serializers.DecimalField(max_digits=20, decimal_places=2)


class ObjectHistory(APIView):
    """Loss and alert history of an insured object."""

    permission_classes = [IsAuthenticated, ReadsHistory]

    @extend_schema(
        operation_id="object_history", responses={200: HistorySerializer, 403: ErrorsSerializer, 404: ErrorsSerializer}
    )
    def get(self, request, code):
        """From the start of the policy on, beside the class of the object."""
        found = history.of(acting.of(request.user), code)
        if found is None:
            raise Http404
        return Response(HistorySerializer(found).data)
