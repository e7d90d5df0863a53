"""The learner's path through the tokens: every branch tried is kept, and going back loses nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Node:
    """One token that followed. parent: index of the node before it, None after the prompt.

    by_hand: chosen by the learner instead of drawn. draw_index: which number of the seed's stream drew it,
    None when no number did. p: its plain softmax probability where it was taken, None where nobody has looked
    it up yet.
    """

    parent: int | None
    token_id: int
    by_hand: bool
    draw_index: int | None
    p: float | None


@dataclass(frozen=True)
class History:
    """An immutable tree. `current` is the node the learner stands on, None at the prompt.

    prompt: token ids before the first choice. nodes: in the order they were made; a node is named by its
        index.
    """

    prompt: tuple[int, ...] = ()
    nodes: tuple[Node, ...] = ()
    current: int | None = None

    def extend(
        self, token_id: int, *, by_hand: bool, draw_index: int | None = None, p: float | None
    ) -> History:
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

    def with_probabilities(self, p: dict[int, float]) -> History:
        """The same tree with p[node] at each of those nodes."""
        nodes = list(self.nodes)
        for node, probability in p.items():
            nodes[node] = replace(nodes[node], p=probability)
        return replace(self, nodes=tuple(nodes))

    def children(self, node: int | None) -> list[int]:
        """The nodes that follow `node`, oldest first."""
        return self._followers.get(node, [])

    @cached_property
    def _followers(self) -> dict[int | None, list[int]]:
        """{node: those that follow it, oldest first}, made once for each tree."""
        found: dict[int | None, list[int]] = {}
        for index, node in enumerate(self.nodes):
            found.setdefault(node.parent, []).append(index)
        return found

    def path(self, node: int | None = None) -> list[int]:
        """The nodes from the prompt to `node` (by default the current one)."""
        return self.path_to(self.current if node is None else node)

    def path_to(self, node: int | None) -> list[int]:
        """The nodes from the prompt to `node`; of the prompt itself none."""
        path = []
        while node is not None:
            path.append(node)
            node = self.nodes[node].parent
        return path[::-1]

    def ids(self) -> list[int]:
        """The prompt's tokens and those of the current path."""
        return [*self.prompt, *(self.nodes[node].token_id for node in self.path())]

    def probability(self, node: int | None = None) -> float | None:
        """Of the path to `node` (by default the current one): the product of its tokens' probabilities.

        None where one of them has not been looked up.
        """
        steps = [self.nodes[step].p for step in self.path(node)]
        return None if None in steps else math.prod(steps)
