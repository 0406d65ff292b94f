"""Checkpoints, proofs and countersignatures for programs of others.

What proves the ledger is open to everybody: a checkpoint tells how many entries there are and nothing of them.
"""

import base64

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from notary import notes, proofs, witnessing
from notary.models import Checkpoint, SigningKey, Witness
from responsibility import acting, shelf
from responsibility.api import ReadsLedger
from responsibility.interface import ErrorsSerializer
from responsibility.refusals import Invalid, Refused

LARGEST = 2**63 - 1
TEXT = "text/plain; charset=utf-8"


class PlainText(BaseParser):
    """A signed note as it is."""

    media_type = "text/plain"

    def parse(self, stream, media_type=None, parser_context=None):
        """``{"note": text}``; ``Invalid`` for what is too long or not UTF-8."""
        content = stream.read(notes.LONGEST + 1)
        try:
            return {"note": content.decode()}
        except UnicodeDecodeError:
            raise Invalid("bad_note", _("签名文本应为 UTF-8。"), "note") from None


class ProofSerializer(serializers.Serializer):
    """An inclusion proof (RFC 6962, 2.1.1): leaf data are the 32 bytes of ``digest``."""

    entry = serializers.IntegerField()
    digest = serializers.CharField(help_text="SHA-256 of the entry, hex")
    index = serializers.IntegerField(help_text="place in the tree, from 0")
    size = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField(), help_text="base64, from the leaf upward")
    checkpoint = serializers.CharField(help_text="the signed note")


class ConsistencySerializer(serializers.Serializer):
    """A consistency proof (RFC 6962, 2.1.2) between two sizes."""

    old = serializers.IntegerField()
    new = serializers.IntegerField()
    proof = serializers.ListField(child=serializers.CharField(), help_text="base64")


class KeySerializer(serializers.ModelSerializer):
    """A key of the log: from which size of the tree, and up to which (``null``: it signs now)."""

    class Meta:
        model = SigningKey
        fields = ["verifier", "since", "until"]


class WitnessKeySerializer(serializers.ModelSerializer):
    """A key of a witness; ``unit`` by code."""

    unit = serializers.CharField(source="unit.code")

    class Meta:
        model = Witness
        fields = ["verifier", "unit", "added_at", "ended_at"]


class KeysSerializer(serializers.Serializer):
    """Whose signatures may stand under a checkpoint."""

    log = KeySerializer(many=True)
    witnesses = WitnessKeySerializer(many=True)


class CosignedSerializer(serializers.Serializer):
    """What was kept of a note: the size, and how many of its signatures are new."""

    size = serializers.IntegerField()
    new = serializers.IntegerField()


class LatestCheckpoint(APIView):
    """The newest checkpoint, or that of ``size``, as a signed note (C2SP tlog-checkpoint) with its witnesses' lines."""

    permission_classes = [AllowAny]
    authentication_classes: list = []

    @extend_schema(
        parameters=[OpenApiParameter("size", OpenApiTypes.INT, description="that of this many entries")],
        responses={(200, "text/plain"): OpenApiTypes.STR, 404: ErrorsSerializer},
    )
    def get(self, request):
        """404 while there is none."""
        return HttpResponse(whole(_wanted(request)), content_type=TEXT)


class Consistency(APIView):
    """That the tree of ``new`` entries begins with that of ``old`` ones; for two checkpoints of this log."""

    permission_classes = [AllowAny]
    authentication_classes: list = []

    @extend_schema(
        parameters=[
            OpenApiParameter("old", OpenApiTypes.INT, required=True),
            OpenApiParameter("new", OpenApiTypes.INT, description="the newest checkpoint when it is not given"),
        ],
        responses={200: ConsistencySerializer, 400: ErrorsSerializer, 404: ErrorsSerializer},
    )
    def get(self, request):
        """``Invalid`` for sizes that no checkpoint has."""
        new = _wanted(request, "new").size
        old = _number(request, "old")
        if old is None:
            raise Invalid("required", _("请给出 old。"), "old")
        if not Checkpoint.objects.filter(size=old).exists() or old > new:
            raise Invalid("unknown_size", _("没有这样大小的存证点，或 old 大于 new。"), "old")
        return Response({"old": old, "new": new, "proof": _b64(proofs.consistency(old, new))})


class EntryProof(APIView):
    """That an entry is in the ledger as a checkpoint signed it. For who reads the whole ledger; others have bundles."""

    permission_classes = [IsAuthenticated, ReadsLedger]

    @extend_schema(responses={200: ProofSerializer, 404: ErrorsSerializer, 409: ErrorsSerializer})
    def get(self, request, pk):
        """``Refused``: ``not_yet`` for an entry newer than the newest checkpoint, ``archive_missing``."""
        entry = shelf.by_id([min(pk, LARGEST)]).get(pk)
        if entry is None:
            raise Http404
        newest = proofs.newest()
        found = proofs.inclusions([entry.pk], newest) if newest else []
        if newest is None or not found:
            raise Refused("not_yet", _("该条目尚未进入存证点，请在一分钟后再取。"))
        told = {"entry": entry.pk, "digest": entry.digest, "index": found[0].index, "size": newest.size}
        return Response(told | {"path": _b64(found[0].path), "checkpoint": whole(newest)})


class Keys(APIView):
    """The keys of the log and of its witnesses. Whoever checks should know them from elsewhere too."""

    permission_classes = [AllowAny]
    authentication_classes: list = []

    @extend_schema(responses=KeysSerializer)
    def get(self, request):
        """Oldest first."""
        told = {
            "log": SigningKey.objects.order_by("since", "pk"),
            "witnesses": Witness.objects.select_related("unit").order_by("pk"),
        }
        return Response(KeysSerializer(told).data)


class Cosign(APIView):
    """Countersign a checkpoint: the note with a line of a registered witness of one's unit (C2SP tlog-cosignature)."""

    permission_classes = [IsAuthenticated]
    parser_classes = [PlainText]

    @extend_schema(
        request={"text/plain": OpenApiTypes.STR},
        responses={
            200: CosignedSerializer, 400: ErrorsSerializer, 403: ErrorsSerializer,
            409: OpenApiResponse(ErrorsSerializer, description="`not_ours`: keep your note, history may be rewritten"),
        },
    )  # fmt: skip
    def post(self, request):
        """Twice the same changes nothing."""
        kept = witnessing.cosign(request.data.get("note", ""), by=acting.person(request.user))
        size = notes.Checkpoint.read(notes.Note.read(request.data["note"]).text).size
        return Response({"size": size, "new": len(kept)})


def whole(checkpoint: Checkpoint) -> str:
    """The note with the lines of all who countersigned."""
    lines = checkpoint.cosignatures.order_by("pk").values_list("line", flat=True)
    return checkpoint.note + "".join(lines)


def _wanted(request, name: str = "size") -> Checkpoint:
    size = _number(request, name)
    found = proofs.newest() if size is None else Checkpoint.objects.filter(size=size).first()
    if found is None:
        raise Http404
    return found


def _number(request, name: str) -> int | None:
    given = request.query_params.get(name, "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise Invalid("bad_number", _("应为整数。"), name)
    return int(given)


def _b64(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
