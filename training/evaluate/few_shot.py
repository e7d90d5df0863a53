"""In-context learning, measured: does the model complete a list better when it has seen examples of the
list's rule?

For each list the answer is the candidate the model finds most probable, a candidate being what any rule of
that kind could answer, with the comma that closes it (`app.engine.in_context`). Two baselines stand beside
the accuracy: no example at all, and copying the answer shown most often.
"""

from collections.abc import Sequence
from statistics import mean, stdev

from app.engine.in_context import most_probable
from app.models import LoadedModel
from training.corpus.incontext import candidates, evaluation_lists

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
            percent(most_probable(loaded, one.prompt, candidates(kind, one)) == one.answer for one in lists)
            for lists in by_seed
        ]
        copied = [percent(one.copied == one.answer for one in lists) for lists in by_seed]
        table[str(shots)] = {
            "accuracy": round(mean(found), 1),
            "spread": round(stdev(found), 1),
            "copy_baseline": round(mean(copied), 1),
        }
    return table


def percent(right: Sequence[bool]) -> float:
    return 100 * mean(right)
