"""Pre-train tiny-bert on the prose of the corpus: python -m training.pretrain.bert --tokens 20000000

It reads tiny-gpt2's tokenizer and writes assets/models/tiny-bert (float16) at the end. Every three minutes a
snapshot goes to `--out`/tiny-bert; the same command goes on from there. One thread, lowest priority.
"""

import argparse
import json
import os
import shutil
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from training.cpu import be_gentle, faster_dtype, restart_with_allocator_settings
from training.paths import BUILD, MODELS, training_texts
from training.pretrain.gpt import SNAPSHOT_SECONDS, save
from training.pretrain.masked import (
    PADDING_ID,
    MaskedRecipe,
    batches,
    begins_word,
    hide,
    masked_loss,
    new_model,
    rows_of,
)
from training.pretrain.tokenizers import read_tokenizer
from training.pretrain.train_tokenizers import LISTS
from training.pretrain.windows import encode_documents

NAME = "tiny-bert"
TOKENIZER_OF = "tiny-gpt2"
REPORT_STEPS = 200


def learning_rate(recipe: MaskedRecipe, share_done: float) -> float:
    """Linear up over the first `warmup_share` of the run, then linear to zero."""
    up = (share_done + 1e-3) / recipe.warmup_share
    down = (1 - share_done) / (1 - recipe.warmup_share)
    return recipe.peak_learning_rate * min(up, down, 1.0)


def pretrain_bert(
    corpus: Path, tokenizer_folder: Path, out: Path, n_tokens: int, recipe: MaskedRecipe
) -> tuple[torch.nn.Module, dict]:
    """Train, or go on training, until `n_tokens` (without padding) are read -> the model, the progress."""
    tokenizer = read_tokenizer(tokenizer_folder)
    begins = begins_word(tokenizer)
    rows = rows_of(encode_documents(training_texts(corpus / "train.jsonl", LISTS), tokenizer))
    model = new_model(recipe).train()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=recipe.weight_decay, betas=(0.9, 0.98))
    progress = {"step_number": 0, "tokens_seen": 0, "seconds": 0.0, "epoch": 0, "batch": 0}
    snapshot = out / NAME / "snapshot.pt"
    if snapshot.exists():
        state = torch.load(snapshot, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        progress = state["progress"]
    snapshot.parent.mkdir(parents=True, exist_ok=True)

    def gradients(ids: np.ndarray, dtype: torch.dtype) -> float:
        rng = np.random.default_rng([recipe.seed, progress["step_number"]])
        shown, targets = map(torch.from_numpy, hide(ids, begins, rng, recipe.vocab_size))
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            value = masked_loss(model, shown, targets)
        value.backward()
        return value.item()

    def state() -> dict:
        return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "progress": progress}

    first = next(batches(rows, recipe, 0))
    dtype = faster_dtype(lambda dtype: gradients(first, dtype))
    optimizer.zero_grad(set_to_none=True)
    saved, losses = time.time(), []
    while progress["tokens_seen"] < n_tokens:
        for index, ids in enumerate(batches(rows, recipe, progress["epoch"])):
            if index < progress["batch"]:
                continue
            if progress["tokens_seen"] >= n_tokens:
                break
            started = time.time()
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(recipe, progress["tokens_seen"] / n_tokens)
            losses.append(gradients(ids, dtype))
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.largest_gradient_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            progress["step_number"] += 1
            progress["batch"] = index + 1
            progress["tokens_seen"] += int((ids != PADDING_ID).sum())
            progress["seconds"] += time.time() - started
            if progress["step_number"] % REPORT_STEPS == 0:
                print(json.dumps(progress | {"loss": round(float(np.mean(losses)), 4)}), flush=True)
                losses = []
            if time.time() - saved > SNAPSHOT_SECONDS:
                save(state(), snapshot)
                saved = time.time()
        else:
            progress["epoch"], progress["batch"] = progress["epoch"] + 1, 0
    save(state(), snapshot)
    return model.eval(), progress


def export_bert(
    model: torch.nn.Module, progress: dict, n_tokens: int, recipe: MaskedRecipe, tokenizer: Path, folder: Path
) -> None:
    """Write config, float16 weights, tokenizer and training.json, as plain `transformers` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # transformers writes it for its owner alone
    shutil.copy(tokenizer / "tokenizer.json", folder)
    facts = json.loads((tokenizer / "tokenizer_config.json").read_text(encoding="utf-8"))
    facts["model_max_length"] = model.config.max_position_embeddings
    for name, content in (
        ("tokenizer_config.json", facts),
        (
            "training.json",
            {
                "recipe": asdict(recipe),
                "tokens": n_tokens,
                "progress": progress,
                "n_parameters": sum(p.numel() for p in model.parameters()),
            },
        ),
    ):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, required=True, help="how many to read, padding not counted")
    parser.add_argument("--corpus", type=Path, default=BUILD / "corpus")
    parser.add_argument("--out", type=Path, default=BUILD / "pretrain", help="for snapshots")
    parser.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args()
    restart_with_allocator_settings("training.pretrain.bert")
    be_gentle()
    recipe = MaskedRecipe()
    pid_file = options.out.parent / f"{NAME}.pid"  # where `make bench` looks for trainers to pause
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.write_text(f"{os.getpid()}\n")
    try:
        tokenizer = options.models / TOKENIZER_OF
        model, progress = pretrain_bert(options.corpus, tokenizer, options.out, options.tokens, recipe)
    finally:
        pid_file.unlink()
    export_bert(model, progress, options.tokens, recipe, tokenizer, options.models / NAME)


if __name__ == "__main__":
    main()
