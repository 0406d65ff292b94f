"""Process mining for programs."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accountability import period
from cases.models import Loop
from mining import exporting, finding
from mining.conformance import Why
from mining.ranking import rows
from mining.views import answer
from responsibility import acting
from responsibility.interface import ErrorsSerializer

SINCE = OpenApiParameter("since", str, description="first local day, 2026-01-31; a quarter ago when left out")
UNTIL = OpenApiParameter("until", str, description="last local day; today when left out")
PURPOSE = OpenApiParameter("purpose", str, description="what for, kept in the ledger under seal; up to 500 characters")
ONLY = [
    OpenApiParameter("loop", str, enum=Loop.values, description="cases that reached this loop"),
    OpenApiParameter("unit", str, description="cases that the unit with this code held"),
]
REFUSED = {400: ErrorsSerializer, 403: ErrorsSerializer}


class MisfitSerializer(serializers.Serializer):
    """The first step of a case that does not fit: where it ``stood``, from where the entry says it went, and to where.

    ``gap``: a step is missing before it; ``unpublished``: the machine has no such step; ``verb``: another verb's.
    """

    case = serializers.CharField(source="number")
    seq = serializers.IntegerField(help_text="number of the entry in the chain of the case")
    at = serializers.DateTimeField()
    verb = serializers.CharField()
    machine = serializers.ChoiceField(["state", "loop"], source="field")
    stood = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()
    why = serializers.ChoiceField(Why.choices)


class ConformanceSerializer(serializers.Serializer):
    """Cases opened in the period, replayed on the published machines of state and loop."""

    cases = serializers.IntegerField()
    fitting = serializers.IntegerField(help_text="cases all of whose moves fit")
    moves = serializers.IntegerField()
    fits = serializers.IntegerField(help_text="moves that fit")
    fitness = serializers.FloatField(allow_null=True, help_text="token-based: moves that fit / moves")
    misfits = MisfitSerializer(many=True)


class LengthsSerializer(serializers.Serializer):
    """Lengths of time in seconds."""

    count = serializers.IntegerField()
    median = serializers.FloatField()
    p90 = serializers.FloatField()
    total = serializers.FloatField()


class OfSerializer(LengthsSerializer):
    """Of a state, a loop, or a unit by its code, empty before filing."""

    of = serializers.CharField(allow_blank=True)


class BetweenSerializer(LengthsSerializer):
    """Between two states, acts or units."""

    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    target = serializers.CharField(allow_blank=True)


class TimesSerializer(serializers.Serializer):
    """Where the time of the cases opened in the period went."""

    cases = serializers.IntegerField()
    states = OfSerializer(many=True)
    steps = BetweenSerializer(many=True)
    loops = OfSerializer(many=True)
    units = OfSerializer(many=True)
    waits = BetweenSerializer(many=True)
    transfers = BetweenSerializer(many=True)


def _row(row) -> dict:
    took = row.took
    told = {"count": took.count, "median": took.median, "p90": took.p90, "total": took.total}
    key = {"of": row.key} if isinstance(row.key, str) else dict(zip(("source", "target"), row.key, strict=True))
    return told | key


class Mining(APIView):
    """Open to whoever may look across cases."""

    def actor(self) -> acting.Actor:
        """Who asks; ``Forbidden`` for anybody else."""
        actor = acting.of(self.request.user)
        finding.reader(actor)
        return actor


class MiningConformance(Mining):
    """What happened, against what is published."""

    @extend_schema(
        operation_id="mining_conformance",
        parameters=[SINCE, UNTIL, *ONLY],
        responses={200: ConformanceSerializer, **REFUSED},
    )
    def get(self, request):
        """Replay every case opened in the period on the published state machine; the first misfit of up to 100."""
        self.actor()
        return Response(ConformanceSerializer(finding.find(*finding.asked(request.query_params)).conformance).data)


class MiningTimes(Mining):
    """Where time goes."""

    @extend_schema(
        operation_id="mining_times", parameters=[SINCE, UNTIL, *ONLY], responses={200: TimesSerializer, **REFUSED}
    )
    def get(self, request):
        """Count, median, ninth decile and sum by state, step, loop, owner, wait and transfer; what took most first."""
        self.actor()
        spent = finding.find(*finding.asked(request.query_params)).durations
        tables = {name: [_row(row) for row in rows(getattr(spent, name))] for name in TABLES}
        return Response(TimesSerializer({"cases": spent.cases, **tables}).data)


TABLES = ("states", "steps", "loops", "units", "waits", "transfers")


class _Log(Mining):
    form = ""

    def perform_content_negotiation(self, request: Request, force: bool = False):
        """Whoever asks for XML is not refused; what is said of a failure is JSON all the same."""
        return super().perform_content_negotiation(request, force=True)

    def given(self, request):
        """The log of the period asked for, as it is read."""
        self.actor()
        asked = period.asked(request.query_params)
        by, purpose = acting.person(request.user), request.query_params.get("purpose", "")
        return answer(self.form, asked, exporting.export(self.form, asked, by=by, purpose=purpose))


class MiningOcel(_Log):
    """The event log, object by object."""

    form = "ocel"

    @extend_schema(
        operation_id="mining_ocel",
        parameters=[SINCE, UNTIL, PURPOSE],
        responses={(200, "application/json"): OpenApiTypes.OBJECT, **REFUSED},
    )
    def get(self, request):
        """OCEL 2.0 of the cases opened in the period, streamed; without persons. The ledger is told of it."""
        return self.given(request)


class MiningXes(_Log):
    """The event log, case by case."""

    form = "xes"

    @extend_schema(
        operation_id="mining_xes",
        parameters=[SINCE, UNTIL, PURPOSE],
        responses={(200, "application/xml"): OpenApiTypes.STR, **REFUSED},
    )
    def get(self, request):
        """XES (IEEE 1849) of the cases opened in the period, streamed; without persons. The ledger is told of it."""
        return self.given(request)
