"""What comes next on an order and whose turn it is, in plain words for whoever reads."""

from datetime import datetime

from django.utils.translation import gettext as _

from cases.templatetags.display import moment
from insurance.service.models import RUNNING, OrderState, ServiceOrder
from responsibility.acting import Actor


def said(order: ServiceOrder, actor: Actor, now: datetime) -> str:
    """One or two sentences; that the term is over stands before them."""
    words = SAY[OrderState(order.state)](order, actor)
    if order.state in RUNNING and order.due_at < now:
        words = _("已超过应完成时间 %(at)s。") % {"at": moment(order.due_at)} + words
    return words


def _firm(order: ServiceOrder, actor: Actor) -> bool:
    return order.firm_id in actor.unit_ids


def _insured(order: ServiceOrder, actor: Actor) -> bool:
    return order.insured_id in actor.unit_ids


def _ordered(order: ServiceOrder, actor: Actor) -> str:
    if _firm(order, actor):
        return _("请接受委托；不能承接的，写明理由婉拒。")
    return _("等待%(firm)s接受委托。") % {"firm": order.firm.label}


def _accepted(order: ServiceOrder, actor: Actor) -> str:
    if order.proposed_at:
        return _proposed(order, actor)
    if _firm(order, actor):
        return _("请提议上门时间，由被保险人确认。")
    if _insured(order, actor):
        return _("等待%(firm)s提议上门时间；您也可以先提议。") % {"firm": order.firm.label}
    return _("等待双方约定上门时间。")


def _proposed(order: ServiceOrder, actor: Actor) -> str:
    at, by = moment(order.proposed_at), order.proposed_by
    if by is not None and by.pk in actor.unit_ids:
        return _("已提议 %(at)s 上门，等待对方确认；对方也可以改约。") % {"at": at}
    if _firm(order, actor) or _insured(order, actor):
        return _("对方提议 %(at)s 上门：请确认；不合适的，提议另一个时间。") % {"at": at}
    return _("%(who)s提议 %(at)s 上门，等待对方确认。") % {"who": by.label if by else "", "at": at}


def _agreed(order: ServiceOrder, actor: Actor) -> str:
    at = {"at": moment(order.appointed_at), "firm": order.firm.label}
    words = _("约定 %(at)s，%(firm)s上门。") % at
    if _firm(order, actor):
        words = _("约定 %(at)s 上门。到场后填写服务记录，没有网络也能填写。") % at
    return f"{words}{_proposed(order, actor)}" if order.proposed_at else words


def _visited(order: ServiceOrder, actor: Actor) -> str:
    if _insured(order, actor):
        return _("请看过服务记录后签署；不认可的，写明理由提出异议。")
    return _("机构已签署服务记录，等待被保险人签署。")


def _disputed(order: ServiceOrder, actor: Actor) -> str:
    if _insured(order, actor):
        return _("您对服务记录提出了异议，由委托单位核实；核实之后也可以签署。")
    if order.by_unit_id in actor.unit_ids:
        return _("被保险人不认可服务记录：请向双方核实，请被保险人签署，或者撤回委托。")
    return _("被保险人不认可服务记录，由委托单位向双方核实。")


def _withdrawn(order: ServiceOrder, actor: Actor) -> str:
    if order.to_place and not hasattr(order, "moved_to") and order.by_unit_id in actor.unit_ids:
        return _("委托已从被停止的机构收回，请转给另一家机构。")
    return _("委托已收回，无须再办。")


SAY = {
    OrderState.ORDERED: _ordered,
    OrderState.ACCEPTED: _accepted,
    OrderState.AGREED: _agreed,
    OrderState.VISITED: _visited,
    OrderState.DISPUTED: _disputed,
    OrderState.DONE: lambda _order, _actor: _("双方已签署，服务记录已归档。"),
    OrderState.DECLINED: lambda _order, _actor: _("机构婉拒了委托，委托已结束。"),
    OrderState.WITHDRAWN: _withdrawn,
}
