"""Why a column differs, in a sentence of either language made from its figures; and what all of it assumes, in the
language in use."""

from dataclasses import dataclass

from django.conf import settings

from cases.staffing import habits as defaults
from cases.staffing.habits import Habits, Share, Spread
from cases.staffing.report import KINDS, Column
from cases.staffing.snapshot import District
from responsibility.models import Grade
from responsibility.models.district import by_language as say

Sentence = tuple[str, str]
# A change of less than this share of all that was worked is not worth a reason.
SMALL_CHANGE = 0.001


def why(column: Column, first: Column) -> Sentence:
    """The sentence under the table for ``column``; the first column is told by itself."""
    parts = _standing(column) if column is first else _difference(column, first)
    return (
        f"{column.label}：{'；'.join(zh for zh, _en in parts)}。",
        f"{column.label}: {'; '.join(en for _zh, en in parts)}.",
    )


def _standing(column: Column) -> list[Sentence]:
    worked, small, missed = (column.of(name).mean for name in ("worked", "small", "missed_contain"))
    share = 100 * small / worked if worked else 0.0
    parts = [(f"每百次处置有 {share:.1f} 次留在小闭环", f"of a hundred dangers {share:.1f} stayed small")]
    if missed:
        waited = 100 * column.of("spared").mean / missed
        parts.append((
            f"受控超时中 {waited:.0f} % 只因等人，其余即使有人也来不及",
            f"{waited:.0f} % of the missed limits of containment were missed only for want of a free person, "
            "the others would have been missed anyway",
        ))  # fmt: skip
    if column.busiest:
        use = column.of("use").told("share")
        zh, en = column.busiest.short_name or column.busiest.name, column.busiest.name_en or column.busiest.name
        parts.append((f"最忙的是{zh}，占用 {use}", f"busiest was {en}, in use {use}"))
    return parts


def _difference(column: Column, first: Column) -> list[Sentence]:
    if not any(_matters(column, first, name) for name in ("small", "medium", "missed_contain", "missed_acknowledge")):
        return [("与第一列相差无几", "hardly different from the first column"), *_load(column, first)]
    small = _from_to(column, first, "small")
    told = [(f"留在小闭环 {small}", f"stayed small {small}")]
    if _matters(column, first, "wide"):
        wide = _from_to(column, first, "wide")
        told.append((f"重开时已在更高闭环 {wide}", f"wider already when reopened {wide}"))
    return [*told, *_rises(column, first), *_misses(column, first), *_answers(column, first), *_load(column, first)]


def _matters(column: Column, first: Column, name: str) -> bool:
    """Whether a count changed by more than chance and more than a trifle."""
    change = column.against(first, name)
    return abs(change.mean) > max(change.half, SMALL_CHANGE * first.of("worked").mean)


def _from_to(column: Column, first: Column, name: str) -> str:
    kind = KINDS[name]
    return f"{first.of(name).told(kind)} → {column.of(name).told(kind)}"


CAUSES = {
    "medium_contain": ("受控超时", "missed limits of containment"),
    "medium_grade": ("颜色", "the colour"),
    "medium_request": ("街镇请示", "requests of streets"),
}


def _rises(column: Column, first: Column) -> list[Sentence]:
    if not _matters(column, first, "medium"):
        return []
    cause = max(CAUSES, key=lambda name: abs(column.against(first, name).mean))
    zh, en = CAUSES[cause]
    moved = _from_to(column, first, "medium")
    told = [(
        f"升中闭环 {moved}，变化主要在{zh}（{_from_to(column, first, cause)}）",
        f"rose to medium {moved}, mainly by {en} ({_from_to(column, first, cause)})",
    )]  # fmt: skip
    if _matters(column, first, "large"):
        limit = _from_to(column, first, "large_medium_limit")
        large = _from_to(column, first, "large")
        told.append((
            f"升大闭环 {large}，其中因中闭环超时 {limit}", f"rose to large {large}, by the medium limit {limit}",
        ))  # fmt: skip
    return told


def _misses(column: Column, first: Column) -> list[Sentence]:
    """Of the limits of containment missed more or less: for want of people, or because the work takes so long."""
    if not _matters(column, first, "missed_contain"):
        return []
    all_, waited = column.against(first, "missed_contain").mean, column.against(first, "spared").mean
    fewer = all_ < 0
    share = min(100.0, max(0.0, 100 * waited / all_))
    number = f"{abs(all_):,.0f}"
    return [(
        f"受控超时{'少' if fewer else '多'} {number} 件，"
        f"其中 {share:.0f} % 只因等人，{100 - share:.0f} % 因处置本身所需时间",
        f"{number} {'fewer' if fewer else 'more'} limits of containment missed, {share:.0f} % of them for want of "
        f"people and {100 - share:.0f} % by the time the work itself takes",
    )]  # fmt: skip


def _answers(column: Column, first: Column) -> list[Sentence]:
    if not _matters(column, first, "missed_acknowledge"):
        return []
    missed, wait = _from_to(column, first, "missed_acknowledge"), _from_to(column, first, "wait_90")
    return [(
        f"签收超时 {missed}，等人（九成以内）{wait} 分钟",
        f"acknowledgements missed {missed}, the wait for a person (p90) {wait} min",
    )]  # fmt: skip


def _load(column: Column, first: Column) -> list[Sentence]:
    use, queue, helped, contain = (_from_to(column, first, name) for name in ("use", "queue", "helped", "contain_90"))
    return [(
        f"部门到场 {helped} 次，最忙单位占用 {use}，最长排队 {queue}，受控用时（九成以内）{contain} 分钟",
        f"crews of departments {helped}, the busiest unit in use {use}, longest queue {queue}, "
        f"to contain (p90) {contain} min",
    )]  # fmt: skip


@dataclass(frozen=True)
class Assumption:
    """One thing taken for granted, its value, and whether it was measured (on how many) or is a default."""

    what: str
    value: str
    origin: str


def default(zh: str = "", en: str = "") -> str:
    """That a figure is a default of ours, with what it means; in the language in use, as all below."""
    return say("默认", "default") + (say(f"：{zh}", f": {en}") if zh else "")


def assumptions(district: District) -> list[Assumption]:
    """What a run of ``district`` assumes, for the reader to judge."""
    habits = district.habits
    return [
        _on_duty(district),
        Assumption(
            say("一件案件", "one case"), say("1 人", "1 person"),
            default("自签收至受控，其间不签收别案", "from answer to containment, answering no other"),
        ),
        Assumption(say("空闲者签收", "answer when free"), _spread(habits.answer), measured(habits.answer.cases)),
        Assumption(say("叫应接通", "ladder call answered"), f"{habits.heard.value:.0%}", measured(habits.heard.cases)),
        Assumption(
            say("路程", "travel"),
            say("直线", "straight line") + f" × {settings.TRAVEL_ROAD_FACTOR} ÷ {settings.TRAVEL_SPEED_KMH} km/h"
            f" + {habits.setting_out:g} {say('分', 'min')}",
            default(f"按 {settings.TRAVEL_TIMES}", f"by {settings.TRAVEL_TIMES}"),
        ),
        *_work(habits),
        Assumption(say("受控至结案", "containment to close"), _spread(habits.closing), measured(habits.closing.cases)),
        Assumption(say("街镇请示提级", "the street asks"), _share(habits.asking), measured(habits.asking.cases)),
        Assumption(say("请示获准", "approved"), _share(habits.approving), measured(habits.approving.cases)),
        Assumption(say("审批用时", "decision"), _spread(habits.deciding), measured(habits.deciding.cases)),
        Assumption(
            say("同一现场", "one place"), say("各队平分所余工作", "crews share what is left"),
            default("大闭环按配置成套出动，受控后归还", "kits go whole, return after containment"),
        ),
        Assumption(
            say("责任清单与岗位", "matrix, posts"), say("按现在", "as of now"), say("实际数据", "the district's own"),
        ),
    ]  # fmt: skip


def _on_duty(district: District) -> Assumption:
    tally = district.rosters.tally()
    return Assumption(
        say("值班人数", "people on duty"),
        say(
            "按排班 {roster}、按岗位 {posts}、默认 {default} 个单位",
            "units by roster {roster}, by posts {posts}, by default {default}",
        ).format(**tally),
        say(
            "排班之外按其周循环；岗位：日间全员、夜间与休息日一半；默认：街镇 2/1，其他 1/1",
            "roster repeated by week; posts: all by day, half by night and on days off; "
            "default: street 2/1, others 1/1",
        ),
    )


def _work(habits: Habits) -> list[Assumption]:
    found = [
        Assumption(f"{say('处置用时', 'work')} · {category}", _spread(spread), measured(spread.cases))
        for category, spread in sorted(habits.work.items())
    ]
    others = " · ".join(f"{Grade(grade).label} {spread.median:g}" for grade, spread in habits.by_grade.items())
    sigma = next(iter(habits.by_grade.values())).sigma
    enough, short = defaults.ENOUGH, habits.too_short
    zh = f"不足 {enough} 件的类别" + (f"；略去不足 1 分钟的 {short} 件" if short else "")
    en = f"categories below {enough} cases" + (f"; {short} below 1 min left out" if short else "")
    told = say(f"中位 {others} 分（σ {sigma:g}）", f"median {others} min (σ {sigma:g})")
    return [*found, Assumption(say("处置用时（其他类别）", "work, other categories"), told, default(zh, en))]


def _spread(spread: Spread) -> str:
    median, sigma = f"{spread.median:.1f}", f"{spread.sigma:.2f}"
    return say(f"中位 {median} 分（σ {sigma}）", f"median {median} min (σ {sigma})")


def _share(share: Share) -> str:
    return f"{share.value:.1%}"


def measured(cases: int) -> str:
    """On how many cases a figure rests; on none it is a default."""
    return say(f"实测，n = {cases:,}", f"measured, n = {cases:,}") if cases else default()
