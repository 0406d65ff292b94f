"""Everything that can be wrong with a file, each with its cell and a sentence."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from responsibility.exchange.tables import Row

# So many are listed; the rest are counted.
MOST_LISTED = 500

SENTENCES = {
    # the file
    "empty_file": _("文件是空的。"),
    "old_excel": _("这是旧版 .xls 或加了密码的文件，请在 Excel 中另存为不加密的 .xlsx。"),
    "not_a_table": _("这不是表格文件，只接受 .xlsx 和 .csv。"),
    "damaged": _("文件已损坏，无法读取，请重新保存后再传。"),
    "bomb": _("文件解开后过大，已拒收。"),
    "encoding": _("文字编码无法识别，请存为 UTF-8 或 GBK 的 CSV。"),
    "bad_csv": _("CSV 在第 %(line)s 行附近格式有误（例如引号不成对）。"),
    "no_header": _("没有找到表头，请使用模板的表头。"),
    "no_rows": _("表头之下没有数据。"),
    "too_many_rows": _("行数超过上限 %(most)s，请分成几个文件。"),
    "merged": _("有合并的单元格，请取消合并并逐格填写。"),
    "missing_column": _("缺少必需的列“%(column)s”。"),
    "unknown_column": _("没有“%(found)s”这一列，请对照模板。"),
    "column_twice": _("“%(found)s”这一列出现了两次。"),
    "beyond_header": _("这一格在表头之外，不知道属于哪一列。"),
    # a cell
    "needed": _("必须填写。"),
    "formula": _("单元格是公式，请改为数值（复制后“选择性粘贴—数值”）。"),
    "broken": _("单元格显示为错误值。"),
    "control": _("含有不可见的控制字符。"),
    "too_long": _("太长，最多 %(most)s 字。"),
    "long_number": _("“%(found)s”被 Excel 当成了数字，末几位已丢失；请把单元格设为文本后重填。"),
    "date_for_text": _("被 Excel 当成了日期（%(found)s），请把单元格设为文本后重填。"),
    "unknown_choice": _("没有“%(found)s”这个选项。"),
    "unknown_code": _("没有代码“%(found)s”。"),
    "not_a_number": _("“%(found)s”不是数字。"),
    "out_of_range": _("%(found)s 不在 %(low)s 到 %(high)s 之间。"),
    "not_a_date": _("“%(found)s”不是日期，请写成 2026-11-21。"),
    "not_json": _("“%(found)s”不是 JSON 对象。"),
    # a row
    "twice": _("“%(found)s”在文件中出现了不止一次。"),
    "own_parent": _("上级单位成了环：%(found)s。"),
    "name_differs": _("账号“%(found)s”登记的姓名不是这个，请核对是否填错了账号。"),
    "name_needed": _("新账号须填写姓名。"),
    "bad_username": _("账号只能用字母、数字和 @ . + - _。"),
    "username_alike": _("已有只差大小写的账号，请用原账号。"),
    "own_post": _("不能给自己任职或变更自己的岗位。"),
    "not_yours": _("只有系统管理员才能任命系统管理员和审计员。"),
    "ends_before": _("止须晚于起。"),
    "outside_district": _("该点在本区之外（换算为 WGS84 后 %(found)s）。"),
    "not_keeper": _("这个单位的值班表不由您编排。"),
    "not_stock_keeper": _("库存由站点所属单位登记。"),
    "bad_stock": _("库存须为 0 至 %(most)s 之间的整数。"),
    "promised_out": _("已有 %(out)s 份调派在外，库存不能少于此数。"),
    "shift_too_long": _("一班不能超过 %(most)s 天。"),
    "shift_past": _("新排的班不能早于现在开始。"),
    "shift_begun": _("这一班已经开始，不能改动；请办理交接班。"),
    "not_on_post": _("“%(found)s”在该时段没有本单位的这一岗位。"),
    "not_a_deputy": _("副班须是该时段在本单位任职的另一人。"),
    "twice_on_duty": _("此人在 %(found)s 已有一班。"),
    "one_of_two": _("风险类别与领域须填一项，且只填一项。"),
    "unit_needed": _("须填责任单位；只有牵头可以留空，表示空白。"),
    # the import
    "refused": _("未能导入：%(why)s"),
    "failed": _("系统出错，未作任何改动，请联系管理员。"),
}


@dataclass
class Fault:
    """One fault. ``cell`` is as spreadsheets name it (``C17``), a range for merged cells, empty for the file."""

    code: str
    cell: str = ""
    column: str = ""
    words: dict[str, str] = field(default_factory=dict)

    @property
    def detail(self) -> str:
        """The sentence in the reader's language."""
        return str(SENTENCES[self.code]) % self.words


class BadFile(Exception):
    """A file that cannot be read at all."""

    def __init__(self, code: str, **words: object):
        super().__init__(code)
        self.fault = Fault(code, words={name: str(word) for name, word in words.items()})


@dataclass
class Faults:
    """The faults of one file: the first ``MOST_LISTED``, and how many there are."""

    listed: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, fault: Fault) -> None:
        """Take down one more."""
        self.count += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(fault)

    def at(self, row: "Row", column: str, code: str, **words: object) -> None:
        """A fault in the cell of ``column``, or in the whole line when the file lacks the column."""
        row.faulty = True
        said = {name: str(word)[:80] for name, word in words.items()}
        self.add(Fault(code, row.cell(column), column, said))
