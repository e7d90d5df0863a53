"""What pre-training is worth, measured: python -m training.evaluate.fine_tuning [--models …] [--minutes N]

Runs the settings of `plan` one after the other. Each run's result is kept at once in build/fine_tuning/,
under the hashes of weights and sets and its whole setting, so that a second call goes on where the first one
stopped, and two calls with other `--models` can work side by side. `make records ARGS="fine_tuning"` does
what is left and writes the record; the model cards read that.
"""

import argparse
import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import torch

from app.engine.finetune import N_SOFT_PROMPTS, Plan
from app.engine.inputs import Batch, grouped_batches, some_groups
from app.engine.recipe import RECIPE
from app.models import LoadedModel, ModelSpec, load
from training.cpu import restart_with_allocator_settings
from training.evaluate.downstream import DATASETS, TaskData, read_task, set_sha256
from training.evaluate.plan import GPTS, TASKS, Setting, settings
from training.evaluate.quick_run import QuickRun, batches
from training.paths import BUILD, MODELS, read_corpus, weights_sha256

FOLDER = BUILD / "fine_tuning"
HELD_OUT = DATASETS / "held_out.jsonl"
N_HELD_OUT = 200  # documents for L1 on pre-training text, half of them Korean
SMOKE_STEPS, SMOKE_EXAMPLES = 2, 8


def train(loaded: LoadedModel, task: TaskData, setting: Setting) -> QuickRun:
    """One run by the recipe on `setting.n_labels` training examples, whole groups drawn with its seed."""
    soft = setting.trained == "soft prompts"
    n_columns = 1 if task.kind == "choice" else task.n_labels
    words = [loaded.tokenizer.encode("a " + word)[-1] for word in task.label_words[:n_columns]]
    plan = Plan(
        task.kind,
        task.n_labels,
        setting.n_layers_transferred,
        setting.trained,
        setting.n_last_layers,
        tuple(words) if soft else (),
        setting.seed,
    )
    run = QuickRun(loaded, plan, setting.lambda_)
    peak = RECIPE.prompt_learning_rate if soft else RECIPE.learning_rate
    chosen = some_groups(task.train, setting.n_labels, setting.seed)
    for step, batch in enumerate(grouped_batches(chosen, RECIPE.batch_size, setting.steps, setting.seed)):
        run.step(batch, RECIPE.learning_rate_at(step, setting.steps, peak))
    return run


def measure(loaded: LoadedModel, task: TaskData, setting: Setting, held_out: Sequence[Batch]) -> dict:
    """One run's figures: accuracy in percent by split and language, L1 in nats per token, numbers changed."""
    run = train(loaded, task, setting)
    found: dict = {
        "accuracy": {
            split: {lang: round(run.accuracy(examples), 2) for lang, examples in by_language.items()}
            for split, by_language in task.tests.items()
        },
        "n_changed": run.n_changed,
    }
    if setting.point == 3:
        found["l1_task"] = round(run.text_loss(batches(task.test)), 4)
        found["l1_held_out"] = round(run.text_loss(held_out), 4)
    return found


def held_out_text(loaded: LoadedModel, most: int = N_HELD_OUT) -> list[Batch]:
    """Documents that no model has read, one a batch, each after end-of-text, as in pre-training."""
    found = []
    rows = read_corpus(HELD_OUT)
    for lang in ("ko", "en"):
        for row in [row for row in rows if row["lang"] == lang][: most // 2]:
            ids = [0, *loaded.tokenizer.encode(row["text"])][: loaded.n_ctx]
            predicted = [0.0] + [1.0] * (len(ids) - 1)
            found.append(
                Batch(torch.tensor([[ids]]), torch.tensor([[predicted]]), torch.zeros(1, dtype=torch.long))
            )
    return found


class Results:
    """The figures of the runs made so far, one file each."""

    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, setting: Setting) -> Path:
        """Its name is a hash of everything that decides the figures."""
        hashes = {"weights": _weights(setting.model), "set": set_sha256(setting.task)}
        facts = {"setting": asdict(setting), "recipe": asdict(RECIPE)} | hashes
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        return self.folder / f"{digest[:24]}.json"

    def read(self, setting: Setting) -> dict | None:
        path = self.path(setting)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def keep(self, setting: Setting, found: dict) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        unfinished = self.path(setting).with_suffix(f".{os.getpid()}")
        unfinished.write_text(
            json.dumps(asdict(setting) | found, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        unfinished.replace(self.path(setting))


@cache
def _weights(model: str) -> str:
    return weights_sha256(model)


def run_all(
    wanted: Iterable[Setting], results: Results, seconds: float = float("inf"), most: int | None = None
) -> None:
    """Make the runs that are missing, in order, and begin none after `seconds`. most: see `read_task`."""

    @cache
    def model(name: str) -> tuple[LoadedModel, list[Batch]]:
        loaded = load(ModelSpec(name, "local", str(MODELS / name)))
        return loaded, held_out_text(loaded, most or N_HELD_OUT)

    @cache
    def task(name: str, model_name: str, n_soft_prompts: int) -> TaskData:
        return read_task(name, model(model_name)[0], n_soft_prompts=n_soft_prompts, most=most)

    deadline = time.monotonic() + seconds
    for setting in wanted:
        if time.monotonic() > deadline:
            return
        if results.read(setting):
            continue
        started = time.monotonic()
        loaded, held_out = model(setting.model)
        n_soft_prompts = N_SOFT_PROMPTS if setting.trained == "soft prompts" else 0
        found = measure(loaded, task(setting.task, setting.model, n_soft_prompts), setting, held_out)
        results.keep(setting, found)
        took = time.monotonic() - started
        print(f"{time.strftime('%H:%M:%S')} {took:.0f} s {setting} {found['accuracy']}", flush=True)


def smoke(folder: Path) -> None:
    """Two steps of one setting of each point and task, on a few examples."""
    of_kind = {(one.point, one.task if one.point == 1 else "", one.trained): one for one in settings()}
    short = [replace(one, steps=SMOKE_STEPS, n_labels=min(one.n_labels, 100)) for one in of_kind.values()]
    run_all(short, Results(folder), most=SMOKE_EXAMPLES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=GPTS, default=GPTS)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--points", nargs="+", type=int, default=(1, 2, 3, 4))
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after these")
    parser.add_argument("--backwards", action="store_true", help="the last first, beside another call")
    parser.add_argument("--smoke", action="store_true", help="two steps of each kind, into build/smoke only")
    options = parser.parse_args()
    restart_with_allocator_settings("training.evaluate.fine_tuning")
    torch.set_num_threads(1)
    if options.smoke:
        return smoke(BUILD / "smoke" / "fine_tuning")
    wanted = [
        one
        for one in settings()
        if one.model in options.models and one.task in options.tasks and one.point in options.points
    ]
    run_all(reversed(wanted) if options.backwards else wanted, Results(FOLDER), 60 * options.minutes)


if __name__ == "__main__":
    main()
