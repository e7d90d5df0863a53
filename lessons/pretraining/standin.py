"""Stand-ins for the engine's checkpoints and SGD, of the same shapes."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, replace
from functools import lru_cache

import torch

from app.engine import checkpoints
from app.models import LoadedModel, ModelSpec


def steps(spec: ModelSpec) -> tuple[int, ...]:
    """Updates of pre-training of which there are checkpoints."""
    return tuple(one.step for one in checkpoints.road()) if spec.name == checkpoints.MODEL else ()


def checkpoint(spec: ModelSpec, step: int) -> LoadedModel:
    return checkpoints.at(step or None)


def _loss(model, ids):
    x = torch.tensor([list(ids)])
    log_p = model(x).logits[0, :-1].log_softmax(-1)
    return -log_p[torch.arange(len(ids) - 1), x[0, 1:]].mean()


@lru_cache(16)
def stepped(loaded: LoadedModel, ids: tuple[int, ...], rates: tuple[float, ...]) -> LoadedModel:
    if not rates:
        return loaded
    before = stepped(loaded, ids, rates[:-1])
    model = copy.deepcopy(before.model)
    with torch.enable_grad():
        model.zero_grad()
        _loss(model, ids).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= rates[-1] * parameter.grad
            parameter.grad = None
    return replace(loaded, model=model)


@dataclass(frozen=True)
class Gradient:
    loss: float
    norms: dict[str, float]
    norm: float
    weights: float


@lru_cache(16)
def gradient(loaded: LoadedModel, ids: tuple[int, ...]) -> Gradient:
    model = copy.deepcopy(loaded.model)
    with torch.enable_grad():
        loss = _loss(model, ids)
        loss.backward()
    squares: dict[str, float] = {}
    for name, parameter in model.named_parameters():
        part = _part(name)
        squares[part] = squares.get(part, 0.0) + float((parameter.grad.double() ** 2).sum())
    weights = sum(float((parameter.detach().double() ** 2).sum()) for parameter in model.parameters())
    return Gradient(
        float(loss.detach()),
        {part: square**0.5 for part, square in squares.items()},
        sum(squares.values()) ** 0.5,
        weights**0.5,
    )


def _part(name: str) -> str:
    block = re.search(r"\.h\.(\d+)\.(\w+)", name)
    if block:
        kind = "ln" if block[2].startswith("ln") else block[2]
        return f"{block[1]}.{kind}"
    return "final" if "ln_f" in name else "embed"


@lru_cache(16)
def line(loaded: LoadedModel, ids: tuple[int, ...], rates: tuple[float, ...]) -> tuple[float, ...]:
    model = copy.deepcopy(loaded.model)
    with torch.enable_grad():
        _loss(model, ids).backward()
    start = [parameter.detach().clone() for parameter in model.parameters()]
    found = []
    with torch.no_grad():
        for rate in rates:
            for parameter, value in zip(model.parameters(), start, strict=True):
                parameter.copy_(value - rate * parameter.grad)
            found.append(float(_loss(model, ids)))
    return tuple(found)


def zero_shot_live(loaded: LoadedModel, task: str, lang: str, n: int = 40) -> float:
    """Accuracy in percent on n examples."""
    from app.engine import sets, zero_shot

    rows = sets.rows(task, "test", lang)[:n]
    if task == "acceptability":
        scores = [zero_shot.mean_log_probability(loaded, "", row.fields[0]) for row in rows]
        guesses: list[int] = []
        for a, b, c, d in zip(*(scores[i::4] for i in range(4)), strict=True):
            guesses += [0, 1, 1, 0] if a + d > b + c else [1, 0, 0, 1]
    elif task == "sentiment":
        words = sets.about(task).labels[lang]
        guesses = [zero_shot.sentiment(loaded, row.fields[0], words).label for row in rows]
    else:
        heuristic = zero_shot.reference if task == "reference" else zero_shot.choice
        guesses = [heuristic(loaded, row.fields).label for row in rows]
    right = sum(guess == row.label for guess, row in zip(guesses, rows, strict=True))
    return 100 * right / len(rows)
