"""What the ledger's pages say of policies and of what they cover. Amounts stand on the policy itself."""

from django.utils.translation import gettext_lazy as _

ABOUT = {"policy": _("保单"), "cover": _("承保")}
ACTS = {
    "policy.register": _("登记"),
    "policy.endorse": _("批改"),
    "policy.renew": _("续保"),
    "policy.cancel": _("解除"),
    "policy.premium": _("登记保费"),
    "policy.confirm": _("被保险人确认"),
    "policy.decline": _("被保险人否认"),
    "policy.remind": _("提醒确认"),
    "cover.found": _("判定承保"),
    "cover.lost": _("不再承保"),
    "cover.shown": _("承保案件可以查阅"),
    "cover.hidden": _("承保案件不再显示"),
    "cover.regraded": _("承保案件颜色变更"),
    "cover.ended": _("承保案件结束"),
    "cover.reopened": _("承保案件重开"),
}
SENTENCES = {
    "policy.register": _("登记保单 {person}。"),
    "policy.endorse": _("批改保单 {person}。"),
    "policy.renew": _("保单 {person} 续保。"),
    "policy.cancel": _("解除保单 {person}。"),
    "policy.premium": _("登记保单 {person} 的保费。"),
    "policy.confirm": _("被保险人确认保单 {person}。"),
    "policy.decline": _("被保险人否认保单 {person}。"),
    "policy.remind": _("提醒被保险人确认保单 {person}。"),
    "cover.found": _("案件 {case} 由保单 {person} 承保。"),
    "cover.lost": _("案件 {case} 不再由保单 {person} 承保。"),
    "cover.shown": _("保单 {person} 承保的案件 {case} 可由保险公司查阅。"),
    "cover.hidden": _("保单 {person} 承保的案件 {case} 不再向保险公司显示。"),
    "cover.regraded": _("保单 {person} 承保的案件 {case} 颜色变更。"),
    "cover.ended": _("保单 {person} 承保的案件 {case} 已结束。"),
    "cover.reopened": _("保单 {person} 承保的案件 {case} 已重开。"),
}
