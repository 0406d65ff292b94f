"""The process map: where everything on it stands, so that a page can draw it without a script.

The states in their order run down the middle; to the left go the moves that skip or go back; to the right stands what
is put off, and what is voided. Narrow enough to be read on a phone. Units are those of the picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cases.models import State
from mining.durations import Durations, Lengths
from mining.walking import PUBLISHED, VERBS

WIDTH = 460
PITCH, BOX_W, BOX_H = 104, 124, 46
TOP, SPINE, ASIDE = 30, 190, 382
SMALL_W = 104
# The way of all that is voided, at the right edge.
BUS = 448
# How far to the left the arcs reach: the longer, the further.
NEAR, STEP, FARTHEST = 46, 20, 106
THINNEST, THICKEST = 1.2, 7.0
COLUMN = [state for state in State if state not in (State.SUSPENDED, State.VOID)]


@dataclass(frozen=True)
class Node:
    """A state: ``x`` and ``y`` of its centre; each stay in it."""

    state: State
    x: float
    y: float
    w: float
    stays: Lengths

    @property
    def left(self) -> float:
        """Its left edge."""
        return self.x - self.w / 2

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.y - BOX_H / 2


@dataclass(frozen=True)
class Edge:
    """A move: its ``path``, how thick, and where its words stand. ``published``: whether the machine knows it."""

    source: State
    target: State
    path: str
    width: float
    x: float
    y: float
    anchor: str
    took: Lengths
    verb: str
    published: bool


@dataclass
class Map:
    """The whole picture."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    width: int = WIDTH
    height: int = TOP + PITCH * (len(COLUMN) - 1) + BOX_H
    box_h: int = BOX_H


def draw(found: Durations) -> Map:
    """The map of what happened: every state, and every move that was made."""
    drawn = Map()
    drawn.nodes = [Node(state, *_place(state), found.states.get(state, Lengths())) for state in State]
    known = {node.state: node for node in drawn.nodes}
    most = max((took.count for took in found.steps.values()), default=1)
    for (source, target), took in sorted(found.steps.items(), key=_order):
        if source not in known or target not in known:
            continue
        path, x, y, anchor = _way(known[State(source)], known[State(target)])
        width = THINNEST + (THICKEST - THINNEST) * took.count / most
        published = (source, target) in PUBLISHED["state"]
        verb = VERBS.get((source, target), found.acts[source, target].most_common(1)[0][0])
        drawn.edges.append(
            Edge(State(source), State(target), path, round(width, 1), x, y, anchor, took, verb, published)
        )
    return drawn


def _order(item: tuple[tuple[str, str], Lengths]) -> tuple[int, ...]:
    order = list(State.values)
    return tuple(order.index(name) if name in order else len(order) for name in item[0])


def _place(state: State) -> tuple[float, float, float]:
    if state == State.SUSPENDED:
        # Between two rows, so that the way to the right edge passes below it.
        return ASIDE, _row(COLUMN.index(State.RECTIFYING)) - PITCH * 0.42, SMALL_W
    if state == State.VOID:
        return ASIDE, _row(len(COLUMN) - 1), SMALL_W
    return SPINE, _row(COLUMN.index(state)), BOX_W


def _row(place: int) -> float:
    return TOP + PITCH * place


Way = tuple[str, float, float, str]


def _way(source: Node, target: Node) -> Way:
    """The path from one state to another, and where its words stand and which way they run."""
    if target.state == State.VOID:
        return _to_void(source, target)
    if State.SUSPENDED in (source.state, target.state):
        return _aside(source, target)
    if target.y - source.y == PITCH:
        return _down(source, target)
    return _around(source, target)


def _down(source: Node, target: Node) -> Way:
    path = f"M{source.x:g} {source.top + BOX_H:g}V{target.top - 3:g}"
    return path, source.x + 10, (source.y + target.y) / 2 - 3, "start"


def _around(source: Node, target: Node) -> Way:
    rows = abs(target.y - source.y) / PITCH
    out = source.left - min(FARTHEST, NEAR + STEP * rows)
    # What goes back leaves and arrives above the middle, what skips below it, so that no two run into each other.
    shift = 8 if target.y > source.y else -8
    y1, y2 = source.y + shift, target.y + shift
    path = f"M{source.left:g} {y1:g}C{out:g} {y1:g} {out:g} {y2:g} {target.left - 3:g} {y2:g}"
    return path, source.left - 0.75 * (source.left - out) - 4, (y1 + y2) / 2, "middle"


def _aside(source: Node, target: Node) -> Way:
    """To and from what is put off, which stands to the right; other states than the one beside it are as far."""
    if target.state == State.SUSPENDED:
        y = min(source.top + 6, target.y + 14) if source.state == State.RECTIFYING else source.y
        path = f"M{source.x + source.w / 2:g} {y:g}L{target.left - 3:g} {target.y + 8:g}"
        return path, (source.x + source.w / 2 + target.left) / 2, y + 16, "middle"
    path = f"M{source.left:g} {source.y - 8:g}C{source.left - 24:g} {source.y - 8:g} {target.x:g} {source.y - 4:g} "
    path += f"{target.x + 36:g} {target.top - 3:g}"
    return path, source.left - 6, source.y - 16, "end"


def _to_void(source: Node, target: Node) -> Way:
    """By the right edge down to what is voided."""
    y, edge = source.y + 14, source.x + source.w / 2
    into = target.x + target.w / 2 - 12
    path = f"M{edge:g} {y:g}H{BUS - 8:g}Q{BUS:g} {y:g} {BUS:g} {y + 8:g}V{target.top - 22:g}"
    path += f"Q{BUS:g} {target.top - 14:g} {into:g} {target.top - 14:g}V{target.top - 3:g}"
    if source.y == target.y:
        path = f"M{edge:g} {y:g}H{target.left - 3:g}"
    return path, edge + 8, y - 5, "start"


def described(drawn: Map) -> Iterator[Edge]:
    """The moves as the table beside the picture tells them, in the order of the states."""
    yield from drawn.edges
