"""The one table of permissions: what is done, and which role does it where.

Guards, buttons, pages, the API and the tests read it through ``responsibility.access``; none of them has a list of its
own. A role that has no cell in a row may not do it. Sources: design 1 and 4.1-4.4, facts 1.2 and 2.3. What a cell does
not tell (the state of the case, the proof, who asked) is asked by the guards besides; ``note`` says so to the reader.
"""

from dataclasses import dataclass, field

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from responsibility.models.people import Role


class Scope(models.TextChoices):
    """Where a role may do it, from wide to narrow; the unit meant is that of the post held."""

    DISTRICT = "district", _("全区")
    OWN = "own", _("本单位及下级")
    PARTY = "party", _("责任方")
    HOLDER = "holder", _("当前负责单位")
    OWNER = "owner", _("牵头或当前负责单位")
    LEAD = "lead", _("牵头单位")
    CENTRE = "centre", _("区城运中心")
    NAMED = "named", _("列名者")
    GRANTED = "granted", _("经特别授权")
    CONCERNED = "concerned", _("与本单位有关")

    @property
    def means(self) -> str | Promise:
        """What the word says, in a sentence."""
        return MEANINGS[self]


MEANINGS = {
    Scope.DISTRICT: _("不限单位。"),
    Scope.OWN: _("本岗位所在单位及其下级单位的事。"),
    Scope.PARTY: _("本单位是案件现在的任一责任方。"),
    Scope.HOLDER: _("本单位是案件现在的负责单位；大闭环中也指牵头单位。"),
    Scope.OWNER: _("本单位是案件的牵头单位或现在的负责单位，并已是责任方。"),
    Scope.LEAD: _("本单位是案件的牵头单位。"),
    Scope.CENTRE: _("本单位承担全区派遣职能。"),
    Scope.NAMED: _("该行、该班、该步骤或该次交接列明本单位或本人。"),
    Scope.GRANTED: _("该案件已授权给本单位，且未到期。"),
    Scope.CONCERNED: _(
        "案件在本单位承保或经纪的保单期内（含索赔期）、在受托未结的委托中，或发生在本单位的监测对象上。"
    ),
}


class Kind(models.TextChoices):
    """The chapters of the table."""

    READING = "reading", _("查阅")
    CASE = "case", _("案件动作")
    ASKING = "asking", _("提出请示")
    DECIDING = "deciding", _("审批与裁定")
    MATRIX = "matrix", _("责任清单")
    HANDBOOK = "handbook", _("处置手册")
    JOINT = "joint", _("协同与调度")
    ROSTER = "roster", _("值班表")
    INSURANCE = "insurance", _("保险与第三方")
    EXCHANGE = "exchange", _("导入导出与管理")


@dataclass(frozen=True)
class Act:
    """One row: its chapter, its words, and ``{role: scope}``."""

    kind: Kind
    label: str | Promise
    cells: dict[str, Scope] = field(default_factory=dict)
    note: str | Promise = ""


def at(scope: Scope, *roles: Role) -> dict[str, Scope]:
    """The cells of ``roles``, all with one ``scope``."""
    return {str(role): scope for role in roles}


FIELD = (Role.DUTY_OFFICER, Role.HANDLER, Role.HEAD, Role.MANAGER, Role.EMERGENCY_OFFICE)
DESKS = (Role.SHIFT_LEADER, Role.CHECKER, Role.EMERGENCY_OFFICE, Role.COMMITTEE_OFFICE, Role.AUDITOR)
# Who commands in a unit answers for it at any hour, and draws up its duty roster.
COMMAND = (Role.HEAD, Role.MANAGER, Role.EMERGENCY_OFFICE)
# Whoever commands in a unit, and its duty officer for it.
ORDERS = (*COMMAND, Role.DUTY_OFFICER)
D, OWN, PARTY, HOLDER, NAMED = Scope.DISTRICT, Scope.OWN, Scope.PARTY, Scope.HOLDER, Scope.NAMED
SHIFT, CHECK = at(D, Role.SHIFT_LEADER), at(D, Role.SHIFT_LEADER, Role.CHECKER)
COMMITTEE, EMERGENCY = at(D, Role.COMMITTEE_OFFICE), at(D, Role.EMERGENCY_OFFICE)
ADMIN, AUDITOR = at(D, Role.ADMIN), at(D, Role.AUDITOR)
# The district's desks see everything; where a role stands in both, the wider cell counts.
DESKS_AND_OWN = at(OWN, *FIELD) | at(D, *DESKS)
ROSTER_KEEPERS = at(OWN, *COMMAND) | ADMIN
CENTRE_HEAD = at(Scope.CENTRE, Role.HEAD, Role.MANAGER)
ON_DUTY = at(NAMED, *FIELD, *DESKS)
HANDBOOK_KEEPERS = at(OWN, Role.MANAGER, Role.COMMITTEE_OFFICE)
DEPUTY = _("不在班时由其副班或本单位负责人代为审批。")
BY_REQUEST = _("只能经批准的请示。")
APART = _("本人和本单位未参与处置。")
# Outsiders, each within what names its unit (facts 3.5).
INSURER, BROKER = at(NAMED, Role.INSURER), at(NAMED, Role.BROKER)
FIRM, ENTERPRISE = at(NAMED, Role.FIRM), at(NAMED, Role.ENTERPRISE)
OUTSIDE = INSURER | BROKER | FIRM | ENTERPRISE
# Who answers for an insured unit: of an enterprise, or who commands where a street, a town or a body is insured.
INSURED = at(NAMED, *COMMAND, Role.COMMITTEE_OFFICE, Role.ENTERPRISE)
ON_POLICY = _("列名者为保单上的保险公司、经纪和被保险人。")
ON_ORDER = _("列名者为委托单位、受托机构和被保险人。")

ACTS: dict[str, Act] = {
    "case.read": Act(Kind.READING, _("查阅案件、凭证与经过"), DESKS_AND_OWN, _("曾经承办、牵头或须审批的案件也在内。")),
    "case.read_granted": Act(
        Kind.READING, _("查阅授权给本单位的案件"), at(Scope.GRANTED, *Role), _("逐案授权，有期限；也可授权给个人。")
    ),
    "case.read_outside": Act(
        Kind.READING, _("查阅与本单位有关的案件"),
        at(Scope.CONCERNED, Role.INSURER, Role.BROKER, Role.FIRM, Role.ENTERPRISE),
        _("只看与其有关的字段；经纪只看编号和状态。"),
    ),
    "case.grants": Act(Kind.READING, _("查看案件授权给了谁"), COMMITTEE | EMERGENCY | AUDITOR),
    "evidence.original": Act(Kind.READING, _("查看凭证原件"), AUDITOR),
    "objects.read": Act(Kind.READING, _("查阅监测对象"), DESKS_AND_OWN, _("职责所及的对象也在内。")),
    "dispute.read": Act(
        Kind.READING, _("查阅争议、空白与推演"), COMMITTEE | EMERGENCY | SHIFT | AUDITOR
    ),
    "edition.read": Act(
        Kind.READING, _("查阅未发布的清单"), COMMITTEE | EMERGENCY | SHIFT | AUDITOR | at(D, Role.HEAD, Role.MANAGER)
    ),
    "handbook.read": Act(
        Kind.READING, _("查阅未发布的手册"), COMMITTEE | EMERGENCY | AUDITOR | at(OWN, Role.MANAGER), _("编制单位。")
    ),
    "roster.read": Act(Kind.READING, _("查阅值班表"), DESKS_AND_OWN | ADMIN),
    "ledger.read": Act(Kind.READING, _("查阅全部台账"), COMMITTEE | AUDITOR),
    "desk.seal": Act(
        Kind.READING, _("向纪检机关密封导出"), AUDITOR, _("写明用途、接收方和有效期；每次下载记入台账。")
    ),
    "ledger.witnesses": Act(Kind.EXCHANGE, _("管理台账见证方和外送"), COMMITTEE),
    "ledger.witness": Act(
        Kind.READING, _("见证台账存证点"), at(D, Role.AUDITOR, Role.INSURER, Role.BROKER, Role.FIRM, Role.ENTERPRISE),
        _("外部单位；只记所见，不改动任何业务。"),
    ),
    "accountability.read": Act(
        Kind.READING, _("查阅责任追溯"), COMMITTEE | EMERGENCY | AUDITOR, _("跨案件；单个案件的责任追溯随案件查阅。")
    ),
    "consequence.read": Act(
        Kind.READING, _("查阅监督措施"), at(OWN, *Role) | COMMITTEE | EMERGENCY | AUDITOR,
        _("所涉单位；所涉本人也在内。"),
    ),
    "dossier.read": Act(
        Kind.READING, _("调取尽职材料"), at(NAMED, *Role) | AUDITOR, _("列名者为本人。")
    ),
    "notice.unreached": Act(Kind.READING, _("查看未送达的通知"), at(D, *DESKS) | ADMIN),
    "permissions.read": Act(Kind.READING, _("查阅本权限表"), COMMITTEE | EMERGENCY | AUDITOR | ADMIN),

    "case.file": Act(Kind.CASE, _("立案"), SHIFT),
    "case.void": Act(Kind.CASE, _("作废"), SHIFT, _("立案之前。")),
    "case.acknowledge": Act(Kind.CASE, _("签收"), at(PARTY, *FIELD), _("须在班；无人在班时不限。")),
    "case.acknowledge_off_duty": Act(Kind.CASE, _("不在班时签收"), at(PARTY, *COMMAND)),
    "case.arrive": Act(Kind.CASE, _("到场"), at(PARTY, *FIELD)),
    "case.contain": Act(Kind.CASE, _("受控"), at(HOLDER, *FIELD), _("凭证齐全。")),
    "case.rectify": Act(Kind.CASE, _("整改"), at(HOLDER, *FIELD)),
    "case.report": Act(Kind.CASE, _("反馈"), at(HOLDER, *FIELD), _("凭证齐全。")),
    "case.resume": Act(Kind.CASE, _("恢复"), at(HOLDER, *FIELD)),
    "case.rework": Act(Kind.CASE, _("返工"), CHECK, APART),
    "case.close": Act(Kind.CASE, _("结案"), CHECK, APART),
    "case.reopen": Act(Kind.CASE, _("重开"), CHECK),
    "case.suspend": Act(Kind.CASE, _("挂账"), {}, BY_REQUEST),
    "case.annul": Act(Kind.CASE, _("作废"), {}, BY_REQUEST),
    "evidence.add": Act(Kind.CASE, _("提交凭证"), at(PARTY, *FIELD)),
    "checklist.mark": Act(
        Kind.CASE, _("手册步骤打勾"), at(PARTY, *FIELD) | at(NAMED, Role.SHIFT_LEADER, Role.CHECKER),
        _("列名者为手册写明由其单位执行的步骤。"),
    ),
    "statement.make": Act(
        Kind.CASE, _("申诉（陈述申辩）"), at(NAMED, *DESKS[:-1]) | at(PARTY, *FIELD, Role.ENTERPRISE),
        _("曾为责任方的单位；列名者为在本案中有所作为的人。"),
    ),
    "statement.own": Act(
        Kind.CASE, _("就本单位的案件申诉"), at(OWN, Role.ENTERPRISE), _("本单位为主体责任单位的监测对象上的案件。")
    ),
    "recheck.record": Act(Kind.CASE, _("记录抽查结果"), COMMITTEE, _("只对抽中的已结案件；审计员只读。")),
    "consequence.remind": Act(
        Kind.JOINT, _("提醒（责任追溯）"), COMMITTEE | EMERGENCY, _("依据案件或责任追溯中的事项。")
    ),
    "consequence.talk": Act(Kind.JOINT, _("约谈"), COMMITTEE, _("须有督办权。")),
    "consequence.hand_over": Act(Kind.JOINT, _("移交"), COMMITTEE, _("须有督办权；只移交材料，不作认定。")),
    "consequence.withdraw": Act(
        Kind.JOINT, _("记录约谈、撤回监督措施"), at(NAMED, Role.COMMITTEE_OFFICE, Role.EMERGENCY_OFFICE),
        _("作出的单位。"),
    ),
    "consequence.answer": Act(
        Kind.JOINT, _("对监督措施陈述"), at(NAMED, *Role), _("列名者为所涉单位和所涉本人。")
    ),
    "case.share": Act(Kind.CASE, _("特别授权"), COMMITTEE | EMERGENCY),
    "case.unshare": Act(Kind.CASE, _("收回授权"), COMMITTEE | EMERGENCY),

    "request.escalate": Act(Kind.ASKING, _("提级"), at(PARTY, *FIELD)),
    "request.extend": Act(Kind.ASKING, _("延期"), at(PARTY, *FIELD)),
    "request.suspend": Act(Kind.ASKING, _("挂账"), at(PARTY, *FIELD), _("红色案件除外。")),
    "request.void": Act(Kind.ASKING, _("作废"), at(PARTY, *FIELD)),
    "request.return": Act(Kind.ASKING, _("退回"), at(Scope.OWNER, *FIELD), _("已指定的案件不得再退。")),
    "request.stand_down": Act(Kind.ASKING, _("解除大闭环"), at(Scope.LEAD, *FIELD), _("大闭环中由牵头单位提出。")),
    "request.share": Act(Kind.ASKING, _("授权外单位查阅"), at(PARTY, *FIELD)),
    "request.appeal": Act(Kind.ASKING, _("对驳回申诉"), at(PARTY, *FIELD), _("由原申请单位提出，一次为限。")),

    "decide.escalate": Act(Kind.DECIDING, _("审批提级到中闭环"), at(Scope.LEAD, Role.MANAGER), DEPUTY),
    "decide.escalate_large": Act(Kind.DECIDING, _("审批提级到大闭环"), EMERGENCY, _("也审批无牵头单位的提级。")),
    "decide.extend": Act(Kind.DECIDING, _("审批首次延期"), SHIFT, DEPUTY),
    "decide.extend_again": Act(Kind.DECIDING, _("审批再次或较长的延期"), CENTRE_HEAD, DEPUTY),
    "decide.suspend": Act(Kind.DECIDING, _("审批挂账"), SHIFT, DEPUTY),
    "decide.suspend_long": Act(Kind.DECIDING, _("审批较长的挂账"), CENTRE_HEAD, DEPUTY),
    "decide.suspend_district": Act(Kind.DECIDING, _("审批最长的挂账"), EMERGENCY, DEPUTY),
    "decide.void": Act(Kind.DECIDING, _("审批作废"), SHIFT, DEPUTY),
    "decide.void_wide": Act(Kind.DECIDING, _("审批红色或大闭环案件的作废"), EMERGENCY, DEPUTY),
    "decide.stand_down": Act(Kind.DECIDING, _("审批解除大闭环"), EMERGENCY, DEPUTY),
    "decide.share": Act(Kind.DECIDING, _("审批授权查阅"), COMMITTEE | EMERGENCY, DEPUTY),
    "decide.appeal": Act(Kind.DECIDING, _("裁定申诉"), EMERGENCY, _("一裁终局。")),
    "decide.return": Act(Kind.DECIDING, _("裁定退回"), EMERGENCY),
    "decide.redispatch": Act(Kind.DECIDING, _("裁定改派"), EMERGENCY),
    "decide.determine": Act(Kind.DECIDING, _("指定牵头单位"), COMMITTEE | EMERGENCY),

    "order.give": Act(Kind.JOINT, _("派单"), at(HOLDER, *ORDERS), _("中闭环起。")),
    "order.withdraw": Act(Kind.JOINT, _("撤回派单"), at(HOLDER, *ORDERS), _("或由派单单位撤回。")),
    "order.acknowledge": Act(Kind.JOINT, _("签收派单"), at(NAMED, *FIELD)),
    "order.done": Act(Kind.JOINT, _("派单办结"), at(NAMED, *FIELD), _("凭证齐全。")),
    "order.return": Act(Kind.JOINT, _("退回派单"), at(NAMED, *FIELD), _("只退回派单单位。")),
    "urge.read": Act(Kind.READING, _("查阅提醒、催办、督办和通报"), DESKS_AND_OWN, _("通报由同类单位查阅。")),
    "urge.urge": Act(
        Kind.JOINT, _("提醒与催办"), COMMITTEE | EMERGENCY | SHIFT | at(HOLDER, *COMMAND), _("只催本案的责任方。")
    ),
    "urge.supervise": Act(Kind.JOINT, _("挂牌督办与通报"), COMMITTEE),
    "urge.reply": Act(Kind.JOINT, _("回复督办"), at(NAMED, *FIELD)),
    "urge.lift": Act(Kind.JOINT, _("解除督办"), COMMITTEE, _("回复之后，或案件已结。")),

    "advice.record": Act(Kind.JOINT, _("记录会商"), at(HOLDER, *ORDERS)),
    "advice.sign": Act(Kind.JOINT, _("签发会商结论"), at(HOLDER, *COMMAND)),

    "resources.read": Act(Kind.JOINT, _("查阅应急资源"), DESKS_AND_OWN),
    "resources.keep": Act(
        Kind.JOINT, _("登记库存与可出动状态"), EMERGENCY | at(NAMED, Role.HEAD, Role.MANAGER, Role.DUTY_OFFICER),
        _("站点所属单位。"),
    ),
    "dispatch.send": Act(
        Kind.JOINT, _("调派应急资源"), EMERGENCY | at(NAMED, Role.HEAD, Role.MANAGER, Role.DUTY_OFFICER),
        _("本单位的站点须为责任方才可调；全区的由区城运应急办调。"),
    ),
    "dispatch.depart": Act(Kind.JOINT, _("出动"), at(NAMED, *FIELD), _("站点所属单位。")),
    "dispatch.arrive": Act(Kind.JOINT, _("资源到场"), at(NAMED, *FIELD), _("站点所属单位。")),
    "dispatch.release": Act(Kind.JOINT, _("归还资源"), at(NAMED, *FIELD) | EMERGENCY, _("站点所属单位。")),

    "command.open": Act(Kind.JOINT, _("启动指挥部"), EMERGENCY, _("大闭环。")),
    "command.change": Act(Kind.JOINT, _("调整阶段与目标"), EMERGENCY),
    "command.report": Act(Kind.JOINT, _("情况报告"), at(HOLDER, *ORDERS) | EMERGENCY),
    "command.stand_down": Act(Kind.JOINT, _("解除指挥"), EMERGENCY, _("险情受控之后。")),

    "drill.read": Act(Kind.JOINT, _("查阅演练与评估"), DESKS_AND_OWN, _("本单位发起的，或有本单位案件的。")),
    "drill.start": Act(
        Kind.JOINT, _("发起演练"), COMMITTEE | EMERGENCY | at(OWN, Role.HEAD), _("街镇只在本属地内。")
    ),
    "drill.end": Act(Kind.JOINT, _("结束演练"), COMMITTEE | EMERGENCY | at(NAMED, Role.HEAD), _("发起单位。")),

    "edition.draft": Act(Kind.MATRIX, _("起草"), COMMITTEE),
    "edition.rows": Act(Kind.MATRIX, _("改行，把指定列入草案"), COMMITTEE),
    "edition.send": Act(Kind.MATRIX, _("发出征求意见"), COMMITTEE),
    "edition.opinion": Act(
        Kind.MATRIX, _("提出意见"), at(NAMED, *COMMAND, Role.COMMITTEE_OFFICE), _("只对列明本单位的行。")
    ),
    "edition.approve": Act(Kind.MATRIX, _("核准"), COMMITTEE | EMERGENCY, _("起草人除外。")),
    "edition.publish": Act(Kind.MATRIX, _("发布"), COMMITTEE),
    "edition.take_back": Act(Kind.MATRIX, _("退回修改"), COMMITTEE | EMERGENCY),
    "edition.withdraw": Act(Kind.MATRIX, _("撤回，不再使用"), COMMITTEE),

    "handbook.draft": Act(Kind.HANDBOOK, _("起草"), HANDBOOK_KEEPERS, _("编制单位，即该类别的牵头单位。")),
    "handbook.steps": Act(Kind.HANDBOOK, _("改步骤"), HANDBOOK_KEEPERS, _("编制单位。")),
    "handbook.submit": Act(Kind.HANDBOOK, _("送审"), HANDBOOK_KEEPERS, _("编制单位。")),
    "handbook.publish": Act(Kind.HANDBOOK, _("核准并发布"), COMMITTEE | EMERGENCY, _("起草人除外。")),
    "handbook.take_back": Act(Kind.HANDBOOK, _("退回修改"), COMMITTEE | EMERGENCY),
    "handbook.withdraw": Act(Kind.HANDBOOK, _("撤回，不再使用"), HANDBOOK_KEEPERS, _("编制单位。")),

    "roster.plan": Act(Kind.ROSTER, _("排班与撤班"), ROSTER_KEEPERS),
    "roster.hand_over": Act(Kind.ROSTER, _("交班"), ON_DUTY | ROSTER_KEEPERS, _("列名者为当班人员和副班。")),
    "roster.take_over": Act(Kind.ROSTER, _("接班"), ON_DUTY | at(NAMED, Role.ADMIN), _("列名者为交班时指定的人。")),

    "channel.manage": Act(Kind.ROSTER, _("设置通知渠道"), ROSTER_KEEPERS),

    "exchange.units": Act(Kind.EXCHANGE, _("导入导出单位"), COMMITTEE | ADMIN),
    "exchange.posts": Act(Kind.EXCHANGE, _("导入导出岗位"), COMMITTEE | ADMIN, _("不得任命本人。")),
    "posts.oversight": Act(Kind.EXCHANGE, _("任命审计员和系统管理员"), ADMIN),
    "exchange.roster": Act(Kind.EXCHANGE, _("导入导出值班表"), ROSTER_KEEPERS),
    "exchange.stock": Act(
        Kind.EXCHANGE, _("导入导出应急资源库存"), EMERGENCY | at(OWN, Role.HEAD, Role.MANAGER), _("站点所属单位。"),
    ),
    "exchange.matrix": Act(Kind.EXCHANGE, _("导入导出责任清单"), COMMITTEE),
    "exchange.objects": Act(Kind.EXCHANGE, _("导入导出监测对象"), COMMITTEE | EMERGENCY | ADMIN),
    "exchange.policies": Act(
        Kind.EXCHANGE, _("导入导出保单"), at(OWN, Role.INSURER), _("只限本公司首席承保的保单。")
    ),
    "privacy.erase": Act(Kind.EXCHANGE, _("依法删除个人信息"), COMMITTEE, _("行为人的姓名依法保留。")),
    "retention.read": Act(Kind.READING, _("查阅保存期限与封存"), COMMITTEE | EMERGENCY | AUDITOR | ADMIN),
    "retention.set": Act(Kind.EXCHANGE, _("设定保存期限"), COMMITTEE, _("不得短于法定下限。")),
    "retention.hold": Act(Kind.EXCHANGE, _("封存"), COMMITTEE | EMERGENCY, _("封存期间不清除。")),
    "retention.lift": Act(Kind.EXCHANGE, _("解除封存"), COMMITTEE | EMERGENCY, _("封存人除外。")),
    "policy.read": Act(
        Kind.INSURANCE, _("查阅保单"), INSURER | BROKER | INSURED | COMMITTEE | EMERGENCY | AUDITOR, ON_POLICY
    ),
    "policy.register": Act(
        Kind.INSURANCE, _("登记、批改、续保和解除保单，登记保费，提醒确认"), INSURER,
        _("首席承保人；任何行政机关不得指定或者干预（应急〔2025〕27号）。"),
    ),
    "policy.confirm": Act(
        Kind.INSURANCE, _("确认保单"), INSURED, _("被保险人；确认之前，保险公司和经纪看不到被保险人的任何情况。")
    ),
    "policy.decline": Act(Kind.INSURANCE, _("否认保单"), INSURED, _("被保险人；写明理由，以后仍可确认。")),
    "policy.gaps": Act(
        Kind.INSURANCE, _("查阅应保未保名单"), COMMITTEE | EMERGENCY | AUDITOR | at(OWN, Role.MANAGER),
        _("部门只看本行业。"),
    ),
    "account.read": Act(
        Kind.INSURANCE, _("查阅事故预防费专账"), INSURER | ENTERPRISE | COMMITTEE | AUDITOR, ON_POLICY
    ),
    "account.spend": Act(
        Kind.INSURANCE, _("编制预防费预算、登记支出"), INSURER, _("首席承保人；不超过实收保费的 21%。")
    ),
    "service.read": Act(
        Kind.INSURANCE, _("查阅服务方案、委托和记录"),
        OUTSIDE | at(NAMED, *COMMAND) | COMMITTEE | EMERGENCY | AUDITOR, ON_ORDER,
    ),
    "service.plan": Act(Kind.INSURANCE, _("编制服务方案"), INSURER, _("首席承保人。")),
    "service.agree": Act(Kind.INSURANCE, _("确认服务方案和服务记录"), ENTERPRISE, _("被保险人。")),
    "service.request": Act(Kind.INSURANCE, _("提出服务需求"), BROKER | ENTERPRISE, ON_POLICY),
    "service.order": Act(
        Kind.INSURANCE, _("委托、转派和撤回服务"),
        INSURER | at(NAMED, Role.COMMITTEE_OFFICE, Role.HEAD, Role.MANAGER),
        _("列名者为首席承保人或委托复查的单位；只委托清单内、资质相符且有效的机构。"),
    ),
    "service.appoint": Act(Kind.INSURANCE, _("约定服务时间"), FIRM | ENTERPRISE, _("受托机构和被保险人。")),
    "service.work": Act(Kind.INSURANCE, _("接受委托、约定时间、提交服务记录"), FIRM, _("受托机构。")),
    "finding.read": Act(
        Kind.INSURANCE, _("查阅隐患"),
        OUTSIDE | at(OWN, *FIELD) | COMMITTEE | EMERGENCY | CHECK | AUDITOR,
        _("与本单位有关的；属地和行业部门看辖内。"),
    ),
    "finding.tell": Act(Kind.INSURANCE, _("书面告知隐患"), INSURER | FIRM | ENTERPRISE, ON_ORDER),
    "finding.rectify": Act(Kind.INSURANCE, _("填报隐患整改"), ENTERPRISE, _("被保险人。")),
    "finding.recheck": Act(
        Kind.INSURANCE, _("复查隐患整改"), FIRM | at(NAMED, *FIELD) | CHECK, _("整改、施工和原服务机构除外。")
    ),
    "finding.close": Act(
        Kind.INSURANCE, _("隐患销号"), at(NAMED, *FIELD) | CHECK, _("属地单位和行业部门；复查合格之后。")
    ),
    "selfcontrol.read": Act(
        Kind.INSURANCE, _("查阅风险单元自控"), at(OWN, Role.ENTERPRISE, Role.MANAGER) | INSURER | COMMITTEE | AUDITOR,
        _("行业部门看本行业，保险公司看其被保险人。"),
    ),
    "selfcontrol.keep": Act(
        Kind.INSURANCE, _("登记自查、整改、负责人和证照"), at(OWN, Role.ENTERPRISE), _("主体责任单位。")
    ),
    "selfcontrol.duty": Act(
        Kind.INSURANCE, _("确认或异议主体责任"), at(OWN, Role.ENTERPRISE), _("本单位监测对象上的案件。")
    ),
    "firm.read": Act(
        Kind.INSURANCE, _("查阅机构人员、评分与处理"), FIRM | COMMITTEE | EMERGENCY | AUDITOR | at(D, *COMMAND),
        _("购买服务清单公开；机构看本单位的评分与处理。"),
    ),
    "firm.keep": Act(Kind.INSURANCE, _("登记机构与资质、列入清单"), COMMITTEE),
    "firm.people": Act(Kind.INSURANCE, _("登记服务人员"), FIRM | COMMITTEE, _("本机构。")),
    "firm.measure": Act(Kind.INSURANCE, _("暂停、淘汰和恢复机构"), COMMITTEE, _("告知、听证之后；虚假记录即停。")),
    "firm.answer": Act(Kind.INSURANCE, _("陈述、要求听证、申诉"), FIRM, _("本机构。")),
    "firm.appeal": Act(Kind.INSURANCE, _("裁定机构申诉"), EMERGENCY, _("作出处理的单位除外。")),
    "complaint.read": Act(
        Kind.INSURANCE, _("查阅投诉"), ENTERPRISE | INSURER | FIRM | COMMITTEE | EMERGENCY | AUDITOR,
        _("列名者为投诉单位和被投诉机构。"),
    ),
    "complaint.make": Act(Kind.INSURANCE, _("投诉服务"), ENTERPRISE | INSURER, _("以本单位的名义。")),
    "complaint.answer": Act(Kind.INSURANCE, _("答复投诉"), FIRM, _("被投诉机构；10 个工作日内。")),
    "claim.read": Act(
        Kind.INSURANCE, _("查阅理赔"), INSURER | BROKER | ENTERPRISE | AUDITOR, _("经纪只看状态。")
    ),
    "claim.notice": Act(Kind.INSURANCE, _("报案、补充材料"), ENTERPRISE | BROKER | INSURER, ON_POLICY),
    "claim.handle": Act(Kind.INSURANCE, _("立案、定损、核赔、赔付、拒赔、追偿"), INSURER, _("首席承保人。")),
    "claim.agree": Act(Kind.INSURANCE, _("确认或异议定损"), ENTERPRISE, _("被保险人。")),
    "outside.figures": Act(
        Kind.INSURANCE, _("查阅全区汇总数"), at(D, Role.INSURER), _("少于 5 件的不显示。")
    ),
    "outside.unmask": Act(
        Kind.INSURANCE, _("查看联系电话"), OUTSIDE,
        _("列名者为有有效保单或在办委托的对方单位；写明理由，每次记入台账，对方看得到。"),
    ),
    "outside.cases": Act(
        Kind.INSURANCE, _("通过接口取得承保案件"), INSURER | BROKER, _("保单上的保险公司和经纪；经纪只看状态。")
    ),
    "contact.keep": Act(
        Kind.INSURANCE, _("登记本单位联系人"), at(OWN, Role.INSURER, Role.BROKER, Role.FIRM, Role.ENTERPRISE),
        _("谁查看过，本单位看得到。"),
    ),
    "webhook.manage": Act(Kind.INSURANCE, _("设置数据推送"), at(OWN, Role.INSURER, Role.BROKER), _("本单位的系统。")),

    "admin.use": Act(Kind.EXCHANGE, _("系统管理后台"), ADMIN, _("案件与台账在后台只可查看。")),
}  # fmt: skip
