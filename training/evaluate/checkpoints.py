"""Pre-training as it went, for the lesson's slider: python -m training.evaluate.checkpoints tiny-gpt2

Takes the float16 weights that `pretrain` left at steps 100, 200, 400, …, writes them as int8
(`app.models.quantized`) into assets/models/<name>/checkpoints/, and checkpoints.json beside them: for each
step the tokens seen, the loss on held-out text (nats per token), GPT-1's zero-shot heuristics in percent,
and the best induction head; beside them chance, and the accuracy after fine-tuning the finished model on
1,000 labels, from fine_tuning.json. `--fine-tuned` writes the last anew and leaves the rest.
"""

import argparse
import json
from pathlib import Path

import torch

from app.engine.head_scores import head_scores
from app.models import ModelSpec, load
from app.models.quantized import save_quantized
from training.cpu import be_gentle
from training.evaluate.zero_shot import TASKS, zero_shot_scores
from training.paths import BUILD, MODELS, weights_sha256
from training.pretrain.gpt import heldout_windows, mean_loss
from training.pretrain.tokenizers import read_tokenizer
from training.pretrain.train_tokenizers import LISTS
from training.pretrain.trainer import RECIPES

CHANCE = 50.0  # every task has two answers, equally often right
LARGEST_TOTAL = 25_000_000  # bytes
MOST = 8  # the last ones, each at twice the steps of the one before


def write_checkpoints(name: str, runs: Path, corpus: Path, models: Path, n_examples: int) -> list[dict]:
    """Quantise and measure the last saved steps, in order. Checkpoints of an earlier run are removed."""
    folder = models / name / "checkpoints"
    folder.mkdir(exist_ok=True)
    for path in folder.glob("step-*.safetensors"):
        path.unlink()
    shape = RECIPES[name].shape
    kinds = heldout_windows(corpus / "heldout.jsonl", read_tokenizer(models / name), shape.n_ctx)
    prose = [windows for kind, windows in kinds.items() if kind not in LISTS]
    found = []
    for path in sorted((runs / name).glob("step-*.pt"))[-MOST:]:
        saved = torch.load(path, weights_only=True)
        target = folder / f"{path.stem}.safetensors"
        save_quantized(saved["parameters"], target)
        step = int(path.stem.removeprefix("step-"))
        loaded = load(ModelSpec(name, "local", str(models / name)), step=step, eager=True)
        # as the lesson reads them
        parameters = {key: value.detach() for key, value in loaded.model.state_dict().items()}
        losses = [mean_loss(parameters, shape, windows) for windows in prose]
        found.append(
            {
                "step": step,
                "tokens_seen": saved["tokens_seen"],
                "loss": round(sum(losses) / len(losses), 4),
                "induction": round(max(head.induction for head in head_scores(loaded)), 3),
                "zero_shot": zero_shot_scores(loaded, n_examples),
            }
        )
        print(json.dumps(found[-1]), flush=True)
    return found


def fine_tuned(folder: Path) -> dict[str, float]:
    """Task -> accuracy in percent after fine-tuning everything on 1,000 labels, λ 0 (mean of the seeds).

    λ 0, because a zero-shot heuristic is compared with what the labels alone teach. Empty where
    fine_tuning.json is missing or was measured on other weights.
    """
    path = folder / "fine_tuning.json"
    measured = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if measured.get("weights_sha256") != weights_sha256(folder.name, folder.parent):
        return {}
    n_layer = json.loads((folder / "config.json").read_text(encoding="utf-8"))["n_layer"]
    return {
        task: setting["accuracy"]
        for task in TASKS
        for setting in measured["tasks"].get(task, {"settings": []})["settings"]
        if (setting["n_layers_transferred"], setting["lambda"]) == (n_layer, 0.0)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--runs", type=Path, default=BUILD / "pretrain")
    parser.add_argument("--corpus", type=Path, default=BUILD / "corpus")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--examples", type=int, default=500, help="of each task")
    parser.add_argument("--fine-tuned", action="store_true", help="only copy from fine_tuning.json")
    options = parser.parse_args()
    be_gentle()
    path = options.models / options.name / "checkpoints.json"
    if options.fine_tuned:
        facts = json.loads(path.read_text(encoding="utf-8"))
        facts["fine_tuned"] = fine_tuned(options.models / options.name)
        path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        return
    found = write_checkpoints(options.name, options.runs, options.corpus, options.models, options.examples)
    folder = options.models / options.name
    total = sum(path.stat().st_size for path in (folder / "checkpoints").iterdir())
    if total > LARGEST_TOTAL:
        raise SystemExit(f"the checkpoints take {total:,} bytes, {LARGEST_TOTAL:,} are allowed")
    facts = {
        "examples": options.examples,
        "chance": dict.fromkeys(TASKS, CHANCE),
        "fine_tuned": fine_tuned(folder),
        "checkpoints": found,
    }
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
