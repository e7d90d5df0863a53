"""The learner's path through the tokens: every branch tried is kept, and going back loses nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Node:
    """One token that followed. parent: index of the node before it, None after the prompt.

    by_hand: chosen by the learner instead of drawn. draw_index: which number of the seed's stream drew it,
    None when no number did. p: its plain softmax probability where it was taken.
    """

    parent: int | None
    token_id: int
    by_hand: bool
    draw_index: int | None
    p: float


@dataclass(frozen=True)
class History:
    """An immutable tree. `current` is the node the learner stands on, None at the prompt.

    prompt: token ids before the first choice. nodes: in the order they were made; a node is named by its
        index.
    """

    prompt: tuple[int, ...] = ()
    nodes: tuple[Node, ...] = ()
    current: int | None = None

    def extend(self, token_id: int, *, by_hand: bool, draw_index: int | None = None, p: float) -> History:
        """Step on to `token_id`. A child with this token that is there already is used again, as it was
        made.
        """
        for child in self.children(self.current):
            if self.nodes[child].token_id == token_id:
                return self.go(child)
        node = Node(self.current, token_id, by_hand, draw_index, p)
        return replace(self, nodes=(*self.nodes, node), current=len(self.nodes))

    def undo(self) -> History:
        """One token back; at the prompt nothing changes."""
        return self if self.current is None else self.go(self.nodes[self.current].parent)

    def go(self, node: int | None) -> History:
        """Stand on another node. Raises IndexError when there is none of that number."""
        if node is not None and not 0 <= node < len(self.nodes):
            raise IndexError(node)
        return replace(self, current=node)

    def children(self, node: int | None) -> list[int]:
        """The nodes that follow `node`, oldest first."""
        return [i for i, candidate in enumerate(self.nodes) if candidate.parent == node]

    def path(self, node: int | None = None) -> list[int]:
        """The nodes from the prompt to `node` (by default the current one)."""
        path = []
        node = self.current if node is None else node
        while node is not None:
            path.append(node)
            node = self.nodes[node].parent
        return path[::-1]

    def ids(self) -> list[int]:
        """The prompt's tokens and those of the current path."""
        return [*self.prompt, *(self.nodes[node].token_id for node in self.path())]

    def probability(self, node: int | None = None) -> float:
        """Of the path to `node` (by default the current one): the product of its tokens' probabilities."""
        return math.prod(self.nodes[step].p for step in self.path(node))
