"""What pre-training is worth, measured: python -m training.evaluate.fine_tuning tiny-gpt2 --minutes 30

Fine-tunes on 1,000 labels of each downstream task, with 3 seeds, and reports the accuracy on its test split:
everything transferred against nothing, λ ∈ {0, 0.5, 1}, and the embeddings and the first 1, 2, … layers
transferred. The most important comparisons come first; when the time is up, the rest is listed as left out.
"""

import argparse
import json
import random
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from statistics import mean

from app.engine.finetune import NOTHING, FineTuning, Plan
from app.engine.inputs import Example, shuffled_batches
from app.models import LoadedModel, ModelSpec, load
from training.cpu import be_gentle, restart_with_allocator_settings
from training.evaluate.downstream import TaskData, read_task, task_names
from training.paths import BUILD, MODELS, weights_sha256

N_LABELS = 1000
SEEDS = (0, 1, 2)
N_EPOCHS = 3
BATCH_SIZE = 32
PEAK_LEARNING_RATE = 6.25e-4  # ten times the paper's, for models about forty times smaller
WARM_UP = 0.1  # share of the steps; a linear decay to 0 follows, as in GPT-1, section 4.1
USUAL_LAMBDA = 0.5
LAMBDAS = (USUAL_LAMBDA, 0.0, 1.0)


@dataclass(frozen=True)
class Setting:
    """What is compared. See `app.engine.finetune.Plan` for `n_layers_transferred`."""

    n_layers_transferred: int
    lambda_: float


def settings(n_layer: int) -> list[Setting]:
    """All comparisons, the most important first."""
    gain = [Setting(k, lambda_) for lambda_ in LAMBDAS for k in (n_layer, NOTHING)]
    fewer_layers = [Setting(k, USUAL_LAMBDA) for k in range(n_layer)]
    return gain + fewer_layers


def learning_rate(step: int, n_steps: int) -> float:
    """Linear warm-up to the peak, then linear decay. `step` counts from 0; no step has the rate 0."""
    n_warm_up = max(1, round(WARM_UP * n_steps))
    return PEAK_LEARNING_RATE * min((step + 1) / n_warm_up, (n_steps - step) / (n_steps - n_warm_up + 1))


def fine_tune(loaded: LoadedModel, task: TaskData, setting: Setting, n_labels: int, seed: int) -> FineTuning:
    """One run on `n_labels` training examples drawn with `seed`, `N_EPOCHS` times."""
    chosen = random.Random(seed).sample(task.train, min(n_labels, len(task.train)))
    plan = Plan(task.kind, task.n_labels, setting.n_layers_transferred, seed=seed)
    run = FineTuning(loaded, plan, setting.lambda_)
    batches = list(shuffled_batches(chosen, BATCH_SIZE, N_EPOCHS, seed))
    for step, batch in enumerate(batches):
        run.learning_rate = learning_rate(step, len(batches))
        list(run.steps([batch]))
    return run


def accuracy(run: FineTuning, examples: Sequence[Example]) -> float:
    """In percent."""
    guesses = run.probabilities(examples).argmax(-1).tolist()
    return 100 * mean(guess == example.label for guess, example in zip(guesses, examples, strict=True))


def compare(
    loaded: LoadedModel,
    tasks: Mapping[str, TaskData],
    seconds: float = float("inf"),
    n_labels: int = N_LABELS,
    seeds: Sequence[int] = SEEDS,
) -> dict:
    """All settings on all tasks, as far as the time goes: accuracies in percent, ready for JSON."""
    found = {
        name: {"test_examples": len(task.test), "majority": round(task.majority, 1), "settings": []}
        for name, task in tasks.items()
    }
    left_out = []
    deadline, slowest = time.monotonic() + seconds, 0.0
    for setting, (name, task) in product(settings(loaded.n_layer), tasks.items()):
        row = {"n_layers_transferred": setting.n_layers_transferred, "lambda": setting.lambda_}
        started = time.monotonic()
        if started + slowest > deadline:
            left_out.append({"task": name} | row)
            continue
        by_seed = [accuracy(fine_tune(loaded, task, setting, n_labels, seed), task.test) for seed in seeds]
        row |= {"accuracy": round(mean(by_seed), 1), "by_seed": [round(one, 1) for one in by_seed]}
        found[name]["settings"].append(row)
        slowest = max(slowest, time.monotonic() - started)
        print(f"{name}: {row}, {time.monotonic() - started:.0f} s", flush=True)
    return {"labels": n_labels, "seeds": list(seeds), "tasks": found, "left_out": left_out}


def joined(before: dict, found: dict) -> dict:
    """The figures of an earlier run on the same weights, labels and seeds, and those of this one, which
    count where both have a task. Raises ValueError when they do not belong together.
    """
    if any(before[key] != found[key] for key in ("model", "weights_sha256", "labels", "seeds")):
        raise ValueError("other weights, labels or seeds than in the file: measure into another --out")
    kept = {name: task for name, task in before["tasks"].items() if name not in found["tasks"]}
    left_out = [one for one in before["left_out"] if one["task"] in kept]
    return found | {
        "command": f"{before['command']}; {found['command']}",
        "tasks": kept | found["tasks"],
        "left_out": left_out + found["left_out"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="a folder of assets/models")
    parser.add_argument("--tasks", nargs="+", choices=task_names(), default=task_names())
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing new after these")
    parser.add_argument("--labels", type=int, default=N_LABELS)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many")
    parser.add_argument("--out", type=Path, help="default: build/fine_tuning/<name>.json")
    parser.add_argument(
        "--add", action="store_true", help="keep the other tasks that --out already has for these weights"
    )
    options = parser.parse_args()
    restart_with_allocator_settings("training.evaluate.fine_tuning")
    be_gentle()
    folder = MODELS / options.name
    loaded = load(ModelSpec(options.name, "local", str(folder)))
    tasks = {name: read_task(name, loaded) for name in options.tasks}
    found = {
        "model": options.name,
        "weights_sha256": weights_sha256(options.name),
        "command": shlex.join(["python", "-m", "training.evaluate.fine_tuning", *sys.argv[1:]]),
        "date": date.today().isoformat(),
    } | compare(loaded, tasks, 60 * options.minutes, options.labels, range(options.seeds))
    out = options.out or BUILD / "fine_tuning" / f"{options.name}.json"
    if options.add and out.exists():
        found = joined(json.loads(out.read_text(encoding="utf-8")), found)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
