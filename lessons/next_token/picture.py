"""What every part of the picture of 「GPT란?」 draws from: the pass on show, its bars, tokens."""

from __future__ import annotations

from typing import Any

from app.lesson import Context, Page
from app.models import LoadedModel
from app.models.tokens import CONTEXT_OF_A_PIECE
from app.views.tokens import token_view
from lessons.next_token import compute
from lessons.next_token.state import State


class Picture:
    """One picture of one state. Words come from `context`, numbers from compute."""

    def __init__(self, context: Context, page: Page, state: State, loaded: LoadedModel):
        self.context, self.page, self.state, self.loaded = context, page, state, loaded
        self.words = context.text
        self.step = compute.step(loaded, state)
        self.ids = list(self.step.ids)
        self.path = compute.path(state)
        self.pending = compute.pending(state)
        self.warped = compute.warped(self.step.logits, compute.sampling(state))
        self.u = compute.random_number(loaded, state)
        self.guessed = compute.guessed(loaded, state)
        drawn = (self.path[-1].token_id,) if self.pending else ()
        also = drawn + ((self.guessed[0][0],) if self.guessed else ())
        self.rows = compute.rows(self.warped, also)
        self.hit = next((i for i, row in enumerate(self.rows) if row.token_id in drawn), -1)
        self.ended = compute.ended(loaded, state)

    def token(self, token_id: int, context: list[int] | None = None, **more: Any) -> dict[str, Any]:
        """A token as the browser shows it, read as the one after `context` (else after the input)."""
        context = self.ids if context is None else context
        piece = self.loaded.tokenizer.candidates(context, [token_id])[0]
        return token_view(piece, self.label(token_id)) | more

    def piece(self, token_id: int, context: list[int] | None = None) -> str:
        """The token in a sentence: its words, without the space before them."""
        view = self.token(token_id, context)
        return view["label"] or view["piece"]

    def ending(self, ids: list[int], n: int) -> str:
        """The last `n` characters of a text. A character has a few tokens at most; the rest stays."""
        return self.loaded.tokenizer.decode(ids[-CONTEXT_OF_A_PIECE * n :])[-n:].strip()

    def label(self, token_id: int) -> str:
        """What stands in the place of a token that cannot be read."""
        return self.words("special.end") if token_id == self.loaded.eot_id else ""
