"""Pushed data for programs: set up, end, look at what was not taken, try again."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api import REFUSALS
from insurance.portals import hook_views, hooks
from insurance.portals.api import Reads, read
from insurance.portals.models import Delivery, DeliveryState, Event, Hook
from responsibility import acting
from responsibility.interface import ErrorsSerializer, NewestEntryFirst
from responsibility.refusals import Invalid


class HookSerializer(serializers.ModelSerializer):
    """A hook; its secret is told once, when it is set up."""

    unit = serializers.CharField(source="unit.code")
    events = serializers.ListField(child=serializers.ChoiceField(Event.choices))

    class Meta:
        model = Hook
        fields = ["id", "unit", "label", "url", "events", "made_at", "ended_at"]


class HookMadeSerializer(HookSerializer):
    """The same with the secret: ``whsec_`` and base64, as Standard Webhooks has it."""

    secret = serializers.CharField()

    class Meta(HookSerializer.Meta):
        fields = [*HookSerializer.Meta.fields, "secret"]


class HookGivenSerializer(serializers.Serializer):
    """A hook on its way in. A broker's hook is told of cases and claims, by state alone."""

    label = serializers.CharField(max_length=100)  # type: ignore[assignment]
    url = serializers.CharField(max_length=500)
    events = serializers.ListField(child=serializers.ChoiceField(Event.choices), min_length=1, max_length=len(Event))


class DeliverySerializer(serializers.ModelSerializer):
    """A message: ``key`` is its `webhook-id`; ``answer`` the HTTP status, ``error`` a word for why it was not taken."""

    hook = serializers.IntegerField(source="hook_id")

    class Meta:
        model = Delivery
        fields = [
            "id", "hook", "key", "event", "subject", "at", "status", "attempts", "try_at", "sent_at", "answer", "error",
            "body",
        ]  # fmt: skip


class Hooks(APIView):
    """Where the own unit's system is told."""

    permission_classes = [IsAuthenticated, Reads]
    act = hooks.ACT

    @extend_schema(operation_id="insurance_hooks", responses={200: HookSerializer(many=True), 403: ErrorsSerializer})
    def get(self, request):
        """Ended ones too, newest first."""
        found = hooks.of(acting.of(request.user))[: hook_views.SHOWN]
        return Response(HookSerializer(found, many=True).data)

    @extend_schema(
        operation_id="insurance_hook_make", request=HookGivenSerializer,
        responses={201: HookMadeSerializer, **REFUSALS},
    )  # fmt: skip
    def post(self, request):
        """Set one up. Messages are signed as Standard Webhooks 1.0 has it (HMAC-SHA256, `v1`)."""
        given = read(HookGivenSerializer, request)
        made, secret = hooks.make(hooks.Wish(given["label"], given["url"], given["events"]), by=request.user)
        answer = Response({**HookSerializer(made).data, "secret": secret}, status=201)
        answer["Cache-Control"] = "no-store"
        return answer


class HookEnd(APIView):
    """The end of a hook."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="insurance_hook_end", request=None, responses={200: HookSerializer, **REFUSALS})
    def post(self, request, pk):
        """Push nothing more; the secret is forgotten."""
        hook = hook_views.visible(acting.of(request.user), pk)
        return Response(HookSerializer(hooks.end(hook.pk, by=request.user)).data)


class Deliveries(ListAPIView):
    """Messages to one's hooks, newest first, by cursor; kept for a month."""

    permission_classes = [IsAuthenticated, Reads]
    serializer_class = DeliverySerializer
    pagination_class = NewestEntryFirst
    queryset = Delivery.objects.none()
    filter_backends: list = []
    act = hooks.ACT

    @extend_schema(
        operation_id="insurance_deliveries",
        parameters=[OpenApiParameter("status", str, enum=DeliveryState.values)],
        responses={200: DeliverySerializer(many=True), 400: ErrorsSerializer, 403: ErrorsSerializer},
    )
    def get(self, request, *args, **kwargs):
        """``status=failed`` for what could not be delivered."""
        return self.list(request, *args, **kwargs)

    def get_queryset(self):
        found = Delivery.objects.filter(hook__in=hooks.of(acting.of(self.request.user)))
        status = self.request.query_params.get("status", "")
        if status and status not in DeliveryState.values:
            raise Invalid("bad_choice", _("没有这个状态。"), "status")
        return found.filter(status=status) if status else found


class DeliveryAgain(APIView):
    """Another attempt."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="insurance_delivery_again", request=None, responses={200: DeliverySerializer, **REFUSALS}
    )
    def post(self, request, pk):
        """Of a message that had failed; under the same name."""
        message = hook_views.delivery(acting.of(request.user), pk)
        return Response(DeliverySerializer(hooks.again(message.pk, by=request.user)).data)
