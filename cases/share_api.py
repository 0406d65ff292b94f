"""特别授权 for programs: who may read one case though it is not their own."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from cases import sharing
from cases.api import REFUSALS, UnitSerializer, Visible
from cases.models import Grant
from responsibility.interface import Instant


class ShareSerializer(serializers.Serializer):
    """A grant on its way in: ``unit`` (code) or ``username``, one of the two."""

    unit = serializers.CharField(required=False, default="", max_length=64)
    username = serializers.CharField(required=False, default="", max_length=150)
    until = Instant()
    reason = serializers.CharField(max_length=200)


class GrantSerializer(serializers.ModelSerializer):
    """A grant: who may read the case until when."""

    unit = UnitSerializer(allow_null=True)
    username = serializers.CharField(source="user.username", allow_null=True, default=None)

    class Meta:
        model = Grant
        fields = ["id", "unit", "username", "reason", "since", "until", "revoked_at"]


class CaseShares(Visible):
    """Who may read one case though it is not their own."""

    @extend_schema(operation_id="cases_share", request=ShareSerializer, responses={201: GrantSerializer, **REFUSALS})
    def post(self, request, number):
        """Let one outside unit or person read the case until a date, at most 90 days away."""
        given = ShareSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        grant = sharing.share(self.case(number).pk, by=request.user, **given.validated_data)
        return Response(GrantSerializer(grant).data, status=201)


class GrantRevocation(Visible):
    """The end of a grant."""

    @extend_schema(operation_id="cases_unshare", request=None, responses={200: GrantSerializer, **REFUSALS})
    def post(self, request, pk):
        """Take the grant back; it closes at once."""
        if not Grant.objects.filter(pk=pk, case__in=self.visible()).exists():
            raise Http404
        return Response(GrantSerializer(sharing.revoke(pk, by=request.user)).data)
