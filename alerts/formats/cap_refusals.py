"""Why a CAP message is not taken, in words."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

REFUSALS = {
    "cap_encoding": _("报文必须是 UTF-8 编码。"),
    "cap_xml": _("报文不是完整的 XML。"),
    "cap_entity": _("报文不得含有文档类型声明、实体或外部引用。"),
    "cap_size": _("报文嵌套过深或元素过多。"),
    "cap_namespace": _("根元素必须是 CAP 1.2 或 1.1 的 alert。"),
    "cap_missing": _("缺少必需的元素 {attr}。"),
    "cap_value": _("元素 {attr} 的取值不在标准之列。"),
    "cap_identifier": _("{attr} 不得含有空白、逗号、小于号或 & 号，且不得超过 200 个字符。"),
    "cap_time": _("{attr} 必须是带时区偏移的时间，如 2026-11-21T09:16:00+08:00。"),
    "cap_long": _("{attr} 超出本系统接受的长度。"),
    "cap_geometry": _("{attr} 的坐标不是有效的纬度、经度。"),
}


class CapError(Exception):
    """A message that cannot be taken.

    ``code`` is a key of ``REFUSALS``, ``attr`` the CAP element at fault ("" for the whole
    message), ``detail`` a lazily translated sentence for the sender.
    """

    def __init__(self, code: str, attr: str = ""):
        super().__init__(f"{code} {attr}".strip())
        self.code = code
        self.attr = attr
        self.detail = format_lazy(REFUSALS[code], attr=attr)
