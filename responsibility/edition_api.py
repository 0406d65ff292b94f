"""Editions of the matrix for programs: to read, never to write."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from responsibility import acting, checks, clock, directory, edition_page
from responsibility.interface import ErrorsSerializer, NewestFirst
from responsibility.models import Duty, Edition, EditionState


class EditionSerializer(serializers.ModelSerializer):
    """An edition. ``from`` and ``to`` are empty until it is published; ``to`` while nothing has superseded it."""

    based_on = serializers.IntegerField(source="based_on.number", default=None, allow_null=True)

    class Meta:
        model = Edition
        fields = [
            "number", "title", "document", "state", "based_on", "chain", "accepted_gaps", "drafted_at", "sent_at",
            "approved_at", "published_at",
        ]  # fmt: skip

    def get_fields(self):
        """``from`` is a word of Python, so these two cannot be declared above."""
        ends = {
            "from": serializers.DateTimeField(source="valid.lower", default=None, allow_null=True),
            "to": serializers.DateTimeField(source="valid.upper", default=None, allow_null=True),
        }
        return super().get_fields() | ends


class RowSerializer(serializers.Serializer):
    """A row in codes; ``unit`` is null where a lead is declared missing."""

    duty = serializers.IntegerField(source="pk")
    category = serializers.CharField(source="category.code", default=None, allow_null=True)
    domain = serializers.CharField()
    scenario = serializers.CharField(source="scenario.code", default=None, allow_null=True)
    stage = serializers.CharField()
    territory = serializers.CharField(source="territory.code", default=None, allow_null=True)
    role = serializers.CharField()
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True)
    basis = serializers.CharField(source="basis_label")

    def get_fields(self):
        """``from`` is a word of Python."""
        ends = {
            "from": serializers.DateTimeField(source="valid.lower", allow_null=True),
            "to": serializers.DateTimeField(source="valid.upper", allow_null=True),
        }
        return super().get_fields() | ends


class FaultSerializer(serializers.Serializer):
    """What forbids publication: its kind, a sentence, and the rows at fault."""

    kind = serializers.CharField()
    detail = serializers.CharField()
    duties = serializers.ListField(child=serializers.IntegerField())


class WholeEditionSerializer(EditionSerializer):
    """An edition with its rows, its faults and its gaps."""

    rows = RowSerializer(many=True)
    faults = FaultSerializer(many=True)
    gaps = serializers.ListField(child=serializers.CharField())

    class Meta(EditionSerializer.Meta):
        fields = [*EditionSerializer.Meta.fields, "rows", "faults", "gaps"]


class NewestEditionFirst(NewestFirst):
    """Pages of editions."""

    ordering = ("-number",)


class Editions(ListAPIView):
    """The editions that the caller may see, newest first."""

    serializer_class = EditionSerializer
    pagination_class = NewestEditionFirst
    queryset = Edition.objects.none()

    def get_queryset(self):
        """Published ones for everybody, drafts for posts that read drafts."""
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return Edition.objects.visible_to(acting.of(self.request.user)).select_related("based_on")


class EditionDetail(APIView):
    """One edition."""

    @extend_schema(operation_id="matrix_edition", responses={200: WholeEditionSerializer, 404: ErrorsSerializer})
    def get(self, request, number: int):
        """The rows in the order of the matrix, what forbids publication, and the gaps by key."""
        known = directory.current()
        edition = edition_page.find(number, acting.of(request.user))
        if edition is None:
            raise Http404
        rows = edition_page.rows(edition, known)
        return Response(
            EditionSerializer(edition).data
            | {"rows": RowSerializer(rows, many=True).data}
            | _judged(edition, rows, known)
        )


def _judged(edition: Edition, rows: list[Duty], known: directory.Directory) -> dict:
    now, published = clock.now(), edition.state == EditionState.PUBLISHED
    at = edition_page.asked_at(edition, now)
    faults = [] if published else checks.faults(rows, known, at)
    gaps = checks.gaps(rows, known, at) if published else checks.gaps_ahead(rows, known, now)
    return {
        "faults": [
            {"kind": fault.kind, "detail": str(fault.detail), "duties": [duty.pk for duty in fault.duties]}
            for fault in faults
        ],
        "gaps": [gap.key for gap in gaps],
    }
