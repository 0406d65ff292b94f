"""The checklist of a case for programs."""

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from cases import checklist, ticking
from cases.api import REFUSALS, UnitSerializer, Visible
from cases.models import Case
from handbook.models import Blocks, Step
from responsibility import clock, directory
from responsibility.interface import ErrorsSerializer
from responsibility.models import EvidenceKind


class ChecklistLineSerializer(serializers.Serializer):
    """One step on the case. ``units``: who is to do it here; ``lamp`` as of a clock, ``none`` without a limit."""

    id = serializers.IntegerField(source="step.pk")
    number = serializers.IntegerField(source="step.position")
    text = serializers.CharField(source="step.label", help_text="in the reader's language")
    how = serializers.CharField(source="step.how_label", allow_blank=True)
    units = UnitSerializer(many=True)
    minutes = serializers.IntegerField(source="step.minutes", allow_null=True)
    proof = serializers.ChoiceField(EvidenceKind.choices, source="step.proof", allow_blank=True)
    blocks = serializers.ChoiceField(Blocks.choices, source="step.blocks", allow_blank=True)
    since = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    done = serializers.BooleanField(source="is_done")
    done_at = serializers.DateTimeField(allow_null=True)
    evidence = serializers.IntegerField(source="evidence.pk", allow_null=True, default=None)
    lamp = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(["green", "amber", "red", "none"]))
    def get_lamp(self, line: checklist.Line) -> str:
        return line.lamp(clock.now())


class MarkSerializer(serializers.Serializer):
    """What is said of a step."""

    done = serializers.BooleanField(default=True)
    note = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=ticking.NOTE, help_text="needed when done is false"
    )
    evidence = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1, help_text="a proof on the case"
    )


class CaseChecklist(Visible):
    """The steps of the handbook that hold for one case."""

    @extend_schema(
        operation_id="cases_checklist", responses={200: ChecklistLineSerializer(many=True), 404: ErrorsSerializer}
    )
    def get(self, request, number):
        """Every step that holds for the present colour and loop, in order, by the version the case was opened under."""
        return Response(_written(self.case(number, self.visible().select_related("lead"))))


class ChecklistStep(Visible):
    """One step on one case."""

    @extend_schema(
        operation_id="checklist_mark", request=MarkSerializer, responses={200: ChecklistLineSerializer, **REFUSALS}
    )
    def post(self, request, number, step):
        """Say that the step is done; with ``done`` false and a reason that it is not after all."""
        case = self.case(number)
        if not Step.objects.filter(pk=step, version=case.policy.get("handbook")).exists():
            raise Http404
        given = MarkSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        ticking.mark(case.pk, step, by=request.user, **given.validated_data)
        written = _written(self.case(number, self.visible().select_related("lead")))
        return Response(next(line for line in written if line["id"] == step))


def _written(case: Case) -> list[dict]:
    return list(ChecklistLineSerializer(checklist.lines(case, directory.current()), many=True).data)
