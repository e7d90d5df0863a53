"""The next token, from text to draw: what the lesson `next-token` and the endpoints call.

The parts: `cache` (logits with a KV cache), `prefixes` (the same, shared by all), `sampling` (temperature,
top-k, top-p, the draw), `decoding` (greedy, sampling, beam search) and `history` (undo and branches). Pure
torch, no page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.engine.cache import KVCache, common_prefix, probabilities
from app.engine.controls import Sampling, Strategy
from app.engine.decoding import Step, finish, generate, generating
from app.engine.history import History, Node
from app.engine.prefixes import next_logits
from app.engine.sampling import Warped, draw, draw_all, largest_probability, ranked, uniform, warp
from app.errors import InputError

if TYPE_CHECKING:
    from app.models import LoadedModel

__all__ = [
    "History",
    "KVCache",
    "Node",
    "Sampling",
    "Step",
    "Strategy",
    "Warped",
    "common_prefix",
    "draw",
    "draw_all",
    "finish",
    "generate",
    "generating",
    "largest_probability",
    "next_logits",
    "probabilities",
    "prompt_ids",
    "ranked",
    "uniform",
    "warp",
]


def prompt_ids(loaded: LoadedModel, text: str) -> list[int]:
    """Tokens to start from: those of `text`, or one end-of-text token where there are none.

    An empty text asks for the first token of a document, and in training that is what followed an end-of-text
    token. Raises InputError: "no_tokens" where the vocabulary has no such token (openai-gpt),
    "half_character".
    """
    ids = loaded.tokenizer.encode(text)
    if not ids and loaded.eot_id is None:
        raise InputError("no_tokens")
    return ids or [loaded.eot_id]
