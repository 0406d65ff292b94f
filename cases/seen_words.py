"""The words for what leaves no trace but in the ledger (``responsibility/looking.py``) and for rows told one by one."""

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from responsibility.models import LedgerEntry

ABOUT = {
    "session": _("登录"),
    "token": _("令牌"),
    "key": _("子平台密钥"),
    "access": _("访问"),
    "original": _("凭证原件"),
    "row": _("基础数据"),
    "rows": _("数据行"),
}
# By their whole verbs: the same words mean other acts of a case.
ACTS = {
    "session.open": _("成功"),
    "session.close": _("退出"),
    "session.fail": _("失败"),
    "session.lock": _("锁定"),
    "access.refuse": _("被拒"),
    "access.take": _("取走文件"),
    "key.refuse": _("无效"),
    "token.issue": _("发放"),
    "token.refuse": _("无效"),
    "original.view": _("查看"),
    "row.add": _("新增"),
    "row.change": _("更改"),
    "row.remove": _("删去"),
    "rows.stand": _("存样"),
}
CODES = {"forbidden": _("没有权限。"), "conflict": _("现在不能办理。")}
SENTENCES = {
    "session.open": _("登录，来自 {address}。"),
    "session.close": _("退出登录。"),
    "session.fail": _("登录失败：{account}，来自 {address}。"),
    "session.lock": _("尝试过多，暂时锁定：{account}，来自 {address}。"),
    "token.issue": _("发放令牌，来自 {address}。"),
    "token.refuse": _("令牌无效或已过期：{account}。"),
    "key.refuse": _("子平台密钥无效或已停用。"),
    "access.refuse": _("被拒绝：{wanted}。{refusal}"),
    "access.take": _("取走文件 {file}。"),
    "original.view": _("查看案件 {case} 的凭证原件。"),
    "row.add": _("新增{table}：{person}。"),
    "row.change": _("更改{table}：{person}（{columns}）。"),
    "row.remove": _("删去{table}：{person}。"),
    "rows.stand": _("记下 {count} 行数据的摘要。"),
}
TABLES = {model._meta.db_table: model._meta for model in apps.get_models(include_auto_created=True)}


def words(entry: LedgerEntry) -> dict[str, object]:
    """What the sentences above are filled with."""
    after, of = entry.after, TABLES.get(entry.subject_type)
    names = {field.column: field.verbose_name for field in of.concrete_fields} if of else {}
    return {
        "address": after.get("address") or "—",
        "count": entry.subject_label,
        "account": entry.subject_label or _("不认识的账号"),
        "wanted": " ".join(filter(None, _wanted(entry))),
        "refusal": after.get("why") or CODES.get(after.get("code", ""), after.get("code", "")),
        "table": of.verbose_name if of else entry.subject_type,
        "columns": "、".join(str(names.get(name, name)) for name in entry.before),
    }


def _wanted(entry: LedgerEntry) -> list[str]:
    door, act = entry.after.get("door", ""), entry.after.get("act", "")
    # Of a door that is no case's, the address itself says more than its pattern.
    return [door.partition(" ")[0], entry.subject_id] if entry.subject_type == "door" else [door, act, entry.subject_id]
