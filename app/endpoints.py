"""The named endpoints as plain functions: JSON in, JSON out, every argument checked.

A bad argument raises UserError, which the page turns into one sentence. `model` is a name of the registry,
never a path. Text becomes NFC; no special token is added to it, and the spelling of one that somebody typed
stays ordinary text. Of a text longer than the context the last tokens count, but `trace` takes all of a text
or nothing. A text without tokens (an empty one, or spaces where a tokenizer drops them) starts from one
end-of-text token; where the vocabulary has none, it raises "no_tokens". The page builds these endpoints
before it has imported torch, so the engine is imported at a call.
"""

from __future__ import annotations

from collections.abc import Generator
from difflib import get_close_matches
from typing import Any

from app.engine.controls import Sampling, check_number, check_strategy
from app.errors import InputError, shown
from app.models import Piece, Registry, load
from app.models.loading import load_tokenizer
from app.models.tokens import CONTEXT_OF_A_PIECE, learner_text

N_TOP = 10
MAX_NEW_TOKENS = 256
MAX_SEED = 2**32 - 1
MAX_TRACED_NUMBERS = 2_000_000  # in one answer, about 40 MB of JSON; every tensor of an embedded model fits
N_NEAREST = 3

ABOUT_LANG = "lang: ko or en, the language of an error; without it, that of the request's Accept-Language."

Json = dict[str, Any]


def models(*, registry: Registry | None = None) -> Json:
    """{"models": [names], "default": name}: what the argument `model` of the other endpoints takes.

    One of the hub is downloaded at the first call that names it.
    """
    registry = registry or Registry()
    return {"models": list(registry.names), "default": registry.default}


def tokenize(text: str, model: str, *, registry: Registry | None = None) -> Json:
    """{"tokens": [{"id", "piece", "bytes"}]}, with "part_of" where a token holds only a part of a character.

    bytes: UTF-8 after NFC. piece: the text they stand for, ‹EA B3› where that is only a part of a character.
    An empty text has no tokens; a text may be longer than the context, up to 20,000 characters.
    """
    text = learner_text(text)
    tokenizer = load_tokenizer((registry or Registry()).spec(model))
    return {"tokens": [_token(piece) for piece in tokenizer.pieces(tokenizer.encode(text))]}


def next_token(
    text: str,
    model: str,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    *,
    registry: Registry | None = None,
) -> Json:
    """{"entropy": nats, "top": [{"id", "piece", "p_before", "p_after"}]}, the ten likeliest by p_before.

    p_before: the plain softmax, whose entropy is told. p_after: what is sampled from, after temperature,
    top-k and top-p (top_k 0 and top_p 1.0 switch theirs off). An empty text starts from one end-of-text
    token, or is an error where the vocabulary has none; of a text longer than the context the last tokens
    count.
    """
    import torch

    from app.engine import next_token as engine

    text, sampling = learner_text(text), Sampling(temperature, top_k, top_p)
    loaded = load((registry or Registry()).spec(model))
    ids = engine.prompt_ids(loaded, text)
    warped = engine.warp(engine.KVCache().logits(loaded, ids), sampling)
    top = warped.order[:N_TOP].tolist()
    return {
        "entropy": torch.special.entr(warped.p_before.double()).sum().item(),
        "top": [
            {
                "id": piece.id,
                "piece": piece.piece,
                "p_before": warped.p_before[piece.id].item(),
                "p_after": warped.p_after[piece.id].item(),
            }
            for piece in loaded.tokenizer.candidates(ids, top)
        ],
    }


def generate(
    text: str,
    model: str,
    n: int = 20,
    strategy: str = "greedy",
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    seed: int = 0,
    *,
    registry: Registry | None = None,
) -> Json:
    """{"text": prompt and continuation, "ids": new tokens, "steps": [{"id", "piece", "p"}]}.

    n: 1 to 256 new tokens; an end-of-text token ends it early and is the last of "ids", but has no text.
    strategy: "greedy", "sample" (uses temperature, top_k, top_p and seed) or "beam" (four beams). p: plain
    softmax. text: as the tokenizer gives it back, so GPT-1's is in lower case. An empty text starts from one
    end-of-text token, or is an error where the vocabulary has none; of a text longer than the context the
    last tokens count.
    """
    from app.engine.decoding import finish

    steps = generating(text, model, n, strategy, temperature, top_k, top_p, seed, registry=registry)
    return finish(steps)


def generating(
    text: str,
    model: str,
    n: int,
    strategy: str,
    temperature: float,
    top_k: int,
    top_p: float,
    seed: int,
    *,
    registry: Registry | None = None,
) -> Generator[None, None, Json]:
    """`generate`, which pauses after every token, so that others are answered meanwhile."""
    from app.engine import next_token as engine

    text, sampling = learner_text(text), Sampling(temperature, top_k, top_p)
    n = check_number("n", n, 1, MAX_NEW_TOKENS, whole=True)
    seed = check_number("seed", seed, 0, MAX_SEED, whole=True)
    strategy = check_strategy(strategy)
    loaded = load((registry or Registry()).spec(model))
    ids = engine.prompt_ids(loaded, text)
    steps = yield from engine.generating(loaded, ids, n, strategy, sampling, seed)
    new = [step.token_id for step in steps]
    pieces = loaded.tokenizer.pieces([*ids[-CONTEXT_OF_A_PIECE:], *new])[-len(new) :]
    return {
        "text": loaded.tokenizer.decode([*ids, *new]),
        "ids": new,
        "steps": [
            {"id": step.token_id, "piece": piece.piece, "p": step.p}
            for step, piece in zip(steps, pieces, strict=True)
        ],
    }


def trace(text: str, model: str, name: str, *, registry: Registry | None = None) -> Json:
    """{"name", "shape", "mean", "std", "norm", "values": nested lists}; with an empty name {"names": [...]}.

    name: of a tensor of the forward pass, e.g. "blocks.0.attn.hook_pattern", without batch axis. Where the
    causal mask is closed, the scores are null and count neither for mean, std nor norm (Frobenius). An empty
    text starts from one end-of-text token, or is an error where the vocabulary has none; so is a text longer
    than the context, which tells both numbers.
    """
    from app.engine import next_token as engine
    from app.engine import trace as tracing

    text = learner_text(text)
    loaded = load((registry or Registry()).spec(model))
    names = tracing.names(loaded)
    if name == "":
        return {"names": names}
    if name not in names:
        asked = shown(name)
        nearest = get_close_matches(asked, names, n=N_NEAREST, cutoff=0)
        raise InputError("unknown_tensor", name=asked, nearest=", ".join(nearest))
    tensor = tracing.trace(loaded, engine.prompt_ids(loaded, text))[name]
    if tensor.numel() > MAX_TRACED_NUMBERS:
        raise InputError("tensor_too_large", n=tensor.numel(), limit=MAX_TRACED_NUMBERS)
    return {"name": name, **tracing.stats(tensor), "values": tracing.to_json(tensor)}


def _token(piece: Piece) -> Json:
    part_of = {} if piece.part_of is None else {"part_of": piece.part_of}
    return {"id": piece.id, "piece": piece.piece, "bytes": list(piece.bytes), **part_of}
