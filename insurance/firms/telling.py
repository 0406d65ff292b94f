"""Who is told of what happens to a firm, and of complaints: by notice, in registered words.

The firm is told of everything that is done to it; who has given it orders is told where it may work no longer or may
again, because his orders move with it; of what a firm says, whoever decides upon it is told.
"""

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from insurance import inboxes
from insurance.firms.models import Firm
from notices.models import Notice
from responsibility.directory import Directory
from responsibility.models import Grade

FIRM, CLIENTS, COMMITTEE, APPEALS, COMPLAINER = "firm", "clients", "committee", "appeals", "complainer"
TOLD: dict[str, tuple[str, ...]] = {
    "firm.register": (FIRM,),
    "firm.license": (FIRM,),
    "firm.renew": (FIRM,),
    "firm.withdraw_licence": (FIRM, CLIENTS),
    "firm.employ": (FIRM,),
    "firm.recertify": (FIRM,),
    "firm.leave": (FIRM,),
    "firm.list": (FIRM,),
    "firm.unlist": (FIRM, CLIENTS),
    "firm.stop": (FIRM, CLIENTS),
    "firm.suspend": (FIRM, CLIENTS),
    "firm.remove": (FIRM, CLIENTS),
    "firm.restore": (FIRM, CLIENTS),
    "firm.notice": (FIRM,),
    "firm.drop": (FIRM,),
    "firm.answer": (COMMITTEE,),
    "firm.call_hearing": (FIRM,),
    "firm.hear": (FIRM,),
    "firm.appeal": (APPEALS, COMMITTEE),
    "firm.ruling": (FIRM, COMMITTEE, CLIENTS),
    "complaint.make": (FIRM, COMMITTEE),
    "complaint.check": (COMPLAINER,),
    "complaint.extend": (COMPLAINER,),
    "complaint.answer": (COMPLAINER, COMMITTEE),
}
SAID = {
    "firm.register": _("{unit}已登记为第三方机构。"),
    "firm.license": _("{unit}的资质已登记。"),
    "firm.renew": _("{unit}的资质已延续。"),
    "firm.withdraw_licence": _("{unit}的一项资质已被撤销，请核对在办委托。"),
    "firm.employ": _("{unit}登记了服务人员。"),
    "firm.recertify": _("{unit}服务人员的证书已延续。"),
    "firm.leave": _("{unit}的服务人员已登记离职。"),
    "firm.list": _("{unit}已列入购买服务清单。"),
    "firm.unlist": _("{unit}已移出购买服务清单，不能再接受新委托。"),
    "firm.stop": _("{unit}已被立即停用，在办委托已收回。"),
    "firm.suspend": _("{unit}已被暂停委托，在办委托已收回。"),
    "firm.remove": _("{unit}已被淘汰，在办委托已收回。"),
    "firm.restore": _("{unit}已恢复，可以再接受委托。"),
    "firm.notice": _("区安委办拟对{unit}作出处理，请在期限内陈述申辩或要求听证。"),
    "firm.drop": _("对{unit}不予处理。"),
    "firm.answer": _("{unit}已陈述申辩，请决定是否处理、是否听证。"),
    "firm.call_hearing": _("已通知{unit}听证的时间，请按时参加。"),
    "firm.hear": _("{unit}的听证已举行，笔录已存。"),
    "firm.appeal": _("{unit}对处理提出申诉，请裁定。"),
    "firm.ruling": _("对{unit}的申诉已裁定。"),
    "complaint.make": _("{unit}被投诉，须在 10 个工作日内答复。"),
    "complaint.check": _("{unit}告知正在核查投诉。"),
    "complaint.extend": _("{unit}延期答复投诉。"),
    "complaint.answer": _("{unit}已答复投诉。"),
}
# What is graver than a word of routine.
GRAVE = {"firm.stop", "firm.suspend", "firm.remove", "firm.notice", "firm.withdraw_licence"}
# Registered by the part that keeps orders: the ids of the units whose orders to a firm (id of its unit) run or wait to
# be placed anew.
CLIENTS_OF: list[Callable[[int], set[int]]] = []
OFFICES = {COMMITTEE: "overall_coordination", APPEALS: "large_loop_command"}


def rows(
    verb: str, firm: Firm, at: datetime, *, by: int | None, after: dict | None = None, complainer: int | None = None
) -> list[dict]:
    """The notices of an act of the unit ``by`` (id) upon ``firm``, that of ``complainer`` where there is one."""
    told = []
    for reader in TOLD.get(verb, ()):
        # An appeal that changed nothing moves no orders.
        if reader == CLIENTS and verb == "firm.ruling" and (after or {}).get("upheld"):
            continue
        about = inboxes.About(firm.chain, firm.unit.code, _page(verb, reader, firm))
        told += inboxes.rows(
            verb, about, _units(reader, firm, complainer), at, besides=[by],
            grade=Grade.YELLOW if verb in GRAVE else Grade.BLUE, words={"unit": firm.unit_id},
        )  # fmt: skip
    # Who stands in two parts is told once.
    return list({row["unit_id"]: row for row in reversed(told)}.values())


def _units(reader: str, firm: Firm, complainer: int | None) -> set[int | None]:
    if reader == FIRM:
        return {firm.unit_id}
    if reader == COMPLAINER:
        return {complainer}
    if reader == CLIENTS:
        return {unit for ask in CLIENTS_OF for unit in ask(firm.unit_id) if unit != firm.unit_id}
    return {inboxes.standing(OFFICES[reader])}


def _page(verb: str, reader: str, firm: Firm) -> str:
    if verb.startswith("complaint."):
        return reverse("firm-complaints")
    # Measures stand on the page of the firm, which its clients do not read; the list is open to all.
    return reverse("firms") if reader == CLIENTS else reverse("firm", args=[firm.pk])


def speak() -> None:
    """Have these notices said."""

    def words(notice: Notice, known: Directory) -> dict:
        return {"unit": inboxes.name(notice, known)}

    inboxes.speak(SAID, words)
