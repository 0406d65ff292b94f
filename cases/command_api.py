"""指挥 for programs."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from cases import command
from cases.api import REFUSALS, UnitSerializer, Visible
from cases.models import Command, Phase, SituationReport
from responsibility.interface import ErrorsSerializer


class ReportSerializer(serializers.ModelSerializer):
    """A situation report."""

    class Meta:
        model = SituationReport
        fields = ["number", "at", "situation", "done", "forces", "casualties", "ahead", "needs"]


class CommandSerializer(serializers.ModelSerializer):
    """A command with its reports; ``summary``: the after-action summary, once it was stood down."""

    case = serializers.CharField(source="case.number")
    commander = serializers.CharField(source="commander.user.full_name")
    unit = UnitSerializer(source="commander.unit")
    summary = serializers.DictField(allow_null=True)
    reports = ReportSerializer(many=True)

    class Meta:
        model = Command
        fields = [
            "id", "case", "commander", "unit", "phase", "objectives", "opened_at", "stood_down_at", "conclusion",
            "summary", "reports",
        ]  # fmt: skip


class OpeningSerializer(serializers.Serializer):
    """A command on its way in. ``commander``: the id of a post; the opener's own when left out."""

    objectives = serializers.CharField(max_length=command.TEXT)
    phase = serializers.ChoiceField(Phase.choices, required=False, default=Phase.MOBILISE.value)
    commander = serializers.IntegerField(required=False, default=None, allow_null=True, min_value=1, max_value=2**62)


class ChangeSerializer(serializers.Serializer):
    """Another phase, other objectives."""

    objectives = serializers.CharField(max_length=command.TEXT)
    phase = serializers.ChoiceField(Phase.choices)


class ReportingSerializer(serializers.Serializer):
    """A situation report on its way in."""

    situation = serializers.CharField(max_length=command.REPORT_TEXT)
    done = serializers.CharField(max_length=command.REPORT_TEXT, required=False, default="", allow_blank=True)
    forces = serializers.CharField(max_length=command.REPORT_TEXT, required=False, default="", allow_blank=True)
    casualties = serializers.IntegerField(min_value=0, max_value=command.MOST_CASUALTIES, required=False, default=0)
    ahead = serializers.CharField(max_length=command.REPORT_TEXT, required=False, default="", allow_blank=True)
    needs = serializers.CharField(max_length=command.REPORT_TEXT, required=False, default="", allow_blank=True)


class StandDownSerializer(serializers.Serializer):
    """The end of a command."""

    conclusion = serializers.CharField(max_length=command.TEXT)


class CaseCommand(Visible):
    """The command over a case."""

    @extend_schema(operation_id="cases_commands", responses={200: CommandSerializer(many=True), 404: ErrorsSerializer})
    def get(self, request, number):
        """Every command that the case has had, oldest first."""
        return Response(CommandSerializer(_all(case=self.case(number)), many=True).data)

    @extend_schema(
        operation_id="commands_open", request=OpeningSerializer, responses={201: CommandSerializer, **REFUSALS}
    )
    def post(self, request, number):
        """Open a command over a case in the large loop."""
        given = OpeningSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        opened = command.open_command(self.case(number).pk, by=request.user, **given.validated_data)
        return Response(CommandSerializer(_all(pk=opened.pk).get()).data, status=201)


class _Verb(Visible):
    def done(self, request, pk: int, serializer, action) -> Response:
        """``action`` on the command ``pk``, which this person sees, with what ``serializer`` takes."""
        if not Command.objects.filter(pk=pk, case__in=self.visible()).exists():
            raise Http404
        given = serializer(data=request.data)
        given.is_valid(raise_exception=True)
        action(pk, by=request.user, **given.validated_data)
        return Response(CommandSerializer(_all(pk=pk).get()).data)


class CommandChange(_Verb):
    """Phase and objectives."""

    @extend_schema(
        operation_id="commands_change", request=ChangeSerializer, responses={200: CommandSerializer, **REFUSALS}
    )
    def post(self, request, pk):
        """Go on to another phase, or to other objectives."""
        return self.done(request, pk, ChangeSerializer, command.change)


class CommandReport(_Verb):
    """Situation reports."""

    @extend_schema(
        operation_id="commands_report", request=ReportingSerializer, responses={200: CommandSerializer, **REFUSALS}
    )
    def post(self, request, pk):
        """Give the situation report that is due; the clock goes on to the next."""
        return self.done(request, pk, ReportingSerializer, command.report)


class CommandStandDown(_Verb):
    """The end of a command."""

    @extend_schema(
        operation_id="commands_stand_down", request=StandDownSerializer, responses={200: CommandSerializer, **REFUSALS}
    )
    def post(self, request, pk):
        """Stand down: everything comes back, the summary is written, the lead goes on."""
        return self.done(request, pk, StandDownSerializer, command.stand_down)


def _all(**which):
    found = Command.objects.filter(**which).select_related("case", "commander__user", "commander__unit")
    return found.prefetch_related("reports")
