"""The floors of single requests: two DRF views that do the least, served by the product's own set-up."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

from config.bridge import Bridge  # noqa: E402

# The product's settings but for the URLs: the same middleware, the same connections, the same threads.
settings.ROOT_URLCONF = "bench.bare"
# The alerts' own table asks for a ledger entry with every row: the floor writes into its twin (``copying.twins``).
settings.DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c search_path=bench,public"
application = Bridge(get_wsgi_application(), pause=settings.BODY_PAUSE_SECONDS)

from django.contrib.auth.decorators import login_not_required  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework import serializers  # noqa: E402
from rest_framework.generics import CreateAPIView  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from alerts.models import Alert, Source  # noqa: E402
from cases.models import Deadline  # noqa: E402


class BareSerializer(serializers.ModelSerializer):
    """One alert as it is stored, without a question to the database."""

    class Meta:
        model = Alert
        fields = [
            "external_id",
            "category_code",
            "object_code",
            "observed_at",
            "grade",
            "value",
            "unit",
            "title",
            "payload",
        ]
        validators = []


class Insert(CreateAPIView):
    """One row inserted by the ORM."""

    authentication_classes = permission_classes = []
    serializer_class = BareSerializer
    source_id = None

    def perform_create(self, serializer):
        if Insert.source_id is None:
            Insert.source_id = Source.objects.values_list("pk", flat=True).get(code="demo-sensors")
        serializer.save(source_id=Insert.source_id, received_at=timezone.now(), chain=timezone.now().strftime(CHAIN))


# Any UUID will do, and this one costs nothing to make.
CHAIN = "00000000-0000-4000-8000-%H%M%S%f"


class Update(APIView):
    """One row updated by the ORM."""

    authentication_classes = permission_classes = []

    def post(self, request, pk):
        """Say how many rows were updated: one."""
        # A column that may change without an entry of the ledger.
        return Response({"updated": Deadline.objects.filter(pk=pk).update(retry_at=None)})


urlpatterns = [
    path("insert/", login_not_required(Insert.as_view())),
    path("update/<int:pk>/", login_not_required(Update.as_view())),
]
