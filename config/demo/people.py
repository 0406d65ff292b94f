"""The demo people of a district file, and the one demo source with its key."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils.crypto import salted_hmac
from rest_framework import serializers

from alerts.models import Source
from responsibility import acting, district_file, posts, rows_told, tokens
from responsibility.district_file import BadDistrictFile, Code, Text
from responsibility.loading import Tally, sync
from responsibility.models import Post, Role, Unit, User

SINCE = "2026-01-01"
Row = district_file.row_of(
    "Row",
    username=Text(max_length=150),
    name=Text(max_length=100),
    unit=Code("units"),
    role=serializers.ChoiceField(Role.choices),
    title=Text(max_length=100),
    title_en=Text(max_length=100, allow_blank=True),
)
SOURCE = "demo-sensors"


def load(data: dict) -> dict[str, Tally]:
    """Load ``data["demo"]["people"]`` and the demo source; loading twice changes nothing.

    Answers the tally of each table by its name. Raises ``BadDistrictFile`` for a unit that is not loaded.
    """
    rows = data.get("demo", {}).get("people", [])
    district_file.judge_rows("demo.people", Row, rows, {"units": [*Unit.objects.values_list("code", flat=True)]})
    with rows_told.told():
        users = sync(User, ["username"], _users(rows))
        named = User.objects.filter(username__in=[row["username"] for row in rows]).values_list("pk", flat=True)
        with posts.accounted(list(named), by=acting.SYSTEM):
            held = sync(Post, ["user", "unit", "role", "since"], _posts(rows))
        return {"人员 people": users, "岗位 posts": held, "子平台 source": sync(Source, ["code"], [_source()])}


def source_key() -> str:
    """The key of the demo source. Derived, so that it can be shown again though only its digest is stored."""
    return salted_hmac("bihuan.demo", "demo-source", algorithm="sha256").hexdigest()


def _users(rows: list[dict]) -> list[dict]:
    kept = dict(User.objects.values_list("username", "password"))
    # One hash for all: the password is public, and a slow hash for each of seventy people would hold up every start.
    hashed = make_password(settings.DEMO_PASSWORD) if any(row["username"] not in kept for row in rows) else ""
    return [
        {
            "username": row["username"],
            "full_name": row["name"],
            "password": kept.get(row["username"], hashed),
            "is_staff": row["role"] == Role.ADMIN,
            "is_superuser": row["role"] == Role.ADMIN,
        }
        for row in rows
    ]


def _posts(rows: list[dict]) -> list[dict]:
    users, units = User.objects.in_bulk(field_name="username"), Unit.objects.in_bulk(field_name="code")
    since = datetime.fromisoformat(SINCE).replace(tzinfo=ZoneInfo(settings.TIME_ZONE))
    return [
        {
            "user": users[row["username"]],
            "unit": units[row["unit"]],
            "role": row["role"],
            "title": row["title"],
            "title_en": row["title_en"],
            "since": since,
        }
        for row in rows
    ]


def _source() -> dict:
    unit = Unit.objects.filter(functions__contains=["dispatch"]).order_by("code").first()
    if unit is None:
        raise BadDistrictFile("没有承担派遣（dispatch）职能的单位 / no unit has the function dispatch")
    return {
        "code": SOURCE,
        "name": "演示感知平台",
        "name_en": "Demo sensing platform",
        "unit": unit,
        "key_digest": tokens.digest(source_key()),
        "demo": True,
    }
