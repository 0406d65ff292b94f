"""Claims for programs: notice, documents, what is done with a claim, and what each reader is shown of it."""

from django.http import FileResponse, Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases import files
from cases.api import REFUSALS, UnitSerializer
from insurance.claims import keeping, noticing, seeing, verbs
from insurance.claims.models import (
    Assessment,
    Claim,
    ClaimState,
    Paper,
    Payment,
    PaymentKind,
    Portion,
    Pursuit,
    ReserveChange,
    TermKind,
)
from insurance.claims.seeing import Level
from insurance.claims.terms import LAW
from insurance.policies.models import Policy
from insurance.service import keeping as of_service
from responsibility import access, acting, clock
from responsibility.interface import ErrorsSerializer
from responsibility.refusals import Invalid

BIGGEST = 2**63 - 1
YUAN = "yuan, two places, as text"


class ReadsClaims(BasePermission):
    """Posts that see claims of their own at all."""

    message = _("只有保险公司、经纪、被保险人和审计员可以查阅理赔。")
    code = "wrong_role"

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), "claim.read")


class TermSerializer(serializers.Serializer):
    """A deadline of the law. ``late``: met, or still running, after its end; ``held_at``: it stands still."""

    kind = serializers.ChoiceField(TermKind.choices)
    law = serializers.SerializerMethodField()
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    held_at = serializers.DateTimeField(allow_null=True)
    met_at = serializers.DateTimeField(allow_null=True)
    late = serializers.SerializerMethodField()

    def get_law(self, term) -> str:
        return str(LAW[term.kind])

    def get_late(self, term) -> bool:
        return term.late(clock.now())


class PaperSerializer(serializers.ModelSerializer):
    """A document of a claim."""

    unit = UnitSerializer()
    name = serializers.CharField(source="original_name")

    class Meta:
        model = Paper
        fields = ["id", "unit", "sha256", "size", "content_type", "name", "note", "given_at"]


class AssessmentSerializer(serializers.ModelSerializer):
    """A loss as assessed, what of it is payable, and the answer of the insured."""

    class Meta:
        model = Assessment
        fields = [
            "amount", "deductible", "payable", "findings", "assessed_at", "agrees", "objection", "answered_at",
        ]  # fmt: skip


class PortionSerializer(serializers.ModelSerializer):
    """What of a payment is one insurer's; ``rounding``: by how much more than its exact share."""

    insurer = serializers.CharField(source="insurer.code")

    class Meta:
        model = Portion
        fields = ["insurer", "percent", "amount", "rounding"]


class PaymentSerializer(serializers.ModelSerializer):
    """Money that went out or came back."""

    kind = serializers.ChoiceField(PaymentKind.choices)
    portions = PortionSerializer(many=True)

    class Meta:
        model = Payment
        fields = ["kind", "amount", "paid_at", "reference", "portions"]


class PursuitSerializer(serializers.ModelSerializer):
    """What is asked back from a third party."""

    class Meta:
        model = Pursuit
        fields = ["id", "against", "basis", "sought", "opened_at", "ended_at", "outcome"]


class ReserveSerializer(serializers.ModelSerializer):
    """A change of what is set aside."""

    class Meta:
        model = ReserveChange
        fields = ["before", "after", "reason", "at"]


class StateSerializer(serializers.ModelSerializer):
    """What the broker is shown: the state and no more, and of no moment when it came about."""

    case = serializers.CharField(source="case.number")
    policy = serializers.CharField(source="policy.number")
    insurer = serializers.CharField(source="policy.insurer.code")
    state = serializers.ChoiceField(ClaimState.choices)

    class Meta:
        model = Claim
        fields = ["number", "case", "policy", "insurer", "state"]


class ClaimSerializer(StateSerializer):
    """A claim. Fields that the reader is not shown are absent: all but the state for the broker, for the insured the
    reserve, the pursuits and how it is shared."""

    noticed_at = serializers.DateTimeField(required=False)
    ended_at = serializers.DateTimeField(required=False, allow_null=True)
    claimant = UnitSerializer(required=False)
    wanted = serializers.CharField(source="ask.wanted", default=None, allow_null=True, required=False)
    terms = TermSerializer(many=True, required=False)
    papers = PaperSerializer(many=True, required=False)
    assessments = AssessmentSerializer(many=True, required=False)
    payments = PaymentSerializer(many=True, required=False)
    pursuits = PursuitSerializer(many=True, required=False)
    reserves = ReserveSerializer(many=True, required=False)
    allowed = serializers.SerializerMethodField(required=False)

    class Meta(StateSerializer.Meta):
        fields = [
            *StateSerializer.Meta.fields, "noticed_at", "ended_at", "theirs", "claimant", "loss", "estimate", "agreed",
            "fast", "reason", "wanted", "terms", "papers", "assessments", "payments", "pursuits", "reserves",
            "reserve", "committed", "allowed",
        ]  # fmt: skip

    def get_allowed(self, claim: Claim) -> list[str]:
        return [verb.name for verb in verbs.offered(self.context["actor"], claim)]

    def to_representation(self, claim: Claim) -> dict:
        shown = seeing.level(self.context["actor"], claim.policy) or Level.STATE
        if shown == Level.STATE:
            return StateSerializer(claim).data | {"allowed": self.get_allowed(claim)}
        told = super().to_representation(claim)
        if shown == Level.OWN:
            for name in ("reserve", "reserves", "pursuits", "committed"):
                del told[name]
            told["payments"] = [
                {name: value for name, value in made.items() if name != "portions"}
                for made in told["payments"] if made["kind"] != PaymentKind.RECOVERY
            ]  # fmt: skip
        return told


class ClaimsPageSerializer(serializers.Serializer):
    """A page of claims, newest first; ``next``: what ``before`` is to be for the next page."""

    results = ClaimSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


class NoticeSerializer(serializers.Serializer):
    """报案: ``policy`` by its number; ``insurer`` (code) where two insurers have the same number."""

    policy = serializers.CharField(max_length=64)
    insurer = serializers.CharField(max_length=64, required=False, default="")
    case = serializers.CharField(max_length=64)
    loss = serializers.CharField(max_length=4000)
    estimate = serializers.CharField(required=False, default=None, allow_null=True, help_text=YUAN)


class DoneSerializer(serializers.Serializer):
    """What an act on a claim takes; which of these, says the form of the act. Amounts are yuan."""

    theirs = serializers.CharField(required=False, help_text="register")
    reserve = serializers.CharField(required=False, help_text="register; yuan")
    wanted = serializers.CharField(required=False, help_text="ask")
    amount = serializers.CharField(required=False, help_text="assess, advance, pay, recover, reserve; yuan")
    findings = serializers.CharField(required=False, help_text="assess, fast")
    reason = serializers.CharField(required=False, help_text="object, refuse, reserve, withdraw")
    reference = serializers.CharField(required=False, help_text="advance, pay, recover, serve")
    at = serializers.CharField(required=False, help_text="advance, pay, recover, serve; an instant, now without")
    against = serializers.CharField(required=False, help_text="pursue")
    basis = serializers.CharField(required=False, help_text="pursue")
    sought = serializers.CharField(required=False, help_text="pursue; yuan")
    pursuit = serializers.IntegerField(required=False, help_text="recover, give-up")
    outcome = serializers.CharField(required=False, help_text="give-up")


class PaperUploadSerializer(serializers.Serializer):
    """A document on its way in: a PDF or a picture."""

    file = serializers.FileField()
    note = serializers.CharField(required=False, default="", max_length=500, allow_blank=True)


class _Reading(APIView):
    permission_classes = [IsAuthenticated]

    def actor(self) -> acting.Actor:
        return acting.of(self.request.user)

    def claim(self, number: str) -> Claim:
        found = seeing.whole(Claim.objects.visible_to(self.actor())).filter(number=number[:64]).first()
        if found is None:
            raise Http404
        return found

    def told(self, number: str, status: int = 200) -> Response:
        return Response(ClaimSerializer(self.claim(number), context={"actor": self.actor()}).data, status=status)


class Claims(_Reading):
    """Claims of the reader's own policies."""

    permission_classes = [IsAuthenticated, ReadsClaims]

    @extend_schema(
        operation_id="claims_list",
        parameters=[
            OpenApiParameter("view", enum=seeing.VIEWS, description="all without"),
            OpenApiParameter("before", OpenApiTypes.INT, description="``next`` of the page before"),
        ],
        responses={200: ClaimsPageSerializer, 400: ErrorsSerializer, 403: ErrorsSerializer},
    )
    def get(self, request):
        """Newest first, 50 a page."""
        view, before = request.query_params.get("view", ""), request.query_params.get("before", "")
        if view and view not in seeing.VIEWS:
            raise Invalid("bad_choice", _("没有这种列表。"), "view")
        if before and not (before.isascii() and before.isdigit() and len(before) < len(str(BIGGEST))):
            raise Invalid("bad_number", _("请填写数字。"), "before")
        rows, more = seeing.listed(self.actor(), view, int(before) if before else None)
        found = {claim.pk: claim for claim in seeing.whole(Claim.objects.filter(pk__in=[r.claim.pk for r in rows]))}
        told = ClaimSerializer([found[row.claim.pk] for row in rows], many=True, context={"actor": self.actor()})
        return Response({"results": told.data, "next": more})

    @extend_schema(operation_id="claims_notice", request=NoticeSerializer, responses={201: ClaimSerializer, **REFUSALS})
    def post(self, request):
        """报案 for a case that the policy covers."""
        if not access.may(self.actor(), "claim.notice"):
            self.permission_denied(request, code="wrong_role")
        given = NoticeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        policies = Policy.objects.filter(seeing.naming(self.actor(), "claim.notice"), number=asked["policy"])
        if asked["insurer"]:
            policies = policies.filter(insurer__code=asked["insurer"])
        found = list(policies[:2])
        if not found:
            raise Http404
        if len(found) > 1:
            raise Invalid("ambiguous", _("有两家保险公司用同一保单号，请写明保险公司。"), "insurer")
        made = noticing.notice(
            found[0].pk, asked["case"], by=request.user, loss=asked["loss"], estimate=asked["estimate"]
        )
        return self.told(made.number, 201)


class ClaimOne(_Reading):
    """One claim."""

    @extend_schema(operation_id="claims_one", responses={200: ClaimSerializer, 404: ErrorsSerializer})
    def get(self, request, number):
        """As much of it as the reader is shown."""
        return self.told(number)


class ClaimVerb(_Reading):
    """What is done with a claim."""

    @extend_schema(
        operation_id="claims_do",
        request=DoneSerializer,
        parameters=[OpenApiParameter("verb", location="path", enum=list(verbs.VERBS))],
        responses={200: ClaimSerializer, **REFUSALS},
    )
    def post(self, request, number, verb):
        """Do ``verb`` and read the claim as it stands then. A refusal changes nothing and says why."""
        found = self.claim(number)
        if verb not in verbs.VERBS:
            raise Http404
        if not isinstance(request.data, dict):
            raise Invalid("not_an_object", _("请求内容应为一个 JSON 对象。"))
        verbs.VERBS[verb].do(found.pk, request.data, request.user)
        return self.told(number)


class ClaimPapers(_Reading):
    """Documents of a claim."""

    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="claims_paper", request=PaperUploadSerializer,
                   responses={201: ClaimSerializer, **REFUSALS})  # fmt: skip
    def post(self, request, number):
        """Hand in a document."""
        found = self.claim(number)
        noticing.may_give(found, self.actor())
        given = PaperUploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        noticing.give(found.pk, given.validated_data["file"], by=request.user, note=given.validated_data["note"])
        return self.told(number, 201)


class ClaimPaper(_Reading):
    """The file of a document."""

    @extend_schema(
        operation_id="claims_paper_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 404: ErrorsSerializer},
    )
    def get(self, request, pk):
        """The copy without metadata."""
        return sent(self.actor(), pk)


def sent(actor: acting.Actor, pk: int) -> HttpResponse | FileResponse:
    """The file of a document, without metadata, for who is shown more of its claim than the state; else ``Http404``.

    410 when it went under retention.
    """
    seen = Paper.objects.select_related("claim__policy").filter(claim__in=Claim.objects.visible_to(actor))
    found = seen.filter(pk=min(pk, BIGGEST)).first()
    if found is None or seeing.level(actor, found.claim.policy) in (None, Level.STATE):
        raise Http404
    if gone := of_service.gone(found):
        return gone
    path = files.shareable(found, keeping.root())
    if path is None or not path.is_file():
        raise Http404
    name = files.shown_name(found, found.original_name)
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=found.content_type)
