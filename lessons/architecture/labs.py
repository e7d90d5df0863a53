"""What the labs of 「GPT-1 vs GPT-2」 show, as plain numbers and lists: no gradio, no words.

Labs 1 and 2 measure untrained models (`app.engine.init_lab`); the training of lab 1 is too slow for that and
comes from a record. Lab 3 measures the models and the text on the page. All answers are dataclasses of ints,
floats, strings and lists, so `dataclasses.asdict` makes JSON of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from app import records
from app.engine import init_lab
from app.engine.controls import check_number
from app.engine.forward import unembed
from app.engine.init_lab import GradientNorms, ResidualWalk
from app.engine.untrained import Init
from app.errors import InputError
from app.models import LoadedModel

MIN_DEPTH, MAX_DEPTH = 2, 48
N_TOP = 5
TRAINING_RECORD = "ln_training"


@dataclass(frozen=True)
class Candidate:
    """A token that a layer would predict, and its probability there. piece: as ReadableTokenizer shows it."""

    id: int
    piece: str
    p: float


@dataclass(frozen=True)
class LensRow:
    """What the model would predict after `n_blocks` blocks (0: from the embeddings alone).

    top: the five likeliest, likeliest first. p_final: the probability here of the token that the whole model
        finds likeliest. entropy: of this distribution, in nats.
    """

    n_blocks: int
    top: list[Candidate]
    p_final: float
    entropy: float


@dataclass(frozen=True)
class ResidualNorms:
    """Lengths of the residual vectors after 0, 1, … n_layer blocks.

    by_token: [n_layer + 1][T]. mean: [n_layer + 1], over the tokens. before_ln: [n_layer][T] for post-LN, the
        length of what block l's second LN receives; None for pre-LN, whose stream no LN touches.
    """

    by_token: list[list[float]]
    mean: list[float]
    before_ln: list[list[float]] | None


@dataclass(frozen=True)
class RecordedRun:
    """One curve of lab 1's training: L1 in nats at `RecordedTraining.steps`, over the recorded seeds.

    placement: "post_ln" or "pre_ln". scaled: with 1/√N. warm_up: steps, 0 for none.
    """

    placement: str
    scaled: bool
    learning_rate: float
    warm_up: int
    mean: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class RecordedTraining:
    """The runs recorded for one depth and one initialisation, and where they come from.

    depths: all that were recorded. steps: the middle step of those that a point is the mean of. best_loss,
        untaught_loss: L1 in nats of the perfect model and of the one that knows nothing. source: the record's
        file; command, date and seeds: how, when and from what.
    """

    depth: int
    depths: list[int]
    steps: list[int]
    best_loss: float
    untaught_loss: float
    runs: list[RecordedRun]
    source: str
    command: str
    date: str
    seeds: list[int]


def check_depth(depth: object) -> int:
    """A number of blocks from 2 to 48. Raises InputError: "not_a_number" or "out_of_range"."""
    return check_number("depth", depth, MIN_DEPTH, MAX_DEPTH, whole=True)


def gradient_norms(depth: object, scaled: bool = False, init: Init = "gpt") -> Iterator[GradientNorms]:
    """Lab 1: gradient norm per block at initialisation, both placements; five results, each a better mean.

    depth: number of blocks, 2 to 48. scaled: with GPT-2's 1/√N. init: this project's start values ("gpt"), or
    those of Xiong et al. 2020 ("xavier"). Closing the generator stops the work. About 0.2 s a result at depth
    12 on one core. Raises InputError as `check_depth`, at the call.
    """
    return init_lab.gradient_norms(check_depth(depth), bool(scaled), init)


def residual_walk(depth: object) -> Iterator[ResidualWalk]:
    """Lab 2: std of the pre-LN residual stream along depth, plain and scaled, beside the random walk.

    Five results, as `gradient_norms`, about 0.05 s each at depth 12.
    """
    return init_lab.residual_walk(check_depth(depth))


def recorded_training(depth: object, scaled: bool = False) -> RecordedTraining:
    """Lab 1, recorded: the training curves of the recorded depth nearest to `depth` (by ratio).

    Four for each learning rate: both placements, with warm-up and without, all with 1/√N or all without.
    Raises as `check_depth`.
    """
    wanted, record = check_depth(depth), records.read(TRAINING_RECORD)
    data, settings = record["data"], record["settings"]
    depths = sorted({run["depth"] for run in data["runs"]})
    nearest = min(depths, key=lambda recorded: abs(math.log(recorded / wanted)))
    per_point = settings["steps_per_point"]
    return RecordedTraining(
        depth=nearest,
        depths=depths,
        steps=list(range(1 + per_point // 2, settings["steps"] + 1, per_point)),
        best_loss=data["best_loss"],
        untaught_loss=data["untaught_loss"],
        runs=[
            _recorded_run(run)
            for run in data["runs"]
            if run["depth"] == nearest and run["scaled"] == bool(scaled)
        ],
        source=f"assets/records/{TRAINING_RECORD}.json",
        command=record["command"],
        date=record["date"],
        seeds=record["seeds"],
    )


@torch.no_grad()
def logit_lens(
    loaded: LoadedModel, ids: Sequence[int], tensors: Mapping[str, Tensor], position: int = -1
) -> list[LensRow]:
    """Lab 3: what each layer would predict for the token after `position`; n_layer + 1 rows.

    The residual stream is sent through the end of the model as if the blocks after it were not there. In
    pre-LN (GPT-2) that end is the final LN and the unembedding. Post-LN (GPT-1) has no final LN: a block's
    output has just been normalised and goes to the unembedding as it is; so do the embeddings, which no LN
    has touched. The last row is the model's own prediction.
    Source: nostalgebraist 2020, "interpreting GPT: the logit lens".

    tensors: the trace of `ids`. position: an index into `ids`. Raises InputError("out_of_range").
    """
    if not -len(ids) <= position < len(ids):
        raise InputError("out_of_range", name="position", low=0, high=len(ids) - 1)
    stream = _stream(loaded, tensors)[:, position]  # (n_layer + 1, d)
    if loaded.architecture == "gpt2":
        stream = loaded.model.transformer.ln_f(stream)
    probabilities = unembed(loaded, stream).double().softmax(-1)  # (n_layer + 1, V)
    final = int(probabilities[-1].argmax())
    before = ids[: position % len(ids) + 1]
    return [
        LensRow(n_blocks, _candidates(loaded, before, p), p[final].item(), torch.special.entr(p).sum().item())
        for n_blocks, p in enumerate(probabilities)
    ]


@torch.no_grad()
def ranks_before_the_last_block(loaded: LoadedModel, tensors: Mapping[str, Tensor]) -> tuple[int, int]:
    """Of GPT-1: the rank, from 1, of the whole model's winner if the last block is skipped, read two ways.

    As the lens reads it, and with the vector sent through the last block's second LN. That LN is the last
    thing before the unembedding, so the unembedding has been trained on what it hands on.
    """
    stream = _stream(loaded, tensors)[-2:, -1]  # (2, d): before and after the last block
    winner = unembed(loaded, stream[1]).argmax()
    read = (stream[0], loaded.model.transformer.h[-1].ln_2(stream[0]))
    plain, through = (unembed(loaded, vector) for vector in read)
    return tuple(1 + int((logits > logits[winner]).sum()) for logits in (plain, through))


def residual_norms(loaded: LoadedModel, tensors: Mapping[str, Tensor]) -> ResidualNorms:
    """Lab 3: how long the residual vectors are, layer by layer. tensors: a trace."""
    lengths = _stream(loaded, tensors).norm(dim=-1)  # (n_layer + 1, T)
    before_ln = None
    if loaded.architecture == "gpt1":
        received = [tensors[f"blocks.{layer}.hook_resid_post"] for layer in range(loaded.n_layer)]
        before_ln = torch.stack(received).norm(dim=-1).tolist()
    return ResidualNorms(lengths.tolist(), lengths.mean(-1).tolist(), before_ln)


def _recorded_run(run: Mapping[str, Any]) -> RecordedRun:
    return RecordedRun(**{field.name: run[field.name] for field in fields(RecordedRun)})


def _stream(loaded: LoadedModel, tensors: Mapping[str, Tensor]) -> Tensor:
    """(n_layer + 1, T, d): the embeddings, then what each block hands on (post-LN: after its second LN)."""
    last = loaded.n_layer - 1
    handed_on = "hook_resid_post" if loaded.architecture == "gpt2" else "hook_normalized_resid_post"
    received = [tensors[f"blocks.{layer}.hook_resid_pre"] for layer in range(loaded.n_layer)]
    return torch.stack([*received, tensors[f"blocks.{last}.{handed_on}"]])


def _candidates(loaded: LoadedModel, before: Sequence[int], p: Tensor) -> list[Candidate]:
    """The likeliest of p (V,), written as they would follow the tokens `before`."""
    values, ids = p.topk(N_TOP)
    pieces = loaded.tokenizer.candidates(before, ids.tolist())
    return [
        Candidate(piece.id, piece.piece, value) for piece, value in zip(pieces, values.tolist(), strict=True)
    ]
