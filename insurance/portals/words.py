"""What the ledger's pages say of the acts of this part."""

from django.utils.translation import gettext_lazy as _

ABOUT = {"webhook": _("数据推送"), "contact": _("联系人")}
ACTS = {
    "webhook.make": _("设立"),
    "webhook.end": _("停用推送"),
    "webhook.again": _("再发一次"),
    "contact.keep": _("登记"),
    "contact.remove": _("移除"),
    "contact.unmask": _("查看号码"),
}
SENTENCES = {
    "webhook.make": _("设置数据推送“{subject}”。"),
    "webhook.end": _("停用数据推送“{subject}”，密钥作废。"),
    "webhook.again": _("再次发送数据推送“{subject}”的一条消息。"),
    "contact.keep": _("登记一位联系人。"),
    "contact.remove": _("移除一位联系人。"),
    "contact.unmask": _("查看了一位联系人的号码。"),
}
