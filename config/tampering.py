"""What ``verify_ledger`` says of each finding: where it is, and in one sentence what was likely done."""

from collections.abc import Iterator

from cases.models import Case
from notary.verifying.stories import Finding
from responsibility.models import LedgerEntry

SAID = {
    "edited": ("篡改 edited", "写入之后内容被改动", "its content was changed after it was written"),
    "deleted": ("删除 deleted", "此处的条目已被删除", "the entry that stood here is missing: it was removed"),
    "inserted": ("插入 inserted", "此条目是事后插入的", "this entry was put in afterwards"),
    "reordered": (
        "调序 reordered", "与条目 {other} 对调了次序", "it and entry {other} changed places"
    ),
    "truncated": ("截尾 truncated", "末尾被截去 {count} 条", "the tail was cut off: {count} entries are missing"),
    "rewritten": (
        "重写 rewritten", "自此处起历史被整体改写，摘要也已重算：与签名的存证点不符",
        "history was rewritten from here on, digests included: it is not what was signed",
    ),
    "tree": (
        "树损 tree", "存证树的保存值被改动，条目本身未见改动", "stored hashes of the tree were touched, not the entry"
    ),
    "note": ("存证点 note", "存证点的文本与记录不符：{word}", "text and row of the checkpoint differ: {word}"),
    "signature": (
        "签名 signature", "存证点不是当时的密钥所签", "the checkpoint is not signed by the key of that time"
    ),
    "archive_missing": (
        "归档缺失 archive missing", "归档文件 {word} 不在", "the archive file {word} is not there"
    ),
    "archive_altered": (
        "归档被改 archive altered", "归档文件 {word} 或其登记不是当时归档的样子",
        "the archive file {word}, or what is kept of it, is not as it was archived",
    ),
    "key": ("密钥 key", "来历不明的密钥：{word}", "nobody handed over to this key: {word}"),
}  # fmt: skip
PLACES = {
    "chain": ("（某一闭环链之末，或整条链）", " (of one chain, or a whole one)"),
    "log": ("（全台账之末）", " (of the whole log)"),
}


def lines(found: list[Finding]) -> Iterator[str]:
    """A line for each, in the order given; one statement for the entries and one for the cases they belong to."""
    rows = {row.pk: row for row in LedgerEntry.objects.filter(pk__in=[one.entry for one in found])}
    chains = {one.chain for one in found if one.chain} | {str(row.chain) for row in rows.values()}
    numbers = {
        str(chain): number for chain, number in Case.objects.filter(chain__in=chains).values_list("chain", "number")
    }
    for place, one in enumerate(found):
        first = "首处 first: " if not place and len(found) > 1 else ""
        yield f"  {first}{_sentence(one, rows.get(one.entry), numbers)}"


def _sentence(one: Finding, row: LedgerEntry | None, numbers: dict[str, str]) -> str:
    mark, chinese, english = SAID[one.kind]
    chinese, english = (text.format(other=one.other, count=one.count, word=one.word) for text in (chinese, english))
    if one.kind == "truncated" and one.word in PLACES:
        chinese, english = chinese + PLACES[one.word][0], english + PLACES[one.word][1]
    follow = f"；其后 {one.count} 条随之不符 / {one.count} later ones follow from it" if _follows(one) else ""
    return f"{mark}: {' · '.join(_where(one, row, numbers))} —— {chinese} / {english}{follow}"


def _follows(one: Finding) -> bool:
    return bool(one.count) and one.kind not in ("truncated", "rewritten")


def _where(one: Finding, row: LedgerEntry | None, numbers: dict[str, str]) -> Iterator[str]:
    chain = one.chain or (str(row.chain) if row else "")
    if chain:
        yield numbers.get(chain, chain)
    seq = one.seq or (row.seq if row else 0)
    if seq:
        yield f"序号 seq {seq}"
    if one.entry:
        yield f"条目 entry {one.entry}"
    if one.position >= 0:
        yield f"树位 place {one.position}"
    if row:
        yield f"{row.at.isoformat(timespec='seconds')} {row.verb}"
