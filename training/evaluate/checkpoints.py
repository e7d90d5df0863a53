"""Pre-training as it went, for the lesson's slider: python -m training.evaluate.checkpoints tiny-gpt2

Takes the float16 weights that `pretrain` left at steps 100, 200, 400, …, writes them as int8
(`app.models.quantized`) into assets/models/<name>/checkpoints/, and checkpoints.json beside them: for each
step the tokens seen, the loss on held-out text (nats per token), the best induction head, and GPT-1's
zero-shot heuristics on the `dev` splits in percent; the same for the finished weights ("final"); chance, the
accuracy after fine-tuning (from the record `fine_tuning`), and how surely the heuristics rise with the
steps. `--zero-shot [TASK …]` measures the heuristics anew on the checkpoints that are there; `--fine-tuned`
only copies from the record.
"""

import argparse
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import correlation, mean

import torch

from app.engine.head_scores import head_scores
from app.models import ModelSpec, load
from app.models.quantized import save_quantized
from training.evaluate.zero_shot import LANGUAGES, TASKS, Scores, zero_shot_scores
from training.paths import BUILD, MODELS, read_record, weights_sha256
from training.pretrain.gpt import heldout_windows, mean_loss
from training.pretrain.tokenizers import read_tokenizer
from training.pretrain.train_tokenizers import LISTS
from training.pretrain.trainer import RECIPES

CHANCE = 50.0  # every task has two answers, equally often right
LARGEST_TOTAL = 25_000_000  # bytes
MOST = 8  # the last ones, each at twice the steps of the one before


def write_checkpoints(name: str, runs: Path, corpus: Path, models: Path) -> list[dict]:
    """Quantise the last saved steps and measure them, in order. Checkpoints of an earlier run are removed."""
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
            }
        )
    return found


def with_zero_shot(
    name: str, measured: Sequence[dict], models: Path, n_examples: int, tasks: Sequence[str]
) -> list[dict]:
    """The checkpoints in order, and the finished weights as step None, each with its heuristics' accuracy on
    the tasks; what was measured of others stays."""
    found = []
    for checkpoint in measured:
        spec = ModelSpec(name, "local", str(models / name))
        loaded = load(spec) if checkpoint["step"] is None else load(spec, step=checkpoint["step"])
        scores = checkpoint.get("zero_shot", {}) | zero_shot_scores(loaded, n_examples, tasks=tasks)
        found.append(checkpoint | {"zero_shot": {task: scores[task] for task in TASKS if task in scores}})
        print(json.dumps(found[-1], ensure_ascii=False), flush=True)
    return found


def rises(checkpoints: Sequence[dict]) -> Scores:
    """Spearman's correlation of the heuristics' accuracy with the step, by task and language.

    A rank correlation is the same with the logarithm of the steps. Equal accuracies share their rank; where
    all are equal there is none, and it is given as 0.
    """
    steps = _ranks([one["step"] for one in checkpoints])
    tables = {task: list(by_language) for task, by_language in checkpoints[0]["zero_shot"].items()}
    return {
        task: {
            lang: _correlation(steps, _ranks([one["zero_shot"][task][lang] for one in checkpoints]))
            for lang in languages
        }
        for task, languages in tables.items()
    }


def _ranks(values: Sequence[float]) -> list[float]:
    """1 for the smallest; equal ones share the mean of their ranks."""
    return [sum(a < b for a in values) + (sum(a == b for a in values) + 1) / 2 for b in values]


def _correlation(a: Sequence[float], b: Sequence[float]) -> float:
    return round(correlation(a, b), 3) if len({*a}) > 1 and len({*b}) > 1 else 0.0


def fine_tuned(name: str) -> Scores:
    """Accuracy in percent on `test` after fine-tuning everything at λ 0, the mean of the seeds, by language.

    λ 0, because a zero-shot heuristic is compared with what the labels alone teach. Empty where there is no
    record of these weights.
    """
    record = read_record("fine_tuning")
    if not record or record["weights"].get(name) != weights_sha256(name):
        return {}
    rows = [
        row
        for row in record["data"]["gain"]
        if row["model"] == name and row["task"] in TASKS and row["n_layers_transferred"] >= 0
    ]
    return {
        row["task"]: {
            lang: round(mean(one["test"][lang] for one in row["by_seed"].values()), 1) for lang in LANGUAGES
        }
        for row in rows
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--runs", type=Path, default=BUILD / "pretrain")
    parser.add_argument("--corpus", type=Path, default=BUILD / "corpus")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--examples", type=int, default=200, help="of each task and language")
    parser.add_argument(
        "--zero-shot", nargs="*", choices=TASKS, help="only these heuristics, on the checkpoints there"
    )
    parser.add_argument("--fine-tuned", action="store_true", help="only copy from the record")
    options = parser.parse_args()
    torch.set_num_threads(1)
    folder = options.models / options.name
    path = folder / "checkpoints.json"
    facts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"checkpoints": []}
    if not options.fine_tuned:
        checkpoints = facts["checkpoints"]
        if options.zero_shot is None:
            checkpoints = write_checkpoints(options.name, options.runs, options.corpus, options.models)
            total = sum(file.stat().st_size for file in (folder / "checkpoints").iterdir())
            if total > LARGEST_TOTAL:
                raise SystemExit(f"the checkpoints take {total:,} bytes, {LARGEST_TOTAL:,} are allowed")
        measured = [*checkpoints, {"step": None, "zero_shot": facts.get("final", {})}]
        tasks = options.zero_shot or TASKS
        *checkpoints, final = with_zero_shot(options.name, measured, options.models, options.examples, tasks)
        facts = {
            "command": f"python -m training.evaluate.checkpoints {options.name}"
            + ("" if options.zero_shot is None else " --zero-shot"),
            "date": date.today().isoformat(),
            "weights_sha256": weights_sha256(options.name, options.models),
            "split": "dev",
            "examples": options.examples,
            "chance": dict.fromkeys(TASKS, CHANCE),
            "rises": rises(checkpoints) if checkpoints else {},
            "final": final["zero_shot"],
            "checkpoints": checkpoints,
        }
    facts["fine_tuned"] = fine_tuned(options.name)
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
