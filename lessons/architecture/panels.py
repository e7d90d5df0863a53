"""The panel beside the two drawings: a tensor in full, or what the lit change or term of eq. (2) is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from app.views.tokens import token_view
from lessons.architecture import filled
from lessons.architecture.nodes import block_of, kind_of, resolve
from lessons.architecture.state import CHANGES, SIDES, TERMS

if TYPE_CHECKING:
    from torch import Tensor

    from lessons.architecture.compute import Run
    from lessons.architecture.figures import Picture

MOST_CHIPS = 24  # of one text in the panel
MOST_LOGITS = 192  # columns: those of the likeliest next tokens

# Where each term of equation (2) stands: (symbol, tensor); blocks are named from the last one.
_PLACES = {
    "embed": (("UWₑ", "hook_embed"),),
    "position": (("Wₚ", "hook_pos_embed"), ("h₀", "blocks.0.hook_resid_pre")),
    "blocks": (),
    "unembed": (("hₙ", "last"), ("hₙWₑᵀ", "logits")),
}


def draw(picture: Picture) -> dict[str, Any]:
    """The panel that the state asks for."""
    run = picture.runs[picture.state.side]
    if picture.state.node in run.tensors:
        return _tensor(picture, run, picture.state.node)
    if picture.state.lit in CHANGES:
        return _change(picture, picture.state.lit)
    if picture.state.lit in TERMS:
        return _term(picture, picture.state.lit)
    return {
        "kind": "none",
        "title": picture.words("panel.none.title"),
        "say": picture.words("panel.none.say"),
    }


def shape(numbers: list[int] | tuple[int, ...]) -> str:
    """[5, 192] as it stands on screen."""
    return f"[{', '.join(map(str, numbers))}]"


def _tensor(picture: Picture, run: Run, name: str) -> dict[str, Any]:
    kind = kind_of(name, run.architecture)
    tensor = run.tensors[name]
    block = block_of(name)
    words = f"node.{kind.words}"
    say = f"{words}.say.{run.architecture}"
    say = say if say in picture.context.words else f"{words}.say"
    sizes = {"width": run.loaded.d_model, "hidden": 4 * run.loaded.d_model, "heads": run.loaded.n_head}
    title = picture.words(f"{words}.title")
    if block is not None:
        title = picture.words("in_block", block=block, title=title)
    drawn = {
        "kind": "heads" if name.endswith("hook_pattern") else "tensor",
        "name": name,
        "side": run.architecture,
        "title": title,
        "say": picture.words(say, **sizes),
        "formula": kind.formula,
        "where": [[symbol, _where(picture, run, name, place)] for symbol, place in kind.where],
        "norm": kind.words.startswith("ln"),
        "code": [[side, kind.code[side]] for side in SIDES if kind.code[side]],
        "twins": [side for side in SIDES if name in picture.runs[side].tensors],
        "tokens": picture.tokens(run),
        **picture.stats(tensor),
    }
    row = picture.state.row if 0 <= picture.state.row < len(run.ids) else len(run.ids) - 1
    head = min(picture.state.head, run.loaded.n_head - 1)
    numbers = filled.formula(run, name, row, head)
    if numbers:
        about = {"token": _readable(picture, run, row), "other": _readable(picture, run, numbers.column)}
        drawn["filled"] = {"say": picture.words(f"filled.{numbers.words}", **about), "formula": numbers.tree}
    if drawn["kind"] == "heads":
        return drawn | {
            "heads": picture.heatmap.attention_thumbnails(tensor),
            "head": head,
            "pattern": picture.heatmap.exact(tensor[head]),
        }
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
    most = picture.heatmap.share(entering, tensor)
    return drawn | {
        "y": _part(picture, tensor, leaving, most[1]) | {"names": names},
        "x": _part(picture, entering, picture.words("panel.entering"), most[0]),
    }


def _part(picture: Picture, tensor: Tensor, label: str, most: int | None = None) -> dict[str, Any]:
    """One heatmap of the panel: as many columns as `most` values allow, and what stands over it."""
    shown = picture.heatmap.exact(tensor, *([] if most is None else [most]))
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


def _change(picture: Picture, change: str) -> dict[str, Any]:
    """One of the five differences: the papers' models beside the ones on this screen."""
    from lessons.architecture.figures import paper

    runs = [picture.runs[side] for side in SIDES]
    own = {
        "vocabulary": [run.loaded.vocab_size for run in runs],
        "context": [run.loaded.n_ctx for run in runs],
    }
    papers = [paper()[side] for side in SIDES]
    rows: list[list[str]] = []
    if change in own:
        rows = [
            [picture.words("panel.paper"), *(f"{values[change]:,}" for values in papers)],
            [picture.words("panel.here"), *(f"{value:,}" for value in own[change])],
            [
                picture.words(f"panel.{change}.table"),
                *(shape([value, run.loaded.d_model]) for value, run in zip(own[change], runs, strict=True)),
            ],
        ]
        if change == "context":
            rows.append([picture.words("panel.used"), *(f"{len(run.ids)}" for run in runs)])
    elif change == "init":
        additions = [2 * values["layers"] for values in papers], [picture.additions(run) for run in runs]
        rows = [
            [picture.words("panel.paper_n"), *(f"{n}" for n in additions[0])],
            [picture.words("panel.here_n"), *(f"{n}" for n in additions[1])],
            [
                picture.words("panel.factor"),
                "1",
                f"1/√{additions[1][1]} = {1 / math.sqrt(additions[1][1]):.3f}",
            ],
        ]
    elif change == "ln":
        rows = [[picture.words(f"panel.ln.{name}"), *_ln_stds(picture, name)] for name in ("in", "out")]
    else:
        last = [run.block_output(run.loaded.n_layer - 1) for run in runs]
        stds = [f"{picture.stats(tensor)['std']:.2f}" for tensor in last]
        rows = [
            [picture.words("panel.final.before"), *stds],
            [
                picture.words("panel.final.after"),
                picture.words("panel.absent"),
                picture.std(runs[1], "ln_final.hook_normalized"),
            ],
        ]
    drawn = {
        "kind": "change",
        "title": picture.words(f"change.{change}.title"),
        "say": picture.words(f"change.{change}.say"),
        "rows": rows,
        "source": picture.words(f"change.{change}.source"),
        "cuts": [],
    }
    if change == "vocabulary":
        drawn["cuts"] = [_cut(picture, run) for run in runs]
    return drawn


def _ln_stds(picture: Picture, name: str) -> list[str]:
    """What goes into the first LN of the open block and what comes out of it, in both models."""
    shown = []
    for run in (picture.runs[side] for side in SIDES):
        into = "hook_resid_mid" if run.architecture == "gpt1" else "hook_resid_pre"
        hook = into if name == "in" else "ln1.hook_normalized"
        shown.append(picture.std(run, f"blocks.{picture.open_block(run)}.{hook}"))
    return shown


def _cut(picture: Picture, run: Run) -> dict[str, Any]:
    """The learner's text in the tokens of one model."""
    tokens = picture.tokens(run)
    return {
        "side": run.architecture,
        "count": picture.words("panel.tokens", n=len(run.ids) + run.n_dropped),
        "tokens": tokens[:MOST_CHIPS],
        "more": max(0, len(tokens) - MOST_CHIPS),
    }


def _term(picture: Picture, term: str) -> dict[str, Any]:
    """One term of equation (2): its place, shape and values in both models."""
    columns = []
    for run in (picture.runs[side] for side in SIDES):
        places = _PLACES[term]
        if term == "blocks":
            places = tuple(
                (f"h{_subscript(layer)}", f"blocks.{layer - 1}.")
                for layer in range(1, min(run.loaded.n_layer, 6) + 1)
            )
        columns.append(
            {"side": run.architecture, "places": [_place(picture, run, *place) for place in places]}
        )
    return {
        "kind": "term",
        "title": picture.words(f"term.{term}.title"),
        "say": picture.words(f"term.{term}.say"),
        "columns": columns,
        "source": picture.words("term.source"),
    }


def _subscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _place(picture: Picture, run: Run, symbol: str, name: str) -> dict[str, Any]:
    """Shape, spread and the last token's first values of one tensor of the equation."""
    if name == "last":
        last = run.loaded.n_layer - 1
        name = (
            "ln_final.hook_normalized" if run.architecture == "gpt2" else f"blocks.{last}.ln2.hook_normalized"
        )
    elif name.endswith("."):
        tensor = run.block_output(int(name.split(".")[1]))
        return _values(picture, symbol, tensor)
    return _values(picture, symbol, run.tensors[name])


def _values(picture: Picture, symbol: str, tensor: Any) -> dict[str, Any]:
    numbers = picture.stats(tensor)
    first = ", ".join(f"{value:.2f}" for value in tensor[-1, :3].tolist()).replace("-", "−")
    return {
        "symbol": symbol,
        "shape": shape(numbers["shape"]),
        "std": f"{numbers['std']:.2f}",
        "values": f"{first}, …",
    }
