"""The first page of an outsider, and the overview that officials have of the insurance side."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from alerts.models import RiskObject
from cases import granted
from cases.models import Case
from cases.models.machine import ENDED
from insurance.claims.models import Claim
from insurance.findings.models import Finding, FindingState
from insurance.firms.models import Firm, Standing
from insurance.policies.models import Policy
from insurance.portals import history, mine, places, waiting
from insurance.service.models import RUNNING, OrderState, ServiceOrder
from responsibility import access
from responsibility.acting import Actor
from responsibility.models import Role

# So many objects are drawn and listed; who has more finds the rest by its policies.
OBJECTS = 500
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Figure:
    """One number with its words and, where there is one, the page behind it."""

    label: str
    count: int
    url: str = ""


@dataclass(frozen=True)
class Door:
    """A page that the reader may open, with a line on what is there."""

    label: str
    text: str
    url: str


def front(actor: Actor) -> str:
    """``/insurance/`` for whoever is of an outside unit and works no case by office; empty for all others."""
    outside = mine.is_outsider(actor) and not access.may(actor, "case.read")
    return reverse("insurance") if outside else ""


def may_open(actor: Actor) -> bool:
    """Outsiders, and officials who read something of the insurance side in the whole district."""
    return mine.is_outsider(actor) or any(access.everywhere(actor, act) for act in OVERVIEW)


def page(actor: Actor, now: datetime) -> dict:
    """Everything the page shows: ``waits``, ``news`` (what others have to do, or is new), ``figures``, ``points``,
    ``doors``, ``granted``; statements do not grow."""
    outsider = mine.is_outsider(actor)
    waits = waiting.of(actor, now) if outsider else []
    drawn = objects(actor) if outsider else []
    return {
        "outsider": outsider,
        "waits": [each for each in waits if not each.late and not each.news],
        "news": [each for each in waits if each.news],
        "late": [each for each in waits if each.late and not each.news],
        "figures": _figures(actor, now) if outsider else _overview(actor, now),
        "objects": drawn[:OBJECTS],
        "more": len(drawn) > OBJECTS,
        "points": [point(each) for each in drawn[:OBJECTS]],
        "doors": _doors(actor),
        "granted": granted.held(actor) if outsider else [],
        "prices": outsider and access.may(actor, history.ACT),
    }


def objects(actor: Actor) -> list[RiskObject]:
    """The actor's own objects by code, one more than are shown."""
    return list(mine.objects(actor).select_related("territory", "main_body").order_by("code")[: OBJECTS + 1])


def point(thing: RiskObject) -> dict:
    """What the map draws of an object: place and name, nothing of what happened there."""
    return {"lat": thing.lat, "lon": thing.lon, "name": f"{thing.label} {thing.code}"}


# --- an outsider's own figures -----------------------------------------------------------
def _figures(actor: Actor, now: datetime) -> list[Figure]:
    found: list[Figure] = []
    if mine.units(actor, Role.INSURER, Role.BROKER, Role.ENTERPRISE):
        running = mine.policies(actor).in_force(now)  # type: ignore[attr-defined]
        found.append(Figure(_("有效保单"), running.count(), f"{places.at('insurance-policies')}?state=in_force"))
        working = mine.cases(actor, "state").exclude(state__in=ENDED).count()
        found.append(Figure(_("在办案件"), working, reverse("insurance-cases")))
    if mine.units(actor, Role.INSURER, Role.ENTERPRISE):
        year = mine.cases(actor, "opened_at").filter(opened_at__gte=now - YEAR).count()
        found.append(Figure(_("一年内的案件"), year, f"{reverse('insurance-cases')}?all"))
    if mine.units(actor, Role.INSURER, Role.FIRM, Role.ENTERPRISE):
        orders = mine.orders(actor).aggregate(
            running=Count("pk", filter=Q(state__in=RUNNING)), done=Count("pk", filter=Q(state=OrderState.DONE))
        )
        found.append(Figure(_("在办服务委托"), orders["running"], places.at("insurance-orders")))
        found.append(Figure(_("已完成的服务"), orders["done"], f"{places.at('insurance-orders')}?state=done"))
        found.append(_open_findings(mine.findings(actor)))
    if mine.units(actor, Role.INSURER, Role.BROKER, Role.ENTERPRISE):
        found.append(_open_claims(mine.claims(actor)))
    return found


def _open_findings(findings: QuerySet[Finding]) -> Figure:
    count = findings.exclude(state=FindingState.CLOSED).count()
    return Figure(_("未销号的隐患"), count, places.at("findings"))


def _open_claims(claims: QuerySet[Claim]) -> Figure:
    return Figure(_("未结理赔"), claims.filter(ended_at=None).count(), places.at("claims"))


# --- what officials read -------------------------------------------------------------------
def _policies_in_force(now: datetime) -> list[Figure]:
    covered = (
        Case.objects.real().open().filter(pk__in=Policy.objects.filter(covers__until__gt=now).values("covers__case"))
    )  # type: ignore[attr-defined]
    return [
        Figure(_("有效保单"), Policy.objects.in_force(now).count(), places.at("insurance-policies")),
        Figure(_("有承保的在办案件"), covered.count()),
    ]


def _orders_running(now: datetime) -> list[Figure]:
    orders = ServiceOrder.objects.filter(state__in=RUNNING).aggregate(
        count=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now))
    )
    url = places.at("insurance-orders")
    return [Figure(_("在办服务委托"), orders["count"], url), Figure(_("服务委托超过期限"), orders["late"], url)]


def _findings_running(now: datetime) -> list[Figure]:
    late = Finding.objects.filter(state=FindingState.OPEN, due_at__lt=now).count()
    return [_open_findings(Finding.objects.all()), Figure(_("逾期未整改的隐患"), late)]


def _firms_listed(_now: datetime) -> list[Figure]:
    standing = Firm.objects.aggregate(
        listed=Count("pk", filter=Q(standing=Standing.LISTED)),
        stopped=Count("pk", filter=Q(standing__in=[Standing.SUSPENDED, Standing.REMOVED])),
    )
    url = places.at("firms")
    return [
        Figure(_("清单内的机构"), standing["listed"], url),
        Figure(_("暂停或淘汰的机构"), standing["stopped"], url),
    ]


# By the act that lets an official read it in the whole district.
OVERVIEW: dict[str, Callable[[datetime], list[Figure]]] = {
    "policy.read": _policies_in_force,
    "service.read": _orders_running,
    "finding.read": _findings_running,
    "firm.read": _firms_listed,
    "claim.read": lambda _now: [_open_claims(Claim.objects.all())],
}


def _overview(actor: Actor, now: datetime) -> list[Figure]:
    return [one for act, count in OVERVIEW.items() if access.everywhere(actor, act) for one in count(now)]


# --- where to go ---------------------------------------------------------------------------
def _doors(actor: Actor) -> list[Door]:
    """The pages behind the portal that are there and that the actor may open, in the order of use."""
    outsider = mine.is_outsider(actor)
    cases = reverse("insurance-cases") if outsider else ""
    # The list of who may be bought from is public.
    firms = places.at("firms") if outsider or access.may(actor, "firm.read") else ""
    firm = Firm.objects.filter(unit__in=mine.units(actor, Role.FIRM)).first()
    known = [
        ("", _("案件"), _("与本单位有关的案件"), cases),
        ("policy.read", pgettext("many", "保单"), _("保险期间、承保范围和批单"), places.at("insurance-policies")),
        ("policy.gaps", _("应保未保"), _("法定应当投保而没有有效保单的对象"), places.at("insurance-gaps")),
        ("service.read", _("服务委托"), _("方案、上门时间和服务记录"), places.at("insurance-orders")),
        ("finding.read", pgettext("many", "隐患"), _("整改期限、凭证和复查"), places.at("findings")),
        ("selfcontrol.read", _("自控"), _("自查、负责人和证照"), places.at("self-control")),
        ("selfcontrol.duty", pgettext("page", "主体责任"), _("确认或异议本单位对案件的责任"), places.at("duties")),
        ("claim.read", _("理赔"), _("报案、定损、赔付"), places.at("claims")),
        ("", _("本机构"), _("资质、服务人员、评分、处理和申诉"), places.at("firm", firm.pk) if firm else ""),
        ("service.request", _("服务需求"), _("请保险公司安排一项预防服务"), places.at("service-home")),
        ("service.plan", _("方案、预防费和评估"), _("按保单和年度"), places.at("service-home")),
        ("", _("第三方机构"), _("购买服务清单、资质和评分"), firms),
        ("", _("监测对象"), _("有关的对象，按代码和名称查找"), reverse("insurance-objects") if cases else ""),
        (
            "exchange.policies",
            _("表格登记保单"),
            _("成批登记和导出"),
            reverse("exchange-table", args=["policies"]),
        ),
        ("outside.unmask", _("联系人"), _("本单位的联系人，对方单位的电话"), reverse("insurance-contacts")),
        ("outside.figures", _("全区汇总数"), _("按街镇、类别和月份"), reverse("insurance-figures")),
        ("webhook.manage", _("数据推送"), _("向本单位系统推送变化"), reverse("insurance-hooks")),
    ]
    return [Door(label, text, url) for act, label, text, url in known if url and (not act or access.may(actor, act))]
