"""派单 and 会商 for programs."""

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from cases import advising, joint, orders, typed
from cases.api import REFUSALS, EvidenceSerializer, UnitSerializer, Visible
from cases.models import Advice, AdviceKind, Order
from cases.models.work import Answered, EvidenceKind
from responsibility.interface import ErrorsSerializer
from responsibility.models import Power

MOST = 200


class OrderSerializer(serializers.ModelSerializer):
    """An order with its answer. ``due_at``: until when it is to be done."""

    case = serializers.CharField(source="case.number")
    unit = UnitSerializer()
    by_unit = UnitSerializer()
    due_at = serializers.DateTimeField(source="clock.due_at")
    missed_at = serializers.DateTimeField(source="clock.missed_at", allow_null=True)
    proof = EvidenceSerializer(many=True)
    drill = serializers.IntegerField(source="case.drill_id", allow_null=True, help_text="the drill it belongs to")

    class Meta:
        model = Order
        fields = [
            "id", "case", "unit", "by_unit", "power", "text", "mandatory", "minutes", "wanted", "state", "given_at",
            "acknowledged_at", "ended_at", "answer", "due_at", "missed_at", "proof", "drill",
        ]  # fmt: skip


class GiveSerializer(serializers.Serializer):
    """An order on its way in."""

    unit = serializers.CharField(max_length=64, help_text="code of the supporting unit")
    text = serializers.CharField(max_length=typed.TEXT)
    minutes = serializers.IntegerField(min_value=1, max_value=orders.LONGEST_MINUTES)
    power = serializers.ChoiceField(
        [(power.value, power.label) for power in orders.ORDERABLE], required=False, default=Power.ASSIST.value
    )
    mandatory = serializers.BooleanField(required=False, default=True)
    wanted = serializers.ChoiceField(EvidenceKind.choices, required=False, default="", allow_blank=True)


class AnswerSerializer(serializers.Serializer):
    """What an act on an order may take."""

    note = serializers.CharField(required=False, max_length=typed.TEXT, help_text="needed by return and withdraw")
    answered_by = serializers.ChoiceField(Answered.choices, required=False, help_text="acknowledge")
    evidence = serializers.ListField(
        child=serializers.IntegerField(), required=False, max_length=50, help_text="done: ids of proof on the case"
    )


class CaseOrders(Visible):
    """The orders of one case."""

    @extend_schema(operation_id="cases_orders", responses={200: OrderSerializer(many=True), 404: ErrorsSerializer})
    def get(self, request, number):
        """Every order of the case, oldest first."""
        case = self.case(number)
        return Response(OrderSerializer(_all(case=case) if self.inside(case) else [], many=True).data)

    @extend_schema(operation_id="orders_give", request=GiveSerializer, responses={201: OrderSerializer, **REFUSALS})
    def post(self, request, number):
        """Order a unit to do something. Refused in the small loop, and for a unit that has no power to do it."""
        given = GiveSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        order = orders.give(self.case(number).pk, by=request.user, **given.validated_data)
        return Response(OrderSerializer(_all(pk=order.pk).get()).data, status=201)


class OwedOrders(Visible):
    """What my units owe."""

    @extend_schema(operation_id="orders_owed", responses={200: OrderSerializer(many=True)})
    def get(self, request):
        """The open orders to the units of this person, the most urgent first, at most 200."""
        owed = [order.pk for order in joint.waiting(self.actor(), MOST)]
        found = _all(pk__in=owed).order_by("clock__due_at")
        return Response(OrderSerializer(found, many=True).data)


class OrderVerb(Visible):
    """A button of an order."""

    @extend_schema(
        operation_id="orders_act",
        parameters=[OpenApiParameter("verb", str, "path", enum=list(orders.DOES))],
        request=AnswerSerializer,
        responses={200: OrderSerializer, **REFUSALS},
    )
    def post(self, request, pk, verb):
        """Answer an order; a refusal changes nothing and says why."""
        if verb not in orders.DOES or not Order.objects.filter(pk=pk, case__in=self.visible()).exists():
            raise Http404
        given = AnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        orders.act(pk, verb, by=request.user, data=given.validated_data)
        return Response(OrderSerializer(_all(pk=pk).get()).data)


class AdviceSerializer(serializers.ModelSerializer):
    """What an expert said."""

    class Meta:
        model = Advice
        fields = ["id", "kind", "expert", "text", "recorded_at", "signed_at"]


class AdvisingSerializer(serializers.Serializer):
    """Advice on its way in."""

    kind = serializers.ChoiceField(AdviceKind.choices)
    expert = serializers.CharField(max_length=advising.NAMES)
    text = serializers.CharField(max_length=advising.TEXT)


class CaseAdvice(Visible):
    """Consultation on one case."""

    @extend_schema(operation_id="cases_advice", responses={200: AdviceSerializer(many=True), 404: ErrorsSerializer})
    def get(self, request, number):
        """All advice on the case, oldest first."""
        case = self.case(number)
        return Response(AdviceSerializer(case.advice.all() if self.inside(case) else [], many=True).data)

    @extend_schema(
        operation_id="cases_advise", request=AdvisingSerializer, responses={201: AdviceSerializer, **REFUSALS}
    )
    def post(self, request, number):
        """Write down what an expert advised, or what the experts recommend together."""
        given = AdvisingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        advice = advising.record(self.case(number).pk, by=request.user, **given.validated_data)
        return Response(AdviceSerializer(advice).data, status=201)


class AdviceSigning(Visible):
    """The end of a consultation."""

    @extend_schema(operation_id="advice_sign", request=None, responses={200: AdviceSerializer, **REFUSALS})
    def post(self, request, pk):
        """Sign a recommendation."""
        if not Advice.objects.filter(pk=pk, case__in=self.visible()).exists():
            raise Http404
        return Response(AdviceSerializer(advising.sign(pk, by=request.user)).data)


def _all(**which):
    found = Order.objects.filter(**which).select_related("case", "unit", "by_unit", "clock")
    return found.prefetch_related("proof__unit", "proof__uploaded_by")
