"""Self-control for programs: registers with what is due, and the self-check of a period."""

from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from cases.api import REFUSALS, UnitSerializer
from insurance.findings import selfcontrol, selfseeing
from insurance.findings.api import given_to
from insurance.findings.models import Period, Register, Severity
from insurance.findings.self_views import registers_of
from responsibility import access, acting, clock
from responsibility.interface import NewestEntryFirst


class ListedSerializer(serializers.Serializer):
    """A line of the list of a register."""

    text = serializers.CharField()
    step = serializers.UUIDField(allow_null=True, help_text="the handbook's step, null for a line of its own")


class StandingSerializer(serializers.Serializer):
    """A register and how it stands now. ``day``: the first of the running period; ``unmet``: not put right yet."""

    object = serializers.CharField(source="register.risk_object.code")
    unit = UnitSerializer(source="register.unit")
    period = serializers.ChoiceField(Period.choices, source="register.period")
    lines = ListedSerializer(source="register.lines", many=True)
    day = serializers.DateField()
    due_at = serializers.DateTimeField()
    done = serializers.BooleanField(source="is_done")
    missed = serializers.BooleanField(source="was_missed")
    unmet = serializers.IntegerField()
    certificates_expired = serializers.IntegerField(source="expired")


class ResultSerializer(serializers.Serializer):
    """What was seen at one line; ``note`` is needed where it is not met."""

    met = serializers.BooleanField()
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    severity = serializers.ChoiceField(Severity.choices, required=False, default="general")
    days = serializers.IntegerField(required=False, allow_null=True, default=None)


class CheckSerializer(serializers.Serializer):
    """A self-check on its way in: one result for each line of the register, in order."""

    object = serializers.CharField(max_length=64)
    person = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    results = ResultSerializer(many=True, max_length=selfcontrol.LINES)  # type: ignore[call-arg]


class CheckedSerializer(serializers.Serializer):
    """What became of it."""

    object = serializers.CharField()
    day = serializers.DateField()
    unmet = serializers.IntegerField()
    findings = serializers.ListField(child=serializers.CharField())


class SelfChecks(ListAPIView):
    """Registers of self-control, and their checks."""

    queryset = Register.objects.none()
    permission_classes = [IsAuthenticated]
    serializer_class = StandingSerializer
    pagination_class = NewestEntryFirst
    filter_backends: list[type[filters.DjangoFilterBackend]] = []

    def get_queryset(self):
        actor = acting.of(self.request.user)
        if not access.may(actor, "selfcontrol.read"):
            raise PermissionDenied
        return registers_of(actor)

    def paginate_queryset(self, queryset):
        page = super().paginate_queryset(queryset)
        return None if page is None else selfseeing.standings(page, clock.now())

    @extend_schema(
        operation_id="self_checks_send", request=CheckSerializer, responses={201: CheckedSerializer, **REFUSALS}
    )
    def post(self, request):
        """The check of the running period; each line that is not met becomes a finding."""
        given, actor = given_to(CheckSerializer, request), acting.of(request.user)
        code = given["object"]
        register = registers_of(actor).filter(risk_object__code=code).first()
        if register is None:
            raise Http404
        selfcontrol.may_keep(actor, register.risk_object)
        results = selfcontrol.read_results(given["results"])
        made, found = selfcontrol.check(register.pk, results, given["person"], by=request.user)
        told = {"object": code, "day": made.day, "unmet": made.unmet, "findings": [one.number for one in found]}
        return Response(CheckedSerializer(told).data, status=201)
