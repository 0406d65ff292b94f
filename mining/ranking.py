"""Lengths of time in the order in which they are shown."""

from dataclasses import dataclass

from mining.durations import Lengths, Table


@dataclass(frozen=True)
class Row:
    """``key`` as the table has it: a code, or a pair; its lengths, and its share of all of them together."""

    key: str | tuple[str, str]
    took: Lengths
    share: float


def rows(table: Table, *, by: list[str] | None = None) -> list[Row]:
    """The rows of ``table``: in the order of the keys ``by``, else what took most time first."""
    whole = sum(took.total for took in table.values())
    order = by or []
    found = [Row(key, took, took.total / whole if whole else 0.0) for key, took in table.items()]
    if by:
        return sorted(found, key=lambda row: order.index(str(row.key)))
    return sorted(found, key=lambda row: (-row.took.total, str(row.key)))
