"""登记: firms, their licences and their people, as the committee's office and the firm itself keep them."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from cases import typed
from insurance.firms import credit, reading
from insurance.firms.acting import Deed, allowed, begin
from insurance.firms.models import Firm, Inspector, Licence
from responsibility import clock
from responsibility.models import Unit, User
from responsibility.models.district import UnitKind
from responsibility.refusals import Invalid, Refused

NUMBER, NAME = 64, 100


@transaction.atomic
def register(unit_code: object, credit_code: object, *, by: User) -> Firm:
    """Enter the unit with ``unit_code`` as a firm; it is not on the list by that.

    ``Forbidden``, ``Invalid`` for a unit that is no firm or a wrong code, ``Refused`` when either is registered.
    """
    actor, post = allowed("firm.keep", by)
    # Locked: two who register one unit meet here, and not at the limit of the table.
    code = typed.text(unit_code, "unit", limit=NUMBER)
    unit = Unit.objects.select_for_update(no_key=True).filter(code=code, kind=UnitKind.FIRM).first()
    if unit is None:
        raise Invalid("unknown_unit", _("没有这一第三方机构单位。"), "unit")
    number = credit.read(credit_code)
    if Firm.objects.filter(unit=unit).exists():
        raise Refused("registered", _("该单位已经登记。"), "unit")
    if Firm.objects.filter(credit_code=number).exists():
        raise Refused("credit_code_taken", _("该统一社会信用代码已经登记。"), "credit_code")
    made = Firm.objects.create(unit=unit, credit_code=number, registered_at=clock.now())
    deed = Deed(made, actor, post, made.registered_at)
    deed.tell("firm.register", after={"unit": unit.code, "credit_code": number})
    return made


@transaction.atomic
def license_firm(firm: int, given, items: Iterable[str], categories: Iterable[str], *, by: User) -> Licence:
    """Enter a licence from the fields ``number``, ``name``, ``issued_by``, ``since``, ``until``. ``Invalid``."""
    deed = begin(firm, "firm.keep", by)
    since, until = reading.day(given.get("since", ""), "since"), reading.day(given.get("until", ""), "until")
    if until < since:
        raise Invalid("bad_period", _("止日早于起日。"), "until")
    number = typed.text(given.get("number", ""), "number", limit=NUMBER)
    if deed.firm.licences.filter(number=number).exists():
        raise Refused("number_taken", _("该证书编号已经登记。"), "number")
    made = Licence.objects.create(
        firm=deed.firm, number=number, name=typed.text(given.get("name", ""), "name", limit=NAME),
        items=reading.items(items), categories=reading.categories(categories),
        issued_by=typed.text(given.get("issued_by", ""), "issued_by", limit=NAME), since=since, until=until,
    )  # fmt: skip
    told = {
        "number": number, "title": made.name, "items": ",".join(made.items), "categories": ",".join(made.categories),
        "issued_by": made.issued_by, "since": str(since), "until": str(until),
    }  # fmt: skip
    deed.tell("firm.license", subject="licence", pk=made.pk, after=told)
    return made


@transaction.atomic
def renew(licence: int, until: object, *, by: User) -> Licence:
    """Let a licence go on until a later day. ``Invalid``, ``Refused`` when it was withdrawn."""
    deed, held = _licence(licence, by)
    day, was = reading.day(until, "until"), held.until
    if day <= was:
        raise Invalid("bad_period", _("新的止日应晚于原止日。"), "until")
    held.until = day
    held.save(update_fields=["until"])
    deed.tell("firm.renew", subject="licence", pk=held.pk, before={"until": str(was)}, after={"until": str(day)})
    return held


@transaction.atomic
def withdraw(licence: int, reason: object, *, by: User) -> Licence:
    """Its issuer has withdrawn it: it is good for nothing from this day on. ``Refused`` the second time."""
    deed, held = _licence(licence, by)
    note = typed.text(reason, "reason")
    held.withdrawn_at = deed.at
    held.save(update_fields=["withdrawn_at"])
    deed.tell("firm.withdraw_licence", subject="licence", pk=held.pk, after={"number": held.number}, note=note)
    return held


@transaction.atomic
def employ(firm: int, given, *, by: User) -> Inspector:
    """Enter a person from ``name``, ``certificate``, ``number``, ``until``, ``username`` (or empty). ``Invalid``."""
    deed = begin(firm, "firm.people", by)
    number = typed.text(given.get("number", ""), "number", limit=NUMBER)
    if deed.firm.inspectors.filter(number=number).exists():
        raise Refused("number_taken", _("该证书编号已经登记。"), "number")
    made = Inspector.objects.create(
        firm=deed.firm, user=_account(deed.firm, given.get("username", "")), number=number,
        name=typed.text(given.get("name", ""), "name", limit=NAME),
        certificate=typed.text(given.get("certificate", ""), "certificate", limit=NAME),
        until=reading.day(given.get("until", ""), "until"),
    )  # fmt: skip
    told = {"name": made.name, "certificate": made.certificate, "number": number, "until": str(made.until)}
    deed.tell("firm.employ", subject="inspector", pk=made.pk, after=told)
    return made


@transaction.atomic
def recertify(inspector: int, until: object, *, by: User) -> Inspector:
    """A person's certificate goes on until a later day. ``Invalid``, ``Refused`` when the person has left."""
    deed, person = _inspector(inspector, by)
    day, was = reading.day(until, "until"), person.until
    if day <= was:
        raise Invalid("bad_period", _("新的止日应晚于原止日。"), "until")
    person.until = day
    person.save(update_fields=["until"])
    deed.tell(
        "firm.recertify", subject="inspector", pk=person.pk, before={"until": str(was)}, after={"until": str(day)}
    )
    return person


@transaction.atomic
def leave(inspector: int, *, by: User) -> Inspector:
    """A person has left the firm. ``Refused`` the second time."""
    deed, person = _inspector(inspector, by)
    person.left_at = deed.at
    person.save(update_fields=["left_at"])
    deed.tell("firm.leave", subject="inspector", pk=person.pk, after={"number": person.number})
    return person


def _licence(pk: int, by: User) -> tuple[Deed, Licence]:
    deed = begin(Licence.objects.values_list("firm_id", flat=True).get(pk=pk), "firm.keep", by)
    held = Licence.objects.select_for_update(no_key=True).get(pk=pk)
    if held.withdrawn_at is not None:
        raise Refused("withdrawn", _("该资质已经撤销。"))
    return deed, held


def _inspector(pk: int, by: User) -> tuple[Deed, Inspector]:
    deed = begin(Inspector.objects.values_list("firm_id", flat=True).get(pk=pk), "firm.people", by)
    person = Inspector.objects.select_for_update(no_key=True).get(pk=pk)
    if person.left_at is not None:
        raise Refused("left", _("该人员已经离职。"))
    return deed, person


def _account(firm: Firm, given: object) -> User | None:
    name = typed.text(given, "username", limit=150, needed=False)
    if not name:
        return None
    # Only an account of the firm: another's is answered like one that is not there.
    held = firm.unit.posts.held(clock.now()).filter(user__username=name).select_related("user").first()
    if held is None:
        raise Invalid("unknown_user", _("本机构没有这一账号。"), "username")
    return held.user


def licensed(firm: Firm, at=None) -> bool:
    """Whether any licence of ``firm`` is good on the local day of ``at`` (now without)."""
    day = localdate(at or clock.now())
    return firm.licences.filter(since__lte=day, until__gte=day, withdrawn_at=None).exists()
