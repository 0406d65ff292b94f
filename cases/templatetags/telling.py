"""The ledger in sentences: from a verb with its before and after to what a person would say."""

from collections.abc import Iterable

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.text import format_lazy
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alerts.models import Outcome
from cases import guards
from cases.models import AdviceKind, DeadlineKind, Loop, Phase, RequestKind, State, UrgingKind
from cases.models.work import Answered, EvidenceKind
from cases.templatetags.display import full_moment, grade_label, in_stops, localized, moment, posts, unit_name
from responsibility import edition_page
from responsibility.directory import Directory
from responsibility.models import LedgerEntry, Post, Power, Stance

register = template.Library()

TRIAGE = {
    "unknown_category": _("类别不在清单内"),
    "no_place": _("没有位置"),
    "outside_district": _("位置在本区之外"),
    "ungraded": _("颜色无法判定"),
}
RISES = {
    "contain": _("未在时限内受控"),
    "medium_limit": _("中闭环时限已过"),
    "request": _("请示获准"),
    "lapse": _("请示逾期未批"),
    "casualties": _("报告有人员伤亡"),
    "red": _("红色案件免予审批"),
    "second_owner": _("另有责任单位"),
}
# A verb as a choice: what it is about, and the act.
ABOUT = {
    "case": _("案件"),
    "alert": _("预警"),
    "deadline": _("时限"),
    "evidence": _("处置凭证"),
    "request": _("请示"),
    "order": _("派单"),
    "advice": _("会商"),
    "urging": _("督办"),
    "dispatch": _("调度"),
    "command": _("指挥"),
    "drill": _("演练"),
    "edition": _("责任清单"),
    "handbook": _("处置手册"),
    "checklist": _("手册打勾"),
    "roster": _("值班"),
    "channel": _("通知渠道"),
    "exchange": _("导入导出"),
    "resource": _("应急资源"),
    "post": _("岗位"),
}
ABOUT |= {"statement": _("申诉"), "recheck": _("抽查"), "dossier": _("尽职材料")}
ACTS = {
    **edition_page.LABELS,
    "draft": _("起草"),
    "rows": _("条目"),
    "opinion": _("意见"),
    **{verb: move["label"] for verb, move in guards.TABLE.items()},
    **{kind.value: kind.label for kind in (*RequestKind, *Outcome)},
    "open": Outcome.OPENED.label,
    "missed": _("超时"),
    "provisional": _("暂定"),
    "give": _("下达"),
    "change": _("调整"),
    "stand_down": _("解除"),
    "send": _("发出"),
    "depart": _("出动"),
    "release": _("归还"),
    "done": _("办结"),
    "withdraw": _("撤回"),
    "record": _("记录"),
    "sign": _("签发"),
    "add": _("上传"),
    "approve": _("同意"),
    "refuse": _("驳回"),
    "designate": _("指定"),
    "link": _("关联立案"),
    "share": _("授权"),
    "unshare": _("收回授权"),
    "plan": _("编排"),
    "hand_over": _("交班"),
    "take_over": _("接班"),
    "bring": _("上传"),
    "apply": _("导入"),
    "given": _("任命"),
    "changed": _("变更"),
    "removed": _("免去"),
    "overtaken": _("失效"),
    "supersede": _("取代"),
    "appeal": _("申诉"),
    "lapse": _("逾期未批"),
    "waive": _("免予审批"),
    "remove": _("停用"),
    **{kind.value: kind.label for kind in UrgingKind},
    "reply": _("回复"),
    "lift": _("解除"),
    "keep": _("登记"),
    "start": _("开始"),
    "end": _("结束"),
    "feed": _("发出预警"),
    "load": _("载入"),
    "drill_end": _("演练结束"),
    "steps": _("步骤"),
    "submit": _("送审"),
    "mark": _("完成"),
    "check": _("核对"),
    "undo": _("撤销"),
}
ACTS |= {"make": _("提出"), "export": _("调取")}
RUNGS = {"second": _("第二岗位"), "leader": _("单位负责人"), "above": _("区城运应急指挥")}
COMMANDED = ("commander", "objectives", "report", "casualties", "situation", "conclusion")
# What is said of each verb; the names in braces are filled in by ``_words``.
SENTENCES = {
    "case.open": _("预警立案，派遣{holder}；牵头单位：{lead}。"),
    "case.triage": _("预警转人工研判：{triage}。"),
    "case.file": _("人工立案：{grade}，派遣{holder}；牵头单位：{lead}。"),
    "case.acknowledge": _("{unit}签收（{answered}{by_whom}）。"),
    "case.arrive": _("{unit}到场{location}。"),
    "case.contain": _("报告现场已受控。"),
    "case.rectify": _("开始整改。"),
    "case.report": _("处置完毕，提请核查。"),
    "case.rework": _("核查未通过，退回返工。"),
    "case.close": _("核查通过，结案。"),
    "case.reopen": _("重开，退回整改。"),
    "case.resume": _("恢复整改，时限继续计算。"),
    "case.void": _("作废。"),
    "case.drill_end": _("演练结束，案件随之作废。"),
    "drill.start": _("发起演练“{person}”，{speed} 倍速，{alerts} 条预警。"),
    "drill.feed": _("演练“{person}”按脚本发出 {alerts} 条预警。"),
    "resource.load": _("从数据文件更新资源配置与站点。"),
    "drill.end": _("结束演练“{person}”，得分 {score}。"),
    "case.escalate": _("升入{loop}（{why}），由{holder}负责。"),
    "case.stand_down": _("解除大闭环，转回{loop}，由{holder}负责。"),
    "case.designate": _("区里指定：牵头{lead}，由{holder}负责，累计改派 {hops} 次。"),
    "case.share": _("特别授权{whom}查阅，至 {until}：{reason}"),
    "case.unshare": _("收回{whom}的查阅授权。"),
    "case.link": _("另立关联案件 {case}，牵头{lead}。"),
    "alert.joined": _("再次预警，累计 {alert_count} 次{raised}。"),
    "alert.cleared": _("来源通知预警解除或撤回。"),
    "alert.observed": _("预警已记录，未达立案条件。"),
    "alert.suppressed": _("预警已抑制。"),
    "deadline.missed": _("{kind}超时：{unit}，应于 {due}。"),
    "deadline.provisional": _("{kind}时限为暂定：年度日历未载入。"),
    "evidence.add": _("上传处置凭证：{proof}。"),
    "request.escalate": _("请示提级：{reason}"),
    "request.extend": _("请示延期 {minutes} 分钟：{reason}"),
    "request.suspend": _("请示挂账：{reason}"),
    "request.void": _("请示作废：{reason}"),
    "request.return": _("请示退回：{reason}"),
    "request.determine": _("清单中无牵头单位，请区里指定。"),
    "request.redispatch": _("责任清单已换版，建议改派{proposed}。"),
    "request.stand_down": _("请示解除大闭环：{reason}"),
    "request.share": _("请示授权{proposed}查阅：{reason}"),
    "request.appeal": _("对驳回的{asked}请示申诉：{reason}"),
    "request.approve": _("同意{asked}请示{deputy}。"),
    "request.refuse": _("驳回{asked}请示{deputy}。"),
    "request.lapse": _("{asked}请示逾期未批，{outcome}；记到{unit}{posts}。"),
    "request.waive": _("{asked}请示免予审批，立即生效。"),
    "request.overtaken": _("案件已有变化，{asked}请示失效。"),
    "order.give": _("派单给{unit}（{power}），{minutes} 分钟内办结：{text}"),
    "order.acknowledge": _("{unit}签收派单。"),
    "order.done": _("{unit}办结派单。"),
    "order.return": _("{unit}退回派单。"),
    "order.withdraw": _("撤回给{unit}的派单。"),
    "command.open": _("启动指挥部，指挥长{commander}，{phase}：{objectives}"),
    "command.change": _("指挥部转入{phase}：{objectives}"),
    "command.report": _("第 {report} 期情况报告，伤亡 {casualties} 人：{situation}"),
    "command.stand_down": _("解除指挥，转为{loop}，由{holder}负责：{conclusion}"),
    "dispatch.send": _("从{where}调派：{what}。"),
    "dispatch.depart": _("{where}的资源出动。"),
    "dispatch.arrive": _("{where}的资源到场。"),
    "dispatch.release": _("{where}的资源归还，消耗：{what}。"),
    "advice.record": _("记录{said}：{expert}。"),
    "advice.sign": _("签发{said}：{expert}。"),
    "urging.reminder": _("提醒{unit}：{late}"),
    "urging.urge": _("催办{unit}：{late}"),
    "urging.supervision": _("对{unit}挂牌督办：{late}"),
    "urging.circular": _("通报{unit}：{late}"),
    "urging.reply": _("{unit}回复督办。"),
    "urging.lift": _("解除对{unit}的挂牌督办。"),
    "recheck.record": _("记录抽查结果。"),
    "statement.make": _("{unit}申诉：{text}"),
    "dossier.export": _("调取尽职材料：{person}。"),
    "resource.keep": _("登记{person}：库存 {stock}，{ready}。"),
    "post.given": _("任命岗位：{person}。"),
    "post.changed": _("变更岗位：{person}。"),
    "post.removed": _("免去岗位：{person}。"),
    "edition.draft": _("起草第 {subject} 版清单。"),
    "edition.rows": _("改动清单：写入 {written} 行，替去 {replaced} 行。"),
    "edition.send": _("发出征求意见。"),
    "edition.opinion": _("对 {written} 行{stance}。"),
    "edition.approve": _("核准清单，{silent_units} 个单位未表态。"),
    "edition.publish": _("发布清单，自 {since} 起有效。"),
    "edition.supersede": _("由第 {by} 版取代，至 {until} 止。"),
    "edition.take_back": _("退回修改。"),
    "edition.withdraw": _("撤回清单。"),
    "handbook.draft": _("起草手册 {subject}。"),
    "handbook.steps": _("改动手册 {subject}：写入 {put} 步，替去 {taken} 步。"),
    "handbook.submit": _("手册 {subject} 送审。"),
    "handbook.take_back": _("手册 {subject} 退回修改。"),
    "handbook.withdraw": _("撤回手册 {subject}。"),
    "handbook.publish": _("核准并发布手册 {subject}，自 {since} 起有效。"),
    "handbook.supersede": _("手册 {subject} 由第 {by} 版取代，至 {until} 止。"),
    "checklist.mark": _("完成手册第 {step} 步：{text}"),
    "checklist.check": _("核对手册第 {step} 步：{text}"),
    "checklist.undo": _("撤销手册第 {step} 步的打勾：{text}"),
    "roster.plan": _("编排值班：新增 {come} 班，撤下 {gone} 班。"),
    "roster.hand_over": _("交班给 {to}。"),
    "channel.add": _("设置{unit}的通知渠道（{channel}）。"),
    "channel.remove": _("停用{unit}的通知渠道（{channel}）。"),
    "roster.take_over": _("接 {from_} 的班。"),
    "exchange.bring": _("上传表格 {file}，尚未导入。"),
    "exchange.apply": _("导入表格 {file}：新增 {created}，更改 {changed}，删去 {removed}，未变 {unchanged}。"),
}
# What is added to any of them when the entry knows it.
REMARKS = {
    "away_m": _("所报位置距登记位置 {} 米，以登记位置为准。"),
    "late_hours": _("监测于 {} 小时前，送达已迟。"),
}


@register.simple_tag
def sentence(entry: LedgerEntry, known: Directory) -> str:
    """``entry`` as a sentence in the reader's language; the verb itself for one that nobody has put in words."""
    pattern = SENTENCES.get(entry.verb)
    said = str(pattern).format(**_words(entry, known)) if pattern else entry.verb
    said += calling(entry)
    if entry.after.get("drill") and not entry.verb.startswith("drill."):
        said = f"{_('【演练】')}{said}"
    return " ".join([said, *(str(REMARKS[name]).format(entry.after[name]) for name in REMARKS if name in entry.after)])


def told(verb: str, before: dict, after: dict, known: Directory) -> str:
    """The sentence of an act of which no entry is at hand, in the reader's language."""
    return sentence(LedgerEntry(verb=verb, before=before, after=after), known)


@register.filter
def calling(entry: LedgerEntry) -> str:
    """Who was called by the ladder at this entry: 叫应 第2级：…; empty where nobody was."""
    if entry.after.get("exhausted"):
        return str(_("叫应各级已叫完，仍无人应答。"))
    if not entry.after.get("rung"):
        return ""
    whom = _of(RUNGS, entry.after.get("to"))
    words = {"rung": entry.after["rung"], "whom": in_stops(entry.after.get("called") or whom)}
    return str(_("叫应 第{rung}级：{whom}。")).format(**words)


@register.filter
def plainly(value) -> str:
    """A value of ``before`` or ``after`` as one writes it; an instant in local time."""
    if isinstance(value, str):
        instant = parse_datetime(value) if value[:2].isdigit() and "T" in value else None
        return full_moment(instant) if instant else value
    if isinstance(value, list | tuple):
        return ", ".join(plainly(part) for part in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {plainly(part)}" for name, part in value.items())
    if value is None:
        return "—"
    return str(_("是") if value else _("否")) if isinstance(value, bool) else str(value)


@register.simple_tag
def ledger_verbs() -> list[tuple[str, str]]:
    """The verbs that can be asked for, each with its words."""
    parts = [(verb, *verb.split(".")) for verb in SENTENCES]
    return [(verb, f"{ABOUT[about]} · {ACTS[act]}") for verb, about, act in parts]


@register.simple_tag
def actors(entries: Iterable[LedgerEntry], known: Directory) -> dict[int, str]:
    """Who acted, by the id of the entry: unit, person and post as they were written down.

    The record is in Chinese; in English each name is told by what now bears it, where something does. One query then.
    """
    entries = list(entries)
    names = {}
    if (get_language() or "").startswith("en"):
        titles = {entry.post_label for entry in entries}
        names = dict(Post.objects.filter(title__in=titles).values_list("title", "title_en"))
        names |= {unit.name: unit.name_en for unit in known.units.values()}
    return {entry.pk: _actor(entry, names) for entry in entries}


def _actor(entry: LedgerEntry, names: dict[str, str]) -> str:
    if not entry.actor_id:
        return str(_("系统"))
    unit, post = (names.get(text) or text for text in (entry.unit_label, entry.post_label))
    who = f"{unit} {entry.actor_label}".strip()
    return f"{who} · {post}" if post else who


def _words(entry: LedgerEntry, known: Directory) -> dict[str, str]:
    after, before = entry.after, entry.before
    return {
        "holder": unit_name(after.get("holder"), known),
        "lead": unit_name(after.get("lead") or after.get("second"), known),
        "unit": unit_name(after.get("unit") or before.get("unit"), known),
        "grade": grade_label(after.get("grade", "")),
        "triage": _of(TRIAGE, after.get("reason")),
        "answered": _label(Answered, after.get("answered_by")),
        "location": format_lazy(_("（{place}）"), place=", ".join(after["location"])) if after.get("location") else "",
        "loop": _label(Loop, after.get("loop")),
        "why": _why(after.get("why", "")),
        "alert_count": after.get("alert_count", ""),
        "raised": _raised(before, after),
        "kind": _label(DeadlineKind, after.get("kind")),
        "due": moment(parse_datetime(after["due_at"])) if after.get("due_at") else "",
        "proof": _label(EvidenceKind, after.get("kind")),
        "asked": _label(RequestKind, after.get("kind")),
        "reason": after.get("reason", ""),
        "outcome": str(_("视为同意")) if after.get("outcome") == "approved" else str(_("视为驳回")),
        "posts": posts(after.get("posts", [])),
        "deputy": format_lazy(_("（代{who}）"), who=posts(after["deputy_of"])) if after.get("deputy_of") else "",
        "minutes": after.get("minutes", ""),
        "power": _label(Power, after.get("power")),
        "text": after.get("text", ""),
        "late": after.get("text") or _late(after),
        "phase": _label(Phase, after.get("phase")),
        **{name: after.get(name, "") for name in COMMANDED},
        "where": localized(after, "where"),
        "what": localized(after, "what") or "—",
        "said": _label(AdviceKind, after.get("said")),
        "expert": after.get("expert", ""),
        "proposed": unit_name(after.get("proposed"), known),
        "hops": after.get("hops", ""),
        "case": after.get("case", ""),
        "whom": after.get("person") or unit_name(after.get("unit"), known),
        "until": moment(parse_datetime(after["until"])) if after.get("until") else "",
        "come": str(len(after.get("shifts", ()))),
        "gone": str(len(before.get("shifts", ()))),
        "to": after.get("to", ""),
        "from_": after.get("from", ""),
        **{name: after.get(name, "") for name in ("file", "created", "changed", "removed", "unchanged")},
        "person": entry.subject_label,
        "stock": after.get("stock", ""),
        "ready": str(_("可出动") if after.get("ready") else _("不可出动")),
        "by_whom": f" · {after['person']}" if after.get("answerer") else "",
        "channel": entry.subject_label,
        **{name: after.get(name, "") for name in ("speed", "alerts")},
        "score": "—" if after.get("score") is None else f"{after['score']} %",
    } | _words_of_edition(entry)


def _words_of_edition(entry: LedgerEntry) -> dict[str, str]:
    after = entry.after
    return {
        "subject": entry.subject_id,
        "written": str(len(after.get("rows", []))),
        "replaced": str(len(entry.before.get("rows", []))),
        "stance": _label(Stance, after.get("stance")),
        "put": str(len(after.get("steps", []))) if isinstance(after.get("steps"), list) else "",
        "taken": str(len(entry.before.get("steps", []))),
        "step": after.get("step", ""),
        "silent_units": after.get("silent_units", ""),
        "by": after.get("by", ""),
        "since": moment(parse_datetime(after["from"])) if after.get("from") else "",
    }


def _label(choices, value) -> str:
    return str(choices(value).label) if value in choices.values else str(value or "")


def _of(words: dict, key) -> str:
    return str(words.get(key, key or ""))


def _why(why: str) -> str:
    cause, _colon, grade = why.partition(":")
    return str(format_lazy(_("颜色为{grade}"), grade=grade_label(grade))) if cause == "grade" else _of(RISES, why)


def _late(after: dict) -> str:
    """Of which clock an urging speaks that nobody has put in words."""
    if not after.get("due_at"):
        return ""
    words = {"kind": _label(DeadlineKind, after.get("kind")), "due": moment(parse_datetime(after["due_at"]))}
    return str(_("{kind}应于 {due} 完成。")).format(**words)


def _raised(before: dict, after: dict) -> str:
    """What else a further alert did: another colour, or a case begun again."""
    said = []
    if before.get("grade") != after.get("grade"):
        words = {"old": grade_label(before.get("grade", "")), "new": grade_label(after.get("grade", ""))}
        said.append(str(format_lazy(_("，由{old}升为{new}"), **words)))
    if before.get("state") == State.CLOSED:
        said.append(str(_("，案件自动重开")))
    return "".join(said)
