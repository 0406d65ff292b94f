"""The process map: where everything on it stands, so that a page can draw it without a script.

The states in their order run down the middle; to the left go the moves that skip or go back; to the right stands what
is put off, and what is voided. Narrow enough to be read on a phone. Units are those of the picture.
"""

from dataclasses import dataclass, field

from cases.models import State
from mining.durations import Durations, Lengths
from mining.walking import PUBLISHED, VERBS

WIDTH = 500
PITCH, BOX_W, BOX_H = 104, 164, 46
TOP, SPINE, ASIDE = 30, 218, 422
SMALL_W = 104
# The way of all that is voided, at the right edge.
BUS = 490
# How far to the left the arcs reach: what goes back, what skips, and how much more for each further row.
BACK, SKIP, FURTHER, FARTHEST = 44, 90, 60, 190
# Where on an arc its words stand: nearer to where it begins, for there fewer meet.
ALONG = 0.3
THINNEST, THICKEST = 1.2, 7.0
COLUMN = [state for state in State if state not in (State.SUSPENDED, State.VOID)]


@dataclass(frozen=True)
class Node:
    """A state: ``x`` and ``y`` of its centre; how often it was come to, and each stay in it that has ended or lasts."""

    state: State
    x: float
    y: float
    w: float
    visits: int
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
    drawn.nodes = [
        Node(state, *_place(state), found.visits[state], found.states.get(state, Lengths())) for state in State
    ]
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
        return ASIDE, _row(COLUMN.index(State.RECTIFYING)), SMALL_W
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
    return path, source.x + 10, (source.y + target.y) / 2 - 2, "start"


def _around(source: Node, target: Node) -> Way:
    """By the left: what skips leaves and arrives below the middle of a box, what goes back above it."""
    skips = target.y > source.y
    rows = abs(target.y - source.y) / PITCH
    reach = min(FARTHEST, (SKIP if skips else BACK) + FURTHER * (rows - 1))
    shift = 8 if skips else -8
    y1, y2, out = source.y + shift, target.y + shift, source.left - reach
    path = f"M{source.left:g} {y1:g}C{out:g} {y1:g} {out:g} {y2:g} {target.left - 3:g} {y2:g}"
    # A point of that curve (Bézier, cubic).
    early = (1 - ALONG) ** 2 * (1 + 2 * ALONG)
    return path, source.left - reach * 3 * ALONG * (1 - ALONG), y1 * early + y2 * (1 - early) + 4, "middle"


def _aside(source: Node, target: Node) -> Way:
    """To what is put off, above the middle, and back below it."""
    gap = SPINE + BOX_W / 2, ASIDE - SMALL_W / 2
    middle = sum(gap) / 2
    if target.state == State.SUSPENDED:
        return f"M{gap[0]:g} {source.y - 10:g}L{gap[1] - 3:g} {target.y - 10:g}", middle, target.y - 16, "middle"
    return f"M{gap[1]:g} {source.y + 14:g}L{gap[0] + 3:g} {target.y + 14:g}", middle, source.y + 8, "middle"


def _to_void(source: Node, target: Node) -> Way:
    """From the lower right corner by the right edge down to what is voided."""
    corner, foot, turn = source.x + source.w / 2 - 14, source.top + BOX_H, source.y + 33
    into, over = target.x + target.w / 2 - 12, target.top - 14
    path = f"M{corner:g} {foot:g}V{turn:g}H{BUS:g}V{over:g}H{into:g}V{target.top - 3:g}"
    if source.state == State.SUSPENDED:
        return path, source.x, turn + 15, "middle"
    return path, corner + 22, turn - 4, "start"
