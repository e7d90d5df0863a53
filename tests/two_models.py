"""Two untrained models that differ in every size, so that no number of one stands for the other's.

A visitor of 「GPT-1 vs GPT-2」 on them, and beside what she sees the tensors that `transformers` computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app import models
from app.models import Registry, registry
from lessons.architecture.state import SIDES
from tests.mounted import Mounted, Visitor
from tests.reference import modules_output
from tests.tiny_models import write_folder

TEXT = "나는 오늘 그 곳에 간다"
LONG = TEXT + " 나는 학교에 간다" * 6
SIZES = {
    "gpt1": {"n_ctx": 24, "n_layer": 3, "n_head": 2, "n_embd": 24},
    "gpt2": {"n_ctx": 40, "n_layer": 2, "n_head": 3, "n_embd": 36},
}
# Layers, width, vocabulary and context of the papers' models.
PAPER = {"gpt1": (12, 768, 40_478, 512), "gpt2": (12, 768, 50_257, 1024)}


@contextmanager
def two_models(folder: Path) -> Iterator[Registry]:
    """A Registry whose embedded models are these, written into `folder`."""
    for name in registry.EMBEDDED:
        architecture = name.removeprefix("tiny-")
        write_folder(folder / name, architecture, **SIZES.get(architecture, {}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "MODELS_FOLDER", folder)
        yield Registry()


class Seen:
    """A visitor who has typed `text`. Tensors are on the tokens that fit into each window."""

    def __init__(self, mounted: Mounted, registry: Registry, text: str = TEXT):
        self.visitor = Visitor(mounted)
        self.visitor.enter(f"text={text}")
        self.words = mounted.context.words
        self.loaded = {side: models.load(registry.spec(f"tiny-{side}"), eager=True) for side in SIDES}
        self.whole = {side: loaded.tokenizer.encode(text) for side, loaded in self.loaded.items()}
        self.ids = {side: ids[-self.loaded[side].n_ctx :] for side, ids in self.whole.items()}
        self.tensors = {side: modules_output(self.loaded[side], self.ids[side]) for side in SIDES}

    def act(self, type_: str, **payload: Any) -> dict[str, Any]:
        picture = self.visitor.act(type_, **payload)
        assert not picture["notice"]
        return picture

    def std(self, side: str, name: str) -> str:
        return f"{self.tensors[side][name].double().std(correction=0):.2f}"

    def out(self, side: str, block: int) -> str:
        return f"blocks.{block}.{'ln2.hook_normalized' if side == 'gpt1' else 'hook_resid_post'}"

    def last(self, side: str) -> str:
        return self.out(side, self.loaded[side].n_layer - 1)

    def next_token(self, side: str) -> tuple[str, str]:
        """The piece of the likeliest next token, and its probability."""
        p = self.tensors[side]["logits"][-1].double().softmax(-1)
        best = int(p.argmax())
        if best == self.loaded[side].eot_id:
            return self.words["special.end"], f"{100 * p[best]:.1f}%"
        piece = self.loaded[side].tokenizer.candidates(self.ids[side], [best])[0]
        return piece.piece.strip(), f"{100 * p[best]:.1f}%"

    def weights(self, side: str) -> int:
        unique = {one.data_ptr(): one.numel() for one in self.loaded[side].model.parameters()}
        return sum(unique.values())
