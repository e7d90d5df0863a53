"""GPT-1's zero-shot heuristics (`app.engine.zero_shot`), measured on the downstream sets."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median

from app.engine import zero_shot
from app.engine.zero_shot import TASKS
from app.models import LoadedModel
from training.corpus.labels import TASK_LABELS
from training.evaluate.downstream import DATASETS
from training.paths import read_corpus

LANGUAGES = ("ko", "en")
SENTIMENT = TASK_LABELS["sentiment"]  # position = label

Scores = dict[str, dict[str, float]]  # task -> language -> accuracy in percent


def zero_shot_scores(
    loaded: LoadedModel, n_examples: int = 200, datasets: Path = DATASETS, tasks: Sequence[str] = TASKS
) -> Scores:
    """Accuracy in percent on the first `n_examples` of each `dev` split and language, nothing trained.

    Acceptability asks each contrast group whether its two sentences that fit are together more probable than
    its two that do not, which are made of the same parts: between sentences of other words it is the words
    that decide. With one threshold for all, as in the paper, it is given beside ("one threshold"). Sentiment
    is also given on the opinions whose judgement is confirmed, and on those where it is denied.
    """
    scores: Scores = {}
    for task in tasks:
        scores[task] = {}
        for lang in LANGUAGES:
            rows = read_corpus(datasets / task / "dev.jsonl")
            rows = [row for row in rows if row["lang"] == lang][:n_examples]
            for name, guesses in _guesses(loaded, task, lang, rows).items():
                right = [guess == row["label"] for guess, row in zip(guesses, rows, strict=True)]
                scores[task][f"{lang} {name}".strip()] = round(100 * mean(right), 1)
            if task == "sentiment":  # in a group: praise confirmed, denied, blame confirmed, denied
                scores[task][f"{lang} confirmed"] = round(100 * mean(right[::2]), 1)
                scores[task][f"{lang} denied"] = round(100 * mean(right[1::2]), 1)
    return scores


def _guesses(loaded: LoadedModel, task: str, lang: str, rows: Sequence[dict]) -> dict[str, list[int]]:
    """Way of asking ("" for the usual one) -> the guessed labels."""
    if task == "acceptability":
        return _acceptability(loaded, rows)
    if task == "sentiment":
        words = SENTIMENT[lang]
        return {"": [zero_shot.sentiment(loaded, row["fields"][0], words).label for row in rows]}
    heuristic = zero_shot.reference if task == "reference" else zero_shot.choice
    return {"": [heuristic(loaded, row["fields"]).label for row in rows]}


def _acceptability(loaded: LoadedModel, rows: Sequence[dict]) -> dict[str, list[int]]:
    """By group, in whose four sentences (see `training.corpus.datasets.acceptability`) the first and last
    share no part, like the other two; and as `app.engine.zero_shot.acceptability`, one threshold for all."""
    scores = [zero_shot.mean_log_probability(loaded, "", row["fields"][0]) for row in rows]
    by_group = []
    for a, b, c, d in zip(*(scores[i::4] for i in range(4)), strict=True):
        by_group += [0, 1, 1, 0] if a + d > b + c else [1, 0, 0, 1]
    threshold = median(scores)
    return {"": by_group, "one threshold": [int(one < threshold) for one in scores]}
