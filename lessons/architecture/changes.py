"""The panel about one of the five differences or one term of equation (2), in both models."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from lessons.architecture.compute import Run
from lessons.architecture.nodes import OUT_OF_BLOCK
from lessons.architecture.parameters import by_formula, measured, paper, published
from lessons.architecture.picture import Picture, shape
from lessons.architecture.state import SIDES

MOST_CHIPS = 24  # of one text in the panel

# Where each term of equation (2) stands: (symbol, tensor); blocks are named from the last one.
_PLACES = {
    "embed": (("UWₑ", "hook_embed"),),
    "position": (("Wₚ", "hook_pos_embed"), ("h₀", "blocks.0.hook_resid_pre")),
    "blocks": (),
    "unembed": (("hₙ", "last"), ("hₙWₑᵀ", "logits")),
}
_PRE_LN = {"unembed": (("hₙ", "last"), ("LN_f(hₙ)", "ln_final.hook_normalized"), ("LN_f(hₙ)Wₑᵀ", "logits"))}


def change(picture: Picture, change: str) -> dict[str, Any]:
    """One of the five differences: the papers' models beside the ones on this screen."""
    runs = [picture.runs[side] for side in SIDES]
    own = {
        "vocabulary": [run.loaded.vocab_size for run in runs],
        "context": [run.loaded.n_ctx for run in runs],
    }
    papers = [published()[side] for side in SIDES]
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
    elif change == "sizes":
        rows = _sizes(picture)
    elif change == "ln":
        rows = [[picture.words(f"panel.ln.{name}"), *_ln_stds(picture, name)] for name in ("in", "out")]
    else:
        stds = [picture.std(run, run.last_name()) for run in runs]
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


def _sizes(picture: Picture) -> list[list[str]]:
    """The published sizes with their parameters by the formula, and the models on this screen."""
    rows = []
    first = paper("gpt1")
    for layers, width in published()["gpt2"]["sizes"]:
        there = first.n_layer, first.d_model
        old = f"{by_formula(first).total:,}" if there == (layers, width) else "–"
        size = replace(paper("gpt2"), n_layer=layers, d_model=width)
        name = picture.words("panel.sizes.row", layers=layers, width=f"{width:,}")
        rows.append([name, old, f"{by_formula(size).total:,}"])
    runs = [picture.runs[side] for side in SIDES]
    counts = [f"{measured(run.loaded).total:,}" for run in runs]
    return [*rows, [picture.words("panel.sizes.here"), *counts]]


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


def term(picture: Picture, term: str) -> dict[str, Any]:
    """One term of equation (2): its place, shape and values in both models."""
    columns = []
    for run in (picture.runs[side] for side in SIDES):
        places = (_PRE_LN if run.architecture == "gpt2" else _PLACES).get(term, _PLACES[term])
        if term == "blocks":
            places = tuple(
                (f"h{_subscript(layer)}", f"blocks.{layer - 1}.")
                for layer in range(1, min(run.loaded.n_layer, 6) + 1)
            )
        columns.append({"side": run.architecture, "places": [_place(run, *place) for place in places]})
    return {
        "kind": "term",
        "title": picture.words(f"term.{term}.title"),
        "say": picture.words(f"term.{term}.say"),
        "columns": columns,
        "source": picture.words("term.source"),
    }


def _subscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def _place(run: Run, symbol: str, name: str) -> dict[str, Any]:
    """Shape, spread and the last token's first values of one tensor of the equation."""
    if name == "last":
        name = run.last_name()
    elif name.endswith("."):
        name += OUT_OF_BLOCK[run.architecture]
    numbers = run.trace.stats(name)
    first = ", ".join(f"{value:.2f}" for value in run.tensors[name][-1, :3].tolist()).replace("-", "−")
    return {
        "symbol": symbol,
        "shape": shape(numbers["shape"]),
        "std": f"{numbers['std']:.2f}",
        "values": f"{first}, …",
    }
