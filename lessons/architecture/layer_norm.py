"""What an LN does, in its three steps: x → x̂ (mean 0, standard deviation 1) → γ ⊙ x̂ + β. Pure."""

from __future__ import annotations

from torch import Tensor

from lessons.architecture.compute import Run
from lessons.architecture.nodes import block_of, kind_of, resolve


class LayerNorm:
    """The LN whose output is the tensor `name` of `run`, with its learned numbers.

    source: the name of what enters it, (T, d). gain, bias: γ and β, (d,) float64. eps: what is added to σ².
    """

    def __init__(self, run: Run, name: str):
        body, block = run.loaded.model.transformer, block_of(name)
        own = body.ln_f if block is None else body.h[block].get_submodule(f"ln_{name.split('.ln')[1][0]}")
        place = kind_of(name, run.architecture).source[run.architecture]
        self.source = resolve(place, name, run.architecture, run.loaded.n_layer)
        self.entering = run.tensors[self.source].double()  # (T, d)
        self.gain, self.bias = own.weight.detach().double(), own.bias.detach().double()  # (d,) each
        self.eps: float = own.eps

    def normalised(self) -> Tensor:
        """x̂ = (x − μ) / √(σ² + ε) of every token -> (T, d) float64."""
        centred = self.entering - self.entering.mean(-1, keepdim=True)  # (T, d)
        return centred / (centred.square().mean(-1, keepdim=True) + self.eps).sqrt()
