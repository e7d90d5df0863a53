"""Where the training commands read and write, how the corpus is read, which weights a figure is of."""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "assets" / "models"
OPEN_ENDED = 10  # every tenth training text
RECORDS = ROOT / "assets" / "records"
BUILD = ROOT / "build"  # ignored by git: corpora, snapshots, logs, process ids


def read_corpus(path: Path) -> list[dict]:
    """The documents of a corpus file: {"kind", "lang", "text", ...}, one JSON object a line."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def training_texts(path: Path, without: tuple[str, ...] = ()) -> list[str]:
    """The texts of a corpus file in order, but for some kinds; every tenth without its closing
    full stop.

    A learner's line often has none, and in tiny-gpt1 「간다」 at the end and 「간다」 before a full stop
    are different tokens: both must have been seen.
    """
    texts = []
    for index, document in enumerate(read_corpus(path)):
        if document["kind"] not in without:
            text = document["text"]
            texts.append(text.removesuffix(".") if index % OPEN_ENDED == 0 else text)
    return texts


def read_record(name: str, folder: Path = RECORDS) -> dict | None:
    """A record of `training.records`, or None where there is none yet."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def weights_sha256(model: str, models: Path = MODELS) -> str:
    """The SHA-256 of an embedded model's weights file, in hexadecimal."""
    return hashlib.sha256((models / model / "model.safetensors").read_bytes()).hexdigest()
