"""What every part of the picture of 「GPT-1 vs GPT-2」 draws from: the words, the state, the two runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from app.lesson import Context, Page
from app.models import LoadedModel
from app.views.tokens import token_view
from lessons.architecture import compute
from lessons.architecture.compute import Run
from lessons.architecture.nodes import block_of, kind_of
from lessons.architecture.state import SIDES, State


def shape(numbers: list[int] | tuple[int, ...]) -> str:
    """[5, 192] as it stands on screen."""
    return f"[{', '.join(map(str, numbers))}]"


class Picture:
    """One picture of one state. Words come from `context`, numbers from the two runs."""

    def __init__(self, context: Context, page: Page, state: State, loaded: Mapping[str, LoadedModel]):
        self.context, self.page, self.state, self.loaded = context, page, state, loaded
        self.words = context.text

    @cached_property
    def runs(self) -> dict[str, Run]:
        """The text through both models; only where a part of the picture needs it."""
        return {side: compute.run(self.loaded[side], self.page.text) for side in SIDES}

    def open_block(self, run: Run) -> int:
        """The block that is open in that column; a model with fewer blocks opens its last one."""
        return min(self.state.block, run.loaded.n_layer - 1)

    def tokens(self, run: Run, ids: list[int] | None = None) -> list[dict[str, Any]]:
        """The tokens as chips; `word` numbers the words they belong to, which both tokenizers share."""
        shown, word = [], -1
        for piece in run.loaded.tokenizer.pieces(list(run.ids) if ids is None else ids):
            word += piece.leading_space or not shown
            shown.append(token_view(piece) | {"word": word})
        return shown

    def label(self, run: Run, token_id: int) -> str:
        return self.words("special.end") if token_id == run.loaded.eot_id else ""

    def title(self, run: Run, name: str) -> str:
        """What a place in the drawing is called, for the panel and for those who hear it."""
        title = self.words(f"node.{kind_of(name, run.architecture).words}.title")
        block = block_of(name)
        return title if block is None else self.words("in_block", block=block, title=title)

    def additions(self, run: Run) -> int:
        """N of 1/√N of that model."""
        return compute.residual_additions(run.loaded.n_layer)

    def std(self, run: Run, name: str) -> str:
        """The standard deviation of a tensor as it stands in a sentence."""
        return f"{run.trace.stats(name)['std']:.2f}"
