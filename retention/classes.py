"""What is kept how long: the one table of classes.

Sources: facts of the domain, 3.2 (a file of preventive service is kept five years) and section 5 (network logs, six
months; privacy, no longer than needed). Where no law names a time the number is a default of ours, to be confirmed.
Six months are at most 184 days, five years at most 1,827, ten at most 3,653. Insurance Law art. 87 binds the insurer,
from the end of the contract: five years for contracts of a year at most, ten for longer ones. We keep ten for all; that
it asks as much of what lies here is our reading, to be confirmed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HALF_A_YEAR, THREE_YEARS, FIVE_YEARS, TEN_YEARS, MOST = 184, 1096, 1827, 3653, 36_500
LOGS = _("《网络安全法》：网络日志留存不少于六个月（2016 年文本第二十一条；2025 年修正后的条号待核）")
LIKE_LOGS = _("无专门规定；参照《网络安全法》网络日志不少于六个月，待核")
SERVICE = _("AQ 9010-2019：事故预防服务档案保存不少于五年；国家档案另有规定的从其规定")
LIKE_SERVICE = _("无专门规定；作为案卷的一部分，参照 AQ 9010-2019 不少于五年，待核")
CLAIMS = _(
    "《保险法》第八十七条：凭证和有关资料自合同终止起，一年以下的不少于五年、超过一年的不少于十年，"
    "由保险公司保管；本系统一律按十年，是否适用待核"
)
PRIVACY = _("《个人信息保护法》第十九条：保存期限为实现目的所必要的最短时间；最短无规定")


@dataclass(frozen=True)
class Kept:
    """One class. ``minimum`` and ``default`` in days, ``None`` for good; ``runs``: whether the nightly run removes it.

    ``by_law``: whether a law names the minimum for this class itself. ``settable``: whether a district may set it;
    ``endless``: for good too.
    """

    code: str
    label: str | Promise
    law: str | Promise
    minimum: int | None
    default: Callable[[], int | None]
    how: str | Promise
    by_law: bool = False
    runs: bool = True
    settable: bool = True
    endless: bool = True


def _for_good() -> None:
    return None


def _kept(code: str, label: Promise, law: Promise, minimum: int, how: Promise) -> Kept:
    """What is never removed here."""
    return Kept(code, label, law, minimum, _for_good, how, by_law=True, runs=False, settable=False)


CLASSES = [
    _kept("ledger", _("台账（含登录与拒绝记录）"), LOGS, HALF_A_YEAR, _("永久保存；按月归档，从不删除。")),
    _kept("cases", _("案件与服务记录"), SERVICE, FIVE_YEARS, _("永久保存；案件不能删除。")),
    Kept(
        "evidence", _("处置凭证文件（照片、视频、文书）"), SERVICE, FIVE_YEARS, _for_good,
        _("结案后起算，到期只删文件；摘要、说明和台账留存，核验时说明何日清除。"), by_law=True,
    ),
    Kept(
        "prevention", _("预防服务文件（现场照片、整改凭证、自查照片）"), SERVICE, FIVE_YEARS, _for_good,
        _("委托结束、隐患销号或自查之后起算，到期只删文件；记录、摘要和台账留存。所属案件未结的不动。"), by_law=True,
    ),
    Kept(
        "claims", _("理赔材料文件"), CLAIMS, TEN_YEARS, _for_good,
        _("理赔结案和保单终止的较晚者起算，到期只删文件；记录、摘要和台账留存。追偿未终结的不动。"),
    ),
    Kept(
        "payloads", _("预警原始数据"), LIKE_SERVICE, FIVE_YEARS, lambda: FIVE_YEARS,
        _("到期后以摘要代替，预警本身不动；案件结案后起算，未结和封存的不动。"),
    ),
    Kept(
        "readings", _("监测读数（逐条）"), LIKE_LOGS, HALF_A_YEAR, lambda: THREE_YEARS,
        _("到期删除；未结案件和封存所及的不动。"),
    ),
    Kept("notices", _("通知与消息"), LIKE_LOGS, HALF_A_YEAR, lambda: 400, _("到期删除；未读的红色和待发的不动。")),
    Kept(
        "logins", _("登录尝试的网络日志"), LOGS, HALF_A_YEAR, lambda: 400,
        _("到期删除；台账中的登录记录不动。"), by_law=True,
    ),
    Kept(
        "uploads", _("上传而未导入的表格"), PRIVACY, 1, lambda: settings.EXCHANGE_KEEP_DAYS,
        _("到期连同文件和报告删除；已导入的见下。"), endless=False,
    ),
    Kept(
        "imports", _("已导入的表格和报告"), _("无专门规定；证明数据从何而来，随台账保存，待核"), None, _for_good,
        _("永久保存；用以证明名册和清单从何而来。"), runs=False, settable=False,
    ),
    Kept(
        "sealed", _("密封导出的文件"), PRIVACY, 0, lambda: 0, _("过有效期后删除；导出记录保存。"),
        settable=False, endless=False,
    ),
    _kept("logs", _("运行日志（系统之外）"), LOGS, HALF_A_YEAR, _("由运维方保存，不在本系统内；本系统不删除。")),
]  # fmt: skip
BY_CODE = {kept.code: kept for kept in CLASSES}
