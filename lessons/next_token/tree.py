"""Which part of the learner's tree fits beside the bars.

Where she stands, two steps back, and all that grew from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.engine.next_token import History

DEPTH = 2  # steps to the right of the first column
MOST_ROWS = 6


@dataclass(frozen=True)
class Place:
    """A node of the tree in view. `node` is None for the prompt; `row` counts from 0 and may be a half.

    `leaf`: nothing that is in view follows it.
    """

    node: int | None
    parent: int | None
    depth: int
    row: float
    leaf: bool


def top_of_view(history: History) -> int | None:
    """The node in the first column: DEPTH steps before the current one, at most back to the prompt."""
    path = history.path()
    return path[-DEPTH - 1] if len(path) > DEPTH else None


def count_paths(history: History) -> int:
    """How many different ends the tree has."""
    parents = {node.parent for node in history.nodes}
    return sum(1 for index in range(len(history.nodes)) if index not in parents)


def places(history: History) -> tuple[list[Place], int]:
    """The nodes in view, parents before children -> (places, ends that did not fit)."""
    top = top_of_view(history)
    ends = _ends(history, top, 0)
    here = history.current
    kept = sorted(ends, key=lambda end: (here not in history.path(end), -(history.probability(end) or 0.0)))[
        :MOST_ROWS
    ]
    ends_in_view = [end for end in ends if end in kept]
    rows = {end: row for row, end in enumerate(ends_in_view)}
    return _place(history, top, None, 0, rows), len(ends) - len(ends_in_view)


def likeliest_first(history: History, node: int | None) -> list[int]:
    """The nodes that follow `node`; what nobody has looked up yet comes last."""
    return sorted(history.children(node), key=lambda child: -(history.nodes[child].p or 0.0))


def _ends(history: History, node: int | None, depth: int) -> list[int | None]:
    """The last nodes in view below `node`, from top to bottom."""
    children = likeliest_first(history, node) if depth < DEPTH else []
    if not children:
        return [node]
    return [end for child in children for end in _ends(history, child, depth + 1)]


def _place(
    history: History, node: int | None, parent: int | None, depth: int, rows: dict[int | None, int]
) -> list[Place]:
    """`node` in the middle of what follows it, then what follows it; branches without a row are left out."""
    if node in rows and (depth == DEPTH or not history.children(node)):
        return [Place(node, parent, depth, rows[node], True)]
    below = [
        _place(history, child, node, depth + 1, rows)
        for child in (likeliest_first(history, node) if depth < DEPTH else [])
    ]
    below = [branch for branch in below if branch]
    if not below:
        return []
    middle = (below[0][0].row + below[-1][0].row) / 2
    return [Place(node, parent, depth, middle, False), *(place for branch in below for place in branch)]
