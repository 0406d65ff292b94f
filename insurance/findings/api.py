"""Findings for programs of insurers, firms, enterprises and the district."""

from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api import REFUSALS, UnitSerializer
from cases.filters import WhetherFilter
from insurance.findings import seeing, telling, working
from insurance.findings.models import Finding, FindingState, FoundBy, Severity
from insurance.findings.seeing import Shown
from insurance.findings.views import visible
from responsibility import access, acting, clock
from responsibility.interface import ErrorsSerializer, Instant, NewestEntryFirst

# What a broker is told, and the filters that ask of more.
BRIEF = {"number", "state", "insured", "case", "next"}
BEYOND = {"severity", "object", "overdue"}


class ReadsFindings(BasePermission):
    """Posts that see findings somewhere."""

    code = "wrong_role"

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), "finding.read")


class CameOfItSerializer(serializers.Serializer):
    """The case that came of a finding."""

    number = serializers.CharField()
    state = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)


class InsuranceFindingSerializer(serializers.Serializer):
    """A finding as this person is told of it (facts 3.5): a broker is told the state, everything else is null.

    ``passed``: somebody looked again and found it good. ``next``: what comes next, in the reader's language.
    """

    number = serializers.CharField(source="finding.number")
    state = serializers.ChoiceField(FindingState.choices, source="finding.state")
    severity = serializers.ChoiceField(Severity.choices, source="finding.severity")
    how = serializers.ChoiceField(FoundBy.choices, source="finding.how")
    found_by = UnitSerializer(source="finding.found_by_unit")
    insured = UnitSerializer(source="finding.insured")
    object = serializers.CharField(source="finding.risk_object.code", default=None, allow_null=True)
    territory = UnitSerializer(source="finding.territory", allow_null=True)
    category = serializers.CharField(source="finding.category.code", default=None, allow_null=True)
    order = serializers.SerializerMethodField()
    text = serializers.CharField(source="finding.text", allow_null=True)
    basis = serializers.CharField(source="finding.basis", allow_null=True)
    advice = serializers.CharField(source="finding.advice", allow_null=True)
    found_at = serializers.DateTimeField(source="finding.found_at")
    told_at = serializers.DateTimeField(source="finding.told_at")
    due_at = serializers.DateTimeField(source="finding.due_at")
    overdue = serializers.BooleanField(source="is_overdue")
    rectified_at = serializers.DateTimeField(source="finding.rectified_at", allow_null=True)
    worked_by = UnitSerializer(source="finding.worked_by", allow_null=True)
    passed = serializers.BooleanField(source="is_passed")
    closed_at = serializers.DateTimeField(source="finding.closed_at", allow_null=True)
    case = CameOfItSerializer(allow_null=True)
    next = serializers.CharField()
    chain = serializers.UUIDField(source="finding.chain")

    def to_representation(self, one: Shown) -> dict:
        """All of it, or the brief form."""
        told = super().to_representation(one)
        return told if one.words else {name: value if name in BRIEF else None for name, value in told.items()}

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_order(self, one: Shown) -> str | None:
        return one.finding.order.number if one.finding.order else None


class LineSerializer(serializers.Serializer):
    """One danger as it is told; ``days`` to put it right, the most that is allowed when left out."""

    severity = serializers.ChoiceField(Severity.choices)
    text = serializers.CharField(max_length=telling.LONG)
    basis = serializers.CharField(max_length=telling.BASIS, required=False, default="", allow_blank=True)
    advice = serializers.CharField(max_length=telling.LONG, required=False, default="", allow_blank=True)
    days = serializers.IntegerField(required=False, allow_null=True, default=None)
    category = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)


class TellingSerializer(serializers.Serializer):
    """Findings on their way in: at the ``order`` of a firm, or at an ``object`` (code)."""

    order = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    object = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    found_at = Instant(required=False, allow_null=True, default=None)
    lines = LineSerializer(many=True, allow_empty=True, max_length=telling.MOST)  # type: ignore[call-arg]


class FindingFilter(filters.FilterSet):
    """``state``, ``severity``; ``object`` by code; ``insured`` by code; ``overdue`` true or false."""

    state = filters.ChoiceFilter(choices=FindingState.choices)
    severity = filters.ChoiceFilter(choices=Severity.choices)
    object = filters.CharFilter("risk_object__code", max_length=64)
    insured = filters.CharFilter("insured__code", max_length=64)
    overdue = WhetherFilter(method="late")

    class Meta:
        model = Finding
        fields: list[str] = []

    def late(self, found: QuerySet, _name: str, wanted: bool | None) -> QuerySet:
        """Not put right in time, or everything else."""
        if wanted is None:
            return found
        late = Finding.objects.overdue(clock.now()).values("pk")
        return found.filter(pk__in=late) if wanted else found.exclude(pk__in=late)


class Findings(ListAPIView):
    """Findings of the person who asks, newest first."""

    queryset = Finding.objects.none()
    permission_classes = [IsAuthenticated]
    serializer_class = InsuranceFindingSerializer
    pagination_class = NewestEntryFirst
    filter_backends = [filters.DjangoFilterBackend]
    filterset_class = FindingFilter

    def get_queryset(self):
        actor = acting.of(self.request.user)
        if not access.may(actor, "finding.read"):
            raise PermissionDenied
        return visible(seeing.beyond_state(actor) if BEYOND & set(self.request.query_params) else actor)

    def paginate_queryset(self, queryset):
        page = super().paginate_queryset(queryset)
        return None if page is None else seeing.shown(page, acting.of(self.request.user), clock.now())

    @extend_schema(
        operation_id="findings_tell",
        request=TellingSerializer,
        responses={201: InsuranceFindingSerializer(many=True), **REFUSALS},
    )
    def post(self, request):
        """Tell the insured in writing: the firm of a running order, an insurer that covers the object, or itself."""
        actor = acting.of(request.user)
        if not access.may(actor, "finding.tell"):
            raise PermissionDenied
        given = given_to(TellingSerializer, request)
        where = telling.wanted(given["order"], given["object"])
        made = telling.tell(given["lines"], where, by=request.user, found_at=given["found_at"])
        return Response(InsuranceFindingSerializer(seeing.shown(made, actor, clock.now()), many=True).data, status=201)


class One(APIView):
    """A door to one finding."""

    permission_classes = [IsAuthenticated]

    def finding(self, number: str) -> Finding:
        """The finding ``number``, or 404 where this person may not see it."""
        found = None if "\x00" in number else visible(acting.of(self.request.user)).filter(number=number).first()
        if found is None:
            raise Http404
        return found

    def written(self, number: str, status: int = 200) -> Response:
        """The finding as it stands now."""
        (one,) = seeing.shown([self.finding(number)], acting.of(self.request.user), clock.now())
        return Response(InsuranceFindingSerializer(one).data, status=status)


class FindingDetail(One):
    """One finding."""

    @extend_schema(responses={200: InsuranceFindingSerializer, 404: ErrorsSerializer})
    def get(self, request, number):
        """As this person is told of it."""
        return self.written(number)


class ProofSerializer(serializers.Serializer):
    """A proof on its way in."""

    file = serializers.FileField()
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class FindingProof(One):
    """The proofs of the work."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="findings_prove", request={"multipart/form-data": ProofSerializer},
        responses={201: InsuranceFindingSerializer, **REFUSALS},
    )  # fmt: skip
    def post(self, request, number):
        """Add a photo or a document, as the insured."""
        finding = self.finding(number)
        working.may_rectify(acting.of(request.user), finding)
        given = given_to(ProofSerializer, request)
        working.prove(finding.pk, [given["file"]], given["note"], by=request.user)
        return self.written(number, 201)


class RectifySerializer(serializers.Serializer):
    """``worked_by``: the code of the unit that did the work, the insured itself when left out."""

    note = serializers.CharField(max_length=500)
    worked_by = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)


class RecheckSerializer(serializers.Serializer):
    """What somebody else saw. ``note`` is needed where the work is sent back, with ``days`` anew or by the old term."""

    passed = serializers.BooleanField()
    genuine = serializers.BooleanField(required=False, default=True)
    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)
    days = serializers.IntegerField(required=False, allow_null=True, default=None)


class NoteSerializer(serializers.Serializer):
    """A word to an act."""

    note = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class FindingRectify(One):
    """The work of the insured."""

    parser_classes = [JSONParser, FormParser, MultiPartParser]

    @extend_schema(
        operation_id="findings_rectify",
        request=RectifySerializer,
        responses={200: InsuranceFindingSerializer, **REFUSALS},
    )
    def post(self, request, number):
        """Say that it is put right. At least one proof stands there before."""
        finding = self.finding(number)
        working.may_rectify(acting.of(request.user), finding)
        given = given_to(RectifySerializer, request)
        working.rectify(finding.pk, given["note"], given["worked_by"], by=request.user)
        return self.written(number)


class FindingRecheck(One):
    """A look by somebody else."""

    @extend_schema(
        operation_id="findings_recheck",
        request=RecheckSerializer,
        responses={200: InsuranceFindingSerializer, **REFUSALS},
    )
    def post(self, request, number):
        """Look again: never whoever found it for its client, did the work, or owes it."""
        finding, given = self.finding(number), given_to(RecheckSerializer, request)
        words = given["note"], given["genuine"], given["days"]
        working.recheck(finding.pk, given["passed"], *words, by=request.user)
        return self.written(number)


class FindingClose(One):
    """The end of a finding."""

    @extend_schema(
        operation_id="findings_close", request=NoteSerializer, responses={200: InsuranceFindingSerializer, **REFUSALS}
    )
    def post(self, request, number):
        """By a body of the district alone, after a good look and after the case that came of it."""
        finding, given = self.finding(number), given_to(NoteSerializer, request)
        working.close(finding.pk, given["note"], by=request.user)
        return self.written(number)


def given_to(serializer: type[serializers.Serializer], request) -> dict:
    """What a request says, as ``serializer`` reads it; 400 with every fault."""
    read = serializer(data=request.data)
    read.is_valid(raise_exception=True)
    return read.validated_data
