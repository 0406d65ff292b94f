"""特别授权: show one case to one outside unit or person until a date, and take it back."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.changes import Changes, locked_case
from cases.models import Case
from cases.models.grant import Grant
from responsibility import access, acting, clock, directory
from responsibility.models import User
from responsibility.refusals import Forbidden, Invalid, Refused

# Longer than any case is worked; whoever needs more asks again.
CEILING = timedelta(days=90)


def share(
    case_id: int, *, by: User, until: datetime, reason: str, unit: str = "", username: str = ""
) -> Grant:  # fmt: skip
    """Let ``unit`` (code) or the person ``username`` read the case until then, 90 days at most.

    Raises ``Forbidden`` for a post that grants nothing, ``Invalid`` with the field that cannot be used, ``Refused``
    when the same is granted already.
    """
    if not reason.strip() or len(reason) > 200 or "\x00" in reason:
        raise Invalid("required", _("请填写理由（200 字以内）。"), "reason")
    now = clock.now()
    if until.utcoffset() is None or not now < until <= now + CEILING:
        raise Invalid("bad_time", _("截止时间须在今后 90 天以内。"), "until")
    with transaction.atomic():
        case = locked_case(case_id)
        actor, post = _granter(by, "case.share")
        whom = _whom(unit, username)
        changes = Changes(directory.current(), now)
        given = grant(changes, case, whom, until=until, reason=reason.strip(), by=by)
        changes.write(by=actor, post=post)
    return given


def grant(changes: Changes, case: Case, whom: dict, *, until: datetime, reason: str, by: User) -> Grant:
    """Show ``case``, which is locked, to ``whom`` (``{"unit"}`` or ``{"user"}``) until then, within ``changes``.

    ``Refused`` when the same is granted already. Whether ``by`` may, has been asked.
    """
    if case.grants.live(changes.now).filter(**whom).exists():
        raise Refused("already_shared", _("已经授权，尚未到期。"))
    given = Grant.objects.create(case=case, reason=reason, since=changes.now, until=until, granted_by=by, **whom)
    _tell(changes, case, "case.share", given, {"until": until.isoformat(), "reason": reason})
    return given


def revoke(grant_id: int, *, by: User) -> Grant:
    """Take a grant back; it closes at once. ``Refused`` when it is over already."""
    with transaction.atomic():
        case = locked_case(Grant.objects.values_list("case_id", flat=True).get(pk=grant_id))
        actor, post = _granter(by, "case.unshare")
        grant = Grant.objects.select_related("unit", "user").get(pk=grant_id)
        now = clock.now()
        if grant.revoked_at is not None or grant.until <= now:
            raise Refused("already_over", _("授权已经到期或收回。"))
        grant.revoked_at, grant.revoked_by = now, by
        grant.save(update_fields=["revoked_at", "revoked_by"])
        changes = Changes(directory.current(), now)
        _tell(changes, case, "case.unshare", grant, {})
        changes.write(by=actor, post=post)
    return grant


def _granter(by: User, act: str):
    actor = acting.of(by)
    post = access.post_for(actor, act)
    if post is None:
        raise Forbidden("wrong_role", _("特别授权由区城运应急办或区安委办办理。"))
    return actor, post


def _whom(unit: str, username: str) -> dict:
    if bool(unit) == bool(username):
        raise Invalid("required", _("请选择一个单位或一名人员。"), "unit")
    if unit:
        found = directory.current().units_by_code.get(unit)
        if found is None or found.closed_on is not None:
            raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": unit}, "unit")
        return {"unit": found}
    person = User.objects.filter(username=username, is_active=True).first() if "\x00" not in username else None
    if person is None:
        raise Invalid("unknown_code", _("没有这个代码：%(code)s。") % {"code": username}, "username")
    return {"user": person}


def _tell(changes: Changes, case: Case, verb: str, grant: Grant, after: dict) -> None:
    to = {"unit": grant.unit.code if grant.unit else None, "person": str(grant.user) if grant.user else None}
    changes.touch(case)
    changes.tell(case, verb, after=to | after)
