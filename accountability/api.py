"""Accountability for programs."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accountability import casefile, stating
from accountability.holding import Phase
from accountability.models import About, Statement
from accountability.musts import Verdict
from cases.api import REFUSALS, UnitSerializer, Visible
from cases.models import Case, DeadlineKind, Loop
from responsibility import directory
from responsibility.interface import ErrorsSerializer
from responsibility.models.matrix import DutyRole


class StatementSerializer(serializers.ModelSerializer):
    """What somebody concerned says against a finding."""

    by = serializers.CharField(source="by.username")
    unit = UnitSerializer()

    class Meta:
        model = Statement
        fields = ["id", "about", "text", "at", "by", "unit"]


class StateSerializer(serializers.Serializer):
    """A statement on its way in."""

    about = serializers.ChoiceField(About.choices)
    text = serializers.CharField(max_length=stating.LONGEST)


class SpanSerializer(serializers.Serializer):
    """``unit`` held the case from ``since`` up to but not including ``until``; null where nobody did."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    unit = UnitSerializer(allow_null=True)
    loop = serializers.ChoiceField(Loop.choices)
    phase = serializers.ChoiceField(Phase.choices)


class EngagedSerializer(serializers.Serializer):
    """A unit engaged in the case."""

    unit = UnitSerializer()
    role = serializers.ChoiceField(DutyRole.choices)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(allow_null=True)


class MustSerializer(serializers.Serializer):
    """A clock and what became of it."""

    unit = UnitSerializer(allow_null=True)
    kind = serializers.ChoiceField(DeadlineKind.choices)
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    missed_at = serializers.DateTimeField(allow_null=True)
    stopped_at = serializers.DateTimeField(allow_null=True)
    verdict = serializers.ChoiceField(Verdict.choices)


class DutyFindingSerializer(serializers.Serializer):
    """One of the five duties and three musts: its verdict, and what was asked of whoever fills it."""

    duty = serializers.CharField(source="duty.code")
    verdict = serializers.ChoiceField(Verdict.choices)
    musts = serializers.SerializerMethodField()

    @extend_schema_field(MustSerializer(many=True))
    def get_musts(self, duty) -> list:
        told = [must for _unit, theirs in duty.units for must in theirs]
        return list(MustSerializer(told, many=True).data)


class ToldSerializer(serializers.Serializer):
    """A message: of what, when that was, when it was told and read; ``later``: after the instant asked about."""

    what = serializers.CharField()
    at = serializers.DateTimeField()
    told_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)
    later = serializers.BooleanField()


class PersonSerializer(serializers.Serializer):
    """Somebody who was told, null for the common channel of a unit."""

    person = serializers.CharField(allow_null=True)
    unit = UnitSerializer()
    told = ToldSerializer(many=True)
    answered_at = serializers.DateTimeField(source="answered.at", allow_null=True, default=None)


class FactSerializer(serializers.Serializer):
    """``hidden``: not known yet at the instant asked about."""

    what = serializers.CharField()
    happened = serializers.DateTimeField()
    known = serializers.DateTimeField()
    hidden = serializers.BooleanField()


class TimeShareSerializer(serializers.Serializer):
    """Seconds of one unit; only ``held`` adds up to the whole."""

    unit = UnitSerializer()
    held = serializers.FloatField()
    engaged = serializers.FloatField()
    owed = serializers.FloatField()


class TimeSharesSerializer(serializers.Serializer):
    """Seconds: in all, in which several units were engaged, in which nobody held the case."""

    total = serializers.FloatField()
    overlap = serializers.FloatField()
    nobody = serializers.FloatField()
    units = TimeShareSerializer(many=True)


class CaseFindingsSerializer(serializers.Serializer):
    """Who held a case, which must was due from whom, who knew what, and what those concerned say. It decides nothing.

    ``all_failed``: each of the five duties was vacant, late or unmet.
    """

    case = serializers.CharField(source="case.number")
    since = serializers.DateTimeField(source="case.opened_at")
    until = serializers.DateTimeField()
    spans = SpanSerializer(many=True)
    parties = EngagedSerializer(many=True)
    duties = DutyFindingSerializer(many=True)
    others = MustSerializer(many=True)
    all_failed = serializers.BooleanField()
    by = serializers.DateTimeField()
    people = PersonSerializer(many=True)
    facts = FactSerializer(many=True)
    shares = TimeSharesSerializer()
    statements = serializers.SerializerMethodField()

    @extend_schema_field(StatementSerializer(many=True))
    def get_statements(self, found) -> list:
        told = [statement for said in found["statements"].values() for statement in said]
        return list(StatementSerializer(told, many=True).data)


class Inside(Visible):
    """Cases that the person who asks reads by office."""

    def inside_case(self, number: str) -> Case:
        """The case ``number``; 404 also for whoever reads it by a grant alone."""
        case = self.case(number)
        if not self.inside(case):
            raise Http404
        return case


AT = OpenApiParameter("at", str, description="instant (ISO 8601) of which is asked who had been told what")


class CaseAccountability(Inside):
    """The findings on one case."""

    @extend_schema(
        operation_id="cases_accountability",
        parameters=[AT],
        responses={200: CaseFindingsSerializer, 400: ErrorsSerializer, 404: ErrorsSerializer},
    )
    def get(self, request, number):
        """Who held the case in each minute, the five duties, who was told what by when, shares of time, statements."""
        at = casefile.instant(request.query_params.get("at", "").strip())
        found = casefile.about(self.inside_case(number), self.actor(), directory.current(), at)
        return Response(CaseFindingsSerializer(found).data)


class CaseStatements(Inside):
    """What those concerned say."""

    @extend_schema(
        operation_id="statements_make", request=StateSerializer, responses={201: StatementSerializer, **REFUSALS}
    )
    def post(self, request, number):
        """Keep a statement beside the finding it speaks of."""
        given = StateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = stating.state(self.inside_case(number).pk, by=request.user, **given.validated_data)
        return Response(StatementSerializer(made).data, status=201)
