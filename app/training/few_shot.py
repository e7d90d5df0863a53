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
from app.training.corpus.incontext import TestList, evaluation_lists

N_LISTS = 200
SHOTS = (0, 2, 4, 8)
SEEDS = (0, 1, 2)


def few_shot_scores(loaded: LoadedModel, kind: str) -> dict[str, dict[str, float]]:
    """Accuracy in percent by number of shots: mean and spread (standard deviation) over seeds, and the copy
    baseline."""
    table = {}
    for shots in SHOTS:
        by_seed = [evaluation_lists(kind, N_LISTS, shots, seed) for seed in SEEDS]
        found = [percent(answer(loaded, one) == one.answer for one in lists) for lists in by_seed]
        copied = [percent(one.copied == one.answer for one in lists) for lists in by_seed]
        table[str(shots)] = {
            "accuracy": round(mean(found), 1),
            "spread": round(stdev(found), 1),
            "copy_baseline": round(mean(copied), 1),
        }
    return table


def percent(right: Sequence[bool]) -> float:
    return 100 * mean(right)


def answer(loaded: LoadedModel, one: TestList) -> str:
    """The candidate with the largest P(candidate and a comma | prompt)."""
    encode = loaded.tokenizer.encode
    prompts = [(encode(one.prompt), encode(f"{one.prompt} {candidate},")) for candidate in one.candidates]
    totals = []
    for prompt, whole in prompts:
        same = next((i for i, (a, b) in enumerate(zip(prompt, whole, strict=False)) if a != b), len(prompt))
        totals.append(log_probability(loaded, whole, same))
    return one.candidates[max(range(len(totals)), key=totals.__getitem__)]


@torch.no_grad()
def log_probability(loaded: LoadedModel, ids: list[int], start: int) -> float:
    """ln P(ids[start:] | ids[:start]), of at most the last n_ctx tokens. `start` is at least 1."""
    cut = max(0, len(ids) - loaded.n_ctx)
    start, row = max(1, start - cut), torch.tensor(ids[cut:])
    log_p = torch.log_softmax(loaded.model(row[None]).logits[0], -1)  # (T, V)
    wanted = torch.arange(start, len(row))
    return log_p[wanted - 1, row[wanted]].sum().item()
