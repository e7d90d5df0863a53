"""The functions of `engine.objective` and `engine.looks` as ONNX graphs for the browser.

Each graph has one shape: 8 examples of one or two sequences of 32 tokens, which all inputs of the datasets
fit into. Steps and looks come in shorter shapes too, since most batches are short and what is computed over
padding is time lost (`STEP_LENGTHS`). One serves 2 to 8 labels. Classification and entailment
share the graphs of one sequence; similarity and multiple choice have two sequences and different heads, so a
graph each: a flag between the two would cost as much in each step as it saves once in a transfer of 15 kB.

    <model>-8x1x32.onnx          a training step: `objective.make_step_on_pieces`
    <model>-8x1x20.onnx, …x24    the same for batches that fit
    <model>-8x1x32-look.onnx     logits of the labels, and L1 of each example: `looks.make_evaluation`
    <model>-1x1x32-next.onnx     logits of the next token: `looks.make_continuation`

torch and onnx are needed to write them, and the page never imports this module.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnxscript
import torch
from torch import Tensor
from torch._decomp import core_aten_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

from app.engine.inputs import EXTRACT, FIRST_ORDINARY, START
from app.engine.looks import make_continuation, make_evaluation
from app.engine.objective import EPS, make_step_on_pieces
from app.engine.parameters import Shape
from app.models import ModelSpec, load
from app.models.registry import EMBEDDED, MODELS_FOLDER

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "assets" / "browser"
SOURCES = (
    "app/engine/objective.py",
    "app/engine/looks.py",
    "app/engine/parameters.py",
    "app/browser/graphs.py",
)
MOST_LABELS = 8  # columns of W_y
BATCH, LENGTH = 8, 32
# The lengths that a batch of the datasets asks for: sentiment 20, entailment 24; steps of two sequences take
# longest and have one shape more. The longest fits all.
STEP_LENGTHS = {
    "classification": (20, 24, LENGTH),
    "similarity": (22, 25, 28, LENGTH),
    "choice": (23, 26, 29, LENGTH),
}
LOOK_LENGTHS = (24, LENGTH)
OPSET = 18
GELU_LINEAR = 2 * math.sqrt(2 / math.pi)
GELU_CUBIC = 0.044715 * GELU_LINEAR

STEP, LOOK, NEXT = "step", "look", "next"
# What is named with a dot stands for one input or output for each piece of the vector: flat.wte.weight, …
INPUTS = {
    STEP: "flat. first. second. trained. step ids predicted labels labels_used lambda_ learning_rate eps",
    LOOK: "flat. ids predicted labels_used",
    NEXT: "flat. ids at",
}
OUTPUTS = {
    STEP: "new_flat. new_first. new_second. l1 l2 accuracy",
    LOOK: "logits l1",
    NEXT: "logits",
}


@dataclass(frozen=True)
class Graph:
    """One file of assets/browser. kinds: the tasks it serves, all of them with `n_sequences` an example."""

    model: str
    work: str
    kinds: tuple[str, ...]
    n_sequences: int
    batch: int = BATCH
    length: int = LENGTH

    @property
    def name(self) -> str:
        choice = "-choice" if self.one_logit_per_sequence else ""
        work = "" if self.work == STEP else f"-{self.work}"
        return f"{self.model}-{self.batch}x{self.n_sequences}x{self.length}{choice}{work}.onnx"

    @property
    def one_logit_per_sequence(self) -> bool:
        return self.kinds == ("choice",)

    def function(self, shape: Shape) -> Callable[..., tuple[Tensor, ...]]:
        """Of the inputs one by one, giving the outputs one by one."""
        if self.work == STEP:
            function = make_step_on_pieces(shape, self.one_logit_per_sequence)
        elif self.work == LOOK:
            function = make_evaluation(shape, self.one_logit_per_sequence)
        else:
            function = make_continuation(shape)
        pieces = shape.pieces()

        def one_by_one(*given: Tensor) -> tuple[Tensor, ...]:
            rest = iter(given)
            arguments = [
                {piece: next(rest) for piece in pieces} if name.endswith(".") else next(rest)
                for name in INPUTS[self.work].split()
            ]
            found = function(*arguments)
            found = found if isinstance(found, tuple) else (found,)
            return tuple(
                tensor for one in found for tensor in (one.values() if isinstance(one, dict) else [one])
            )

        return one_by_one

    def inputs(self, shape: Shape, seed: int = 0) -> dict[str, Tensor]:
        """Random inputs of the right sizes, by name and in order."""
        generator = torch.Generator().manual_seed(seed)
        sizes = (self.batch, self.n_sequences, self.length)
        ids = torch.randint(FIRST_ORDINARY, shape.vocab_size, sizes, generator=generator)
        ids[..., 0], ids[..., -1] = START, EXTRACT
        predicted = torch.ones(sizes)
        predicted[..., 0] = 0.0
        values = {
            "step": torch.tensor(3.0),
            "ids": ids[0] if self.work == NEXT else ids,
            "at": (torch.arange(self.length) == 20).float(),
            "predicted": predicted,
            "labels": torch.arange(self.batch) % 2,
            "labels_used": torch.arange(MOST_LABELS) < (1 if self.one_logit_per_sequence else 2),
            "lambda_": torch.tensor(0.5),
            "learning_rate": torch.tensor(1e-3),
            "eps": torch.tensor(EPS),
        }
        for piece, size in shape.pieces().items():
            values |= {
                f"flat.{piece}": torch.randn(size, generator=generator) * 0.02,
                f"first.{piece}": torch.randn(size, generator=generator) * 1e-3,
                f"second.{piece}": torch.rand(size, generator=generator) * 1e-6,
                f"trained.{piece}": (torch.rand(mask_size(piece, size), generator=generator) < 0.8).float(),
            }
        return {name: values[name] for name in names(INPUTS[self.work], shape)}


def mask_size(piece: str, size: tuple[int, ...]) -> tuple[int, ...]:
    """Of the mask of a piece: as fine as a plan may need it (`finetune.update_mask`)."""
    if len(size) == 1:
        return size
    return {"wte.weight": (size[0], 1), "w_y": (1, size[1])}.get(piece, (1, 1))


def names(told: str, shape: Shape) -> list[str]:
    """The names of `INPUTS` or `OUTPUTS` with those of the pieces written out."""
    pieces = shape.pieces()
    return [
        full
        for name in told.split()
        for full in ([name + piece for piece in pieces] if name.endswith(".") else [name])
    ]


def graphs() -> Iterator[Graph]:
    """All of them."""
    for model in EMBEDDED:
        for kinds, n_sequences in (
            (("classification", "entailment"), 1),
            (("similarity",), 2),
            (("choice",), 2),
        ):
            for length in STEP_LENGTHS[kinds[0]]:
                yield Graph(model, STEP, kinds, n_sequences, length=length)
            for length in LOOK_LENGTHS:
                yield Graph(model, LOOK, kinds, n_sequences, length=length)
        yield Graph(model, NEXT, (), 1, batch=1)


def shape_of(model: str) -> Shape:
    """The shape of an embedded model with as many columns in W_y as a graph has."""
    return Shape.of(load(ModelSpec(model, "embedded", str(MODELS_FOLDER / model))), MOST_LABELS)


def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """GELU's tanh form as x·σ(u), since ½(1 + tanh(u/2)) is σ(u). `gelu_backward` shares its lines."""
    assert approximate == "tanh"
    return x * torch.sigmoid(x * (x * x * GELU_CUBIC + GELU_LINEAR))


def gelu_backward(gradient: Tensor, x: Tensor, approximate: str = "none") -> Tensor:
    """Its derivative, in half the passes of torch's own decomposition."""
    share = torch.sigmoid(x * (x * x * GELU_CUBIC + GELU_LINEAR))
    slope = x * x * (3 * GELU_CUBIC) + GELU_LINEAR  # of u
    return gradient * (share + x * share * (1 - share) * slope)


def decompositions() -> dict[Any, Callable[..., Any]]:
    """How operations fall into those that ONNX has: as in torch, but for GELU."""
    ours = {torch.ops.aten.gelu.default: gelu, torch.ops.aten.gelu_backward.default: gelu_backward}
    return core_aten_decompositions() | ours


def trace(graph: Graph) -> bytes:
    """The graph as an ONNX file. Weights are an input, so it holds none of them."""
    shape = shape_of(graph.model)
    inputs = tuple(graph.inputs(shape).values())
    traced = make_fx(graph.function(shape), decomposition_table=decompositions())(*inputs)
    program = torch.onnx.export(
        traced.eval(),
        inputs,
        dynamo=True,
        input_names=names(INPUTS[graph.work], shape),
        output_names=names(OUTPUTS[graph.work], shape),
        opset_version=OPSET,
        optimize=False,
        verbose=False,
    )
    onnxscript.optimizer.optimize_ir(program.model, input_size_limit=4096, output_size_limit=16384)
    return _without_notes(program.model_proto)


def _without_notes(model: onnx.ModelProto) -> bytes:
    """Without the names and places of the Python lines, which are most of a file."""
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    values = [*model.graph.input, *model.graph.output, *model.graph.initializer]
    for part in [*model.graph.node, *values]:
        part.doc_string = ""
        del part.metadata_props[:]
    model.producer_name = model.producer_version = ""
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def source_hash() -> str:
    """Of the files that a graph is traced from, so that a test finds graphs which are older than they."""
    told = hashlib.sha256()
    for name in SOURCES:
        told.update((ROOT / name).read_bytes())
    return told.hexdigest()
