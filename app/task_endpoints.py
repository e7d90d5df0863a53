"""The named endpoints of fine-tuning: a task's fields as the model's input, and L1, L2, L3 of a batch.

They keep what `app.endpoints` promises of all. A text has one line for each field or example; a line break at
its very end begins no further one. Only models with Start, Delim and Extract can be asked: the embedded ones,
and those that a command of this repository made.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator
from typing import Any, get_args

from app.engine.controls import check_number
from app.errors import InputError, ModelError, shown
from app.models import LoadedModel, Registry, load
from app.models.tokens import learner_text

MOST_LINES = 64
MOST_LABELS = 8
MOST_ANSWERS = 8
LARGEST_LAMBDA = 10.0
EXAMPLES_AT_ONCE = 4  # so that one slice of work stays short
WHOLE = re.compile(r"[+-]?[0-9]{1,9}")

LINES = {
    "classification": (1, MOST_LINES),
    "entailment": (2, 2),
    "similarity": (2, 2),
    "choice": (4, 2 + MOST_ANSWERS),
}

Json = dict[str, Any]


def build_input(task: str, texts: str, model: str, *, registry: Registry | None = None) -> Json:
    """{"sequences": [[{"id", "piece"}]]}: what GPT-1's section 3.3 (Figure 1) makes of a task's fields.

    task: "classification" (texts: each line an example, up to 64), "entailment" (premise, hypothesis),
    "similarity" (a, b; two sequences, one for each order) or "choice" (context, question, 2 to 8 answers; a
    sequence for each). An empty text, or line, is a field without tokens. Where a sequence would be longer
    than the context, its longest field loses its last tokens.
    """
    from app.engine.inputs import Kind, transform

    kinds = get_args(Kind)
    if not isinstance(task, str) or task not in kinds:
        raise InputError("unknown_task", name=shown(task, 40), known=", ".join(kinds))
    lines = _lines(texts)
    _check_number_of_lines(task, lines)
    loaded = _with_task_tokens(model, registry)
    tokenizer = loaded.tokenizer
    each = [[line] for line in lines] if task == "classification" else [lines]
    built = [transform(task, fields, 0, tokenizer.encode, loaded.n_ctx) for fields in each]
    sequences = [sequence for example in built for sequence in example.sequences]
    return {
        "sequences": [
            [{"id": piece.id, "piece": piece.piece} for piece in tokenizer.pieces(sequence)]
            for sequence in sequences
        ]
    }


def objective(
    texts: str, labels: str, lambda_: float, model: str, *, registry: Registry | None = None
) -> Json:
    """{"L1", "L2", "L3"} in nats: classification of this batch before any training; L3 = L2 + lambda_ · L1.

    texts, labels: one text and one whole number from 0 to 7 a line, up to 64. An empty text is an example
    without tokens; of one longer than the context the first tokens count. L1: over everything after Start,
    Extract included, the mean of an example, then of the examples. W_y = torch.randn(d, n,
    generator=torch.Generator().manual_seed(0)) * 0.02 with n = the largest label + 1, at least 2. The token
    embeddings of Start, Delim and Extract (ids 3, 4, 5) are the rows of torch.randn(3, d,
    generator=torch.Generator().manual_seed(1000)) * 0.02: a run with seed 0 begins with them.
    """
    steps = computing_objective(texts, labels, lambda_, model, registry=registry)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def computing_objective(
    texts: str, labels: str, lambda_: float, model: str, *, registry: Registry | None = None
) -> Generator[None, None, Json]:
    """`objective`, which pauses after every few examples, so that others are answered meanwhile."""
    lines, wanted = _lines(texts), _labels(labels)
    _check_number_of_lines("classification", lines)
    if len(lines) != len(wanted):
        raise InputError("texts_and_labels", n_texts=len(lines), n_labels=len(wanted))
    lambda_ = check_number("lambda_", lambda_, 0, LARGEST_LAMBDA)
    loaded = _with_task_tokens(model, registry)
    l1, l2 = yield from _losses(loaded, lines, wanted)
    l3 = l2 + lambda_ * l1
    if not math.isfinite(l3):
        raise ModelError("broken_weights", name=loaded.name)
    return {"L1": l1, "L2": l2, "L3": l3}


def _losses(
    loaded: LoadedModel, lines: list[str], labels: list[int]
) -> Generator[None, None, tuple[float, float]]:
    """L1 and L2 of a batch at the beginning of a run with everything transferred and seed 0."""
    import torch

    from app.engine.finetune import Plan, starting_point
    from app.engine.inputs import collate, transform
    from app.engine.looks import make_evaluation
    from app.engine.objective import all_used, classification_loss
    from app.engine.parameters import Shape, cut

    plan = Plan("classification", max(2, max(labels) + 1), loaded.n_layer)
    shape = Shape.of(loaded, plan.n_out)
    pieces = cut(shape, starting_point(shape, loaded.model, plan))
    look = make_evaluation(shape, plan.one_logit_per_sequence)
    encode = loaded.tokenizer.encode
    examples = [
        transform("classification", [line], label, encode, loaded.n_ctx)
        for line, label in zip(lines, labels, strict=True)
    ]
    l1 = l2 = 0.0
    for start in range(0, len(examples), EXAMPLES_AT_ONCE):
        yield
        batch = collate(examples[start : start + EXAMPLES_AT_ONCE])
        with torch.inference_mode():
            logits, l1_of_each = look(pieces, batch.ids, batch.predicted, all_used(shape))  # (B, n), (B,)
            l1 += l1_of_each.double().sum().item()
            l2 += classification_loss(logits, batch.labels).item() * len(batch.labels)
    return l1 / len(examples), l2 / len(examples)


def _lines(texts: object) -> list[str]:
    """A text as its lines; a line break at its end begins no further one."""
    text = learner_text(texts).replace("\r\n", "\n").replace("\r", "\n")
    return text.removesuffix("\n").split("\n")


def _labels(labels: object) -> list[int]:
    found = []
    for number, line in enumerate(_lines(labels), start=1):
        text = line.strip()
        if not WHOLE.fullmatch(text) or not 0 <= int(text) < MOST_LABELS:
            raise InputError("not_a_label", line=number, value=shown(text, 40), largest=MOST_LABELS - 1)
        found.append(int(text))
    return found


def _check_number_of_lines(task: str, lines: list[str]) -> None:
    fewest, most = LINES[task]
    if not fewest <= len(lines) <= most:
        wanted = str(most) if fewest == most else f"{fewest}–{most}"
        raise InputError("number_of_lines", task=task, wanted=wanted, n=len(lines))


def _with_task_tokens(model: str, registry: Registry | None) -> LoadedModel:
    """The model of that name. Raises ModelError("no_task_tokens") where it cannot be given a task."""
    spec = (registry or Registry()).spec(model)
    if spec.source == "hub":  # found out before gigabytes are downloaded
        raise ModelError("no_task_tokens", name=spec.name)
    loaded = load(spec)
    from app.engine.inputs import DELIM, EXTRACT, START

    if any(piece.bytes for piece in loaded.tokenizer.pieces([START, DELIM, EXTRACT])):  # ordinary tokens
        raise ModelError("no_task_tokens", name=spec.name)
    return loaded
