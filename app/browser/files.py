"""What a browser that trains reads from this server: graphs, weights, tokenised sets, the recipe.

    /browser/<hash>/manifest.json                        sizes, orders, names, the recipe and the sets
    /browser/<hash>/tiny-gpt2-8x1x32.onnx                a graph, as committed
    /browser/<hash>/tiny-gpt2/weights.safetensors        float16, as committed
    /browser/<hash>/tiny-gpt2/sentiment.json             a set as token ids
    /browser/<hash>/tiny-gpt2/world.json                 held-out lines as token ids

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

from app.engine import sets
from app.engine.recipe import RECIPE
from app.languages import CODES
from app.models import ModelSpec, ReadableTokenizer
from app.models.loading import load_tokenizer
from app.models.registry import EMBEDDED, MODELS_FOLDER

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "assets" / "browser"
N_HELD_OUT = 20  # lines of each language

Make = Callable[[], bytes]


def files() -> dict[str, Make]:
    """{name below the hash: makes its content}."""
    made: dict[str, Make] = {"manifest.json": manifest}
    made |= {path.name: path.read_bytes for path in sorted(FOLDER.glob("*.onnx"))}
    for model in EMBEDDED:
        made[f"{model}/weights.safetensors"] = (MODELS_FOLDER / model / "model.safetensors").read_bytes
        made[f"{model}/world.json"] = partial(world, model)
        made |= {f"{model}/{name}.json": partial(task, model, name) for name in sets.names()}
    return made


@cache
def edition() -> str:
    """The hash in their addresses. Weights and graphs are told apart by the hashes in the manifest."""
    told = hashlib.sha256(Path(__file__).read_bytes() + repr(RECIPE).encode())
    paths = [FOLDER / "manifest.json", *sorted(sets.FOLDER.rglob("*.json*"))]
    paths += [MODELS_FOLDER / model / "tokenizer.json" for model in EMBEDDED]
    for path in paths:
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()[:16]


def manifest() -> bytes:
    """The committed manifest, and the recipe."""
    committed = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return _json(committed | {"recipe": asdict(RECIPE)})


def task(model: str, name: str) -> bytes:
    """A set: {"kind", "languages", "splits"}.

    splits: {split: [[language, group, label, ids of the first field, …]]}, the language as an index.
    """
    about, encode = sets.about(name), _tokenizer(model).encode
    splits = {
        split: [
            [about.languages.index(row.lang), row.group, row.label, *map(encode, row.fields)]
            for row in sets.rows(name, split)
        ]
        for split in about.sizes
    }
    return _json({"kind": about.kind, "languages": about.languages, "splits": splits})


def world(model: str) -> bytes:
    """{"held_out": [{"lang", "ids"}]}: documents that the model never read, each after end-of-text."""
    tokenizer = _tokenizer(model)
    end = [] if tokenizer.eot_id is None else [tokenizer.eot_id]
    lines = [(lang, text) for lang in CODES for text in sets.held_out(lang)[:N_HELD_OUT]]
    return _json(
        {"held_out": [{"lang": lang, "ids": [*end, *tokenizer.encode(text)]} for lang, text in lines]}
    )


def _tokenizer(model: str) -> ReadableTokenizer:
    return load_tokenizer(ModelSpec(model, "embedded", str(MODELS_FOLDER / model)))


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
