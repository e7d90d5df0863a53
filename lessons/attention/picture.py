"""What every part of the picture of 「어텐션」 draws from: the words, the state, the passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from torch import Tensor

from app.engine.head_scores import HeadScores
from app.engine.memory import number_of
from app.lesson import Context, Page
from app.models import LoadedModel
from app.parts import Part
from app.views.tokens import token_view
from lessons.attention import compute
from lessons.attention.compute import Row, Run
from lessons.attention.state import LAST, State, place


def signed(value: float, digits: int = 2) -> str:
    """+0.42, −0.42 or 0.00, with a real minus sign."""
    shown = f"{value:+.{digits}f}"
    return shown[1:] if float(shown) == 0 else shown.replace("-", "−")


Words = Callable[..., str]  # the string of a key, filled: Context.text
MOST_NAMED = 6  # parts of a sentence that are called by their names


def part_name(words: Words, part: str) -> str:
    """A head, the attention of a block or its MLP in a sentence."""
    kind, layer, head = place(part)
    return words(f"part.{kind}", layer=layer, head=head)


def named(words: Words, parts: Sequence[str]) -> str:
    """Parts in a sentence: 헤드 2.0, 2.3, 블록 1의 어텐션; of many, how many."""
    if len(parts) > MOST_NAMED:
        return words("part.many", n=len(parts))
    heads = [part for part in parts if place(part)[0] == "head"]
    others = [part_name(words, part) for part in parts if part not in heads]
    if len(heads) < 2:
        return ", ".join([*(part_name(words, head) for head in heads), *others])
    return ", ".join([words("part.heads", names=", ".join(heads)), *others])


class Picture:
    """One picture of one state. Words come from `context`, numbers from the passes."""

    def __init__(self, context: Context, page: Page, state: State, loaded: LoadedModel):
        self.context, self.page, self.state, self.loaded = context, page, state, loaded
        self.words = context.text
        self.text_ids, self.n_dropped = compute.shown_ids(loaded, page.text)

    @property
    def of(self) -> tuple[Any, ...]:
        """What everything in the picture is made of."""
        return self.context.lang, self.page.text, number_of(self.loaded)

    @property
    def cut(self) -> tuple[Any, ...]:
        """And what is made of the parts that are cut."""
        return self.state.cuts, self.state.how

    @cached_property
    def plain(self) -> Run:
        """The pass without a cut."""
        return compute.run(self.loaded, self.page.text)

    @cached_property
    def run(self) -> Run:
        """The pass on show, with what the state cuts."""
        return compute.under_cuts(self.plain, self.state.cuts, self.state.how)

    @cached_property
    def before(self) -> Tensor:
        """(V,) log P of the next token without a cut."""
        return self.plain.next_log_probabilities()

    @cached_property
    def after(self) -> Tensor:
        """(V,) log P of the next token with what the state cuts."""
        return self.run.next_log_probabilities() if self.state.cuts else self.before

    @property
    def query(self) -> int:
        """The token that looks."""
        last = len(self.text_ids) - 1
        return last if self.state.query == LAST else min(self.state.query, last)

    @cached_property
    def row(self) -> Row:
        """Its row of the head on show."""
        return compute.row(self.run, self.state.layer, self.state.head, self.query)

    @cached_property
    def target(self) -> int:
        """The token whose log P is followed."""
        return int(self.before.argmax()) if self.state.target == LAST else self.state.target

    @cached_property
    def scores(self) -> list[HeadScores]:
        """Of every head on this text without a cut, layer by layer."""
        return compute.scores(self.plain)

    @cached_property
    def scores_now(self) -> list[HeadScores]:
        """And with what is cut."""
        return compute.scores(self.run) if self.state.cuts else self.scores

    @property
    def sweep_key(self) -> str:
        """What the map of all heads cut alone belongs to."""
        return Part((self.of, self.state.how, self.target), dict).name

    @property
    def index(self) -> int:
        """Of the head on show among all."""
        return self.state.layer * self.loaded.n_head + self.state.head

    @cached_property
    def tokens(self) -> list[dict[str, Any]]:
        """The tokens as chips."""
        return [token_view(piece) for piece in self.loaded.tokenizer.pieces(list(self.text_ids))]

    def piece(self, index: int) -> str:
        """A token of the text in a sentence."""
        return self.tokens[index]["piece"]

    def next_view(self, token_id: int) -> dict[str, Any]:
        """A token that may come next, as a chip."""
        piece = self.loaded.tokenizer.candidates(list(self.text_ids), [token_id])[0]
        return token_view(piece, self.words("special.end") if token_id == self.loaded.eot_id else "")

    def next_piece(self, token_id: int) -> str:
        """The same in a sentence."""
        view = self.next_view(token_id)
        return view["label"] or view["piece"]

    def named(self, parts: tuple[str, ...]) -> str:
        """Parts in a sentence."""
        return named(self.words, parts)

    def part(self, part: str) -> str:
        """One of them."""
        return part_name(self.words, part)
