"""GPT-1's zero-shot heuristics (`app.engine.zero_shot`), measured on the downstream sets."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

from app.engine import zero_shot
from app.engine.zero_shot import TASKS
from app.models import LoadedModel
from training.corpus.labels import TASK_LABELS
from training.evaluate.downstream import DATASETS
from training.paths import read_corpus

LANGUAGES = ("ko", "en")
SENTIMENT = TASK_LABELS["sentiment"]  # position = label

Scores = dict[str, dict[str, float]]  # task -> language -> accuracy in percent


def zero_shot_scores(loaded: LoadedModel, n_examples: int = 200, datasets: Path = DATASETS) -> Scores:
    """Accuracy in percent on the first `n_examples` of each `dev` split and language, nothing trained.

    For sentiment also on the opinions whose judgement is confirmed, and on those where it is denied.
    """
    scores: Scores = {}
    for task in TASKS:
        rows = read_corpus(datasets / task / "dev.jsonl")
        scores[task] = {}
        for lang in LANGUAGES:
            of_language = [row for row in rows if row["lang"] == lang][:n_examples]
            guess = _guesser(loaded, task, lang, [row["fields"] for row in of_language])
            right = [guess(row["fields"]).label == row["label"] for row in of_language]
            scores[task][lang] = round(100 * mean(right), 1)
            if task == "sentiment":  # in a group: praise confirmed, denied, blame confirmed, denied
                scores[task][f"{lang} confirmed"] = round(100 * mean(right[::2]), 1)
                scores[task][f"{lang} denied"] = round(100 * mean(right[1::2]), 1)
    return scores


def _guesser(
    loaded: LoadedModel, task: str, lang: str, examples: Sequence[Sequence[str]]
) -> Callable[[Sequence[str]], zero_shot.Guess]:
    if task == "acceptability":
        threshold = zero_shot.acceptability_threshold(loaded, [fields[0] for fields in examples])
        return lambda fields: zero_shot.acceptability(loaded, fields[0], threshold)
    if task == "sentiment":
        return lambda fields: zero_shot.sentiment(loaded, fields[0], SENTIMENT[lang])
    heuristic = zero_shot.reference if task == "reference" else zero_shot.choice
    return lambda fields: heuristic(loaded, fields)
