"""What every part of the picture of 「사전학습」 draws from: the words, the state, the models behind it."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

from app.engine import checkpoints
from app.engine.copies import Taught
from app.engine.memory import number_of
from app.lesson import Context, Page
from app.models import LoadedModel, ModelSpec
from app.views.tokens import token_view
from lessons.pretraining import compute
from lessons.pretraining.state import FINISHED, NONE, SURPRISING, State

RATE = 1000  # a State holds learning rates in thousandths


class Picture:
    """One picture of one state. `finished` is the picked model; words come from `context`."""

    def __init__(self, context: Context, page: Page, state: State, finished: LoadedModel):
        self.context, self.page, self.state, self.finished = context, page, state, finished
        self.words = context.text
        self.ids, self.n_dropped = compute.shown_ids(finished, page.text)

    @property
    def of(self) -> tuple[Any, ...]:
        """What everything in the picture is made of."""
        return self.context.lang, self.page.text, number_of(self.finished)

    @property
    def theta(self) -> tuple[Any, ...]:
        """And what is made of the weights on show."""
        return self.state.at, self.state.steps

    @cached_property
    def spec(self) -> ModelSpec:
        return self.context.registry.spec(self.finished.name)

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """The updates of pre-training of which there are checkpoints; none for most models."""
        location = str(checkpoints.MODELS_FOLDER / checkpoints.MODEL)
        return tuple(one.step for one in checkpoints.road()) if self.spec.location == location else ()

    @cached_property
    def k(self) -> int:
        return compute.window(self.ids, self.state.k)

    @property
    def shortened(self) -> bool:
        """The window is shorter than the text."""
        return self.k < len(self.ids) - 1

    def checkpoint(self, step: int) -> LoadedModel:
        """The picked model after `step` updates of pre-training."""
        return self.finished if step == FINISHED else checkpoints.at(step)

    @cached_property
    def pretrained(self) -> LoadedModel:
        """The checkpoint on show, before any step on this sentence."""
        return self.checkpoint(self.state.at)

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """Of the steps taken on this sentence."""
        return tuple(rate / RATE for rate in self.state.steps)

    @cached_property
    def now(self) -> Taught:
        """Θ: the checkpoint and the steps taken from it, on a copy of her own."""
        return Taught(self.pretrained, self.ids, self.rates)

    @cached_property
    def was(self) -> LoadedModel | None:
        """What the outline shows: Θ before the steps, else the checkpoint compared with; None for none."""
        if self.rates:
            return self.pretrained
        return None if self.state.since == NONE else self.checkpoint(self.state.since)

    @cached_property
    def surprise(self) -> list[float]:
        """−log P of all tokens but the first, on show."""
        return compute.turned(self.now.log_probs(self.k).log_p)

    @cached_property
    def surprise_in_full(self) -> list[float]:
        """And without a shorter window."""
        return compute.turned(self.now.log_probs().log_p) if self.shortened else self.surprise

    @cached_property
    def surprise_before(self) -> list[float] | None:
        """And of the outline."""
        return None if self.was is None else compute.surprise(self.was, self.ids, self.k)

    @cached_property
    def token(self) -> int:
        """The chosen u_i, from 1 on; 0 where the text has only one token."""
        if len(self.ids) < 2:
            return 0
        if self.state.token == SURPRISING:
            return 1 + max(range(len(self.surprise)), key=lambda place: self.surprise[place])
        return max(1, min(self.state.token, len(self.ids) - 1))

    @cached_property
    def tokens(self) -> list[dict[str, Any]]:
        return [token_view(piece) for piece in self.finished.tokenizer.pieces(list(self.ids))]

    def piece(self, place: int) -> str:
        """A token of the text in a sentence, with how many of its kind stand before it."""
        return self.tokens[place]["piece"]

    def view(self, token_id: int, before: list[int]) -> dict[str, Any]:
        """A token that may follow `before`, as a chip."""
        piece = self.finished.tokenizer.candidates(before, [token_id])[0]
        return token_view(piece, self.words("special.end") if token_id == self.finished.eot_id else "")

    def when(self, at: int) -> str:
        """A stop of the road in a sentence."""
        return self.words("when.end") if at == FINISHED else self.words("when.step", n=f"{at:,}")

    def place_of(self, step: int) -> float:
        """Where an update stands on the axis: 0 for the first checkpoint, 1 more for twice as many."""
        return math.log2(step / self.steps[0])
