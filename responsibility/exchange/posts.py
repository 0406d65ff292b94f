"""Posts as a spreadsheet: who holds which, from–to. A person who is new gets an account without a password."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.validators import UnicodeUsernameValidator

from responsibility import access, acting, posts
from responsibility.acting import Actor
from responsibility.exchange.faults import Faults
from responsibility.exchange.kinds import Choice, Code, Kind, Moment
from responsibility.exchange.references import UNIT
from responsibility.exchange.tables import Change, Column, Row, Table
from responsibility.models import Post, Role, Unit, User

PLAIN = ["role", "title", "title_en", "since", "until"]
USERNAME = UnicodeUsernameValidator()
# Whoever may appoint these could help himself to everything.
OVERSIGHT = {Role.ADMIN, Role.AUDITOR}


class Posts(Table):
    """Who holds which post."""

    name, zh, en = "posts", "岗位", "Posts"
    about = (
        "账号、单位、角色、任职起相同的是同一岗位；调岗请给原岗位填任职止，另起一行写新岗位。新账号没有密码，由系统管理员设置。",
        "Rows with the same account, unit, role and beginning are one post; to move a person, end the old post and add "
        "a row for the new one. A new account has no password until an administrator sets one.",
    )
    key = ("user", "unit", "role", "since")
    model = Post
    columns = (
        Column("user", "账号", "Account", Code(150), True, ("登录名。", "The sign-in name.")),
        Column("full_name", "姓名", "Name", Kind(100), help=(
            "新账号必填；已有账号用于核对。", "Needed for a new account; checked against an old one.")),
        Column("unit", "单位", "Unit", UNIT, True, ("单位代码。", "Code of the unit.")),
        Column("unit_name", "单位名称", "Unit name", Kind(), shown=True),
        Column("role", "角色", "Role", Choice(Role), True),
        Column("title", "岗位名称", "Title", Kind(100), True),
        Column("title_en", "岗位名称（英文）", "Title in English", Kind(100)),
        Column("since", "任职起", "Since", Moment(), True),
        Column("until", "任职止", "Until", Moment(), help=("留空表示仍在任。", "Empty while it is held.")),
    )  # fmt: skip

    def records(self, scope: str, keys: Collection[tuple] | None = None) -> Iterator[dict[str, Any]]:
        """As the parent."""
        found = Post.objects.order_by("unit__code", "role", "user__username", "since")
        if keys is not None:
            found = found.filter(user__username__in={key[0] for key in keys if key[0]})
        others = ["user__username", "user__full_name", "unit__code", "unit__name"]
        for row in found.values(*PLAIN, *others).iterator():
            user, full_name, unit, unit_name = (row.pop(name) for name in others)
            yield row | {"user": user, "full_name": full_name, "unit": unit, "unit_name": unit_name}

    def check(self, rows: list[Row], have: dict[tuple, dict], actor: Actor, faults: Faults) -> None:
        """The name must be that of the account; nobody appoints himself, and not everybody everybody."""
        super().check(rows, have, actor, faults)
        names = dict(User.objects.filter(username__in=_usernames(rows)).values_list("username", "full_name"))
        for row in rows:
            since, until = row.values.get("since"), row.values.get("until")
            if since and until and until <= since:
                faults.at(row, "until", "ends_before")
            _person(row, names, faults)
            touched = not row.faulty and self._change(row, have.get(self.key_of(row.values))).kind != "unchanged"
            if touched:
                _appoint(row, actor, faults)

    def write(self, changes: list[Change], scope: str, by: User) -> None:
        """As the parent."""
        _open_accounts([change.after for change in changes])
        users = User.objects.in_bulk([change.after["user"] for change in changes], field_name="username")
        units = Unit.objects.in_bulk([change.after["unit"] for change in changes], field_name="code")
        kept = {
            (post.user_id, post.unit_id, post.role, post.since): post
            for post in Post.objects.filter(user__in=users.values())
        }
        made, changed = [], []
        for change in changes:
            user, unit = users[change.after["user"]], units[change.after["unit"]]
            plain = {name: change.after[name] for name in PLAIN}
            post = kept.get((user.pk, unit.pk, plain["role"], plain["since"]))
            if post is None:
                made.append(Post(user=user, unit=unit, **plain))
                continue
            for name, value in plain.items():
                setattr(post, name, value)
            changed.append(post)
        with posts.accounted([user.pk for user in users.values()], by=acting.of(by)):
            Post.objects.bulk_create(made)
            Post.objects.bulk_update(changed, PLAIN)


def _usernames(rows: list[Row]) -> set[str]:
    return {row.values["user"] for row in rows if row.values.get("user")}


def _person(row: Row, names: dict[str, str], faults: Faults) -> None:
    """``names`` are those of the accounts there are; a new one is added, so that a second row of it must agree."""
    user, name = row.values.get("user"), row.values.get("full_name")
    if not user:
        return
    if not name and user in names:
        row.values.pop("full_name", None)
    elif user not in names and not re.fullmatch(USERNAME.regex, user):
        faults.at(row, "user", "bad_username")
    elif user not in names and not name:
        faults.at(row, "full_name", "name_needed")
    elif user not in names and User.objects.filter(username__iexact=user).exists():
        # A new account that reads like an old one would sign in its name.
        faults.at(row, "user", "username_alike")
    elif name and names.setdefault(user, name) != name:
        faults.at(row, "full_name", "name_differs", found=user)


def _appoint(row: Row, actor: Actor, faults: Faults) -> None:
    if actor.user and row.values["user"] == actor.user.username:
        faults.at(row, "user", "own_post")
    elif row.values["role"] in OVERSIGHT and not access.may(actor, "posts.oversight"):
        faults.at(row, "role", "not_yours")


def _open_accounts(rows: list[dict[str, Any]]) -> None:
    wanted = {row["user"]: row["full_name"] for row in rows if row["full_name"]}
    there = set(User.objects.filter(username__in=wanted).values_list("username", flat=True))
    User.objects.bulk_create(
        User(username=user, full_name=name, password=make_password(None))
        for user, name in wanted.items()
        if user not in there
    )
