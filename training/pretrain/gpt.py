"""Pre-train one of the GPTs: python -m training.pretrain.gpt tiny-gpt2 --documents 600000 --until 17:15

Runs in the background for hours on one thread at the lowest priority. It may be paused (SIGSTOP, SIGCONT),
stopped (SIGTERM: it saves first) and started again with the same or other limits: it goes on from its last
snapshot. Below `--out` it keeps, per model, `snapshot.pt` (weights, AdamW's moments, place in the corpus),
`step-*.pt` (float16 weights at steps 100, 200, 400, …) and `log.jsonl` (one line per report), and beside
`--out` its process id in `<name>.pid`.
"""

import argparse
import json
import os
import signal
import time
from datetime import datetime
from pathlib import Path

import torch

from training.cpu import be_gentle, faster_dtype, restart_with_allocator_settings
from training.paths import BUILD, MODELS, read_corpus, training_texts
from training.pretrain.export import exported_state
from training.pretrain.model import Parameters, Shape, loss
from training.pretrain.tokenizers import read_tokenizer
from training.pretrain.trainer import RECIPES, Trainer, learning_rate
from training.pretrain.windows import Documents, Windows, encode_documents, pack

FIRST_CHECKPOINT = 100  # then at every doubling
REPORT_STEPS = 200
SNAPSHOT_SECONDS = 180
N_HELDOUT_WINDOWS = 128  # of each kind of document


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument(
        "--documents", type=int, required=True, help="stop when so many documents have been read (all epochs)"
    )
    parser.add_argument(
        "--until", help="HH:MM of today: be done by then, with the decay, even if documents are left"
    )
    parser.add_argument(
        "--corpus", type=Path, default=BUILD / "corpus", help="folder with train.jsonl and heldout.jsonl"
    )
    parser.add_argument("--tokenizers", type=Path, default=MODELS, help="folder with <name>/tokenizer.json")
    parser.add_argument("--out", type=Path, default=BUILD / "pretrain")
    parser.add_argument(
        "--exported", type=Path, help="where no snapshot is, go on from <folder>/<name>, e.g. assets/models"
    )
    parser.add_argument(
        "--new-corpus", action="store_true", help="the corpus is not the one read so far: begin at its start"
    )
    options = parser.parse_args()
    restart_with_allocator_settings("training.pretrain.gpt")
    be_gentle()
    pretrain(
        options.name,
        options.corpus,
        options.tokenizers,
        options.out,
        options.documents,
        options.until,
        options.exported,
        options.new_corpus,
    )


def pretrain(
    name: str,
    corpus: Path,
    tokenizers: Path,
    out: Path,
    n_documents: int,
    until: str | None = None,
    exported: Path | None = None,
    new_corpus: bool = False,
) -> Trainer:
    """Train, or go on training, until `n_documents` are read or the clock says `until` ("HH:MM").

    exported: where no snapshot is, go on from <exported>/<name>, with AdamW starting anew.
    new_corpus: the first start with another corpus; later starts go on in it.
    """
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = read_tokenizer(tokenizers / name)
    recipe = RECIPES[name]
    trainer = Trainer(recipe, encode_documents(training_texts(corpus / "train.jsonl"), tokenizer))
    heldout = heldout_windows(corpus / "heldout.jsonl", tokenizer, recipe.shape.n_ctx)
    if (folder / "snapshot.pt").exists():
        trainer.restore(torch.load(folder / "snapshot.pt", weights_only=True), new_corpus)
    elif exported:
        trainer.restore(exported_state(exported / name), new_corpus)
    trainer.dtype = faster_dtype(lambda dtype: _forward_and_backward(trainer, dtype))
    clock = Clock(n_documents, until)
    stop = _stop_on_sigterm()
    pid_file = out.parent / f"{name}.pid"  # where `make bench` looks for trainers to pause
    pid_file.write_text(f"{os.getpid()}\n")
    try:
        _loop(trainer, clock, heldout, folder, stop)
    finally:
        pid_file.unlink()
    return trainer


def _loop(
    trainer: Trainer, clock: "Clock", heldout: dict[str, Windows], folder: Path, stop: list[int]
) -> None:
    saved = reported = time.time()
    losses: list[float] = []
    while not stop and (share_done := clock.share_done(trainer)) < 1:
        started = time.time()
        losses.append(trainer.step(share_done))
        trainer.seconds += time.time() - started
        if trainer.step_number in _checkpoint_steps():
            save(
                _half(trainer.parameters) | {"tokens_seen": trainer.tokens_seen},
                folder / f"step-{trainer.step_number:06d}.pt",
            )
        if trainer.step_number % REPORT_STEPS == 0:
            seconds, reported = time.time() - reported, time.time()
            _report(trainer, share_done, losses, seconds, heldout, folder)
            losses = []
        if time.time() - saved > SNAPSHOT_SECONDS:
            save(trainer.state(), folder / "snapshot.pt")
            saved = time.time()
    save(trainer.state(), folder / "snapshot.pt")


class Clock:
    """How much of a run is done: by documents, or by the time of day when that is further."""

    def __init__(self, n_documents: int, until: str | None):
        self.n_documents = n_documents
        self.ends = None
        if until:
            hour, minute = map(int, until.split(":"))
            self.ends = datetime.now().replace(hour=hour, minute=minute, second=0, microsecond=0).timestamp()

    def share_done(self, trainer: Trainer) -> float:
        by_documents = trainer.documents_read / self.n_documents
        if self.ends is None:
            return by_documents
        left = max(0.0, self.ends - time.time())
        return max(by_documents, trainer.seconds / max(1e-9, trainer.seconds + left))


def heldout_windows(path: Path, tokenizer, n_ctx: int) -> dict[str, Windows]:
    """The first held-out windows of each kind of document."""
    texts: dict[str, list[str]] = {}
    for document in read_corpus(path):
        texts.setdefault(document["kind"], []).append(document["text"])
    packed = {}
    for kind, of_kind in texts.items():
        documents: Documents = encode_documents(of_kind, tokenizer)
        windows = pack(documents, range(len(documents)), n_ctx)
        if len(windows):
            rows = slice(0, N_HELDOUT_WINDOWS)
            packed[kind] = Windows(windows.ids[rows], windows.targets[rows], windows.documents_read[rows])
    return packed


@torch.no_grad()
def mean_loss(
    parameters: Parameters, shape: Shape, windows: Windows, dtype: torch.dtype = torch.float32
) -> float:
    """L1 on `windows`, in nats per token."""
    ids, targets = (torch.from_numpy(part).long() for part in (windows.ids, windows.targets))  # (W, T)
    parts = zip(ids.split(16), targets.split(16), strict=True)
    return sum(len(i) * loss(parameters, shape, i, t, dtype).item() for i, t in parts) / len(ids)


def _report(
    trainer: Trainer,
    share_done: float,
    losses: list[float],
    seconds: float,
    heldout: dict[str, Windows],
    folder: Path,
) -> None:
    recipe = trainer.recipe
    line = {
        "time": datetime.now().strftime("%Y-%m-%d %H:%M:%S"),
        "step": trainer.step_number,
        "tokens": trainer.tokens_seen,
        "documents": trainer.documents_read,
        "share_done": round(share_done, 4),
        "learning_rate": learning_rate(recipe, trainer.updates_of_optimizer, share_done),
        "tokens_per_second": round(len(losses) * recipe.windows_per_step * recipe.shape.n_ctx / seconds),
        "loss": round(sum(losses) / len(losses), 4),
        "heldout": {
            kind: round(mean_loss(trainer.parameters, recipe.shape, windows, trainer.dtype), 4)
            for kind, windows in (heldout.items() if trainer.step_number % (5 * REPORT_STEPS) == 0 else ())
        },
    }
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def save(state: dict, path: Path) -> None:
    """Write beside and rename: a run stopped in the middle of saving keeps its last good file."""
    unfinished = path.with_suffix(".unfinished")
    torch.save(state, unfinished)
    unfinished.replace(path)


def _half(parameters: Parameters) -> dict:
    return {"parameters": {name: p.detach().half() for name, p in parameters.items()}}


def _checkpoint_steps() -> set[int]:
    return {FIRST_CHECKPOINT * 2**k for k in range(12)}


def _forward_and_backward(trainer: Trainer, dtype: torch.dtype) -> None:
    rows = slice(0, trainer.recipe.windows_per_step)
    ids, targets = (
        torch.from_numpy(part[rows]).long() for part in (trainer.windows.ids, trainer.windows.targets)
    )
    loss(trainer.parameters, trainer.recipe.shape, ids, targets, dtype).backward()
    trainer.optimizer.zero_grad(set_to_none=True)


def _stop_on_sigterm() -> list[int]:
    """A list that stays empty until someone asks the process to stop."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda signum, frame: asked.append(signum))
    return asked


if __name__ == "__main__":
    main()
