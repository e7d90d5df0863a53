"""In-context learning, measured: does the model complete a list better when it has seen examples of the
list's rule?

For each list the answer is the candidate the model finds most probable, a candidate being what any rule of
that kind could answer, with the comma that closes it. Two baselines stand beside the accuracy: no example
at all, and copying the answer shown most often.
"""

from collections.abc import Sequence
from statistics import mean, stdev

import torch

from app.models import LoadedModel
from training.corpus.incontext import HELD_OUT_LABELS, TestList, evaluation_lists

N_LISTS = 200
SHOTS = (0, 2, 4, 8)
SEEDS = (0, 1, 2)


def few_shot_scores(loaded: LoadedModel, kind: str) -> dict[str, dict[str, float]]:
    """Accuracy in percent by number of shots: mean and spread (standard deviation) over seeds, and the copy
    baseline."""
    table = {}
    for shots in SHOTS:
        by_seed = [evaluation_lists(kind, N_LISTS, shots, seed) for seed in SEEDS]
        found = [
            percent(answer(loaded, one, candidates(kind, one)) == one.answer for one in lists)
            for lists in by_seed
        ]
        copied = [percent(one.copied == one.answer for one in lists) for lists in by_seed]
        table[str(shots)] = {
            "accuracy": round(mean(found), 1),
            "spread": round(stdev(found), 1),
            "copy_baseline": round(mean(copied), 1),
        }
    return table


def candidates(kind: str, one: TestList) -> Sequence[str]:
    """What may be answered: in kind a every relation's answer for the asked word, and every answer in the
    list; in kind b every label of any list.
    """
    return (
        [label for labels in HELD_OUT_LABELS.values() for label in labels] if kind == "b" else one.candidates
    )


def percent(right: Sequence[bool]) -> float:
    return 100 * mean(right)


def answer(loaded: LoadedModel, one: TestList, candidates: Sequence[str]) -> str:
    """The candidate with the largest P(candidate and a comma | prompt)."""
    prompt = loaded.tokenizer.encode(one.prompt)
    rows = [loaded.tokenizer.encode(f"{one.prompt} {candidate},") for candidate in candidates]
    starts = [
        next((i for i, (a, b) in enumerate(zip(prompt, row, strict=False)) if a != b), len(prompt))
        for row in rows
    ]
    totals = log_probabilities(loaded, rows, starts)
    return candidates[max(range(len(totals)), key=totals.__getitem__)]


@torch.no_grad()
def log_probabilities(loaded: LoadedModel, rows: list[list[int]], starts: list[int]) -> list[float]:
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
