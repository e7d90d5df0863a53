"""What the embedded models are: readers of a small world of stories, and a learner should know it."""

from __future__ import annotations

import json
import struct
from functools import cache
from math import prod
from pathlib import Path

from app.lesson import Context, Page


@cache
def n_parameters(folder: str) -> int:
    """How many numbers a model's weights file holds, read from its head alone."""
    with (Path(folder) / "model.safetensors").open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        head = json.loads(file.read(length))
    return sum(prod(entry["shape"]) for name, entry in head.items() if name != "__metadata__")


def about(context: Context, page: Page) -> str:
    """One sentence about an embedded model, "" for any other."""
    spec = context.registry.spec(page.model)
    if spec.source != "embedded":
        return ""
    original = "GPT-1" if spec.name == "tiny-gpt1" else "GPT-2"
    n = f"{n_parameters(spec.location):,}"
    return context.text("about.model", model=spec.name, original=original, n=n)
