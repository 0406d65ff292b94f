"""督办 for programs."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.response import Response

from cases import typed, urging
from cases.api import REFUSALS, UnitSerializer, Visible
from cases.models import Urging, UrgingKind
from cases.urging_page import RELATED
from responsibility import acting, directory
from responsibility.interface import ErrorsSerializer, NewestEntryFirst

MOST = 200


class UrgingSerializer(serializers.ModelSerializer):
    """An urging with its answer. ``by_unit`` is null where a clock urged; then ``deadline_kind`` names it.

    ``reply_due_at``: until when a supervision is to be answered.
    """

    case = serializers.CharField(source="case.number")
    unit = UnitSerializer()
    by_unit = UnitSerializer(allow_null=True)
    deadline_kind = serializers.CharField(source="deadline.kind", allow_null=True, default=None)
    drill = serializers.IntegerField(source="case.drill_id", allow_null=True, help_text="the drill it belongs to")
    reply_due_at = serializers.DateTimeField(source="clock.due_at", allow_null=True, default=None)

    class Meta:
        model = Urging
        fields = [
            "id", "number", "case", "unit", "kind", "text", "at", "by_unit", "deadline_kind", "due_at", "reply_due_at",
            "reply", "replied_at", "lift_note", "lifted_at", "drill",
        ]  # fmt: skip


class IssueSerializer(serializers.Serializer):
    """An urging on its way out."""

    kind = serializers.ChoiceField(UrgingKind.choices)
    unit = serializers.CharField(max_length=64, help_text="code of a unit that is engaged in the case or leads it")
    text = serializers.CharField(max_length=typed.TEXT)
    minutes = serializers.IntegerField(
        min_value=1, max_value=urging.LONGEST_MINUTES, required=False, allow_null=True,
        help_text="natural minutes for the answer to a supervision",
    )  # fmt: skip


class WordsSerializer(serializers.Serializer):
    """What is replied, or why a supervision is lifted."""

    text = serializers.CharField(max_length=typed.TEXT)


class Urgings(ListAPIView):
    """All urging in one list."""

    serializer_class = UrgingSerializer
    pagination_class = NewestEntryFirst
    filterset_fields = ["kind"]

    def get_queryset(self):
        """What this person may read, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Urging.objects.none()
        known = directory.current()
        return Urging.objects.visible_to(acting.of(self.request.user), known.units).select_related(*RELATED)


class CaseUrgings(Visible):
    """Urging on one case."""

    @extend_schema(operation_id="cases_urgings", responses={200: UrgingSerializer(many=True), 404: ErrorsSerializer})
    def get(self, request, number):
        """All of it, newest first, at most 200; none for whoever reads the case by a grant alone."""
        case = self.case(number)
        found = case.urgings.select_related(*RELATED)[:MOST] if self.inside(case) else []
        return Response(UrgingSerializer(found, many=True).data)

    @extend_schema(operation_id="urgings_issue", request=IssueSerializer, responses={201: UrgingSerializer, **REFUSALS})
    def post(self, request, number):
        """Remind, urge, list or circulate a unit of the case."""
        given = IssueSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = urging.issue(self.case(number).pk, by=request.user, **given.validated_data)
        return Response(_told(made.pk), status=201)


class _Act(Visible):
    def readable(self, pk: int) -> None:
        """404 for what this person may not read."""
        if not Urging.objects.visible_to(self.actor(), directory.current().units).filter(pk=pk).exists():
            raise Http404

    def words(self, request) -> str:
        """What was said."""
        given = WordsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return given.validated_data["text"]


class UrgingReply(_Act):
    """The answer of the unit that was urged."""

    @extend_schema(operation_id="urgings_reply", request=WordsSerializer, responses={200: UrgingSerializer, **REFUSALS})
    def post(self, request, pk):
        """Reply, once; this stops the clock of a supervision."""
        self.readable(pk)
        urging.reply(pk, by=request.user, text=self.words(request))
        return Response(_told(pk))


class UrgingLift(_Act):
    """The end of a listed supervision."""

    @extend_schema(operation_id="urgings_lift", request=WordsSerializer, responses={200: UrgingSerializer, **REFUSALS})
    def post(self, request, pk):
        """Lift a supervision, after its reply or when the case has ended."""
        self.readable(pk)
        urging.lift(pk, by=request.user, note=self.words(request))
        return Response(_told(pk))


def _told(pk: int) -> dict:
    return UrgingSerializer(Urging.objects.select_related(*RELATED).get(pk=pk)).data
