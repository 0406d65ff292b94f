"""Resources for programs."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.formats.item import storable
from resources import keeping, room
from resources.models import Resource, Station
from responsibility import acting, directory
from responsibility.interface import ErrorsSerializer


class StationSerializer(serializers.ModelSerializer):
    """Where resources stand; WGS84 degrees."""

    name = serializers.CharField(source="label")

    class Meta:
        model = Station
        fields = ["code", "name", "lat", "lon", "phone"]


class ResourceSerializer(serializers.ModelSerializer):
    """A resource; ``offers``: what one unit of it gives, by capability."""

    name = serializers.CharField(source="label")
    station = StationSerializer()
    free = serializers.IntegerField()
    offers = serializers.SerializerMethodField()

    class Meta:
        model = Resource
        fields = ["code", "name", "kind", "station", "stock", "reserved", "ready", "free", "offers"]

    def get_offers(self, resource: Resource) -> dict[str, int]:
        return {offer.capability.code: offer.number for offer in resource.offers.all()}


class Resources(APIView):
    """What the district can send."""

    @extend_schema(operation_id="resources", responses={200: ResourceSerializer(many=True)})
    def get(self, request):
        """Every resource that this person may see, by station."""
        found = room.visible(acting.of(request.user), directory.current().units)
        return Response(ResourceSerializer(found, many=True).data)


class KeepSerializer(serializers.Serializer):
    """What is written down of a resource; what is left out stays as it is."""

    stock = serializers.IntegerField(required=False, min_value=0, max_value=keeping.MOST)
    ready = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="whether it can go out")
    note = serializers.CharField(required=False, max_length=keeping.NOTE, allow_blank=True, default="")


class ResourceKeep(APIView):
    """Stock and readiness of one resource."""

    @extend_schema(
        operation_id="resources_keep",
        request=KeepSerializer,
        responses={200: ResourceSerializer, 400: ErrorsSerializer, 403: ErrorsSerializer, 404: ErrorsSerializer,
                   409: ErrorsSerializer},
    )  # fmt: skip
    def post(self, request, code):
        """Write down how many there are and whether it can go out; never below what is out already."""
        found = room.visible(acting.of(request.user), directory.current().units).filter(code=code)
        resource = get_object_or_404(found) if storable(code) else None
        if resource is None:
            raise Http404
        given = KeepSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        keeping.keep(resource.pk, by=request.user, **given.validated_data)
        return Response(ResourceSerializer(found.get()).data)
