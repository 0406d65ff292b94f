"""The words of the ledger for policies and what they cover."""

from django.utils.translation import gettext_lazy as _

ABOUT = {"policy": _("保单"), "cover": _("承保")}
ACTS = {
    "policy.register": _("登记"),
    "policy.endorse": _("批改"),
    "policy.renew": _("续保"),
    "policy.cancel": _("解除"),
    "policy.premium": _("实收保费"),
    "cover.found": _("案件属于承保范围"),
    "cover.lost": _("案件不再属于承保范围"),
    "cover.regraded": _("承保案件变更颜色"),
    "cover.ended": _("承保案件结束"),
    "cover.reopened": _("承保案件重开"),
}
SENTENCES = {
    "policy.register": _("登记保单。"),
    "policy.endorse": _("批改保单。"),
    "policy.renew": _("续保。"),
    "policy.cancel": _("解除保单。"),
    "policy.premium": _("登记实收保费。"),
    "cover.found": _("一起案件属于本保单的承保范围。"),
    "cover.lost": _("一起案件不再属于本保单的承保范围。"),
    "cover.regraded": _("承保案件的颜色变更。"),
    "cover.ended": _("承保案件结束。"),
    "cover.reopened": _("承保案件重开。"),
}
