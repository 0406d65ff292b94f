"""The words of the ledger for claims. Amounts are not said here: who may see them sees them on the claim itself."""

from django.utils.translation import gettext_lazy as _

# What each act is called as a choice, and its sentence.
SAID = {
    "notice": (_("报案"), _("报案。")),
    "register": (_("立案"), _("保险公司立案。")),
    "ask": (_("一次性通知补充材料"), _("保险公司一次性通知补充材料。")),
    "complete": (_("确认材料齐全"), _("保险公司确认材料齐全。")),
    "supplied": (_("补齐材料"), _("所需材料已补齐。")),
    "paper": (_("提交材料"), _("提交一份材料。")),
    "reserve": (_("调整准备金"), _("调整未决赔款准备金。")),
    "assess": (_("核定"), _("核定损失与应赔金额。")),
    "agree": (_("同意核定"), _("被保险人同意核定，达成赔付协议。")),
    "object": (_("对核定提出异议"), _("被保险人对核定提出异议。")),
    "fast": (_("快赔"), _("快赔：按报损金额核定并达成协议。")),
    "advance": (_("先予支付"), _("先予支付可以确定的部分。")),
    "pay": (_("支付赔款"), _("支付赔款。")),
    "refuse": (_("拒赔"), _("拒赔。")),
    "serve": (_("发出拒赔通知书"), _("发出拒赔通知书。")),
    "withdraw": (_("撤回报案"), _("撤回报案。")),
    "pursue": (_("提起追偿"), _("向第三者提起追偿。")),
    "recover": (_("追偿收回"), _("追偿收回一笔款项。")),
    "pursued": (_("终结追偿"), _("终结追偿。")),
}
CALLED = {f"claim.{verb}": called for verb, (called, _sentence) in SAID.items()}
SENTENCES = {f"claim.{verb}": sentence for verb, (_called, sentence) in SAID.items()}
