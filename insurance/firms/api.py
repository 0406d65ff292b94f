"""The purchase list and the scorecard for programs."""

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases import typed
from cases.api import REFUSALS, UnitSerializer
from insurance.firms import scoring, showing
from insurance.firms.models import Firm, Item
from insurance.firms.seeing import reads
from responsibility import acting, clock
from responsibility.refusals import Invalid

CODE = 64


class FirmSerializer(serializers.Serializer):
    """A firm on the purchase list; empty ``categories``: all. ``grade`` of the last year, empty where not graded."""

    unit = UnitSerializer(source="firm.unit")
    credit_code = serializers.CharField(source="firm.credit_code")
    items = serializers.ListField(child=serializers.ChoiceField(Item.choices))
    categories = serializers.ListField(child=serializers.CharField())
    licensed_until = serializers.DateField(source="until", allow_null=True)
    inspectors = serializers.IntegerField(source="people")
    grade = serializers.ChoiceField(scoring.Grade.choices, allow_blank=True)
    grade_word = serializers.CharField(source="grade.label")


class ScoreShareSerializer(serializers.Serializer):
    """One share of a scorecard; ``fewer``: the smaller the better."""

    name = serializers.ChoiceField([(name, name) for name in scoring.SCORES])
    title = serializers.CharField(source="score.label")
    part = serializers.IntegerField()
    of_all = serializers.IntegerField()
    fewer = serializers.BooleanField(source="score.fewer")
    verdict = serializers.ChoiceField(scoring.Verdict.choices)


class ScorecardSerializer(serializers.Serializer):
    """A scorecard over ``[since, until)``."""

    unit = UnitSerializer()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    grade = serializers.ChoiceField(scoring.Grade.choices, allow_blank=True)
    grade_word = serializers.CharField(source="grade.label")
    shares = ScoreShareSerializer(many=True)


class Firms(APIView):
    """From whom safety services can be bought."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="insurance_firms",
        parameters=[OpenApiParameter("item", str, enum=Item.values, description="licensed for it today")],
        responses={200: FirmSerializer(many=True), 400: REFUSALS[400]},
    )
    def get(self, request):
        """The firms on the list today."""
        item = request.query_params.get("item", "")
        if item and item not in Item.values:
            raise Invalid("bad_items", _("请选择服务事项。"), "item")
        listed = showing.with_parts(Firm.objects.listed(clock.now()))
        return Response(FirmSerializer(showing.purchase_list(listed, item), many=True).data)


class Scorecard(APIView):
    """What the facts say of a firm."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="insurance_firm_scorecard",
        parameters=[
            OpenApiParameter("unit", str, description="code of the firm; one's own without"),
            OpenApiParameter("since", str, description="local day; a year before the end without"),
            OpenApiParameter("until", str, description="local day, still in; now without"),
        ],
        responses={200: ScorecardSerializer, **REFUSALS},
    )
    def get(self, request):
        """Of one's own firm; whoever reads all firms names one."""
        actor, now = acting.of(request.user), clock.now()
        since, until = showing.period(request.query_params, now)
        code = typed.text(request.query_params.get("unit", ""), "unit", limit=CODE, needed=False)
        firms = Firm.objects.select_related("unit")
        found = (firms.filter(unit__code=code) if code else firms.filter(unit_id__in=actor.unit_ids)).first()
        if found is None or not reads(actor, found.unit_id):
            raise Http404
        card = scoring.cards({found.unit_id}, since, until)[found.unit_id]
        told = {"unit": found.unit, "since": since, "until": until, "grade": card.grade, "shares": card.lines}
        return Response(ScorecardSerializer(told).data)
