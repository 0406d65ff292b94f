"""The doors of people and their programs to cases. Each fetches through ``visible_to`` and calls one action."""

from collections.abc import Collection

from django.db.models import Prefetch
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api import LocationSerializer
from cases import actions, casepage, fivefold, guards, outside, proof
from cases.bundle import reader
from cases.filters import CaseFilter
from cases.models import Case, Deadline, Evidence, Party
from cases.models.work import Answered, EvidenceKind
from responsibility import access, acting, clock, directory, ledger
from responsibility.interface import ErrorsSerializer, Instant, NewestEntryFirst, NewestFirst
from responsibility.models import Grade, LedgerEntry
from responsibility.refusals import Invalid

# A case that is worked has some dozens of entries; one that a sensor keeps reporting may have any number.
TIMELINE = 1000

REFUSALS = {
    400: ErrorsSerializer,
    403: OpenApiResponse(ErrorsSerializer, description="Seen, but not this person's to do."),
    404: OpenApiResponse(ErrorsSerializer, description="Not there, or not to be seen by this person."),
    409: OpenApiResponse(ErrorsSerializer, description="Not possible as things stand; nothing was changed."),
}


class UnitSerializer(serializers.Serializer):
    """A unit by code, named in the reader's language."""

    code = serializers.CharField()
    name = serializers.CharField(source="label")


class PartySerializer(serializers.ModelSerializer):
    """A unit engaged in the case."""

    unit = UnitSerializer()

    class Meta:
        model = Party
        fields = ["unit", "role", "since", "until", "acknowledged_at", "answered_by"]


class DeadlineSerializer(serializers.ModelSerializer):
    """A promise with a time. ``lamp``: green, amber from 80 % of the time used, red beyond it."""

    unit = UnitSerializer(allow_null=True)
    lamp = serializers.SerializerMethodField()

    class Meta:
        model = Deadline
        fields = ["kind", "unit", "started_at", "due_at", "paused_at", "missed_at", "stopped_at", "provisional", "lamp"]

    @extend_schema_field(serializers.ChoiceField(["green", "amber", "red"]))
    def get_lamp(self, deadline: Deadline) -> str:
        return deadline.lamp(clock.now())


class CaseSerializer(serializers.ModelSerializer):
    """A case as this person may see it. ``allowed``: the verbs this person may press now.

    An insurer, broker, firm or enterprise that sees the case by a policy, an order or its own object reads what
    concerns it, and null or an empty list elsewhere.

    ``vacant_duties``: which of the five duties and three musts nobody fills (``leader``, ``territory``,
    ``supervision``, ``lead``, ``business``, ``main_body``), ``vacant_count`` how many; none before it is filed.
    ``drill``: the id of the drill to which it belongs, null for a real case; its clocks run ``speed`` times as fast.
    """

    category = serializers.CharField(source="category_code")
    scenario = serializers.CharField(source="scenario.code", allow_null=True, default=None)
    holder = UnitSerializer(allow_null=True)
    lead = UnitSerializer(allow_null=True)
    territory = UnitSerializer(allow_null=True)
    object = serializers.SerializerMethodField()
    location = serializers.SerializerMethodField()
    parties = PartySerializer(many=True)
    deadlines = DeadlineSerializer(many=True)
    linked_to = serializers.CharField(source="linked_to.number", allow_null=True, default=None)
    allowed = serializers.SerializerMethodField()
    vacant_duties = serializers.SerializerMethodField()
    vacant_count = serializers.SerializerMethodField()

    class Meta:
        model = Case
        fields = [
            "number", "state", "loop", "grade", "category", "scenario", "title", "holder", "lead", "territory",
            "object", "location", "opened_at", "filed_at", "contained_at", "closed_at", "alert_count", "rework_count",
            "due_at", "hops", "no_return", "linked_to", "parties", "deadlines", "duties", "vacant_duties",
            "vacant_count", "drill", "speed", "allowed", "chain",
        ]  # fmt: skip
        extra_kwargs = {name: {"allow_null": True} for name in fields if name not in ("number", "state")}

    def to_representation(self, case: Case) -> dict:
        """Whoever reads the case by a grant is told neither names nor the clocks of those in office; whoever reads it
        by a policy, an order or his own object is told the fields of ``cases/outside.py``."""
        told, actor = super().to_representation(case), self.context["actor"]
        if by := self.context.get("outside", {}).get(case.pk):
            return outside.told(told, case, by)
        engaged = list(case.parties.all()), list(case.deadlines.all())
        to = reader.towards(actor, inside=casepage.reads_by_office(case, actor, self.context["known"], *engaged))
        told["duties"] = to.duties(case)
        told["deadlines"] = [each for each in told["deadlines"] if to.owes(each["kind"])]
        return told

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_object(self, case: Case) -> str | None:
        return case.object_code or None

    @extend_schema_field(LocationSerializer(allow_null=True))
    def get_location(self, case: Case) -> dict | None:
        return None if case.lat is None else {"lat": case.lat, "lon": case.lon, "crs": "WGS84"}

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_allowed(self, case: Case) -> list[str]:
        return guards.allowed(self.context["actor"], case, list(case.parties.all()))

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField([d.code for d in fivefold.DUTIES])))
    def get_vacant_duties(self, case: Case) -> list[str]:
        return fivefold.vacant(case.duties) if case.filed_at else []

    def get_vacant_count(self, case: Case) -> int:
        return len(self.get_vacant_duties(case))


class Visible(APIView):
    """Cases of the person who asks, ready to be written out in a fixed number of statements."""

    def actor(self) -> acting.Actor:
        """The person who asks, read once a request."""
        if not hasattr(self, "_actor"):
            self._actor = acting.of(self.request.user)
        return self._actor

    def known(self) -> directory.Directory:
        """The district as it stands at this request."""
        if not hasattr(self, "_known"):
            self._known = directory.current()
        return self._known

    def visible(self):
        """The cases this person may see."""
        return Case.objects.visible_to(self.actor(), self.known().units)

    def read_by(self, asked: Collection[str] = ()):
        """The cases of which this person may read something, found by the filters ``asked``."""
        return Case.objects.read_by(self.actor(), self.known().units, asked)

    def outside(self, cases: Collection[Case]) -> dict[int, frozenset[outside.Standing]]:
        """Those of ``cases`` that this person sees as an outsider only, and by what."""
        ids = {case.pk for case in cases}
        by = outside.standings(self.actor(), ids) if ids else {}
        if by:
            for pk in self.visible().filter(pk__in=by).values_list("pk", flat=True):
                del by[pk]
        return by

    def get_queryset(self):
        return (
            self.read_by(self.asked())
            .select_related("holder", "lead", "territory", "scenario", "linked_to", "category", "risk_object")
            .prefetch_related(
                Prefetch("parties", Party.objects.select_related("unit")),
                Prefetch("deadlines", Deadline.objects.select_related("unit")),
            )
        )

    def asked(self) -> list[str]:
        """The filters that were given."""
        return []

    def inside(self, case: Case) -> bool:
        """Whether this person reads ``case`` by office, and not by a grant alone."""
        return Case.objects.inside_for(self.actor(), self.known().units).filter(pk=case.pk).exists()

    def case(self, number: str, seen=None) -> Case:
        """The case ``number`` among those ``seen``, or 404 when this person may not see it."""
        seen = self.visible() if seen is None else seen
        found = None if "\x00" in number else seen.filter(number=number).first()
        if found is None:
            raise Http404
        return found

    def get_serializer_context(self) -> dict:
        return {"request": self.request, "view": self, "actor": self.actor(), "known": self.known()}

    def written(self, number: str) -> Response:
        """The case as it stands now."""
        case = self.case(number, self.get_queryset())
        context = self.get_serializer_context() | {"outside": self.outside([case])}
        return Response(CaseSerializer(case, context=context).data)


class Cases(Visible, ListAPIView):
    """Cases, newest first, by cursor."""

    serializer_class = CaseSerializer
    queryset = Case.objects.none()
    pagination_class = NewestFirst
    filterset_class = CaseFilter

    def asked(self) -> list[str]:
        """The filters that the address gives a value."""
        return [name for name in CaseFilter.base_filters if self.request.query_params.get(name)]

    @property
    def paginator(self):
        """By the order of filing for outsiders: a cursor with an instant would tell it to whoever is shown none."""
        if not hasattr(self, "_paginator"):
            self._paginator = (NewestFirst if access.may(self.actor(), "case.read") else NewestEntryFirst)()
        return self._paginator

    def paginate_queryset(self, queryset):
        """With what of this page is seen from outside."""
        page = super().paginate_queryset(queryset)
        self._outside = self.outside(page or [])
        return page

    def get_serializer_context(self) -> dict:
        return super().get_serializer_context() | {"outside": self._outside}


class CaseDetail(Visible):
    """One case."""

    @extend_schema(operation_id="cases_retrieve", responses={200: CaseSerializer, 404: ErrorsSerializer})
    def get(self, request, number):
        """The case ``number``; 404 also when this person may not see it."""
        return self.written(number)


class VerbSerializer(serializers.Serializer):
    """What a verb may take; every field is optional unless the guard asks for it."""

    note = serializers.CharField(required=False, max_length=actions.NOTE_LENGTH)
    reason = serializers.CharField(required=False, max_length=actions.NOTE_LENGTH, help_text="rework, reopen, void")
    answered_by = serializers.ChoiceField(Answered.choices, required=False, help_text="acknowledge")
    who = serializers.CharField(
        max_length=150, required=False, help_text="acknowledge: username of the colleague who answered by voice"
    )
    location = LocationSerializer(required=False, help_text="arrive")
    category = serializers.CharField(required=False, help_text="file")
    scenario = serializers.CharField(required=False, help_text="file")
    territory = serializers.CharField(required=False, help_text="file")
    grade = serializers.ChoiceField(Grade.choices, required=False, help_text="file")


class CaseVerb(Visible):
    """A button."""

    @extend_schema(
        operation_id="cases_verb",
        parameters=[OpenApiParameter("verb", str, "path", enum=list(actions.DOES))],
        request=VerbSerializer,
        responses={200: CaseSerializer, **REFUSALS},
    )
    def post(self, request, number, verb):
        """Press ``verb`` and read the case as it stands then. A refusal changes nothing and says why."""
        # All verbs of the machine, so that one which needs a request says so instead of not being there.
        if verb not in guards.TABLE:
            raise Http404
        if not isinstance(request.data, dict):
            raise Invalid("not_an_object", _("请求内容应为一个 JSON 对象。"))
        actions.perform(self.case(number).pk, verb, by=request.user, data=dict(request.data.items()))
        return self.written(number)


class EntrySerializer(serializers.ModelSerializer):
    """One entry of the ledger."""

    class Meta:
        model = LedgerEntry
        fields = [
            "chain", "seq", "at", "recorded_at", "verb", "subject_type", "subject_id", "subject_label", "actor_label",
            "unit_label", "post_label", "before", "after", "note", "request_id", "previous", "digest",
        ]  # fmt: skip


class TimelineSerializer(serializers.Serializer):
    """Which part of a timeline."""

    after = serializers.IntegerField(required=False, default=0, min_value=0, max_value=2**31 - 1)


class CaseTimeline(Visible):
    """What happened on a case."""

    @extend_schema(
        operation_id="cases_timeline",
        parameters=[OpenApiParameter("after", int, description="Only entries with a higher `seq`.")],
        responses={200: EntrySerializer(many=True), 404: ErrorsSerializer},
    )
    def get(self, request, number):
        """The ledger entries of the case's chain, oldest first, up to 1,000; a ``Link`` leads to those that follow."""
        case = self.case(number, self.read_by())
        story = ledger.story(case.chain).order_by("seq")
        by = self.outside([case]).get(case.pk)
        to = reader.outsider(by) if by else reader.towards(self.actor(), inside=self.inside(case))
        entries = list(story.filter(seq__gt=self._after())[: TIMELINE + 1])
        answer = Response(EntrySerializer(to.told(entries[:TIMELINE]), many=True).data)
        if len(entries) > TIMELINE:
            following = request.build_absolute_uri(f"{request.path}?after={entries[TIMELINE - 1].seq}")
            answer["Link"] = f'<{following}>; rel="next"'
        return answer

    def _after(self) -> int:
        text = self.request.query_params.get("after", "0")
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise Invalid("bad_number", _("应为正整数。"), "after")
        return int(text)


class EvidenceSerializer(serializers.ModelSerializer):
    """A kept proof."""

    class Meta:
        model = Evidence
        fields = [
            "id",
            "kind",
            "note",
            "sha256",
            "size",
            "content_type",
            "original_name",
            "taken_at",
            "lat",
            "lon",
            "uploaded_at",
            "removed_at",
        ]


class EvidenceUploadSerializer(serializers.Serializer):
    """A proof on its way in."""

    # A file whose name is in another encoding does not arrive as one.
    file = serializers.FileField(error_messages={"required": _("没有收到文件；文件名须为 UTF-8 编码。")})
    kind = serializers.ChoiceField(EvidenceKind.choices, default=EvidenceKind.PHOTO.value)
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)
    taken_at = Instant(required=False, default=None)
    lat = serializers.FloatField(required=False, default=None, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, default=None, min_value=-180, max_value=180)


class CaseEvidence(Visible):
    """Proof."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="cases_evidence",
        request={"multipart/form-data": EvidenceUploadSerializer},
        responses={201: EvidenceSerializer, **REFUSALS},
    )
    def post(self, request, number):
        """Add a file. It is hashed as received; place and time are read from it and kept from other eyes."""
        given = EvidenceUploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        kept = proof.add(self.case(number).pk, data.pop("file"), by=request.user, **data)
        return Response(EvidenceSerializer(kept).data, status=201)
