"""What the ledger's pages say of prevention service: plans, orders, visits, the account, the yearly assessment."""

from django.utils.translation import gettext_lazy as _

ABOUT = {
    "service": _("预防服务"), "plan": _("服务方案"), "account": _("事故预防费专账"), "assessment": _("年度评估"),
    "file": _("文件"),
}  # fmt: skip
ACTS = {
    "service.order": _("委托"),
    "service.request": _("提出需求"),
    "service.accept": _("接受"),
    "service.decline": _("婉拒"),
    "service.propose": _("提议时间"),
    "service.agree": _("约定时间"),
    "service.photo": _("提交照片"),
    "service.visit": _("提交服务记录"),
    "service.confirm": _("确认服务记录"),
    "service.dispute": _("对服务记录提出异议"),
    "service.withdraw": _("撤回委托"),
    "service.stop": _("收回受托机构的委托"),
    "plan.propose": _("编制"),
    "plan.agree": _("确认"),
    "plan.return": _("退回"),
    "account.budget": _("编制预算"),
    "account.spend": _("登记支出"),
    "account.counter": _("冲销支出"),
    "assessment.sign": _("签署"),
    "file.remove": _("依保存期限清除"),
}
SENTENCES = {
    "service.order": _("委托第三方服务 {person}。"),
    "service.request": _("{unit}就保单 {person} 提出服务需求。"),
    "service.accept": _("机构接受委托 {person}。"),
    "service.decline": _("机构婉拒委托 {person}。"),
    "service.propose": _("提议委托 {person} 的服务时间。"),
    "service.agree": _("约定委托 {person} 的服务时间。"),
    "service.photo": _("为委托 {person} 提交一张照片。"),
    "service.visit": _("提交委托 {person} 的服务记录。"),
    "service.confirm": _("被保险人确认委托 {person} 的服务记录，归档。"),
    "service.dispute": _("被保险人对委托 {person} 的服务记录提出异议。"),
    "service.withdraw": _("撤回委托 {person}。"),
    "service.stop": _("受托机构被停止，收回委托 {person}。"),
    "plan.propose": _("为保单 {person} 编制服务方案。"),
    "plan.agree": _("被保险人确认保单 {person} 的服务方案。"),
    "plan.return": _("被保险人退回保单 {person} 的服务方案。"),
    "account.budget": _("为保单 {person} 编制事故预防费预算。"),
    "account.spend": _("为保单 {person} 登记一笔事故预防费支出。"),
    "account.counter": _("冲销保单 {person} 的一笔事故预防费支出。"),
    "assessment.sign": _("签署保单 {person} 的年度评估。"),
    "file.remove": _("{person} 的一份文件依保存期限清除，摘要留存。"),
}
