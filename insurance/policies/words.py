"""What the ledger's pages say of policies and of what they cover. Amounts stand on the policy itself."""

from django.utils.translation import gettext_lazy as _

ABOUT = {"policy": _("保单"), "cover": _("承保")}
ACTS = {
    "policy.register": _("登记"),
    "policy.endorse": _("批改"),
    "policy.renew": _("续保"),
    "policy.cancel": _("解除"),
    "policy.premium": _("登记保费"),
    "cover.found": _("判定承保"),
    "cover.lost": _("不再承保"),
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
    "cover.found": _("案件 {case} 由保单 {person} 承保。"),
    "cover.lost": _("案件 {case} 不再由保单 {person} 承保。"),
    "cover.regraded": _("保单 {person} 承保的案件 {case} 颜色变更。"),
    "cover.ended": _("保单 {person} 承保的案件 {case} 已结束。"),
    "cover.reopened": _("保单 {person} 承保的案件 {case} 已重开。"),
}
