"""GPT-1's zero-shot heuristics (`app.engine.zero_shot_sets`), measured on the downstream sets."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from app.engine.decoding import finish
from app.engine.sets import Row
from app.engine.zero_shot import TASKS
from app.engine.zero_shot_sets import guessing
from app.models import LoadedModel
from training.evaluate.downstream import DATASETS
from training.paths import read_corpus

LANGUAGES = ("ko", "en")

Scores = dict[str, dict[str, float]]  # task -> language -> accuracy in percent


def zero_shot_scores(
    loaded: LoadedModel,
    n_examples: int = 200,
    datasets: Path = DATASETS,
    tasks: Sequence[str] = TASKS,
    split: str = "dev",
) -> Scores:
    """Accuracy in percent on the first `n_examples` of each split and language, nothing trained.

    The other way of asking for acceptability is given beside ("one threshold"). Sentiment is also given on
    the opinions whose judgement is confirmed, and on those where it is denied.
    """
    scores: Scores = {}
    for task in tasks:
        scores[task] = {}
        for lang in LANGUAGES:
            rows = [
                Row(tuple(row["fields"]), row["label"], row["lang"], row["group"])
                for row in read_corpus(datasets / task / f"{split}.jsonl")
                if row["lang"] == lang
            ][:n_examples]
            for name, guesses in finish(guessing(loaded, task, lang, rows)).items():
                right = [guess == row.label for guess, row in zip(guesses, rows, strict=True)]
                scores[task][f"{lang} {name}".strip()] = round(100 * mean(right), 1)
            if task == "sentiment":  # in a group: praise confirmed, denied, blame confirmed, denied
                scores[task][f"{lang} confirmed"] = round(100 * mean(right[::2]), 1)
                scores[task][f"{lang} denied"] = round(100 * mean(right[1::2]), 1)
    return scores
