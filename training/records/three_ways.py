"""The record `three_ways`: one task by fine-tuning, prompt tuning and in-context learning, tiny-gpt2.

Accuracy on the 20 sentences of each language that `app.engine.ways` holds back, and beside it on all of the
test split, of which they are a part: 20 sentences go in steps of 5 %. Fine-tuning and prompt tuning are runs
as `training.evaluate.fine_tuning` makes them, on the training sentences of both languages, by the recipe.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from statistics import fmean
from typing import Any

from app.engine import sets
from app.engine.decoding import finish
from app.engine.finetune import N_SOFT_PROMPTS
from app.engine.inputs import Example, transform
from app.engine.recipe import RECIPE
from app.engine.ways import HELD_BACK, N_HELD_BACK, TASK, answering, costs, share_right
from app.models import LoadedModel
from training.evaluate.downstream import read_task, set_sha256
from training.evaluate.fine_tuning import train
from training.evaluate.plan import Setting
from training.records.in_context import embedded
from training.records.recorder import Point, Recorder

MODEL = "tiny-gpt2"
LANGUAGES = tuple(HELD_BACK)
SEEDS = (0, 1, 2)
SHOTS = (0, 1, 4)
TUNINGS = {
    "fine-tuning": Setting(1, MODEL, TASK, 0, lambda_=RECIPE.lambda_),
    "prompt tuning": Setting(4, MODEL, TASK, 0, trained="soft prompts"),
}
ONE_SENTENCE = 1 / N_HELD_BACK

Found = dict[str, dict[str, float]]  # language -> "held_back", "test", "seconds", "answer_seconds"


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` gives, and the seconds that this process computed; others on the machine do not count."""
    began = time.process_time()
    return work(), round(time.process_time() - began, 2)


def inputs(loaded: LoadedModel, rows: Sequence[sets.Row], n_soft_prompts: int) -> list[Example]:
    """Sentences as a tuned model reads them."""
    encode = loaded.tokenizer.encode
    kind = sets.about(TASK).kind
    return [
        transform(kind, row.fields, row.label, encode, loaded.n_ctx, n_soft_prompts, row.group)
        for row in rows
    ]


def tuned(loaded: LoadedModel, setting: Setting) -> Found:
    """One run of the first two ways."""
    n_soft = N_SOFT_PROMPTS if setting.trained == "soft prompts" else 0
    task = read_task(TASK, loaded, n_soft_prompts=n_soft)
    run, seconds = timed(partial(train, loaded, task, setting))
    found = {}
    for lang in LANGUAGES:
        asked = inputs(loaded, HELD_BACK[lang], n_soft)
        accuracy, answer_seconds = timed(partial(run.accuracy, asked))
        found[lang] = {
            "held_back": round(accuracy / 100, 4),
            "test": round(run.accuracy(task.tests["test"][lang]) / 100, 4),
            "seconds": seconds,
            "answer_seconds": answer_seconds,
        }
    return found


def shown(loaded: LoadedModel, shots: int, seed: int) -> Found:
    """The third way. It has no training, so no seconds of it."""
    found = {}
    for lang in LANGUAGES:
        some, seconds = timed(partial(finish, answering(loaded, HELD_BACK[lang], shots, seed)))
        every = finish(answering(loaded, sets.rows(TASK, "test", lang), shots, seed))
        found[lang] = {
            "held_back": round(share_right(some), 4),
            "test": round(share_right(every), 4),
            "seconds": 0.0,
            "answer_seconds": seconds,
        }
    return found


def rows(way: str, shots: int | None, n_changed: int, by_seed: Sequence[Found]) -> list[dict[str, Any]]:
    """One for each language: accuracies from 0 to 1, the mean and a point for each seed."""
    made = [
        {
            "way": way,
            "lang": lang,
            "shots": shots,
            "n_changed": n_changed,
            "mean": round(fmean(one[lang]["held_back"] for one in by_seed), 4),
            "points": [one[lang]["held_back"] for one in by_seed],
            "test_mean": round(fmean(one[lang]["test"] for one in by_seed), 4),
            "test_points": [one[lang]["test"] for one in by_seed],
            "seconds": round(fmean(one[lang]["seconds"] for one in by_seed), 1),
            "answer_seconds": round(fmean(one[lang]["answer_seconds"] for one in by_seed), 2),
        }
        for lang in LANGUAGES
    ]
    for row in made:
        print(row, flush=True)
    return made


def measure() -> dict[str, Any]:
    """Six runs of training and some thousand prompts: about eight minutes on one idle core."""
    loaded = embedded(MODEL)
    n_changed = {cost.way: cost.n_changed for cost in costs(loaded, ())}
    found = []
    for shots in SHOTS:
        seeds = SEEDS if shots else SEEDS[:1]  # without examples nothing is drawn
        by_seed = [shown(loaded, shots, seed) for seed in seeds]
        found += rows("in-context", shots, n_changed["in-context"], by_seed)
    for way, setting in TUNINGS.items():
        by_seed = [tuned(loaded, replace(setting, seed=seed)) for seed in SEEDS]
        found += rows(way, None, n_changed[way], by_seed)
    return {"set_sha256": set_sha256(TASK), "rows": found}


def measure_again(data: dict[str, Any]) -> list[Point]:
    """One run of prompt tuning, and all of in-context learning on the sentences held back."""
    loaded, points = embedded(MODEL), []
    run = tuned(loaded, TUNINGS["prompt tuning"])
    for row in data["rows"]:
        if row["way"] == "prompt tuning":
            now = run[row["lang"]]["held_back"]
        elif row["way"] == "in-context":
            now = share_right(finish(answering(loaded, HELD_BACK[row["lang"]], row["shots"], SEEDS[0])))
        else:
            continue
        what = f"{row['way']}, {row['lang']}, {row['shots']} examples, seed 0"
        points.append(Point(what, now, row["points"][0] - ONE_SENTENCE, row["points"][0] + ONE_SENTENCE))
    return points


RECORDER = Recorder(
    measure,
    measure_again,
    {
        "task": TASK,
        "sentences": N_HELD_BACK,
        "recipe": asdict(RECIPE),
        "lambda": {way: setting.lambda_ for way, setting in TUNINGS.items()},
        "training_sentences": TUNINGS["fine-tuning"].n_labels,
        "soft_prompts": N_SOFT_PROMPTS,
        "shots": list(SHOTS),
        "seconds": "computed by one thread, without what others did meanwhile",
    },
    seeds=SEEDS,
    models=(MODEL,),
)
