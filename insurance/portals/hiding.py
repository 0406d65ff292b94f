"""Small cells of a table of counts are hidden, and as many others that none of them follows from the totals.

The table stands with its totals as one field of ``(rows + 1) × (columns + 1)`` entries in which each line and each
column adds up to nothing, the total counted against its parts. Of such a system a hidden entry follows from those that
are shown exactly when it is a bridge of the graph whose corners are rows and columns and whose edges are the hidden
entries (Gusfield 1988). So edges are added until no bridge is left; a test solves the system itself.
"""

from collections import defaultdict
from collections.abc import Iterator

Entry = tuple[int, int]
# A row or a column of the table, as a corner of the graph of what is hidden.
Corner = tuple[str, int]
LEAST = 5


def hidden(counts: list[list[int]], least: int = LEAST) -> set[Entry]:
    """Which entries of the whole table (``with_totals``) are not shown.

    All below ``least``; then others, small ones first, until nothing hidden can be worked out from what is shown, and
    no line tells that what is hidden in it is less than ``least`` together.
    """
    table = with_totals(counts)
    found = {(r, c) for r, row in enumerate(table) for c, count in enumerate(row) if count < least}
    while True:
        bridge = next(_bridges(found), None)
        if bridge is not None:
            found |= _cycle(table, found, bridge)
        elif not _thicken(table, found, least):
            return found


def with_totals(counts: list[list[int]]) -> list[list[int]]:
    """``counts`` with the total of each row behind it and that of each column below it."""
    rows = [[*row, sum(row)] for row in counts]
    return [*rows, [sum(column) for column in zip(*rows, strict=True)]]


def _cycle(table: list[list[int]], found: set[Entry], bridge: Entry) -> set[Entry]:
    """What has to be hidden besides so that ``bridge`` lies on a rectangle of hidden entries: as little as possible."""
    row, column = bridge
    best: tuple[int, list[Entry]] | None = None
    for r in range(len(table)):
        for c in range(len(table[0])):
            if r == row or c == column:
                continue
            more = [entry for entry in ((r, column), (row, c), (r, c)) if entry not in found]
            cost = sum(table[a][b] for a, b in more)
            if best is None or cost < best[0]:
                best = cost, more
    return set(best[1]) if best else set()


def _thicken(table: list[list[int]], found: set[Entry], least: int) -> bool:
    """Hide one entry more in a line whose hidden parts are told to be fewer than ``least``; whether there was one."""
    last_row, last_column = len(table) - 1, len(table[0]) - 1
    lines = [[(r, c) for c in range(last_column)] + [(r, last_column)] for r in range(len(table))]
    lines += [[(r, c) for r in range(last_row)] + [(last_row, c)] for c in range(len(table[0]))]
    for *parts, total in lines:
        gone = [entry for entry in parts if entry in found]
        if total not in found and gone and sum(table[r][c] for r, c in gone) < least:
            shown = [entry for entry in parts if entry not in found and table[entry[0]][entry[1]]]
            found.add(min(shown, key=lambda entry: table[entry[0]][entry[1]]) if shown else total)
            return True
    return False


def _bridges(found: set[Entry]) -> Iterator[Entry]:
    """The edges of the graph of hidden entries that lie on no cycle (Tarjan), without recursion."""
    near: dict[Corner, list[tuple[Corner, Entry]]] = defaultdict(list)
    for row, column in sorted(found):
        near["row", row].append((("column", column), (row, column)))
        near["column", column].append((("row", row), (row, column)))
    order: dict[Corner, int] = {}
    low: dict[Corner, int] = {}
    for start in near:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        walk: list[tuple[Corner, Entry | None, Iterator[tuple[Corner, Entry]]]] = [(start, None, iter(near[start]))]
        while walk:
            corner, by, ways = walk[-1]
            step = next(((to, edge) for to, edge in ways if edge != by), None)
            if step is None:
                walk.pop()
                if walk:
                    before = walk[-1][0]
                    low[before] = min(low[before], low[corner])
                    if low[corner] > order[before] and by is not None:
                        yield by
            elif step[0] in order:
                low[corner] = min(low[corner], order[step[0]])
            else:
                to, edge = step
                order[to] = low[to] = len(order)
                walk.append((to, edge, iter(near[to])))
