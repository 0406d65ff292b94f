"""The words of the ledger for findings and self-control."""

from django.utils.translation import gettext_lazy as _

ABOUT = {"finding": _("隐患"), "selfcontrol": _("自控")}
ACTS = {
    "finding.tell": _("书面告知"),
    "finding.proof": _("上传凭证"),
    "finding.rectify": _("填报整改"),
    "finding.recheck": _("复查"),
    "finding.close": _("销号"),
    "finding.raise": _("报区里立案"),
    "selfcontrol.open": _("建立台账"),
    "selfcontrol.change": _("更改周期和清单"),
    "selfcontrol.check": _("自查"),
    "selfcontrol.person": _("登记负责人"),
    "selfcontrol.person_end": _("停用负责人"),
    "selfcontrol.certificate": _("登记证照"),
    "selfcontrol.certificate_end": _("停用证照"),
    "selfcontrol.duty": _("答复主体责任"),
}
SENTENCES = {
    "finding.tell": _("书面告知一条隐患，整改期限开始。"),
    "finding.proof": _("上传整改凭证。"),
    "finding.rectify": _("填报整改，等待复查。"),
    "finding.recheck": _("复查整改。"),
    "finding.close": _("隐患销号。"),
    "finding.raise": _("重大或逾期的隐患报区里立案。"),
    "selfcontrol.open": _("建立监测对象的自控台账。"),
    "selfcontrol.change": _("更改自查周期和清单。"),
    "selfcontrol.check": _("提交一次自查。"),
    "selfcontrol.person": _("登记一位负责人。"),
    "selfcontrol.person_end": _("停用一位负责人。"),
    "selfcontrol.certificate": _("登记一份证照。"),
    "selfcontrol.certificate_end": _("停用一份证照。"),
    "selfcontrol.duty": _("就案件的主体责任作出答复。"),
}
