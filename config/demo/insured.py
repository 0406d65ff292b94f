"""The insurance side of the demo: firms on the list, policies, a plan, orders on their way, findings, claims.

Each step is the act that a person would do, at its own time within the last ten days; nothing is put in place.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid5

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from alerts.models import RiskObject
from cases.models import Case
from config.demo import photo
from insurance.claims import handling, noticing
from insurance.findings import charge, raising, selfcontrol
from insurance.firms import credit, measures, register
from insurance.firms.models import Inspector
from insurance.policies import assent, covering, premiums, registering
from insurance.policies.models import Cover, Policy
from insurance.portals import contacts
from insurance.service import account, moving, ordering, plans, record, visiting
from insurance.service.models import ServiceOrder
from responsibility import clock, directory
from responsibility.models import User

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Whatever is named after something of the demo is named the same each time.
NAMES = UUID("6f1de5f2-6d0a-4b5e-9d0e-2f6f5a4e0c11")
FIRMS = {
    "X-TPF": ("91310117MA1J0TPF0", ["inspection", "assessment", "drills", "training"], "firm", "周明"),
    "X-TPF-B": ("91310117MA1J0TPF1", ["inspection", "standards", "technology"], "firm-b", "陶琳"),
}  # fmt: skip
# Who leads, number, line, insured, share of the other insurer, days gone and days left, premium, limits in yuan.
POLICIES = (
    ("insurer", "PZJ-2026-0117", "comprehensive", "X-WATER", 30, 200, 165, 480_000, 20_000_000, 5_000_000),
    ("insurer", "AZX-2026-0032", "safety", "X-CON", 0, 320, 45, 150_000, 10_000_000, 3_000_000),
    ("insurer-b", "PZJ-2026-0204", "comprehensive", "X-GAS", 0, 90, 275, 360_000, 15_000_000, 5_000_000),
    ("insurer-b", "GZX-2026-0071", "public", "X-PROP", 0, 120, 245, 60_000, 5_000_000, 1_000_000),
    ("insurer-b", "WRX-2026-0009", "pollution", "X-WATER", 0, 15, 350, 90_000, 8_000_000, 2_000_000),
)
# Who confirms what names the own unit. The estate has nobody here, and the last one still waits for the water company.
CONFIRMED = {
    "enterprise": ("PZJ-2026-0117",), "enterprise-works": ("AZX-2026-0032",), "enterprise-gas": ("PZJ-2026-0204",),
}  # fmt: skip
WORST = [
    {
        "severity": "general", "text": "井盖锁具锈蚀，可徒手打开。", "basis": "CJJ 6-2009", "advice": "更换防盗锁具。",
        "days": 10,
    },
    {
        "severity": "major", "text": "井下硫化氢 28 mg/m³，无通风设施。", "basis": "GBZ 2.1",
        "advice": "立即封闭，强制通风。", "days": 3,
    },
]  # fmt: skip
UNITS = {"insurer": "X-INS", "insurer-b": "X-INS-B"}


def write(now: datetime) -> str:
    """All of it, or nothing where policies stand already; what there is, in words."""
    if Policy.objects.exists():
        return ""
    people = User.objects.in_bulk(field_name="username")
    with transaction.atomic():
        with clock.as_if(now - 10 * DAY):
            _firms(people)
            held = _policies(people, now)
            _confirmed(people, held)
            _contacts(people)
        covering.sweep(seconds=60)
        _service(people, held["PZJ-2026-0117"], now)
        _self_control(people, now)
        _claims(people, held["PZJ-2026-0117"], now)
        raising.sweep()
        covering.sweep(seconds=60)
    covers, orders = Cover.objects.count(), ServiceOrder.objects.count()
    return f"{len(held)} 份保单 policies · {covers} 次承保 covers · {orders} 份委托 orders"


def _firms(people: Mapping[str, User]) -> None:
    office = people["anwei-office"]
    for unit, (code, items, username, name) in FIRMS.items():
        firm = register.register(unit, code + credit.check_character(code), by=office)
        licence = {"number": f"AQ-{unit[-3:]}-2024", "name": "安全生产技术服务机构备案", "issued_by": "市应急管理局",
                   "since": "2024-03-01", "until": "2029-02-28"}  # fmt: skip
        register.license_firm(firm.pk, licence, items, [], by=office)
        measures.bring(firm.pk, "list", "qualified", "资质、人员和业绩符合购买服务要求。", by=office)
        person = {"name": name, "certificate": "注册安全工程师", "number": f"ZC-{unit[-3:]}-01", "until": "2029-12-31",
                  "username": username}  # fmt: skip
        register.employ(firm.pk, person, by=people[username])


def _policies(people: Mapping[str, User], now: datetime) -> dict[str, Policy]:
    found = {}
    for lead, number, line, insured, other, gone, left, premium, total, each in POLICIES:
        partner = next(unit for name, unit in UNITS.items() if name != lead)
        shares = [{"insurer": UNITS[lead], "percent": 100 - other}, {"insurer": partner, "percent": other}]
        midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        told = {
            "number": number, "line": line, "insured": insured, "broker": "X-BROKER" if other else None, "whole": True,
            "starts_at": (midnight - gone * DAY).isoformat(), "ends_at": (midnight + left * DAY).isoformat(),
            "premium": str(premium), "limit_total": str(total), "limit_each": str(each), "fast_limit": "20000",
            "deductible": "2000", "shares": shares if other else None,
        }  # fmt: skip
        (answer,) = registering.register([told], by=people[lead])
        if answer.policy is None:
            raise RuntimeError(answer.errors)
        paid = {"amount": str(premium), "received_at": clock.now().isoformat(), "reference": f"SK-{number}"}
        premiums.receive(answer.policy, premiums.read(paid), by=people[lead])
        found[number] = Policy.objects.get(pk=answer.policy)
    return found


def _confirmed(people: Mapping[str, User], held: Mapping[str, Policy]) -> None:
    for username, numbers in CONFIRMED.items():
        words = [{"policy": held[number].pk, "edition": 1} for number in numbers]
        for answer in assent.confirm(words, by=people[username]):
            if answer.errors:
                raise RuntimeError(answer.errors)


def _contacts(people: Mapping[str, User]) -> None:
    contacts.keep("窦师傅", "13800130001", "窨井养护值班", by=people["enterprise"])
    contacts.keep("周明", "13800130002", "现场服务", by=people["firm"])


def _service(people: Mapping[str, User], policy: Policy, now: datetime) -> None:
    """A plan that was agreed, one order done and paid, one with a finding, one agreed, one asked, one just given."""
    lines = [
        ("inspection", "污水窨井有限空间隐患排查", 4, "X-TPF", "2 人", "重点窨井全覆盖"),
        ("drills", "硫化氢中毒应急演练", 1, "X-TPF", "3 人", "会用气体检测仪和三脚架"),
        ("standards", "有限空间作业审批单规范化", 1, "X-TPF-B", "1 人", "一单一审"),
    ]
    names = ("item", "measures", "times", "firm", "people", "goal")
    planned = [dict(zip(names, line, strict=True)) for line in lines]
    with clock.as_if(now - 9 * DAY):
        plan = plans.propose(policy.pk, now.year, planned, "不发生有限空间亡人事故", by=people["insurer"])
        plans.answer(policy.pk, now.year, True, "", plan.proposed_at, by=people["enterprise"])
        account.budget(policy.pk, "60000", "年度预防服务", by=people["insurer"])
    places = list(RiskObject.objects.filter(main_body=policy.insured, code__startswith="MH-").order_by("code")[:5])
    order = partial(_order, people, policy)
    with clock.as_if(now - 8 * DAY):
        done = order(places[0], "inspection", "雨季前窨井硫化氢排查", now - 2 * DAY)
    _visit(people, done, places[0], now - 6 * DAY, [])
    with clock.as_if(now - 5 * DAY):
        visiting.confirm(done.pk, "情况属实。", by=people["enterprise"])
        voucher = SimpleUploadedFile("发票.jpg", _picture(places[0], 90), content_type="image/jpeg")
        account.spend(policy.pk, done.number, "6800", "FP-20261117", voucher, "两人一天，含检测", by=people["insurer"])
    with clock.as_if(now - 4 * DAY):
        found = order(places[1], "inspection", "井盖与通风专项检查", now + DAY)
        agreed = order(places[2], "inspection", "水泵井有限空间排查", now + 6 * DAY)
        asked = order(places[3], "drills", "有限空间应急演练", now + 10 * DAY)
    _visit(people, found, places[1], now - 3 * HOUR, WORST)
    with clock.as_if(now - 2 * DAY):
        moving.accept(agreed.pk, by=people["firm"], propose=(now + 2 * DAY).isoformat())
        moving.agree(agreed.pk, now + 2 * DAY, by=people["enterprise"])
        moving.accept(asked.pk, by=people["firm"], propose=(now + 5 * DAY).isoformat())
    with clock.as_if(now - 5 * HOUR):
        order(places[4], "inspection", "泗泾片区窨井复测", now + 14 * DAY)


def _order(
    people: Mapping[str, User], policy: Policy, place: RiskObject, item: str, text: str, due: datetime
) -> ServiceOrder:
    asked = ordering.Asked(
        firm=directory.current().units_by_code["X-TPF"], insured=policy.insured, item=item, text=text, due_at=due,
        policy=policy, risk_object=place,
    )  # fmt: skip
    return ordering.give(asked, by=people["insurer"])


def _visit(people: Mapping[str, User], order: ServiceOrder, place: RiskObject, at: datetime, found: list[dict]) -> None:
    with clock.as_if(at - DAY):
        moving.accept(order.pk, by=people["firm"], propose=at.isoformat())
        moving.agree(order.pk, at, by=people["enterprise"])
    inspector = Inspector.objects.get(firm__unit=order.firm).pk
    written = {
        "sent_as": str(uuid5(NAMES, order.number)), "arrived_at": (at + timedelta(minutes=4)).isoformat(),
        "left_at": (at + timedelta(minutes=70)).isoformat(), "lat": place.lat, "lon": place.lon, "people": [inspector],
        "work": "开盖前通风检测，逐项核对清单，拍照留存。",
        "readings": [{"what": "H2S", "value": "6", "unit": "mg/m3"}], "follow_up": "下月复测。", "found": found,
    }  # fmt: skip
    upload = SimpleUploadedFile("现场.jpg", _picture(place, 1), content_type="image/jpeg")
    with clock.as_if(at + timedelta(minutes=75)):
        visiting.record(order.pk, record.read(written), by=people["firm"], uploads=[upload])


def _picture(place: RiskObject, shot: int) -> bytes:
    category = place.category.code if place.category else ""
    return photo.take(place.code, category, clock.now(), place.lat, place.lon, shot)


def _self_control(people: Mapping[str, User], now: datetime) -> None:
    """Two manholes in the enterprise's own register: one checked this morning, one not yet."""
    by = people["enterprise"]
    own = RiskObject.objects.filter(main_body__code="X-WATER", code__startswith="MH-").order_by("code")
    codes = list(own.values_list("code", flat=True)[:2])
    with clock.as_if(now - 7 * DAY):
        checked, waits = (selfcontrol.keep(code, "daily", "井口围挡完好", by=by) for code in codes)
        charge.put_person(checked.pk, "窦志强", "巡查与交底", by=by)
        charge.put_certificate(checked.pk, "有限空间作业证", "YX-2026-118", (now + 20 * DAY).date().isoformat(), by=by)
        charge.put_person(waits.pk, "窦志强", "巡查与交底", by=by)
    selfcontrol.check(checked.pk, [selfcontrol.Result(True)] * len(checked.lines), "窦志强", by=by)


def _claims(people: Mapping[str, User], policy: Policy, now: datetime) -> None:
    """One claim assessed and before the insured, one just told, of the newest covered cases that are over."""
    covers = Cover.objects.filter(policy=policy, case__state="closed").select_related("case").order_by("-pk")
    cases: list[Case] = [cover.case for cover in covers[:2]]
    losses = ("地下室进水，水泵两台烧毁，停产半日。", "井周路面塌陷，修复人工和材料。")
    for place, (case, loss) in enumerate(zip(cases, losses, strict=False)):
        with clock.as_if(min(now, (case.closed_at or now) + HOUR)):
            by = people["enterprise"]
            claim = noticing.notice(policy.pk, case.number, by=by, loss=loss, estimate=str(18_000 + place))
        if not place:
            handling.register(claim.pk, by=people["insurer"], theirs="LA-2026-5501", reserve="16000")
            handling.assess(claim.pk, "14500", "现场与凭证相符，扣除免赔额。", by=people["insurer"])
