"""Drills for programs: begin one, read how it stands and what it has shown, end it."""

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts import scenarios
from alerts.models import Drill
from cases import drills, scoring
from cases.api import REFUSALS, UnitSerializer
from cases.models import Loop, State
from responsibility import access, acting, clock, directory
from responsibility.interface import ErrorsSerializer
from responsibility.models import Grade

SHOWN = 200


class DrillShareSerializer(serializers.Serializer):
    """How much of what could be judged was met; ``score`` in whole per cent, null where nothing could be."""

    score = serializers.IntegerField(allow_null=True)
    met = serializers.IntegerField()
    judged = serializers.IntegerField()


class DrillFindingSerializer(serializers.Serializer):
    """One thing that was asked. Minutes are those of the exercise; ``met`` is null for what is not judged yet."""

    part = serializers.ChoiceField(list(scoring.ASKED))
    unit = serializers.CharField(allow_null=True)
    what = serializers.CharField()
    wanted = serializers.JSONField(allow_null=True)
    got = serializers.JSONField(allow_null=True)
    met = serializers.BooleanField(allow_null=True)


class DrilledCaseSerializer(DrillShareSerializer):
    """One case of the drill with everything that was asked of it."""

    number = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(State.choices)
    loop = serializers.ChoiceField(Loop.choices)
    grade = serializers.ChoiceField(Grade.choices)
    lines = DrillFindingSerializer(many=True)


class FedSerializer(serializers.Serializer):
    """One alert of the scenario. ``outcome`` is empty before it is fed."""

    number = serializers.IntegerField()
    minute = serializers.FloatField()
    due_at = serializers.DateTimeField()
    fed_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True, help_text="As the intake answers it.")
    case = serializers.CharField(allow_blank=True)


class FindingsSerializer(DrillShareSerializer):
    """What the drill has shown, so far or in the end."""

    parts = serializers.DictField(child=DrillShareSerializer())
    cases = DrilledCaseSerializer(many=True)
    alerts = FedSerializer(many=True)


class DrillSerializer(serializers.ModelSerializer):
    """A drill; its clocks run ``speed`` times as fast."""

    title = serializers.CharField(source="label")
    unit = UnitSerializer()

    class Meta:
        model = Drill
        fields = ["id", "title", "speed", "unit", "started_at", "ends_at", "ended_at", "chain"]


class DrillReportSerializer(DrillSerializer):
    """A drill with its report."""

    report = serializers.SerializerMethodField()

    class Meta(DrillSerializer.Meta):
        fields = [*DrillSerializer.Meta.fields, "report"]

    @extend_schema_field(FindingsSerializer)
    def get_report(self, drill: Drill) -> dict:
        return drill.report or scoring.report(drill, clock.now())


class StartSerializer(serializers.Serializer):
    """``scenario``: the name of one that comes with the product, or a whole one (see the operator's guide)."""

    scenario = serializers.JSONField()
    speed = serializers.IntegerField(default=1, min_value=drills.SLOWEST, max_value=drills.FASTEST)


class Drilled(APIView):
    """Drills of the person who asks."""

    def actor(self) -> acting.Actor:
        """Who asks; 403 for whoever may see no drill at all."""
        actor = acting.of(self.request.user)
        if not access.may(actor, "drill.read"):
            raise PermissionDenied
        return actor

    def visible(self):
        """The drills this person may see."""
        return drills.visible(self.actor(), directory.current()).select_related("unit")

    def drill(self, pk: int) -> Drill:
        """The drill ``pk``, or 404 when this person may not see it."""
        found = self.visible().filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class Drills(Drilled):
    """All drills."""

    @extend_schema(operation_id="drills", responses={200: DrillSerializer(many=True), 403: ErrorsSerializer})
    def get(self, request):
        """The latest drills, newest first, up to 200."""
        return Response(DrillSerializer(self.visible()[:SHOWN], many=True).data)

    @extend_schema(operation_id="drills_start", request=StartSerializer, responses={201: DrillSerializer, **REFUSALS})
    def post(self, request):
        """Begin a drill. Its alerts come by themselves; nothing of it leaves the house or is counted."""
        if not access.may(acting.of(request.user), "drill.start"):
            raise PermissionDenied
        given = StartSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data["scenario"]
        raw = scenarios.shipped().get(wanted, wanted) if isinstance(wanted, str) else wanted
        drill = drills.start(raw, by=acting.person(request.user), speed=given.validated_data["speed"])
        return Response(DrillSerializer(drill).data, status=201)


class DrillDetail(Drilled):
    """One drill."""

    @extend_schema(
        operation_id="drills_retrieve",
        responses={200: DrillReportSerializer, 403: ErrorsSerializer, 404: ErrorsSerializer},
    )
    def get(self, request, pk):
        """The drill with its score and every line of it; once it has ended the report does not change any more."""
        return Response(DrillReportSerializer(self.drill(pk)).data)


class DrillEnd(Drilled):
    """The end of one."""

    @extend_schema(operation_id="drills_end", request=None, responses={200: DrillReportSerializer, **REFUSALS})
    def post(self, request, pk):
        """End it now: what is open of it ends, what was sent is back, and the report is written."""
        self.drill(pk)
        drills.end(pk, by=acting.person(request.user))
        return Response(DrillReportSerializer(self.drill(pk)).data)
