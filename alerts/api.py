"""The doors of the sub-platforms. Each parses, calls one function and answers."""

from dataclasses import asdict

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts import intake, readings
from alerts.bodies import BoundedBody, Unreadable, items_of, load_json, text_of
from alerts.formats import alertmanager, cap, item
from alerts.intake import Answer
from alerts.keys import IsSource, SourceKey
from responsibility.interface import ErrorSerializer, ErrorsSerializer
from responsibility.models import Grade
from responsibility.refusals import Invalid


class LocationSerializer(serializers.Serializer):
    """A place in degrees."""

    lat = serializers.FloatField(min_value=-90, max_value=90)
    lon = serializers.FloatField(min_value=-180, max_value=180)
    crs = serializers.ChoiceField(["WGS84", "GCJ02", "BD09"], default="WGS84")


class AlertSerializer(serializers.Serializer):
    """One alert. Needed: ``object`` or ``location``; ``grade`` or ``value``."""

    external_id = serializers.CharField(
        max_length=200, help_text="The sender's own id; the same again changes nothing."
    )
    category = serializers.CharField(max_length=200)
    scenario = serializers.CharField(max_length=64, required=False)
    object = serializers.CharField(max_length=64, required=False)
    observed_at = serializers.DateTimeField(help_text="With offset; at most five minutes ahead.")
    grade = serializers.ChoiceField(Grade.choices, required=False)
    value = serializers.FloatField(required=False)
    unit = serializers.CharField(max_length=40, required=False)
    location = LocationSerializer(required=False)
    title = serializers.CharField(max_length=300, required=False)
    payload = serializers.DictField(required=False, help_text="At most 16 kB of JSON.")


class AnswerSerializer(serializers.Serializer):
    """What became of one alert."""

    external_id = serializers.CharField(allow_null=True)
    alert = serializers.UUIDField(allow_null=True)
    outcome = serializers.ChoiceField(
        ["opened", "joined", "duplicate", "triage", "observed", "suppressed", "cleared", "rejected"]
    )
    case = serializers.CharField(allow_null=True)
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


class SourceView(APIView):
    """A door that sub-platforms open with their key."""

    authentication_classes = [SourceKey]
    permission_classes = [IsSource]
    parser_classes = [BoundedBody]

    def items(self, request) -> tuple[list, bool]:
        """The items of the body, and whether they came as several."""
        body = request.data or b""
        return items_of(body, request.content_type or "")


def _single(answer: Answer) -> Response:
    body = asdict(answer)
    if answer.outcome == "rejected":
        return Response({"type": "validation_error", **body}, status=400)
    return Response(body, status=200 if answer.outcome == "duplicate" else 201)


def _read(raw, now, known):
    if raw is Unreadable:
        return intake.Rejected(None, [{"code": "bad_json", "detail": str(_("不是有效的 JSON。")), "attr": None}])
    return item.read(raw, now, known)


ANSWERS = {
    200: OpenApiResponse(
        inline_serializer("Answers", {"results": AnswerSerializer(many=True)}),
        description="Several items, answered in order; for a single item, a duplicate.",
    ),
    201: OpenApiResponse(AnswerSerializer, description="A single item, taken; it is on disk."),
    400: OpenApiResponse(
        AnswerSerializer, description="A single item, rejected, with every fault; nothing was written."
    ),
    401: ErrorsSerializer,
    413: ErrorsSerializer,
}


class Alerts(SourceView):
    """Alerts, one or many."""

    @extend_schema(
        operation_id="alerts_receive",
        request={"application/json": AlertSerializer, "application/x-ndjson": AlertSerializer},
        responses=ANSWERS,
        examples=[
            OpenApiExample(
                "One alert",
                request_only=True,
                value={
                    "external_id": "h2s-88-20261121T0916",
                    "category": "LL-CONF-H2S",
                    "scenario": "drain/sewer",
                    "object": "MH-SIJING-0088",
                    "observed_at": "2026-11-21T09:16:00+08:00",
                    "grade": "yellow",
                    "value": 16.0,
                    "unit": "mg/m3",
                    "location": {"lat": 31.1144, "lon": 121.2683, "crs": "WGS84"},
                    "title": "污水井硫化氢超限",
                    "payload": {},
                },
            )
        ],
    )
    def post(self, request):
        """One object, an array of up to 1,000, or NDJSON. A bad item never sinks its neighbours."""
        items, several = self.items(request)
        answers = intake.receive(request.user, items, _read)
        if several:
            return Response({"results": [asdict(answer) for answer in answers]})
        return _single(answers[0])


class CapAlerts(SourceView):
    """Alerts in the Common Alerting Protocol."""

    @extend_schema(
        operation_id="alerts_receive_cap",
        request={"application/cap+xml": bytes},
        responses=ANSWERS | {400: ErrorsSerializer},
    )
    def post(self, request):
        """One CAP 1.2 or 1.1 message. ``status`` other than Actual never opens a case. No entity is ever resolved."""
        try:
            message = cap.read(request.data or b"")
        except cap.CapError as error:
            raise Invalid(error.code, error.detail, error.attr or None) from None
        return _single(intake.receive(request.user, [message], item.read_cap)[0])


class AlertmanagerAlerts(SourceView):
    """Alerts of a Prometheus Alertmanager."""

    @extend_schema(
        operation_id="alerts_receive_alertmanager",
        request={
            "application/json": inline_serializer(
                "Notification",
                {"groupKey": serializers.CharField(), "alerts": serializers.ListField(child=serializers.DictField())},
            )
        },
        responses={
            200: inline_serializer("NotificationAnswers", {"results": AnswerSerializer(many=True)}),
            400: ErrorsSerializer,
            401: ErrorsSerializer,
            413: ErrorsSerializer,
        },
    )
    def post(self, request):
        """One webhook notification, version 4.

        The labels ``category``, ``scenario``, ``object``, ``grade`` (else ``severity``), ``lat``, ``lon`` and ``crs``
        speak; without a known category the shift leader sees it. ``resolved`` clears what the same alert raised.
        """
        body = load_json(text_of(request.data or b""))
        found = alertmanager.items(body, settings.INTAKE_MAX_ITEMS)
        answers = intake.receive(request.user, found, alertmanager.read)
        return Response({"results": [asdict(answer) for answer in answers]})


class ReadingSerializer(serializers.Serializer):
    """One measured value of a registered object."""

    object = serializers.CharField(max_length=64)
    category = serializers.CharField(max_length=64, required=False, help_text="The object's own when left out.")
    value = serializers.FloatField()
    unit = serializers.CharField(max_length=40, required=False)
    observed_at = serializers.DateTimeField()


class StoredSerializer(serializers.Serializer):
    """What became of one reading."""

    object = serializers.CharField(allow_null=True)
    outcome = serializers.ChoiceField(["stored", "duplicate", "rejected"])
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


class Readings(SourceView):
    """Readings of sensors."""

    @extend_schema(
        operation_id="readings_receive",
        request={"application/json": ReadingSerializer, "application/x-ndjson": ReadingSerializer},
        responses={
            200: inline_serializer("StoredReadings", {"results": StoredSerializer(many=True)}),
            400: ErrorsSerializer,
            401: ErrorsSerializer,
        },
    )
    def post(self, request):
        """One object, an array or NDJSON. A case of an object that sends readings closes only below blue."""
        items, _several = self.items(request)
        return Response({"results": [asdict(stored) for stored in readings.receive(request.user, items)]})


class Heartbeat(SourceView):
    """A sign of life."""

    @extend_schema(
        operation_id="heartbeat",
        request=None,
        responses={
            200: inline_serializer("Heard", {"source": serializers.CharField(), "at": serializers.DateTimeField()})
        },
    )
    def post(self, request):
        """Note that the source is alive."""
        return Response({"source": request.user.code, "at": readings.heard(request.user)})
