"""Words that pages and files share."""

from django.utils.translation import gettext_lazy as _

WHY = {
    "postponed": _("一再延期或挂账"),
    "reopened": _("一再返工或重开"),
    "handed_on": _("一再改派或退回"),
    "long": _("久拖未结"),
}
# Of each figure of a unit: its name, and what it is out of. In the order of ``byunit.Row``.
COLUMNS = (
    (_("提出退回"), _("参与案件")),
    (_("退回获支持"), _("提出退回")),
    (_("逾期未批"), _("须审批或裁定")),
    (_("签收超时"), _("须签收")),
    (_("叫应第 1 级无人应"), _("叫应第 1 级")),
    (_("叫应第 2 级无人应"), _("叫应第 2 级")),
    (_("叫应第 3 级无人应"), _("叫应第 3 级")),
    (_("其他时限超时"), _("其他到期时限")),
)
