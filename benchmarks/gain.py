"""What pre-training is worth in a default run of 「미세조정」: all layers transferred against none.

    python -m benchmarks.gain [--model tiny-gpt2] [--lang ko] [--seeds 3]

The page's own settings (λ, steps, peak of the learning rate, length, batches of a seed), one set for each of
the four kinds of input. A run in the browser makes the same steps (tests/parity/test_browser_chromium.py),
so these run here, in torch. Accuracy in percent on both of the set's test splits: one of the words that the
labelled sentences have, one of words that none of them has. The bar is on the second: what can be learned
from the labels alone, a run from nothing learns as well (in Korean all of the choices). About 20 minutes.
"""

from __future__ import annotations

import argparse
import sys
from statistics import mean, pstdev

import torch

from app.engine import sets, tasks
from app.engine.finetune import NOTHING, FineTuning, Plan
from app.engine.inputs import grouped_batches
from app.engine.recipe import RECIPE
from app.models import LoadedModel, load
from benchmarks.report import Figure, report
from lessons.fine_tuning.state import State

GAIN_BAR = 20  # points, on each kind
SETS = ("sentiment", "entailment", "similarity", "choice")  # where a press on each kind leads
SPLITS = {"test": "the words of training", "test_new_words": "new words"}


def accuracies(loaded: LoadedModel, name: str, lang: str, n_layers: int, seed: int) -> dict[str, float]:
    """{split: percent that a run with these layers transferred gets right after its last step}."""
    about, default = sets.about(name), State()
    train = tasks.examples(loaded, name, "train", lang, length=tasks.LENGTH)
    plan = Plan(about.kind, 1 + max(one.label for one in train), n_layers, seed=seed)
    run = FineTuning(loaded, plan, default.lambda_)
    for n, batch in enumerate(grouped_batches(train, RECIPE.batch_size, default.steps, seed)):
        run.learning_rate = RECIPE.learning_rate_at(n, default.steps, default.rate)
        next(run.steps([batch]))
    found = {}
    for split in SPLITS:
        test = tasks.examples(loaded, name, split, lang, length=tasks.LENGTH)
        right = run.probabilities(test).argmax(-1) == torch.tensor([one.label for one in test])
        found[split] = 100 * right.float().mean().item()
    return found


def main() -> int:
    """Measure and report -> exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="tiny-gpt2")
    parser.add_argument("--lang", default="ko")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load(options.model)
    figures, samples = [], {}
    for name in SETS:
        runs = {
            n_layers: [
                accuracies(loaded, name, options.lang, n_layers, seed) for seed in range(options.seeds)
            ]
            for n_layers in (NOTHING, loaded.n_layer)
        }
        samples[name] = runs
        note = f"seeds 0 to {options.seeds - 1}, {options.lang}"
        for split, words in SPLITS.items():
            nothing, everything = ([run[split] for run in found] for found in runs.values())
            gains = [b - a for a, b in zip(nothing, everything, strict=True)]
            print(name, split, *(f"{value:+.1f}" for value in gains), flush=True)
            for what, values in (("nothing transferred", nothing), ("everything transferred", everything)):
                told = f"{name}, {words}: {what}"
                figures.append(Figure(told, mean(values), "%", note=f"± {pstdev(values):.1f}"))
            figures.append(Figure("  gain", mean(gains), "%", note=f"± {pstdev(gains):.1f}, {note}"))
        missing = max(GAIN_BAR - mean(gains), 0.0)
        figures.append(Figure(f"  missing to {GAIN_BAR} points", missing, "%", 0.0))
    return report("gain", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
