"""Orders for programs: list, one, give, its verbs; photos and the record of a visit. Each answers with the order."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from cases.api import REFUSALS, UnitSerializer
from insurance.firms.models import Item
from insurance.service import given, ordering, record, seeing, views, visiting
from insurance.service.models import OrderState, Photo, Purpose, ServiceOrder, Visit
from responsibility import access, acting
from responsibility.interface import NewestEntryFirst

# A broker follows states (facts 3.5).
BRIEF = {"number", "state", "item", "insured"}


class VisitPhotoSerializer(serializers.ModelSerializer):
    """A photo of a visit; places in WGS84 degrees."""

    class Meta:
        model = Photo
        fields = ["id", "sha256", "size", "content_type", "note", "taken_at", "lat", "lon"]


class VisitReadingSerializer(serializers.Serializer):
    """A reading on the spot, as it was written."""

    what = serializers.CharField()
    value = serializers.CharField()
    unit = serializers.CharField(required=False, allow_blank=True, default="")


class VisitFoundSerializer(serializers.Serializer):
    """A danger that was found: ``days`` to put it right."""

    severity = serializers.ChoiceField(record.Severity.choices)
    text = serializers.CharField()
    basis = serializers.CharField(required=False, allow_blank=True, default="")
    advice = serializers.CharField(required=False, allow_blank=True, default="")
    days = serializers.IntegerField(required=False, min_value=1, max_value=record.DAYS, default=7)


class VisitSerializer(serializers.ModelSerializer):
    """The record of a visit. ``people``: names of those who came."""

    people = serializers.SerializerMethodField()
    readings = VisitReadingSerializer(many=True)
    found = VisitFoundSerializer(many=True)
    photos = VisitPhotoSerializer(many=True)

    class Meta:
        model = Visit
        fields = [
            "sent_as", "arrived_at", "left_at", "lat", "lon", "people", "work", "readings", "found", "follow_up",
            "photos", "sent_at", "confirmed_at", "refused_at", "remark",
        ]  # fmt: skip

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_people(self, visit: Visit) -> list[str]:
        return [person.name for person in visit.people.all()]


class ServiceOrderSerializer(serializers.ModelSerializer):
    """An order as this person may see it; fields that are not for him are null. ``allowed``: what he may press now."""

    policy = serializers.CharField(source="policy.number", allow_null=True, default=None)
    case = serializers.SerializerMethodField()
    by_unit, firm, insured = UnitSerializer(), UnitSerializer(), UnitSerializer()
    object = serializers.CharField(source="risk_object.code", allow_null=True, default=None)
    proposed_by = UnitSerializer(allow_null=True)
    moved_from = serializers.CharField(source="moved_from.number", allow_null=True, default=None)
    visit = VisitSerializer(allow_null=True, default=None)
    allowed = serializers.SerializerMethodField()

    class Meta:
        model = ServiceOrder
        fields = [
            "number", "state", "item", "purpose", "text", "goal", "policy", "case", "by_unit", "firm", "insured",
            "object", "due_at", "proposed_at", "proposed_by", "appointed_at", "ordered_at", "ended_at", "reason",
            "moved_from", "to_place", "visit", "allowed", "chain",
        ]  # fmt: skip

    def to_representation(self, order: ServiceOrder) -> dict:
        """A broker is told how far it is, an insurer nothing that shows faces (facts 3.5)."""
        told = super().to_representation(order)
        if seeing.by_status_only(order, self.context["actor"]):
            return {name: value if name in BRIEF else None for name, value in told.items()} | {"allowed": []}
        if told["visit"]:
            self._mask(told["visit"], order)
        return told

    def _mask(self, visit: dict, order: ServiceOrder) -> None:
        """Of photos insurers are told that there are such, by their digests, and no place of a secret object."""
        if seeing.by_insurance(order, self.context["actor"]):
            for photo in visit["photos"]:
                photo |= {"note": "", "taken_at": None, "lat": None, "lon": None}
        if not seeing.tells_place(order, self.context["actor"]):
            visit |= {"lat": None, "lon": None}

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_case(self, order: ServiceOrder) -> str | None:
        return order.case.number if order.case and seeing.names_case(order, self.context["actor"]) else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_allowed(self, order: ServiceOrder) -> list[str]:
        return seeing.allowed(order, self.context["actor"])


class ServiceAskedSerializer(serializers.Serializer):
    """An order on its way in: ``policy`` or plan ``line`` by id for a service; a body of the district names the
    ``insured`` and purpose ``recheck``."""

    policy = serializers.IntegerField(required=False, allow_null=True)
    line = serializers.IntegerField(required=False, allow_null=True)
    insured = serializers.CharField(required=False, allow_blank=True)
    firm = serializers.CharField()
    object = serializers.CharField(required=False, allow_blank=True)
    case = serializers.CharField(required=False, allow_blank=True)
    item = serializers.ChoiceField(Item.choices, required=False)
    purpose = serializers.ChoiceField(Purpose.choices, required=False)
    text = serializers.CharField(max_length=500)
    goal = serializers.CharField(required=False, allow_blank=True, max_length=500)
    due_at = serializers.DateTimeField()


class ServicePressedSerializer(serializers.Serializer):
    """What a verb may need: ``at`` (accept, propose), ``proposed_at`` as it was read (agree), ``reason`` (decline,
    withdraw, dispute), ``remark`` (confirm), ``firm`` and ``due_at`` (place)."""

    at = serializers.DateTimeField(required=False)
    proposed_at = serializers.DateTimeField(required=False)
    reason = serializers.CharField(required=False)
    remark = serializers.CharField(required=False, allow_blank=True)
    firm = serializers.CharField(required=False)
    due_at = serializers.DateTimeField(required=False)


class VisitPhotoNameSerializer(serializers.Serializer):
    """A photo that the record names."""

    sha256 = serializers.CharField()
    note = serializers.CharField(required=False, allow_blank=True)


class VisitInSerializer(serializers.Serializer):
    """The record of a visit on its way in; ``people``: ids of inspectors of the firm, WGS84 degrees."""

    sent_as = serializers.UUIDField()
    arrived_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField()
    lat = serializers.FloatField(required=False, allow_null=True)
    lon = serializers.FloatField(required=False, allow_null=True)
    people = serializers.ListField(child=serializers.IntegerField())
    work = serializers.CharField()
    readings = VisitReadingSerializer(many=True, required=False)
    found = VisitFoundSerializer(many=True, required=False)
    follow_up = serializers.CharField(required=False, allow_blank=True)
    photos = VisitPhotoNameSerializer(many=True, required=False)


class PhotoInSerializer(serializers.Serializer):
    """A photo on its way in, under the name of the record that will follow."""

    sent_as = serializers.UUIDField()
    photo = serializers.FileField()


class PhotoTakenSerializer(serializers.Serializer):
    """A photo that was taken in."""

    sha256 = serializers.CharField()


def _seen(request, number: str) -> ServiceOrder:
    order = seeing.orders(acting.of(request.user)).filter(number=number).first() if len(number) <= 40 else None
    if order is None:
        raise Http404
    return order


def _answer(request, number: str, status: int = 200) -> Response:
    context = {"actor": acting.of(request.user)}
    return Response(ServiceOrderSerializer(_seen(request, number), context=context).data, status=status)


def _works(request, order: ServiceOrder) -> None:
    if access.post_for(acting.of(request.user), "service.work", named={order.firm_id}) is None:
        raise PermissionDenied


class ServiceOrders(ListAPIView):
    """The orders that this person sees, newest first."""

    permission_classes = [IsAuthenticated]
    serializer_class = ServiceOrderSerializer
    pagination_class = NewestEntryFirst
    queryset = ServiceOrder.objects.none()

    @extend_schema(
        operation_id="service_orders", 
        responses={200: ServiceOrderSerializer(many=True), 400: REFUSALS[400], 403: REFUSALS[403]},
        parameters=[
            OpenApiParameter("state", enum=OrderState.values), OpenApiParameter("item", enum=Item.values),
            OpenApiParameter("to_place", bool, description="only those of stopped firms, to be placed anew"),
        ],
    )  # fmt: skip
    def get(self, request, *args, **kwargs):
        """Filtered by ``state``, ``item`` and ``to_place``."""
        if not access.may(acting.of(request.user), "service.read"):
            raise PermissionDenied
        return super().get(request, *args, **kwargs)

    def get_queryset(self):
        """As the page has it."""
        asked = self.request.query_params
        found = seeing.orders(acting.of(self.request.user)).prefetch_related("visit__photos", "visit__people")
        if asked.get("to_place"):
            found = found.to_be_placed()
        for name, choices in (("state", OrderState), ("item", Item)):
            if asked.get(name):
                found = found.filter(**{name: given.choice(asked[name], choices, name)})
        return found

    def get_serializer_context(self):
        """With the reader."""
        return super().get_serializer_context() | {"actor": acting.of(self.request.user)}

    @extend_schema(
        operation_id="service_order_give",
        request=ServiceAskedSerializer,
        responses={201: ServiceOrderSerializer, **REFUSALS},
    )
    def post(self, request):
        """Give an order; only to a firm that is fit, and to no firm that would check its own client."""
        actor = acting.of(request.user)
        if not access.may(actor, "service.order"):
            raise PermissionDenied
        made = ordering.give(ordering.read(given.mapping(request.data), actor), by=request.user)
        return _answer(request, made.number, 201)


class ServiceOrderDetail(APIView):
    """One order."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="service_order", responses={200: ServiceOrderSerializer, 404: REFUSALS[404]})
    def get(self, request, order: str):
        """With its visit, where there was one."""
        return _answer(request, order)


class ServiceOrderVerb(APIView):
    """``accept``, ``decline``, ``propose``, ``agree``, ``confirm``, ``dispute``, ``withdraw``, ``place``."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="service_order_press",
        request=ServicePressedSerializer,
        responses={200: ServiceOrderSerializer, **REFUSALS},
    )
    def post(self, request, order: str, verb: str):
        """Answers with the order; ``place`` with the new one."""
        found, posted = _seen(request, order), given.mapping(request.data)
        if verb not in views.VERBS:
            raise Http404
        made: Any = views.VERBS[verb](found.pk, posted, request.user)
        return _answer(request, made.number if isinstance(made, ServiceOrder) else found.number)


class ServiceVisit(APIView):
    """The record of the visit."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="service_visit", request=VisitInSerializer, responses={200: ServiceOrderSerializer, **REFUSALS}
    )
    def post(self, request, order: str):
        """Taken once under its ``sent_as``, when all photos that it names are there; again, the same answer."""
        found = _seen(request, order)
        _works(request, found)
        visiting.record(found.pk, record.read(given.mapping(request.data)), by=request.user)
        return _answer(request, order)


class ServicePhotos(APIView):
    """The photos of a record that has not been sent yet."""

    permission_classes = [IsAuthenticated]
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="service_photo", request=PhotoInSerializer, responses={201: PhotoTakenSerializer, **REFUSALS}
    )
    def post(self, request, order: str):
        """One photo, as often as it takes; the same file is one photo."""
        found = _seen(request, order)
        _works(request, found)
        sent_as = given.name_of(request.data.get("sent_as", ""))
        kept = visiting.receive(found.pk, sent_as, request.FILES.get("photo"), by=request.user)
        return Response({"sha256": kept.sha256}, status=201)
