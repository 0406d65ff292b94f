"""What the ledger's pages say of findings and of self-control."""

from django.utils.translation import gettext_lazy as _

ABOUT = {"finding": _("隐患"), "selfcontrol": _("风险单元自控")}
ACTS = {
    "finding.tell": _("书面告知"),
    "finding.proof": _("提交整改凭证"),
    "finding.rectify": _("整改完成"),
    "finding.recheck": _("复查"),
    "finding.close": _("销号"),
    "finding.raise": _("作为预警上报"),
    "selfcontrol.open": _("建立自控清单"),
    "selfcontrol.change": _("修改自控清单"),
    "selfcontrol.check": _("登记自查"),
    "selfcontrol.person": _("登记负责人"),
    "selfcontrol.person_end": _("停用负责人"),
    "selfcontrol.certificate": _("登记证照"),
    "selfcontrol.certificate_end": _("停用证照"),
    "selfcontrol.duty": _("对主体责任表态"),
}
SENTENCES = {
    "finding.tell": _("{unit}书面告知隐患 {subject}，整改期限 {due}。"),
    "finding.proof": _("为隐患 {subject} 提交一份整改凭证。"),
    "finding.rectify": _("隐患 {subject} 报整改完成。"),
    "finding.recheck": _("{unit}复查隐患 {subject}。"),
    "finding.close": _("隐患 {subject} 销号。"),
    "finding.raise": _("隐患 {subject} 作为预警上报。"),
    "selfcontrol.open": _("为{person}建立自控清单。"),
    "selfcontrol.change": _("修改{person}的自控清单。"),
    "selfcontrol.check": _("登记{person}的一次自查。"),
    "selfcontrol.person": _("为监测对象 {subject} 登记一位负责人。"),
    "selfcontrol.person_end": _("停用监测对象 {subject} 的一位负责人。"),
    "selfcontrol.certificate": _("登记{person}的一份证照。"),
    "selfcontrol.certificate_end": _("停用{person}的一份证照。"),
    "selfcontrol.duty": _("{unit}对案件 {case} 的主体责任表态。"),
}
