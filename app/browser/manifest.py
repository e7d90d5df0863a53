"""assets/browser/manifest.json: what the graphs take and give, and where the weights stand in one vector.

The browser reads it, so that no size, order or name is written down a second time in JavaScript.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx

from app.browser.graphs import FOLDER, Graph, graphs, shape_of, source_hash, trace
from app.engine.finetune import N_SOFT_PROMPTS, NEW_TOKENS, NEW_TOKENS_SEED
from app.engine.inputs import DELIM, EXTRACT, FIRST_ORDINARY, PAD, SOFT_PROMPTS, START
from app.engine.objective import EPS
from app.engine.parameters import INIT_STD, name_in_transformers
from app.models.registry import EMBEDDED, MODELS_FOLDER

END_OF_TEXT = 0  # in both vocabularies
_LIST = re.compile(r"\[\n[^{}\[\]]*(?:\[[^{}\[\]\n]*\][^{}\[\]]*)*\]")
FILE = FOLDER / "manifest.json"


def write(folder: Path = FOLDER) -> None:
    """Trace every graph anew and write them with their manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {}
    for graph in graphs():
        body = trace(graph)
        (folder / graph.name).write_bytes(body)
        told[graph.name] = about(graph, body)
        print(f"{graph.name}: {len(body):,} bytes", flush=True)
    for path in folder.glob("*.onnx"):
        if path.name not in told:
            path.unlink()
    (folder / FILE.name).write_text(written(manifest(told)), encoding="utf-8")


def written(told: dict[str, Any]) -> str:
    """As JSON with each list on one line."""
    text = json.dumps(told, indent=1, ensure_ascii=False)
    for _ in range(2):  # the lists in lists first
        text = _LIST.sub(lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text)
    return text + "\n"


def manifest(told: dict[str, Any]) -> dict[str, Any]:
    """All that stands in the file. told: `about` of each graph, by its name."""
    return {
        "command": "make assets",
        "torch": version("torch").partition("+")[0],
        "onnx": version("onnx"),
        "onnxscript": version("onnxscript"),
        "sources_sha256": source_hash(),
        "inputs": {
            "end_of_text": END_OF_TEXT,
            "pad": PAD,
            "start": START,
            "delim": DELIM,
            "extract": EXTRACT,
            "soft_prompts": list(SOFT_PROMPTS[:N_SOFT_PROMPTS]),
            "first_ordinary": FIRST_ORDINARY,
        },
        "start": {
            "new_tokens": list(NEW_TOKENS),
            "new_tokens_seed": NEW_TOKENS_SEED,
            "std": INIT_STD,
        },
        "eps": EPS,
        "models": {model: about_model(model) for model in EMBEDDED},
        "graphs": told,
    }


def about_model(model: str) -> dict[str, Any]:
    """Its shape, and {name: [size, name in the weights file or null]} in the order of the flat vector."""
    shape = shape_of(model)
    parts = {
        name: [list(size), None if name == "w_y" else name_in_transformers(shape.architecture, name)]
        for name, size in shape.parts().items()
    }
    weights = (MODELS_FOLDER / model / "model.safetensors").read_bytes()
    return asdict(shape) | {
        "n_decayed": shape.n_decayed,
        "weights_bytes": len(weights),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "parts": parts,
    }


def about(graph: Graph, body: bytes) -> dict[str, Any]:
    model = onnx.load_model_from_string(body)
    return {
        "model": graph.model,
        "work": graph.work,
        "kinds": list(graph.kinds),
        "batch": graph.batch,
        "sequences": graph.n_sequences,
        "one_logit_per_sequence": graph.one_logit_per_sequence,
        "inputs": {value.name: _type(value) for value in model.graph.input},
        "outputs": {value.name: _type(value) for value in model.graph.output},
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


def read() -> dict[str, Any]:
    """The committed manifest."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def _type(value: onnx.ValueInfoProto) -> list[Any]:
    """[element type as onnxruntime-web calls it, [size, …]]"""
    kind = value.type.tensor_type
    names = {
        onnx.TensorProto.FLOAT: "float32",
        onnx.TensorProto.INT64: "int64",
        onnx.TensorProto.BOOL: "bool",
    }
    return [names[kind.elem_type], [one.dim_value for one in kind.shape.dim]]
