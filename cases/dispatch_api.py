"""调度 for programs: the kit of a case, what was sent, and the verbs of those who were sent."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from alerts.api import LocationSerializer
from cases import dispatching, summary
from cases.api import REFUSALS, UnitSerializer, Visible
from cases.models import Dispatch, DispatchLine
from resources import matching
from resources.api import StationSerializer
from resources.models import Third
from responsibility import access
from responsibility.interface import ErrorsSerializer


class LineSerializer(serializers.ModelSerializer):
    """One resource of a dispatch."""

    resource = serializers.CharField(source="resource.code")
    name = serializers.CharField(source="resource.label")

    class Meta:
        model = DispatchLine
        fields = ["resource", "name", "quantity", "used", "ended_at"]


class DispatchSerializer(serializers.ModelSerializer):
    """What went from one station. ``km`` and ``minutes``: the estimate when it was sent."""

    case = serializers.CharField(source="case.number")
    station = StationSerializer()
    unit = UnitSerializer(source="station.unit")
    due_at = serializers.DateTimeField(source="clock.due_at")
    missed_at = serializers.DateTimeField(source="clock.missed_at", allow_null=True)
    lines = LineSerializer(many=True)

    class Meta:
        model = Dispatch
        fields = [
            "id", "case", "station", "unit", "state", "km", "minutes", "approximate", "sent_at", "due_at", "missed_at",
            "departed_at", "arrived_at", "lat", "lon", "released_at", "lines",
        ]  # fmt: skip


class SourceSerializer(serializers.Serializer):
    """Who has it: ``gives`` of the capability each, ``free`` of them now, ``take`` as proposed."""

    resource = serializers.CharField(source="resource.code")
    name = serializers.CharField(source="resource.label")
    station = serializers.CharField(source="resource.station.code")
    free = serializers.IntegerField(source="resource.free")
    gives = serializers.IntegerField()
    take = serializers.IntegerField()
    km = serializers.FloatField(source="leg.km", allow_null=True, default=None)
    minutes = serializers.FloatField(source="leg.minutes", allow_null=True, default=None)
    approximate = serializers.BooleanField(source="leg.approximate", allow_null=True, default=None)


class KitLineSerializer(serializers.Serializer):
    """One capability of the kit."""

    capability = serializers.CharField(source="capability.code")
    name = serializers.CharField(source="capability.label")
    third = serializers.ChoiceField(Third.choices, source="capability.third")
    needed = serializers.IntegerField()
    sent = serializers.IntegerField()
    lacking = serializers.IntegerField()
    sources = SourceSerializer(many=True)


class KitSerializer(serializers.Serializer):
    """The kit of a case; ``missing``: the thirds of which something cannot be brought."""

    missing = serializers.ListField(child=serializers.ChoiceField(Third.choices))
    lines = KitLineSerializer(many=True)


class SendSerializer(serializers.Serializer):
    """What is to be sent: resource code → quantity."""

    resources = serializers.DictField(child=serializers.IntegerField(min_value=1))


class MovedSerializer(serializers.Serializer):
    """What an act on a dispatch may take."""

    location = LocationSerializer(required=False, help_text="arrive")
    used = serializers.DictField(child=serializers.IntegerField(min_value=0), required=False, help_text="release")
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class CaseKit(Visible):
    """What a case needs."""

    @extend_schema(operation_id="cases_kit", responses={200: KitSerializer, 404: ErrorsSerializer})
    def get(self, request, number):
        """The kit of the category with what was sent, what is missing, and who has it nearest."""
        case = self.case(number, self.visible().select_related("category"))
        if not access.may(self.actor(), "resources.read"):
            raise PermissionDenied
        place = None if case.lat is None or case.lon is None else (case.lat, case.lon)
        sent = [(line.resource, line.quantity) for line in summary.lines_out(case)]
        kit = matching.kit_for(case.category, place, sent, dispatching.sent_in_drill(case))
        return Response(KitSerializer(kit).data)


class CaseDispatches(Visible):
    """What was sent to a case."""

    @extend_schema(operation_id="cases_sent", responses={200: DispatchSerializer(many=True), 404: ErrorsSerializer})
    def get(self, request, number):
        """Every dispatch of the case, oldest first."""
        case = self.case(number)
        return Response(DispatchSerializer(_all(case=case) if self.inside(case) else [], many=True).data)

    @extend_schema(
        operation_id="cases_send", request=SendSerializer, responses={201: DispatchSerializer(many=True), **REFUSALS}
    )
    def post(self, request, number):
        """Send resources, all of them or nothing; one dispatch for each station."""
        given = SendSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        sent = dispatching.send(self.case(number).pk, by=request.user, wanted=given.validated_data["resources"])
        found = _all(pk__in=[dispatch.pk for dispatch in sent])
        return Response(DispatchSerializer(found, many=True).data, status=201)


class DispatchVerb(Visible):
    """A button of those who were sent."""

    @extend_schema(
        operation_id="dispatches_act",
        parameters=[OpenApiParameter("verb", str, "path", enum=list(dispatching.DOES))],
        request=MovedSerializer,
        responses={200: DispatchSerializer, **REFUSALS},
    )
    def post(self, request, pk, verb):
        """Leave, arrive, or come back with what was used up."""
        if verb not in dispatching.DOES or not Dispatch.objects.filter(pk=pk, case__in=self.visible()).exists():
            raise Http404
        given = MovedSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        dispatching.act(pk, verb, by=request.user, data=given.validated_data)
        return Response(DispatchSerializer(_all(pk=pk).get()).data)


def _all(**which):
    found = Dispatch.objects.filter(**which).select_related("case", "station__unit", "clock")
    return found.prefetch_related("lines__resource")
