"""Who is in charge of an object, and which certificates it needs: entered and ended, never changed."""

from datetime import date, datetime

from django.db import transaction
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.findings.models import Certificate, InCharge, Register
from insurance.findings.selfcontrol import locked, may_keep, tell
from responsibility import acting, clock
from responsibility.models import Post, User
from responsibility.refusals import Invalid, Refused

NAME, PHONE, NUMBER = 100, 40, 64
FIRST, LAST = 1990, 2199


@transaction.atomic
def put_person(pk: int, name: str, task: str, phone: str = "", *, by: User) -> InCharge:
    """Put ``name`` in charge of ``task`` on the register. ``Forbidden``, ``Invalid``."""
    register, actor, post, now = _under_lock(pk, by)
    name, task = typed.text(name, "name", limit=NAME), typed.text(task, "task", limit=NAME)
    phone = typed.text(phone, "phone", limit=PHONE, needed=False)
    made = InCharge.objects.create(register=register, name=name, task=task, phone=phone, since=now)
    tell(register, "selfcontrol.person", {}, {"in_charge": made.pk, "person": name, "task": task}, actor, post, now)
    return made


@transaction.atomic
def end_person(pk: int, person: int, *, by: User) -> InCharge:
    """Nobody is in charge by this line any more. ``Forbidden``, ``Refused`` when it is not there or over."""
    register, actor, post, now = _under_lock(pk, by)
    line = register.people.filter(pk=person, until__isnull=True).first()
    if line is None:
        raise Refused("not_there", _("没有这一条，或已经停用。"))
    line.until = now
    line.save(update_fields=["until"])
    tell(register, "selfcontrol.person_end", {"in_charge": line.pk}, {}, actor, post, now)
    return line


@transaction.atomic
def put_certificate(pk: int, name: str, number: str, until: object, holder: str = "", *, by: User) -> Certificate:
    """Enter a certificate, valid until the day ``until`` (2026-11-01), that day in. ``Forbidden``, ``Invalid``,
    ``Refused`` when its number stands there already."""
    register, actor, post, now = _under_lock(pk, by)
    name, number = typed.text(name, "name", limit=NAME), typed.text(number, "number", limit=NUMBER)
    holder, day = typed.text(holder, "holder", limit=NAME, needed=False), _day(until)
    if register.certificates.filter(number=number, ended_at__isnull=True).exists():
        raise Refused("there_already", _("该证照编号已经登记。"))
    made = Certificate.objects.create(register=register, name=name, number=number, holder=holder, until=day)
    after = {"certificate": made.pk, "name": name, "number": number, "until": day.isoformat()}
    tell(register, "selfcontrol.certificate", {}, after, actor, post, now)
    return made


@transaction.atomic
def end_certificate(pk: int, certificate: int, *, by: User) -> Certificate:
    """It is used no longer. ``Forbidden``, ``Refused`` when it is not there or over."""
    register, actor, post, now = _under_lock(pk, by)
    line = register.certificates.filter(pk=certificate, ended_at__isnull=True).first()
    if line is None:
        raise Refused("not_there", _("没有这一条，或已经停用。"))
    line.ended_at = now
    line.save(update_fields=["ended_at"])
    tell(register, "selfcontrol.certificate_end", {"certificate": line.pk}, {}, actor, post, now)
    return line


def _under_lock(pk: int, by: User) -> tuple[Register, acting.Actor, Post, datetime]:
    register, actor = locked(pk), acting.of(by)
    return register, actor, may_keep(actor, register.risk_object), clock.now()


def _day(value: object) -> date:
    try:
        day = parse_date(value) if isinstance(value, str) and value.isascii() else None
    except ValueError:
        day = None
    if day is None or not FIRST <= day.year <= LAST:
        raise Invalid("bad_date", _("日期应为 2026-11-01 的形式。"), "until")
    return day
