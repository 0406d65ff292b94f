"""Covered cases, figures of the district and contacts for programs."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api import REFUSALS
from cases.models import Case
from insurance.portals import contacts, figures, outgoing, views
from insurance.portals.models import Contact
from responsibility import access, acting, clock
from responsibility.interface import ErrorsSerializer, Instant, NewestEntryFirst
from responsibility.refusals import Invalid

NO_ROLE = _("您的岗位不能查阅。")


class Reads(BasePermission):
    """Posts that may do ``act`` of the view."""

    message = NO_ROLE
    code = "wrong_role"

    def has_permission(self, request, view):
        return access.may(acting.of(request.user), view.act)


class CoveringPolicySerializer(serializers.Serializer):
    """A policy that covers the case, and the share of the unit that asks, in percent."""

    number = serializers.CharField()
    share = serializers.CharField(allow_null=True)


class CoveredCaseSerializer(serializers.Serializer):
    """A covered case as insurers' systems read it; a broker is told number, state and policies, the rest is null."""

    number = serializers.CharField()
    state = serializers.CharField()
    grade = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    contained_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    object = serializers.CharField(allow_null=True)
    policies = CoveringPolicySerializer(many=True)


class CoveredCases(ListAPIView):
    """Cases that a policy of one's unit covers, newest first, by cursor, until the claim tail ends."""

    permission_classes = [IsAuthenticated, Reads]
    serializer_class = CoveredCaseSerializer
    # By the order of filing: a cursor that held an instant would tell it to whoever is not shown any.
    pagination_class = NewestEntryFirst
    queryset = Case.objects.none()
    filter_backends: list = []
    act = outgoing.ACT

    @extend_schema(
        operation_id="insurance_cases_list",
        parameters=[
            OpenApiParameter(
                "since", str, description="Only what was covered, or changed its state (for insurers, or colour), "
                "since this instant. Ask from a minute before your last question: acts are seen once complete.",
            )
        ],
        responses={200: CoveredCaseSerializer(many=True), 400: ErrorsSerializer, 403: ErrorsSerializer},
    )  # fmt: skip
    def get(self, request, *args, **kwargs):
        """Two statements for each page besides the cases themselves."""
        actor = acting.of(request.user)
        page = self.paginate_queryset(outgoing.cases(actor, self._since()))
        return self.get_paginated_response(CoveredCaseSerializer(outgoing.rows(actor, page or []), many=True).data)

    def _since(self):
        text = self.request.query_params.get("since", "")
        if not text:
            return None
        try:
            return Instant().run_validation(text)
        except serializers.ValidationError:
            raise Invalid("bad_time", _("时间应为 2026-11-01T08:00:00+08:00 的形式。"), "since") from None


class FiguresLineSerializer(serializers.Serializer):
    """A street, or the district in the last line: counts in the order of the columns, then the total; null: hidden."""

    code = serializers.CharField()
    name = serializers.CharField()
    counts = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    share = serializers.IntegerField(allow_null=True, help_text="of the district, rounded to the whole percent")


class FiguresSerializer(serializers.Serializer):
    """Cases of one month by street and category."""

    month = serializers.DateField(help_text="its first day")
    least = serializers.IntegerField(help_text="smaller counts are hidden, and as many others as this needs")
    columns = serializers.ListField(child=serializers.CharField(), help_text="codes; empty: all smaller categories")
    lines = FiguresLineSerializer(many=True)


class Figures(APIView):
    """Figures of the whole district, small numbers hidden."""

    permission_classes = [IsAuthenticated, Reads]
    act = "outside.figures"

    @extend_schema(
        operation_id="insurance_figures",
        parameters=[OpenApiParameter("month", str, description="`2026-10`; the last month that is over without it.")],
        responses={200: FiguresSerializer, 400: ErrorsSerializer, 403: ErrorsSerializer},
    )
    def get(self, request):
        """One of the last twelve months that are over."""
        table = figures.of(figures.read(request.query_params.get("month", ""), clock.now()))
        columns = [code for code, _name in table.columns]
        told = {"month": table.month, "least": figures.hiding.LEAST, "columns": columns, "lines": table.lines}
        return Response(FiguresSerializer(told).data)


class ContactSerializer(serializers.ModelSerializer):
    """A contact; the number is masked but for its own unit."""

    unit = serializers.CharField(source="unit.code")
    phone = serializers.SerializerMethodField()

    class Meta:
        model = Contact
        fields = ["id", "unit", "name", "phone", "duty"]

    def get_phone(self, contact: Contact) -> str:
        return contact.phone if self.context.get("whole") else contacts.masked(contact.phone)


class ContactsSerializer(serializers.Serializer):
    """One's own contacts, whole, and those of units one has business with, masked."""

    own = ContactSerializer(many=True)
    others = ContactSerializer(many=True)


class ContactGivenSerializer(serializers.Serializer):
    """A contact on its way in."""

    name = serializers.CharField(max_length=60)
    phone = serializers.CharField(max_length=30)
    duty = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class WhySerializer(serializers.Serializer):
    """Why the whole number is needed; the other unit reads it."""

    reason = serializers.CharField(max_length=200)


class Contacts(APIView):
    """Whom to ring."""

    permission_classes = [IsAuthenticated, Reads]
    act = contacts.LOOK

    @extend_schema(operation_id="insurance_contacts", responses={200: ContactsSerializer, 403: ErrorsSerializer})
    def get(self, request):
        """Of units with which one's unit has an order that runs or a policy in force."""
        actor = acting.of(request.user)
        others = contacts.others(actor, clock.now())[: contacts.SHOWN]
        told = {"own": _whole(contacts.own(actor)), "others": ContactSerializer(others, many=True).data}
        return Response(told)

    @extend_schema(
        operation_id="insurance_contact_keep", request=ContactGivenSerializer,
        responses={201: ContactSerializer, **REFUSALS},
    )  # fmt: skip
    def post(self, request):
        """Enter a contact of one's own unit."""
        given = read(ContactGivenSerializer, request)
        made = contacts.keep(given["name"], given["phone"], given["duty"], by=request.user)
        return Response(ContactSerializer(made, context={"whole": True}).data, status=201)


class ContactRemoval(APIView):
    """The end of a contact."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="insurance_contact_remove", request=None, responses={200: ContactSerializer, **REFUSALS}
    )
    def post(self, request, pk):
        """Take it away and forget name and number."""
        contact = views.visible(acting.of(request.user), pk)
        return Response(ContactSerializer(contacts.remove(contact.pk, by=request.user)).data)


class ContactUnmasking(APIView):
    """The whole number of a contact."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="insurance_contact_unmask", request=WhySerializer, responses={200: ContactSerializer, **REFUSALS}
    )
    def post(self, request, pk):
        """For a reason; that it was looked at is told in the ledger and to the other unit."""
        contact = views.visible(acting.of(request.user), pk)
        given = read(WhySerializer, request)
        seen = contacts.unmask(contact.pk, given["reason"], by=request.user)
        answer = Response(ContactSerializer(seen, context={"whole": True}).data)
        answer["Cache-Control"] = "no-store"
        return answer


def _whole(found) -> list:
    return list(ContactSerializer(found, many=True, context={"whole": True}).data)


def read(serializer: type[serializers.Serializer], request) -> dict:
    """What ``serializer`` makes of the body; 400 otherwise."""
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return given.validated_data
