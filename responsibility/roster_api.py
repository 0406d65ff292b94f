"""The duty roster for programs: who is on duty, what is planned, and drawing up many shifts at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from responsibility import access, acting, clock, directory, roster, rostering
from responsibility.interface import ErrorsSerializer, Instant
from responsibility.models import Shift, Unit
from responsibility.refusals import Forbidden, Invalid

# Shown when no end is given, and at the most.
SPAN, LONGEST_SPAN = timedelta(days=7), timedelta(days=31)
MOST_ROWS = 1000
LARGEST_ID = 2**63 - 1


class RosterUnitSerializer(serializers.Serializer):
    """A unit by code, named in the reader's language."""

    code = serializers.CharField()
    name = serializers.CharField(source="label")


class ShiftSerializer(serializers.Serializer):
    """A shift; ``person`` and ``deputy`` are usernames, ``title`` the post on duty."""

    id = serializers.IntegerField()
    unit = RosterUnitSerializer(source="post.unit")
    person = serializers.CharField(source="post.user.username")
    name = serializers.CharField(source="post.user")
    role = serializers.CharField()
    title = serializers.CharField(source="post.label")
    deputy = serializers.CharField(source="deputy.user.username", default=None, allow_null=True)
    since = serializers.DateTimeField(source="during.lower")
    until = serializers.DateTimeField(source="during.upper")


class HoleSerializer(serializers.Serializer):
    """A time without anybody on duty."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


class WatchSerializer(serializers.Serializer):
    """A unit now: who is on duty, whether it keeps a roster at all, and its first hole within 24 hours."""

    unit = RosterUnitSerializer()
    keeps_roster = serializers.BooleanField()
    on_duty = ShiftSerializer(many=True)
    hole = HoleSerializer(allow_null=True)


class RosterSerializer(serializers.Serializer):
    """The roster of the units that may be read. ``nobody``: codes of the units without anybody on duty at ``at``."""

    at = serializers.DateTimeField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    units = WatchSerializer(many=True)
    nobody = serializers.ListField(child=serializers.CharField())
    shifts = ShiftSerializer(many=True)


class AskedSerializer(serializers.Serializer):
    """Which part of the roster."""

    unit = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)
    since = Instant(required=False, default=None)
    until = Instant(required=False, default=None)


class RowSerializer(serializers.Serializer):
    """A shift to plan. ``role`` is needed only where the person holds several posts in the unit."""

    unit = serializers.CharField(max_length=64, help_text="code")
    person = serializers.CharField(max_length=150, help_text="username")
    since = Instant()
    until = Instant()
    role = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    deputy = serializers.CharField(max_length=150, required=False, default="", allow_blank=True, help_text="username")


class PlanSerializer(serializers.Serializer):
    """Shifts to plan, in place of coming ones (``instead_of``, ids): all of it or nothing."""

    rows = serializers.ListField(child=RowSerializer(), required=False, default=list, max_length=MOST_ROWS)
    instead_of = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=LARGEST_ID),
        required=False,
        default=list,
        max_length=MOST_ROWS,
    )


class PlannedSerializer(serializers.Serializer):
    """What was planned, in the order of the rows."""

    shifts = ShiftSerializer(many=True)


@dataclass
class Watched:
    """One unit as ``WatchSerializer`` tells it."""

    unit: Unit
    watch: roster.Watch | None

    @property
    def keeps_roster(self) -> bool:
        """A unit with a roster has somebody on duty, or a hole."""
        return self.watch is not None

    @property
    def on_duty(self) -> list[Shift]:
        return self.watch.shifts if self.watch else []

    @property
    def hole(self) -> roster.Hole | None:
        return self.watch.hole if self.watch else None


class Roster(APIView):
    """Who is on duty when."""

    @extend_schema(
        operation_id="roster_retrieve",
        parameters=[
            OpenApiParameter("unit", str, description="Code; all units that may be read when left out."),
            OpenApiParameter("since", datetime, description="Now when left out."),
            OpenApiParameter("until", datetime, description="Seven days later when left out, at most 31."),
        ],
        responses={200: RosterSerializer, 400: ErrorsSerializer, 403: ErrorsSerializer, 404: ErrorsSerializer},
    )
    def get(self, request):
        """Who is on duty now, which units have nobody, and the shifts that touch the time asked for.

        403 for who reads no roster, 404 for a unit whose roster is not this person's to read.
        """
        actor, known, now = acting.of(request.user), directory.current(), clock.now()
        units = roster.readable(actor, known)
        asked = AskedSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        code, since, until = _part(asked.validated_data, now)
        if code and code not in units:
            raise Http404
        ids = [unit.pk for unit in units.values() if code in ("", unit.code)]
        watches = roster.watches(ids, now)
        watched = [Watched(known.units[pk], watches.get(pk)) for pk in ids]
        shifts = Shift.objects.filter(unit__in=ids, during__overlap=DateTimeTZRange(since, until))
        answer = {
            "at": now,
            "since": since,
            "until": until,
            "units": watched,
            "nobody": [one.unit.code for one in watched if not one.on_duty],
            "shifts": shifts.select_related(*roster.RELATED),
        }
        return Response(RosterSerializer(answer).data)

    @extend_schema(
        operation_id="roster_plan",
        request=PlanSerializer,
        responses={
            201: PlannedSerializer,
            400: ErrorsSerializer,
            403: OpenApiResponse(ErrorsSerializer, description="The roster of a unit named is not this person's."),
            409: OpenApiResponse(ErrorsSerializer, description="Twice at once, or begun; nothing was changed."),
        },
    )
    def post(self, request):
        """Draw up shifts as from the page; the faulty field is named as ``rows.<n>.<field>``, counted from 0."""
        if not access.may(acting.of(request.user), "roster.plan"):
            raise Forbidden("not_roster_keeper", _("值班表由本单位负责人或系统管理员编排。"))
        given = PlanSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        rows = [rostering.Row(**row) for row in given.validated_data["rows"]]
        made = rostering.plan(rows, by=request.user, instead_of=given.validated_data["instead_of"])
        return Response(PlannedSerializer({"shifts": made}).data, status=201)


def _part(asked: dict, now: datetime) -> tuple[str, datetime, datetime]:
    since = asked["since"] or now
    try:
        until = asked["until"] or since + SPAN
        if until <= since:
            raise Invalid("bad_time", _("止须晚于起。"), "until")
        if until - since > LONGEST_SPAN:
            raise Invalid("too_long", _("一次最多查看 %(days)d 天。") % {"days": LONGEST_SPAN.days}, "until")
    except OverflowError:
        raise Invalid("bad_time", _("止须晚于起。"), "since") from None
    return asked["unit"], since, until
