"""In-context learning: a list of examples, one open, and how probable the model finds each answer.

`assets/datasets/in_context.jsonl` holds the lists (written by `training.corpus.shown`). Kind a: which of the
relations the model knows is meant (사과 = 과일, 소 = 동물, …). Kind b: a rule it has never met, two
categories under two labels that no list of pre-training holds (개 = 가, 소 = 가). Nothing is trained: the
examples stand in the prompt.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from app.engine.forward import hidden, unembed
from app.engine.key_values import KeyValues

if TYPE_CHECKING:
    from app.models import LoadedModel

LISTS = Path(__file__).parents[2] / "assets" / "datasets" / "in_context.jsonl"


@dataclass(frozen=True)
class ExampleList:
    """examples: (word, answer), up to nine of one rule; the last is asked for, the others are shown.

    rule: word class and relation in kind a, the two categories in kind b. lang: of the words asked about.
    candidates: what may be answered, `answer` among it.
    """

    kind: Literal["a", "b"]
    lang: Literal["ko", "en"]
    rule: str
    examples: tuple[tuple[str, str], ...]
    candidates: tuple[str, ...]

    @property
    def most_shots(self) -> int:
        return len(self.examples) - 1

    @property
    def answer(self) -> str:
        return self.examples[-1][1]

    def shown(self, shots: int) -> tuple[tuple[str, str], ...]:
        """The examples that stand in a prompt of `shots`. Raises ValueError outside 0 … `most_shots`."""
        if not 0 <= shots <= self.most_shots:
            raise ValueError(f"{shots} of {self.most_shots} shots")
        return self.examples[self.most_shots - shots : -1]

    def prompt(self, shots: int) -> str:
        """「사과 = 과일, 소 = 동물, 배 =」: the same word is asked for whatever `shots` is."""
        written = [f"{word} = {answer}" for word, answer in self.shown(shots)]
        return ", ".join([*written, f"{self.examples[-1][0]} ="])

    def copied(self, shots: int) -> str | None:
        """The copy baseline: the answer shown most often, ties to the last; None without shots."""
        answers = [answer for _, answer in self.shown(shots)]
        most = max((answers.count(answer) for answer in answers), default=0)
        return next((answer for answer in reversed(answers) if answers.count(answer) == most), None)


@cache
def lists(path: Path = LISTS) -> tuple[ExampleList, ...]:
    """All lists of a file, in its order."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(
        ExampleList(
            row["kind"],
            row["lang"],
            row["rule"],
            tuple((word, answer) for word, answer in row["examples"]),
            tuple(row["candidates"]),
        )
        for row in rows
    )


def candidate_log_probabilities(loaded: LoadedModel, prompt: str, candidates: Sequence[str]) -> list[float]:
    """ln P(candidate and a comma | prompt) of each candidate, all of its tokens counted, in nats.

    With the comma, because 「과일」 begins 「과일나무」 too.
    """
    given = loaded.tokenizer.encode(prompt)
    rows = [loaded.tokenizer.encode(f"{prompt} {candidate},") for candidate in candidates]
    starts = [
        next((i for i, (a, b) in enumerate(zip(given, row, strict=False)) if a != b), len(given))
        for row in rows
    ]
    start = min(starts)
    if start and max(map(len, rows)) <= loaded.n_ctx:
        return _after_one_beginning(loaded, rows[0][:start], [row[start:] for row in rows])
    return log_probabilities(loaded, rows, starts)


def most_probable(loaded: LoadedModel, prompt: str, candidates: Sequence[str]) -> str:
    """The candidate with the largest ln P, the first of equal ones."""
    totals = candidate_log_probabilities(loaded, prompt, candidates)
    return candidates[totals.index(max(totals))]


@torch.inference_mode()
def _after_one_beginning(
    loaded: LoadedModel, beginning: Sequence[int], endings: Sequence[Sequence[int]]
) -> list[float]:
    """ln P(ending | beginning) of each ending; what all of them begin with is run once."""
    past = KeyValues(loaded)
    first = hidden(loaded, torch.tensor([beginning]), past)[:, -1:].expand(len(endings), 1, -1)  # (B, 1, d)
    past.pick([0] * len(endings))
    ids = torch.zeros(len(endings), max(map(len, endings)), dtype=torch.long)  # (B, T); zeros follow the end
    for row, ending in zip(ids, endings, strict=True):
        row[: len(ending)] = torch.tensor(ending)
    before = first if ids.shape[1] == 1 else torch.cat((first, hidden(loaded, ids[:, :-1], past)), 1)
    asked = torch.arange(ids.shape[1]) < torch.tensor([[len(ending)] for ending in endings])  # (B, T)
    log_p = unembed(loaded, before[asked]).log_softmax(-1).gather(1, ids[asked][:, None])  # (n, 1)
    return torch.zeros(ids.shape).masked_scatter(asked, log_p).sum(1).tolist()


@torch.no_grad()
def log_probabilities(
    loaded: LoadedModel, rows: Sequence[Sequence[int]], starts: Sequence[int]
) -> list[float]:
    """ln P(row[start:] | row[:start]) of each row, of at most its last n_ctx tokens. A start is at least
    1."""
    kept = [row[-loaded.n_ctx :] for row in rows]
    # (B, T); what follows a row cannot reach it
    batch = torch.zeros(len(rows), max(map(len, kept)), dtype=torch.long)
    for ids, row in zip(batch, kept, strict=True):
        ids[: len(row)] = torch.tensor(row)
    log_p = torch.log_softmax(loaded.model(batch[:, :-1]).logits, -1)  # (B, T-1, V)
    of_tokens = log_p.gather(2, batch[:, 1:, None]).squeeze(2)  # (B, T-1)
    totals = []
    for scores, row, whole, start in zip(of_tokens, kept, rows, starts, strict=True):
        first = max(1, start - (len(whole) - len(row)))
        totals.append(scores[first - 1 : len(row) - 1].sum().item())
    return totals
