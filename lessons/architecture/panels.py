"""The panel beside the two drawings: a tensor in full, or what the lit change or term of eq. (2) is."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from app.views import heatmap
from app.views.tokens import token_view
from lessons.architecture import changes, filled
from lessons.architecture.compute import Run
from lessons.architecture.layer_norm import LayerNorm
from lessons.architecture.nodes import kind_of, resolve
from lessons.architecture.picture import Picture, shape
from lessons.architecture.state import CHANGES, SIDES, TERMS

MOST_LOGITS = 192  # columns: those of the likeliest next tokens


def draw(picture: Picture) -> dict[str, Any]:
    """The panel that the state asks for."""
    run = picture.runs[picture.state.side]
    if picture.state.node in run.tensors:
        return _tensor(picture, run, picture.state.node)
    if picture.state.lit in CHANGES:
        return changes.change(picture, picture.state.lit)
    if picture.state.lit in TERMS:
        return changes.term(picture, picture.state.lit)
    return {
        "kind": "none",
        "title": picture.words("panel.none.title"),
        "say": picture.words("panel.none.say"),
    }


def _tensor(picture: Picture, run: Run, name: str) -> dict[str, Any]:
    kind = kind_of(name, run.architecture)
    tensor = run.tensors[name]
    words = f"node.{kind.words}"
    say = f"{words}.say.{run.architecture}"
    say = say if say in picture.context.words else f"{words}.say"
    sizes = {"width": run.loaded.d_model, "hidden": 4 * run.loaded.d_model, "heads": run.loaded.n_head}
    drawn = {
        "kind": "heads" if name.endswith("hook_pattern") else "tensor",
        "name": name,
        "side": run.architecture,
        "title": picture.title(run, name),
        "say": picture.words(say, **sizes),
        "formula": kind.formula,
        "where": [[symbol, _where(picture, run, name, place)] for symbol, place in kind.where],
        "code": [[side, kind.code[side]] for side in SIDES if kind.code[side]],
        "twins": [side for side in SIDES if name in picture.runs[side].tensors],
        "tokens": picture.tokens(run),
        **run.trace.stats(name),
    }
    if name == "logits" and run.architecture == "gpt2":  # what is scored has passed the final LN
        drawn |= {"formula": _behind_ln(drawn["formula"]), "where": _behind_ln(drawn["where"])}
    row = picture.state.row if 0 <= picture.state.row < len(run.ids) else len(run.ids) - 1
    head = min(picture.state.head, run.loaded.n_head - 1)
    numbers = filled.formula(run, name, row, head)
    if numbers:
        about = {"token": _readable(picture, run, row), "other": _readable(picture, run, numbers.column)}
        drawn["filled"] = {"say": picture.words(f"filled.{numbers.words}", **about), "formula": numbers.tree}
    if drawn["kind"] == "heads":
        return drawn | {
            "heads": heatmap.attention_thumbnails(tensor),
            "head": head,
            "pattern": heatmap.exact(tensor[head]),
        }
    if kind.words.startswith("ln"):
        drawn["layer_norm"] = _layer_norm(picture, run, name, row)
    source = resolve(kind.source[run.architecture], name, run.architecture, run.loaded.n_layer)
    entering = run.tensors[source] if source else None
    names: list[str] = []
    leaving = picture.words("panel.leaving")
    if name == "logits":
        order = tensor[-1].topk(min(MOST_LOGITS, tensor.shape[1])).indices  # (192,)
        tensor = tensor[:, order]
        leaving = picture.words("panel.logits", n=tensor.shape[1], all=f"{run.loaded.vocab_size:,}")
        pieces = run.loaded.tokenizer.candidates(list(run.ids), order.tolist())
        names = [token_view(piece, picture.label(run, piece.id))["piece"] for piece in pieces]
    if entering is None:
        return drawn | {"y": _part(picture, tensor, leaving) | {"names": names}, "x": None}
    most = heatmap.share(entering, tensor)
    return drawn | {
        "y": _part(picture, tensor, leaving, most[1]) | {"names": names},
        "x": _part(picture, entering, picture.words("panel.entering"), most[0]),
    }


def _layer_norm(picture: Picture, run: Run, name: str, row: int) -> dict[str, Any]:
    """The three steps of an LN on one token: its numbers between them, and what is told about them."""
    layer = LayerNorm(run, name)
    hat, y = layer.normalised()[row], run.tensors[name][row].double()  # (d,) each
    shown = {
        "hat_mean": f"{hat.mean():.2f}".replace("-0.00", "0.00"),
        "hat": f"{hat.std(correction=0):.2f}",
        "gain": f"{layer.gain.mean():.2f}",
        "y": f"{y.std(correction=0):.2f}",
    }
    return {"say": picture.words("panel.norm", **shown), "hat": heatmap.exact(hat.float()[None])}


def _behind_ln(shown: Any) -> Any:
    """`shown` with LN_f(hₙ) in the place of hₙ."""
    if isinstance(shown, list):
        if shown == ["msub", "h", "n"]:
            return ["mrow", ["msub", "LN", "f"], "(", shown, ")"]
        return [_behind_ln(one) for one in shown]
    return shown.replace("hₙ", "LN_f(hₙ)") if isinstance(shown, str) else shown


def _part(picture: Picture, tensor: Tensor, label: str, most: int | None = None) -> dict[str, Any]:
    """One heatmap of the panel: as many columns as `most` values allow, and what stands over it."""
    shown = heatmap.exact(tensor, *([] if most is None else [most]))
    if shown["columns"] < shown["of"]:
        label = picture.words("panel.columns", label=label, n=shown["columns"], all=shown["of"])
    return shown | {"label": label, "shape": list(tensor.shape)}


def _readable(picture: Picture, run: Run, index: int) -> str:
    """A token as it stands in a sentence."""
    piece = run.loaded.tokenizer.pieces(list(run.ids))[index]
    return token_view(piece)["piece"].strip() or "␣"


def _where(picture: Picture, run: Run, name: str, place: str) -> str:
    """The shape of a tensor, or of a weight written in letters: "[d, 4d]" -> "[192, 768]"."""
    loaded, kind = run.loaded, kind_of(name, run.architecture)
    if place.startswith("["):
        letters = {
            "d": loaded.d_model,
            "4d": 4 * loaded.d_model,
            "V": loaded.vocab_size,
            "C": loaded.n_ctx,
            "T": len(run.ids),
        }
        return shape([letters[letter] for letter in place.strip("[]").split(", ")])
    place = kind.source[run.architecture] if place == "source" else place
    return shape(run.tensors[resolve(place, name, run.architecture, loaded.n_layer)].shape)
