"""The account of prevention and the plan of a policy for programs; amounts are texts in yuan."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api import REFUSALS
from insurance import money
from insurance.firms.models import Item
from insurance.policies.models import Policy
from insurance.service import account, assessing, given, plans, requesting, seeing
from insurance.service.models import Expense, Plan, PlanLine, ServiceRequest
from responsibility import acting
from responsibility.refusals import Invalid


class PreventionExpenseSerializer(serializers.ModelSerializer):
    """An entry of the account; ``counters``: the id of the entry that it takes back."""

    order = serializers.CharField(source="order.number")

    class Meta:
        model = Expense
        fields = ["id", "order", "item", "amount", "voucher", "note", "sha256", "counters", "recorded_at"]


class PreventionAccountSerializer(serializers.Serializer):
    """The account. ``cap``: 21 % of the premium received; ``left``: what may still be spent."""

    received, cap, budget, spent, left = (
        serializers.DecimalField(money.DIGITS, money.PLACES, coerce_to_string=True) for _name in range(5)
    )
    entries = PreventionExpenseSerializer(many=True)


class PreventionBudgetSerializer(serializers.Serializer):
    """A budget on its way in."""

    amount = serializers.CharField()
    reason = serializers.CharField(required=False, allow_blank=True)


class PreventionSpentSerializer(serializers.Serializer):
    """An expense on its way in: for the ``order`` (number), with the ``voucher`` and its ``file`` (PDF or picture)."""

    order = serializers.CharField()
    amount = serializers.CharField()
    voucher = serializers.CharField()
    note = serializers.CharField(required=False, allow_blank=True)
    file = serializers.FileField()


class PreventionCounterSerializer(serializers.Serializer):
    """Why an entry is taken back."""

    reason = serializers.CharField()


class ServicePlanLineSerializer(serializers.ModelSerializer):
    """A line of a plan; ``firm`` by code."""

    firm = serializers.CharField(source="firm.code", allow_null=True, default=None)

    class Meta:
        model = PlanLine
        fields = ["id", "item", "measures", "times", "firm", "people", "goal"]


class ServicePlanSerializer(serializers.ModelSerializer):
    """A plan with its lines."""

    lines = ServicePlanLineSerializer(many=True)

    class Meta:
        model = Plan
        fields = ["year", "state", "goal", "remark", "proposed_at", "lines"]


class ServicePlanInSerializer(serializers.Serializer):
    """A plan on its way in: lines of ``{"item", "measures", "times", "firm", "people", "goal"}``."""

    goal = serializers.CharField(required=False, allow_blank=True)
    lines = serializers.ListField(child=serializers.DictField())


class ServiceRequestSerializer(serializers.ModelSerializer):
    """What was asked; ``ordered``: whether such a service was ordered since."""

    policy = serializers.CharField(source="policy.number")
    unit = serializers.CharField(source="unit.code")
    ordered = serializers.BooleanField()

    class Meta:
        model = ServiceRequest
        fields = ["id", "policy", "item", "text", "unit", "asked_at", "ordered"]


class ServiceRequestInSerializer(serializers.Serializer):
    """A request on its way in; ``policy`` by id."""

    policy = serializers.IntegerField()
    item = serializers.ChoiceField(Item.choices)
    text = serializers.CharField(max_length=500)


class YearItemSerializer(serializers.Serializer):
    """One item of the year; ``spent`` in yuan."""

    item = serializers.CharField()
    planned, done = serializers.IntegerField(), serializers.IntegerField()
    spent = serializers.CharField()


class YearFiguresSerializer(serializers.Serializer):
    """The year; ``ended``: orders that came to nothing. ``put_right`` and ``overdue`` of the dangers found."""

    items = YearItemSerializer(many=True)
    planned, done, ended, found, major = (serializers.IntegerField() for _name in range(5))
    put_right = serializers.IntegerField(required=False)
    overdue = serializers.IntegerField(required=False)
    spent = serializers.CharField()


class ServicePlanAnswerSerializer(serializers.Serializer):
    """What the insured says of a plan, as it was ``proposed_at`` when it was read."""

    agree = serializers.BooleanField()
    proposed_at = serializers.DateTimeField()
    remark = serializers.CharField(required=False, allow_blank=True)


def _seen(request, policy: int, act: str) -> Policy:
    found = seeing.policies(acting.of(request.user), act).filter(pk=min(policy, given.BEYOND)).first()
    if found is None:
        raise Http404
    return found


def _account(policy: Policy, status: int = 200) -> Response:
    stands = account.balance(policy)
    told = {name: getattr(stands, name) for name in ("received", "cap", "budget", "spent", "left")}
    entries = account.entries(policy)[: seeing.SHOWN]
    return Response(PreventionAccountSerializer(told | {"entries": entries}).data, status=status)


class PreventionAccount(APIView):
    """The account of prevention of a policy."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="prevention_account", responses={200: PreventionAccountSerializer, 404: REFUSALS[404]})
    def get(self, request, policy: int):
        """As it stands, with its newest entries."""
        return _account(_seen(request, policy, "account.read"))


class PreventionBudget(APIView):
    """Its budget."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="prevention_budget",
        request=PreventionBudgetSerializer,
        responses={201: PreventionAccountSerializer, **REFUSALS},
    )
    def post(self, request, policy: int):
        """At most 21 % of the premium received, at least what was spent."""
        found, posted = _seen(request, policy, "account.read"), given.mapping(request.data)
        account.budget(found.pk, posted.get("amount", ""), posted.get("reason", ""), by=request.user)
        return _account(found, 201)


class PreventionExpenses(APIView):
    """Its expenses."""

    permission_classes = [IsAuthenticated]
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="prevention_spend",
        request=PreventionSpentSerializer,
        responses={201: PreventionAccountSerializer, **REFUSALS},
    )
    def post(self, request, policy: int):
        """For an order of the policy that is done, within the budget, one voucher once."""
        found, posted = _seen(request, policy, "account.read"), request.data
        number, amount, voucher = (posted.get(name, "") for name in ("order", "amount", "voucher"))
        file, note = request.FILES.get("file"), posted.get("note", "")
        account.spend(found.pk, number, amount, voucher, file, note, by=request.user)
        return _account(found, 201)


class PreventionCounter(APIView):
    """The taking back of an expense."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="prevention_counter",
        request=PreventionCounterSerializer,
        responses={201: PreventionAccountSerializer, **REFUSALS},
    )
    def post(self, request, policy: int, expense: int):
        """Whole, by an entry of its own."""
        found, posted = _seen(request, policy, "account.read"), given.mapping(request.data)
        account.counter(found.pk, min(expense, given.BEYOND), posted.get("reason", ""), by=request.user)
        return _account(found, 201)


class ServicePlan(APIView):
    """The plan of a policy for a year."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="service_plan", responses={200: ServicePlanSerializer, 404: REFUSALS[404]})
    def get(self, request, policy: int, year: int):
        """With its lines."""
        return _plan(_seen(request, policy, "service.read"), year)

    @extend_schema(
        operation_id="service_plan_lay",
        request=ServicePlanInSerializer,
        responses={201: ServicePlanSerializer, **REFUSALS},
    )
    def post(self, request, policy: int, year: int):
        """Lay it before the insured, in place of one that is not agreed."""
        found, posted = _seen(request, policy, "service.read"), given.mapping(request.data)
        lines = posted.get("lines")
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            raise Invalid("bad_list", given.SHAPE, "lines")
        plans.propose(found.pk, year, lines, posted.get("goal", ""), by=request.user)
        return _plan(found, year, 201)


class ServicePlanAnswer(APIView):
    """What the insured says of it."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="service_plan_answer",
        request=ServicePlanAnswerSerializer,
        responses={200: ServicePlanSerializer, **REFUSALS},
    )
    def post(self, request, policy: int, year: int):
        """Agree, or send it back with a remark."""
        found, posted = _seen(request, policy, "service.read"), given.mapping(request.data)
        agree, remark = posted.get("agree") is True, posted.get("remark", "")
        plans.answer(found.pk, year, agree, remark, posted.get("proposed_at", ""), by=request.user)
        return _plan(found, year)


class ServiceRequests(APIView):
    """What insured units and their brokers ask insurers for."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="service_requests", responses={200: ServiceRequestSerializer(many=True)})
    def get(self, request):
        """The newest that this person sees."""
        found = requesting.visible_to(acting.of(request.user))[: seeing.SHOWN]
        return Response(ServiceRequestSerializer(found, many=True).data)

    @extend_schema(
        operation_id="service_request",
        request=ServiceRequestInSerializer,
        responses={201: ServiceRequestSerializer, **REFUSALS},
    )
    def post(self, request):
        """Ask for an item of service under a policy; its insurer is told."""
        posted = given.mapping(request.data)
        wanted = (posted.get(name, "") for name in ("policy", "item", "text"))
        made = requesting.ask(*wanted, by=request.user)
        shown = requesting.visible_to(acting.of(request.user)).get(pk=made.pk)
        return Response(ServiceRequestSerializer(shown).data, status=201)


class YearFigures(APIView):
    """The year of a policy in figures."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="service_year", responses={200: YearFiguresSerializer, 404: REFUSALS[404]})
    def get(self, request, policy: int, year: int):
        """Planned, done, found, put right, spent; counts, and yuan as texts."""
        found = _seen(request, policy, "service.read")
        if year not in seeing.years_of(found):
            raise Http404
        return Response(assessing.figures(found, year))


def _plan(policy: Policy, year: int, status: int = 200) -> Response:
    found = Plan.objects.filter(policy=policy, year=min(year, 9999)).prefetch_related("lines__firm").first()
    if found is None:
        raise Http404
    return Response(ServicePlanSerializer(found).data, status=status)
