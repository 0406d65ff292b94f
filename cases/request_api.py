"""The doors of people and their programs to requests: ask, decide, take to arbitration."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from cases import requests
from cases.api import REFUSALS, UnitSerializer, Visible
from cases.models import Request, RequestKind
from cases.models.work import Reason, ReturnReason


class RequestSerializer(serializers.ModelSerializer):
    """A request and its decision. ``due_at``: when the default of its kind applies.

    ``decided_how``: ``person``, ``deputy``, ``lapse`` (the default applied) or ``rule`` (nobody had to be asked);
    ``answers_for``: the posts that let it lapse, or whose deputy decided.
    """

    case = serializers.CharField(source="case.number")
    unit = UnitSerializer(allow_null=True)
    proposed = UnitSerializer(allow_null=True)
    designated = UnitSerializer(allow_null=True)
    due_at = serializers.DateTimeField(source="deadline.due_at", allow_null=True, default=None)
    drill = serializers.IntegerField(source="case.drill_id", allow_null=True, help_text="the drill it belongs to")

    class Meta:
        model = Request
        fields = [
            "due_at",
            "evidence",
            "appeal_of",
            "decided_how",
            "answers_for",
            "id",
            "case",
            "kind",
            "reason",
            "note",
            "minutes",
            "code",
            "proposed",
            "designated",
            "state",
            "unit",
            "asked_at",
            "decided_at",
            "answer",
            "drill",
        ]


class AskSerializer(serializers.Serializer):
    """A request on its way in. ``minutes`` for ``extend``, ``suspend`` and ``share``; a return needs its ``code``."""

    kind = serializers.ChoiceField(RequestKind.choices)
    reason = serializers.CharField(max_length=200)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    minutes = serializers.IntegerField(required=False, default=None, min_value=1)
    code = serializers.ChoiceField([*ReturnReason.choices, *Reason.choices], required=False, default="")
    proposed = serializers.CharField(
        required=False, default="", max_length=64, help_text="return: whose it is; share: to whom it is shown (code)"
    )
    evidence = serializers.IntegerField(required=False, default=None, min_value=1, max_value=2**63 - 1)


class CaseRequests(Visible):
    """Requests of one case."""

    @extend_schema(operation_id="cases_ask", request=AskSerializer, responses={201: RequestSerializer, **REFUSALS})
    def post(self, request, number):
        """Ask another unit to decide."""
        given = AskSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = requests.ask(self.case(number).pk, by=request.user, **given.validated_data)
        return Response(RequestSerializer(asked).data, status=201)


class AppealSerializer(serializers.Serializer):
    """Why a refusal is taken to arbitration."""

    reason = serializers.CharField(max_length=200)


class RequestAppeal(Visible):
    """The way to arbitration."""

    @extend_schema(
        operation_id="requests_appeal", request=AppealSerializer, responses={201: RequestSerializer, **REFUSALS}
    )
    def post(self, request, pk):
        """Take a refused request to arbitration, once; the emergency office decides for good."""
        given = AppealSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if not Request.objects.filter(pk=pk, case__in=self.visible()).exists():
            raise Http404
        asked = requests.appeal(pk, by=request.user, **given.validated_data)
        return Response(RequestSerializer(asked).data, status=201)


class DecisionSerializer(serializers.Serializer):
    """A decision; a refusal needs its reason."""

    answer = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    designate = serializers.CharField(required=False, default="", max_length=64, help_text="disputes: the unit's code")
    second = serializers.CharField(required=False, default="", max_length=64, help_text="a unit with a linked case")


class RequestDecision(Visible):
    """The desk where requests are decided."""

    @extend_schema(
        operation_id="requests_decide",
        parameters=[OpenApiParameter("decision", str, "path", enum=["approve", "refuse"])],
        request=DecisionSerializer,
        responses={200: RequestSerializer, **REFUSALS},
    )
    def post(self, request, pk, decision):
        """Approve or refuse. A decision on a case that has moved on is refused, not applied."""
        if decision not in ("approve", "refuse"):
            raise Http404
        given = DecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if not Request.objects.filter(pk=pk, case__in=self.visible()).exists():
            raise Http404
        decided = requests.decide(pk, by=request.user, approve=decision == "approve", **given.validated_data)
        return Response(RequestSerializer(decided).data)
