"""Resources for programs."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from resources import room
from resources.models import Resource, Station
from responsibility import acting, directory


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
