"""What pre-training is worth in a default run of 「미세조정」: all layers transferred against none.

    python -m benchmarks.gain [--model tiny-gpt2] [--lang ko] [--seeds 3]

The page's own settings (λ, steps, peak of the learning rate, length, batches of a seed), one set for each of
the four kinds of input. A run in the browser makes the same steps (tests/parity/test_browser_chromium.py),
so these run here, in torch. Accuracy is that of the set's test split, in percent. About 20 minutes.
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
SETS = ("sentiment", "entailment", "similarity", "choice")


def accuracy(loaded: LoadedModel, name: str, lang: str, n_layers: int, seed: int) -> float:
    """Percent of the test split that a run with these layers transferred gets right after its last step."""
    about, default = sets.about(name), State()
    train = tasks.examples(loaded, name, "train", lang, length=tasks.LENGTH)
    test = tasks.examples(loaded, name, "test", lang, length=tasks.LENGTH)
    plan = Plan(about.kind, 1 + max(one.label for one in train), n_layers, seed=seed)
    run = FineTuning(loaded, plan, default.lambda_)
    for n, batch in enumerate(grouped_batches(train, RECIPE.batch_size, default.steps, seed)):
        run.learning_rate = RECIPE.learning_rate_at(n, default.steps, default.rate)
        next(run.steps([batch]))
    found = run.probabilities(test).argmax(-1)
    return 100 * (found == torch.tensor([one.label for one in test])).float().mean().item()


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
        found = {
            n_layers: [accuracy(loaded, name, options.lang, n_layers, seed) for seed in range(options.seeds)]
            for n_layers in (NOTHING, loaded.n_layer)
        }
        samples[name] = found
        (nothing, everything), note = found.values(), f"seeds 0 to {options.seeds - 1}, {options.lang}"
        gains = [b - a for a, b in zip(nothing, everything, strict=True)]
        for what, values in (("nothing transferred", nothing), ("everything transferred", everything)):
            figures.append(Figure(f"{name}: {what}", mean(values), "%", note=f"± {pstdev(values):.1f}"))
        print(name, *(f"{value:+.1f}" for value in gains), flush=True)
        missing = GAIN_BAR - mean(gains)
        figures += [
            Figure("  gain", mean(gains), "%", note=f"± {pstdev(gains):.1f}, {note}"),
            Figure(f"  missing to {GAIN_BAR} points", max(missing, 0.0), "%", 0.0),
        ]
    return report("gain", figures, samples)


if __name__ == "__main__":
    sys.exit(main())
