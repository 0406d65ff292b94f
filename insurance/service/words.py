"""The words of the ledger for orders, visits, plans, the account of prevention and assessments."""

from django.utils.translation import gettext_lazy as _

ABOUT = {
    "service": _("预防服务"),
    "plan": _("服务方案"),
    "account": _("事故预防费"),
    "assessment": _("年度评估"),
}
ACTS = {
    "service.request": _("提出需求"),
    "service.order": _("委托"),
    "service.accept": _("接受委托"),
    "service.decline": _("婉拒"),
    "service.propose": _("提议时间"),
    "service.agree": _("约定时间"),
    "service.photo": _("上传照片"),
    "service.visit": _("提交服务记录"),
    "service.confirm": _("确认服务记录"),
    "service.dispute": _("提出异议"),
    "service.withdraw": _("撤回委托"),
    "service.stop": _("收回委托"),
    "plan.propose": _("提交"),
    "plan.agree": _("确认"),
    "plan.return": _("退回"),
    "account.budget": _("编制预算"),
    "account.spend": _("登记支出"),
    "account.counter": _("冲销"),
    "assessment.sign": _("签署"),
}
SENTENCES = {
    "service.request": _("提出服务需求。"),
    "service.order": _("委托机构上门服务。"),
    "service.accept": _("机构接受委托。"),
    "service.decline": _("机构婉拒委托。"),
    "service.propose": _("提议上门时间。"),
    "service.agree": _("约定上门时间。"),
    "service.photo": _("上传一张现场照片。"),
    "service.visit": _("提交服务记录，机构签署。"),
    "service.confirm": _("被保险人确认并签署服务记录。"),
    "service.dispute": _("被保险人对服务记录提出异议。"),
    "service.withdraw": _("撤回委托。"),
    "service.stop": _("机构被停止，收回委托，待转派。"),
    "plan.propose": _("提交服务方案。"),
    "plan.agree": _("确认服务方案。"),
    "plan.return": _("退回服务方案。"),
    "account.budget": _("编制事故预防费预算。"),
    "account.spend": _("登记一笔事故预防费支出。"),
    "account.counter": _("冲销一笔事故预防费支出。"),
    "assessment.sign": _("签署年度评估。"),
}
