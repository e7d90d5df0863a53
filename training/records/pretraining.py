"""The record of pre-training: what each checkpoint of tiny-gpt2 and the finished model know, on one axis.

For each: updates, tokens read, the loss on the held-out sentences of assets/datasets, the previous-token and
induction score of every head, and GPT-1's zero-shot heuristics on the `test` splits (Figure 2, right), in
percent and between chance (0) and the fine-tuned score of the same model (1). The fine-tuned score is that of
the record `fine_tuning`: everything transferred, λ 0, the mean of its seeds. What stands in checkpoints.json,
measured with the whole corpus at hand, is copied with its command.
"""

from __future__ import annotations

import json
from typing import Any

from app.engine import sets
from app.engine.head_scores import head_scores
from app.engine.log_probs import log_probs
from app.engine.memory import SHARED
from app.engine.zero_shot import TASKS
from app.engine.zero_shot_sets import CHANCE
from app.models import LoadedModel, ModelSpec, load
from training.evaluate.checkpoints import fine_tuned
from training.evaluate.zero_shot import LANGUAGES, Scores, zero_shot_scores
from training.paths import MODELS, read_record
from training.records.recorder import Point, Recorder

MODEL = "tiny-gpt2"
SPLIT = "test"
N_EXAMPLES = 200  # of each task and language: all of the split
SCORES = ("previous", "induction")
AGAIN = 6400  # the checkpoint that a test measures anew


def model_at(step: int | None) -> LoadedModel:
    """The finished model is step None."""
    return load(ModelSpec(MODEL, "local", str(MODELS / MODEL)), step=step)


def held_out_loss(loaded: LoadedModel) -> float:
    """Nats per token of all held-out sentences, each after end-of-text; both languages together."""
    total, n_tokens = 0.0, 0
    for lang in LANGUAGES:
        for text in sets.held_out(lang):
            ids = [loaded.eot_id, *loaded.tokenizer.encode(text)]
            total -= log_probs(loaded, ids).sum
            n_tokens += len(ids) - 1
    SHARED.clear()
    return total / n_tokens


def scores_of_heads(loaded: LoadedModel) -> dict[str, list[list[float]]]:
    """{score: (n_layer, n_head)} on the random lists."""
    heads = head_scores(loaded)
    return {
        name: [
            [round(getattr(head, name), 3) for head in heads if head.layer == layer]
            for layer in range(loaded.n_layer)
        ]
        for name in SCORES
    }


def normalised(accuracy: float, fine_tuned_accuracy: float) -> float:
    """0 at chance, 1 at the fine-tuned score; below and above can happen."""
    return round((accuracy - CHANCE) / (fine_tuned_accuracy - CHANCE), 3)


def between(zero_shot: Scores, tuned: Scores) -> Scores:
    """The accuracies of every way of asking, normalised to the fine-tuned score of their language."""
    return {
        task: {name: normalised(value, tuned[task][name[:2]]) for name, value in by_name.items()}
        for task, by_name in zero_shot.items()
        if task in tuned
    }


def measure_one(step: int | None, tuned: Scores) -> dict[str, Any]:
    """A row of the record but for what is copied."""
    loaded = model_at(step)
    zero_shot = zero_shot_scores(loaded, N_EXAMPLES, split=SPLIT)
    return {
        "held_out_loss": round(held_out_loss(loaded), 4),
        "heads": scores_of_heads(loaded),
        "zero_shot": zero_shot,
        "normalised": between(zero_shot, tuned),
    }


def measure() -> dict[str, Any]:
    """A few minutes on one core."""
    folder = MODELS / MODEL
    known = json.loads((folder / "checkpoints.json").read_text(encoding="utf-8"))
    progress = json.loads((folder / "training.json").read_text(encoding="utf-8"))["progress"]
    tuned = fine_tuned(MODEL)
    points = [
        {
            "step": one["step"],
            "tokens": one["tokens_seen"],
            "loss": one["loss"],
            **measure_one(one["step"], tuned),
        }
        for one in known["checkpoints"]
    ]
    final = {
        "step": progress["step_number"],
        "tokens": progress["tokens_seen"],
        "loss": None,
        **measure_one(None, tuned),
    }
    record = read_record("fine_tuning") or {}
    return {
        "model": MODEL,
        "split": SPLIT,
        "examples": N_EXAMPLES,
        "held_out": sum(len(sets.held_out(lang)) for lang in LANGUAGES),
        "chance": dict.fromkeys(TASKS, CHANCE),
        "fine_tuned": tuned,
        "fine_tuned_from": {name: record.get(name) for name in ("record", "command", "date", "seeds")},
        "copied": {
            "what": "loss: on the held-out part of the corpus, nats per token",
            "from": f"assets/models/{MODEL}/checkpoints.json",
            "command": known["command"],
            "date": known["date"],
            "weights_sha256": known["weights_sha256"],
        },
        "checkpoints": points,
        "final": final,
    }


def measure_again(data: dict[str, Any]) -> list[Point]:
    """One checkpoint: loss, best induction head, and one task in one language."""
    recorded = next(one for one in data["checkpoints"] if one["step"] == AGAIN)
    loaded = model_at(AGAIN)
    found = [
        ("loss", held_out_loss(loaded), recorded["held_out_loss"], 0.002),
        ("induction", best_head(scores_of_heads(loaded)), best_head(recorded["heads"]), 0.005),
    ]
    choice = zero_shot_scores(loaded, N_EXAMPLES, tasks=["choice"], split=SPLIT)["choice"]
    found += [(lang, choice[lang], recorded["zero_shot"]["choice"][lang], 1.0) for lang in LANGUAGES]
    return [
        Point(f"{what} at {AGAIN}", now, then - spread, then + spread) for what, now, then, spread in found
    ]


def best_head(heads: dict[str, list[list[float]]]) -> float:
    """The largest induction score of all heads."""
    return max(map(max, heads["induction"]))


RECORDER = Recorder(
    measure,
    measure_again,
    {
        "split": SPLIT,
        "examples": N_EXAMPLES,
        "held_out": "assets/datasets/held_out.jsonl",
        "heads": "32 random lists, each said twice, seed 0 (app.engine.head_scores)",
        "fine_tuned": "record fine_tuning, point gain: all layers, λ 0, mean of the seeds",
    },
    seeds=(0,),
    models=(MODEL,),
)
