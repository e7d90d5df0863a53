"""What a browser that trains reads from this server: graphs, weights, tokenised sets, the recipe.

    /browser/<hash>/manifest.json                        sizes, orders, names, the recipe and the sets
    /browser/<hash>/tiny-gpt2-8x1x32.onnx                a graph, as committed
    /browser/<hash>/tiny-gpt2/weights.safetensors        float16, as committed
    /browser/<hash>/tiny-gpt2/sentiment.json             a set as token ids; dev and test splits also as texts
    /browser/<hash>/tiny-gpt2/world.json                 held-out lines, beginnings and the vocabulary

The hash is that of everything they are made of, so a browser keeps them for ever. They are made when they are
first asked for. Needs neither torch nor onnx.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

from app.engine.recipe import RECIPE
from app.models import ModelSpec, ReadableTokenizer
from app.models.loading import load_tokenizer
from app.models.registry import EMBEDDED, MODELS_FOLDER

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "assets" / "browser"
DATASETS = ROOT / "assets" / "datasets"
N_HELD_OUT = 20  # lines of each language
BEGINNINGS = {
    "ko": ("나는 오늘", "어제 저녁에 엄마가", "주말에 도서관에"),
    "en": ("Today I", "My friend and I", "At school we"),
}

Make = Callable[[], bytes]


def files() -> dict[str, Make]:
    """{name below the hash: makes its content}."""
    made: dict[str, Make] = {"manifest.json": manifest}
    made |= {path.name: path.read_bytes for path in sorted(FOLDER.glob("*.onnx"))}
    for model in EMBEDDED:
        made[f"{model}/weights.safetensors"] = (MODELS_FOLDER / model / "model.safetensors").read_bytes
        made[f"{model}/world.json"] = partial(world, model)
        made |= {f"{model}/{name}.json": partial(task, model, name) for name in _index()}
    return made


@cache
def edition() -> str:
    """The hash in their addresses. Weights and graphs are told apart by the hashes in the manifest."""
    told = hashlib.sha256(Path(__file__).read_bytes() + repr(RECIPE).encode())
    paths = [FOLDER / "manifest.json", *sorted(DATASETS.rglob("*.json*"))]
    paths += [MODELS_FOLDER / model / "tokenizer.json" for model in EMBEDDED]
    for path in paths:
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()[:16]


def manifest() -> bytes:
    """The committed manifest, the recipe, and which sets there are."""
    committed = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return _json(committed | {"recipe": asdict(RECIPE), "sets": _index()})


def task(model: str, name: str) -> bytes:
    """A set: {"kind", "labels", "label_tokens", "languages", "splits", "texts"}.

    splits: {split: [[language, group, label, ids of the first field, …]]}, the language as an index.
    texts: {split: [[field, …]]} of the splits that are shown, row by row.
    """
    facts, encode = _index()[name], _tokenizer(model).encode
    languages = facts["languages"]
    splits = {split: _read(DATASETS / name / f"{split}.jsonl") for split in facts["sizes"]}
    return _json(
        {
            "kind": facts["kind"],
            "labels": facts["labels"],
            # as the first token after a word, which in both vocabularies is a word of its own
            "label_tokens": {
                lang: [encode(f"a {word}")[-1] for word in words] for lang, words in facts["labels"].items()
            },
            "languages": languages,
            "splits": {
                split: [
                    [languages.index(row["lang"]), row["group"], row["label"], *map(encode, row["fields"])]
                    for row in rows
                ]
                for split, rows in splits.items()
            },
            "texts": {
                split: [row["fields"] for row in rows] for split, rows in splits.items() if split != "train"
            },
        }
    )


def world(model: str) -> bytes:
    """{"held_out", "beginnings", "vocabulary", "in_bytes"} of a model.

    held_out: [{"lang", "ids"}], documents that it never read, each after end-of-text as in pre-training.
    beginnings: [{"lang", "text", "ids"}] to go on from. vocabulary: what each token adds to a text,
        letters in NFD among it; with in_bytes as bytes, each written as the character of its number.
    """
    tokenizer = _tokenizer(model)
    rows = _read(DATASETS / "held_out.jsonl")
    chosen = [row for lang in BEGINNINGS for row in [row for row in rows if row["lang"] == lang][:N_HELD_OUT]]
    end = [] if tokenizer.eot_id is None else [tokenizer.eot_id]
    return _json(
        {
            "held_out": [
                {"lang": row["lang"], "ids": [*end, *tokenizer.encode(row["text"])]} for row in chosen
            ],
            "beginnings": [
                {"lang": lang, "text": text, "ids": [*end, *tokenizer.encode(text)]}
                for lang, texts in BEGINNINGS.items()
                for text in texts
            ],
            "vocabulary": [_as_text(tokenizer.written(id_)) for id_ in range(tokenizer.vocab_size)],
            "in_bytes": any(isinstance(tokenizer.written(id_), bytes) for id_ in range(tokenizer.vocab_size)),
        }
    )


@cache
def _index() -> dict[str, dict[str, Any]]:
    return json.loads((DATASETS / "index.json").read_text(encoding="utf-8"))


def _tokenizer(model: str) -> ReadableTokenizer:
    return load_tokenizer(ModelSpec(model, "embedded", str(MODELS_FOLDER / model)))


def _as_text(written: bytes | str) -> str:
    return written if isinstance(written, str) else written.decode("latin-1")


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
