"""Policies for the insurers' own systems: in, out, premiums and endorsements."""

from dataclasses import asdict
from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api import REFUSALS, UnitSerializer
from insurance.policies import changing, premiums, registering, seeing
from insurance.policies.models import Endorsement, Line, Policy, Premium, Share, Standing
from responsibility import access, acting, clock
from responsibility.interface import ErrorSerializer, ErrorsSerializer, NewestEntryFirst
from responsibility.refusals import Invalid

MOST_ITEMS = 1000
BEYOND = 2**63 - 1
YUAN: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}


class ReadsPolicies(BasePermission):
    """Posts that see policies somewhere."""

    message = _("本岗位不能查阅保单。")
    code = "wrong_role"

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), "policy.read")


class PolicyShareInSerializer(serializers.Serializer):
    """A share of a joint policy."""

    insurer = serializers.CharField(max_length=64)
    percent = serializers.DecimalField(max_digits=5, decimal_places=2)


class PolicyInSerializer(serializers.Serializer):
    """A policy on its way in; the lead insurer is the unit of whoever sends it. Units, objects and places by code.

    Covered is what happens from ``starts_at`` up to, and without, ``ends_at``. Either ``whole``, or objects and
    territories. ``shares`` add up to 100 and are left out where the lead carries all of it.
    """

    number = serializers.CharField(max_length=64, help_text="The insurer's own; the same again changes nothing.")
    line = serializers.ChoiceField(Line.choices)
    insured = serializers.CharField(max_length=64)
    broker = serializers.CharField(max_length=64, required=False)
    shares = PolicyShareInSerializer(many=True, required=False)
    whole = serializers.BooleanField(required=False, help_text="all objects of the insured")
    objects = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    territories = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    starts_at = serializers.DateTimeField(help_text="With offset.")
    ends_at = serializers.DateTimeField(help_text="With offset; the first instant that is not covered.")
    tail_days = serializers.IntegerField(required=False, help_text="730 when left out")
    premium = serializers.DecimalField(**YUAN)
    limit_total = serializers.DecimalField(**YUAN)
    limit_each = serializers.DecimalField(**YUAN)
    deductible = serializers.DecimalField(**YUAN, required=False)
    fast_limit = serializers.DecimalField(**YUAN, required=False)


class PolicyAnswerSerializer(serializers.Serializer):
    """What became of one policy. ``policy`` is its id."""

    number = serializers.CharField(allow_null=True)
    policy = serializers.IntegerField(allow_null=True)
    outcome = serializers.ChoiceField(["registered", "unchanged", "rejected"])
    errors = ErrorSerializer(many=True)  # type: ignore[assignment]


class PolicyShareSerializer(serializers.ModelSerializer):
    """Who carries how much of it."""

    insurer = UnitSerializer()

    class Meta:
        model = Share
        fields = ["insurer", "percent"]


class PolicySerializer(serializers.ModelSerializer):
    """A policy; amounts in yuan. ``insurer`` leads; ``renews`` is the id of the policy before it.

    What its insurers and its broker see of the insured begins with the word of the insured: it goes as far as
    ``confirmed_until``. ``unconfirmed``: all of it, or what an endorsement added, still waits for that word.
    ``edition`` is what the insured confirms; it changes with each endorsement.
    """

    insurer = UnitSerializer()
    broker = UnitSerializer(allow_null=True)
    insured = UnitSerializer()
    shares = PolicyShareSerializer(many=True)
    state = serializers.SerializerMethodField()
    edition = serializers.IntegerField()
    unconfirmed = serializers.BooleanField()

    class Meta:
        model = Policy
        fields = [
            "id", "number", "line", "state", "insurer", "broker", "insured", "shares", "whole", "starts_at", "ends_at",
            "cancelled_at", "tail_days", "premium", "limit_total", "limit_each", "deductible", "fast_limit", "renews",
            "edition", "unconfirmed", "confirmed_until", "confirmed_at", "declined_at",
        ]  # fmt: skip

    @extend_schema_field(serializers.ChoiceField(Standing.choices))
    def get_state(self, policy: Policy) -> str:
        return policy.state(clock.now())


class CoveredSerializer(serializers.Serializer):
    """An object or a territory (codes, one of them null), covered ``since`` ≤ instant < ``until``; ``confirmed_at`` by
    the insured."""

    object = serializers.CharField(source="risk_object.code", default=None, allow_null=True)
    territory = serializers.CharField(source="territory.code", default=None, allow_null=True)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


class EndorsementSerializer(serializers.ModelSerializer):
    """An endorsement; ``changes`` is ``{field: [before, after]}``."""

    class Meta:
        model = Endorsement
        fields = ["id", "number", "effective_at", "changes", "note", "made_at"]


class PremiumSerializer(serializers.ModelSerializer):
    """Yuan that came in, or went back (negative)."""

    class Meta:
        model = Premium
        fields = ["id", "amount", "received_at", "reference", "recorded_at"]


class PolicyWholeSerializer(PolicySerializer):
    """A policy with what belongs to it; ``received``: yuan received so far."""

    covered = serializers.SerializerMethodField()
    endorsements = EndorsementSerializer(many=True)
    premiums = PremiumSerializer(many=True)
    received = serializers.SerializerMethodField()

    class Meta(PolicySerializer.Meta):
        fields = [*PolicySerializer.Meta.fields, "covered", "endorsements", "premiums", "received"]

    @extend_schema_field(CoveredSerializer(many=True))
    def get_covered(self, policy: Policy) -> Any:
        return CoveredSerializer(seeing.things([policy.pk])[policy.pk], many=True).data

    @extend_schema_field(serializers.DecimalField(**YUAN))
    def get_received(self, policy: Policy) -> str:
        return str(premiums.received(policy))


class EndorsementInSerializer(serializers.Serializer):
    """An endorsement on its way in; what is left out stays as it is. Lists are codes."""

    number = serializers.CharField(max_length=64)
    effective_at = serializers.DateTimeField(help_text="With offset; within the period.")
    note = serializers.CharField(max_length=500, required=False)
    ends_at = serializers.DateTimeField(required=False)
    tail_days = serializers.IntegerField(required=False)
    premium = serializers.DecimalField(**YUAN, required=False)
    limit_total = serializers.DecimalField(**YUAN, required=False)
    limit_each = serializers.DecimalField(**YUAN, required=False)
    deductible = serializers.DecimalField(**YUAN, required=False)
    fast_limit = serializers.DecimalField(**YUAN, required=False)
    add_objects = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    end_objects = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    add_territories = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    end_territories = serializers.ListField(child=serializers.CharField(max_length=64), required=False)


class PremiumInSerializer(serializers.Serializer):
    """Yuan that came in, or went back (negative); the same ``reference`` again changes nothing."""

    amount = serializers.DecimalField(**YUAN)
    received_at = serializers.DateTimeField(help_text="With offset.")
    reference = serializers.CharField(max_length=64)


class Policies(ListAPIView):
    """Policies."""

    serializer_class = PolicySerializer
    pagination_class = NewestEntryFirst
    filterset_fields = ["line", "number"]

    def get_permissions(self):
        """Whoever registers is judged by the act itself."""
        return [IsAuthenticated(), *([ReadsPolicies()] if self.request.method == "GET" else [])]

    def get_queryset(self):
        """Those that this person may read, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Policy.objects.none()
        return seeing.with_names(Policy.objects.visible_to(acting.of(self.request.user)))

    @extend_schema(
        operation_id="insurance_policies_register", request=PolicyInSerializer,
        responses={
            200: OpenApiResponse(
                inline_serializer("PolicyAnswers", {"results": PolicyAnswerSerializer(many=True)}),
                description="Several policies, answered in order; for a single one, that it stands already.",
            ),
            201: PolicyAnswerSerializer,
            **REFUSALS,
            400: OpenApiResponse(PolicyAnswerSerializer, description="A single policy, rejected with every fault."),
        },
    )  # fmt: skip
    def post(self, request):
        """One object, or an array of up to 1,000. A bad one never sinks its neighbours."""
        registering.office(request.user)
        several = isinstance(request.data, list)
        items = request.data if several else [request.data]
        if len(items) > MOST_ITEMS:
            raise Invalid("too_many", _("一次最多 %(most)d 条。") % {"most": MOST_ITEMS})
        answers = [asdict(answer) for answer in registering.register(items, by=request.user)]
        if several:
            return Response({"results": answers})
        (answer,) = answers
        if answer["outcome"] == "rejected":
            return Response({"type": "validation_error", **answer}, status=400)
        return Response(answer, status=200 if answer["outcome"] == "unchanged" else 201)


class BasePolicy(APIView):
    """A door of one policy."""

    permission_classes = [IsAuthenticated]

    def policy(self, pk: int) -> Policy:
        """The policy ``pk``; 404 also for what this person may not read."""
        seen = Policy.objects.visible_to(acting.of(self.request.user))
        policy = seeing.with_names(seen).filter(pk=min(pk, BEYOND)).first()
        if policy is None:
            raise Http404
        return policy

    def given(self, pk: int) -> tuple[int, dict]:
        """The policy's id and the body, for whoever may change it. ``Invalid`` for a body that is no object."""
        policy = self.policy(pk)
        changing.may_change(policy.pk, acting.person(self.request.user))
        if not isinstance(self.request.data, dict):
            raise Invalid("not_an_object", _("请求内容应为一个 JSON 对象。"))
        return policy.pk, dict(self.request.data.items())


class PolicyDetail(BasePolicy):
    """One policy."""

    @extend_schema(
        operation_id="insurance_policies_retrieve", responses={200: PolicyWholeSerializer, 404: ErrorsSerializer}
    )
    def get(self, request, pk):
        """The policy with what it covers, its endorsements and premiums."""
        return Response(PolicyWholeSerializer(self.policy(pk)).data)


class PolicyPremiums(BasePolicy):
    """实收保费."""

    @extend_schema(
        operation_id="insurance_policies_premium", request=PremiumInSerializer,
        responses={200: PremiumSerializer, 201: PremiumSerializer, **REFUSALS},
    )  # fmt: skip
    def post(self, request, pk):
        """Write down premium that came in or went back; 200 when it stands already."""
        policy, given = self.given(pk)
        made, new = premiums.receive(policy, premiums.read(given), by=request.user)
        return Response(PremiumSerializer(made).data, status=201 if new else 200)


class PolicyEndorsements(BasePolicy):
    """批单."""

    @extend_schema(
        operation_id="insurance_policies_endorse", request=EndorsementInSerializer,
        responses={201: EndorsementSerializer, **REFUSALS},
    )  # fmt: skip
    def post(self, request, pk):
        """Change the policy from an instant on."""
        policy, given = self.given(pk)
        made = changing.endorse(policy, changing.read(given), by=request.user)
        return Response(EndorsementSerializer(made).data, status=201)
