"""What bertviz's views draw of one text: readable pieces, and patterns, queries and keys as they are traced.

The page's half, assets/js/views/bertviz_frame.js, gives it to bertviz's own script. That draws an SVG element
for every pair of tokens, so each view has a longest text; a longer one shows its first tokens, whose rows are
complete, and by the mask the same with and without what comes after them.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.views.heatmap import exact
from app.views.tokens import token_view

if TYPE_CHECKING:
    from torch import Tensor

    from app.models import LoadedModel

# bertviz's neuron view is of GPT-2's and BERT's attention; it knows no GPT-1.
KINDS = {"gpt1": ("head", "model"), "gpt2": ("head", "model", "neuron")}
MOST_TOKENS = {"head": 48, "model": 32, "neuron": 32}
# Numbers: of a head or neuron view what is sent (under 300 kB), of a model view what is drawn, a line each.
MOST_NUMBERS = {"head": 100_000, "model": 30_000, "neuron": 66_000}
_ONE = 65_535  # two bytes a weight: the difference is under 1e-5


def most_tokens(loaded: LoadedModel, kind: str) -> int:
    """How many tokens that view of this model shows: MOST_TOKENS, and fewer for one of many heads."""
    n_heads = loaded.n_layer * loaded.n_head
    if kind == "neuron":
        fit = MOST_NUMBERS[kind] // (2 * loaded.d_model)  # queries and keys of one layer
    else:
        fit = int((2 * MOST_NUMBERS[kind] / n_heads) ** 0.5)  # triangles
    return max(2, min(MOST_TOKENS[kind], fit))


def view_data(loaded: LoadedModel, ids: Sequence[int], kind: str, layer: int | None = None) -> dict[str, Any]:
    """One view of a text, as plain JSON data.

    Args:
        ids: T tokens, 1 ≤ T ≤ n_ctx.
        kind: one of KINDS[loaded.architecture].
        layer: the one that is shown first (0 without); of a neuron view the only one that is sent.

    Returns:
        kind · pieces, the tokens shown, a leading space as `·` · n_tokens, T · n_layer, n_head · layers,
        those sent · layer, the one shown first · attention, of each layer and head the lower triangle row by
        row, two bytes a weight, 65,535 for 1 · of a neuron view queries and keys, (h·t, d_head) as
        `heatmap.exact`.

    Raises:
        ValueError: bertviz has no such view of this architecture, or the model no such layer.
        InputError: as `app.engine.trace.trace`.
    """
    from app.engine.trace import kept_trace

    if kind not in KINDS[loaded.architecture] or (layer or 0) not in range(loaded.n_layer):
        raise ValueError(f"no {kind} view of layer {layer} of {loaded.name}")
    tensors = kept_trace(loaded, ids).tensors
    n = min(len(ids), most_tokens(loaded, kind))
    first = layer or 0
    layers = [first] if kind == "neuron" else list(range(loaded.n_layer))
    data = {
        "kind": kind,
        "pieces": [_written(token_view(piece)) for piece in loaded.tokenizer.pieces(ids)[:n]],
        "n_tokens": len(ids),
        "n_layer": loaded.n_layer,
        "n_head": loaded.n_head,
        "layers": layers,
        "layer": first,
        "attention": _triangles([tensors[f"blocks.{one}.attn.hook_pattern"] for one in layers], n),
    }
    if kind == "neuron":
        for name, hook in (("queries", "q"), ("keys", "k")):
            vectors = tensors[f"blocks.{first}.attn.hook_{hook}"][:n].transpose(0, 1)  # (h, n, d_head)
            data[name] = exact(vectors.flatten(0, 1), most=vectors.numel())
    return data


def _written(token: dict[str, Any]) -> str:
    return ("·" if token["space"] else "") + (token["label"] or token["piece"])


def _triangles(patterns: Sequence[Tensor], n: int) -> str:
    """patterns: (h, T, T) of each layer -> base64 of two bytes a weight that the mask leaves open."""
    rows, columns = zip(*((i, j) for i in range(n) for j in range(i + 1)), strict=True)
    weights = [(pattern[:, rows, columns] * _ONE).round().int() for pattern in patterns]  # (h, n(n+1)/2)
    return base64.b64encode(b"".join(one.numpy().astype("<u2").tobytes() for one in weights)).decode("ascii")
