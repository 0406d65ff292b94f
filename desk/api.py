"""The search of the desk for programs."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from desk import asking, lines, searching
from responsibility import directory
from responsibility.api import ReadsLedger
from responsibility.interface import ErrorsSerializer
from responsibility.refusals import Invalid

MOST = 200
SIZE = 50
ASKED = [
    OpenApiParameter("text", str, description="words of two signs or more; all of them stand in the entry"),
    OpenApiParameter("verb", str, description="such as `case.acknowledge`"),
    OpenApiParameter("unit", str, description="code of a unit: whose person acted, or of which the entry speaks"),
    OpenApiParameter("number", str, description="number of a case: the whole of its chain"),
    OpenApiParameter("person", str, description="who acted, by name or account"),
    OpenApiParameter("since", OpenApiTypes.DATE, description="local day, included"),
    OpenApiParameter("until", OpenApiTypes.DATE, description="local day, included"),
    OpenApiParameter("after", str, description="`next` of the page before"),
    OpenApiParameter("page_size", int, description=f"at most {MOST}"),
]


class FoundEntrySerializer(serializers.Serializer):
    """One entry, as a sentence in the reader's language."""

    id = serializers.IntegerField(source="pk")
    at = serializers.DateTimeField()
    verb = serializers.CharField(source="entry.verb", default="")
    sentence = serializers.CharField(source="said")
    note = serializers.CharField(source="entry.note", default="")
    actor = serializers.CharField(source="who")
    case = serializers.CharField(source="number")
    digest = serializers.CharField(source="entry.digest", default="")
    proof = serializers.CharField(help_text="where its proof of inclusion is")


class FoundSerializer(serializers.Serializer):
    """A page, newest first. ``count`` and ``more`` on the first page alone: it is counted up to a thousand."""

    count = serializers.IntegerField(allow_null=True)
    more = serializers.BooleanField()
    next = serializers.CharField(allow_null=True)
    results = FoundEntrySerializer(many=True)


class Entries(APIView):
    """The ledger of all years by unit, case, verb, person, period and free text."""

    permission_classes = [IsAuthenticated, ReadsLedger]

    @extend_schema(
        operation_id="desk_entries", parameters=ASKED,
        responses={200: FoundSerializer, 400: ErrorsSerializer, 403: ErrorsSerializer},
    )  # fmt: skip
    def get(self, request):
        """Everything that was committed before the question is in the answer."""
        given, known = request.query_params, directory.current()
        asked, after = asking.read(given, known), asking.place(given.get("after", ""))
        found = searching.search(asked, after=after, size=_size(given.get("page_size", "")))
        told = {
            "count": found.count,
            "more": found.more,
            "next": str(found.following) if found.following else None,
            "results": lines.of(found.places, known),
        }
        return Response(FoundSerializer(told).data)


def _size(text: str) -> int:
    if not text:
        return SIZE
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST and len(text) <= 3):
        raise Invalid("bad_number", _("应为整数。"), "page_size")
    return int(text)
