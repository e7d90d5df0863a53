"""The picture of 「GPT-1 vs GPT-2」 as plain data: two columns of tensors with their statistics."""

from __future__ import annotations

import math
from typing import Any

from app.engine.memory import number_of
from app.guess import Answer, Questions
from app.lesson import Context, Page
from app.models import LoadedModel
from app.outside import outside
from app.parts import Part
from app.views import heatmap
from app.views.explained import explained
from app.views.numbers import percent
from app.views.snippet import Snippet, loadable
from app.views.tokens import token_view
from lessons.architecture import compute, lab_figures, panels
from lessons.architecture.compute import Run
from lessons.architecture.layer_norm import LayerNorm
from lessons.architecture.nodes import OUT_OF_BLOCK
from lessons.architecture.parameters import by_formula, measured, paper, published
from lessons.architecture.picture import Picture
from lessons.architecture.state import CHANGES, NO_NODE, SIDES, State

# Tensors drawn once, and those of the open block.
OUTSIDE = ("hook_embed", "hook_pos_embed", "blocks.0.hook_resid_pre", "ln_final.hook_normalized", "logits")
INSIDE = (
    *("hook_resid_pre", "hook_attn_out", "hook_resid_mid", "ln1.hook_normalized"),
    *("mlp.hook_post", "hook_mlp_out", "hook_resid_post", "ln2.hook_normalized"),
)


def draw(context: Context, page: Page, state: State, loaded: dict[str, LoadedModel]) -> dict[str, Any]:
    """The picture. What is computed from tensors is a part of its own, made where the browser lacks it."""
    picture = Picture(context, page, state, loaded)
    of = context.lang, page.text, *(number_of(loaded[side]) for side in SIDES)
    place = state.block, state.lit
    panel_of = state.side, state.node, state.row, state.head
    labs_of = state.labs, state.depth, state.scaled, state.init, len(state.gradients), len(state.walks)
    return {
        "columns": Part((*of, state.block), lambda: [_column(picture, picture.runs[side]) for side in SIDES]),
        "subs": {side: _sub(picture, side) for side in SIDES},
        "open": state.block,
        "blocks": max(model.n_layer for model in loaded.values()),
        "lit": state.lit,
        "side": state.side,
        "node": "" if state.node == NO_NODE else state.node,
        "row": state.row,
        "panel": Part((*of, *place, *panel_of), lambda: panels.draw(picture)),
        "look": Part((*of, *place), lambda: _look(picture)),
        "pieces": Part(of, lambda: _pieces(picture)),
        "outside": Part((*of, page.model), lambda: outside(context, page)),
        "questions": Questions(of, lambda name: _answer(picture, name)),
        "code": _code(picture),
        "labs": Part((*of, *labs_of), lambda: lab_figures.draw(picture)),
    }


def _pieces(picture: Picture) -> str:
    """About the tokens of either column that cannot be read."""
    return explained([token for side in SIDES for token in picture.tokens(picture.runs[side])], picture.words)


def _column(picture: Picture, run: Run) -> dict[str, Any]:
    loaded, block = run.loaded, picture.open_block(run)
    names = [name for name in OUTSIDE if name in run.tensors]
    names += [f"blocks.{block}.{name}" for name in INSIDE]
    names += [f"blocks.{layer}.{OUT_OF_BLOCK[run.architecture]}" for layer in range(loaded.n_layer)]
    next_id, p = run.next_token()
    piece = loaded.tokenizer.candidates(list(run.ids), [next_id])[0]
    return {
        "side": run.architecture,
        "model": loaded.name,
        "n_layer": loaded.n_layer,
        "n_head": loaded.n_head,
        "d_model": loaded.d_model,
        "open": block,
        "tokens": picture.tokens(run),
        "n_dropped": run.n_dropped,
        "tensors": {name: _tensor(picture, run, name) for name in dict.fromkeys(names)},
        "heads": heatmap.attention_thumbnails(run.tensors[f"blocks.{block}.attn.hook_pattern"]),
        "next": token_view(piece, picture.label(run, next_id)) | {"p": p},
        "dims": _dimensions(picture, run),
        "alt": picture.words("alt.column", model=loaded.name, blocks=loaded.n_layer, block=block),
    }


def _dimensions(picture: Picture, run: Run) -> list[str]:
    """The size of the model here and of the paper's, as they stand under a column's heading."""
    there = published()[run.architecture]
    return [
        picture.words("dims", layers=run.loaded.n_layer, width=f"{run.loaded.d_model:,}"),
        picture.words("dims.paper", layers=there["layers"], width=f"{there['width']:,}"),
    ]


def _tensor(picture: Picture, run: Run, name: str) -> dict[str, Any]:
    numbers = run.trace.stats(name)
    thumb = heatmap.signed_thumbnail(run.tensors[name], numbers["std"])
    return numbers | {"title": picture.title(run, name), "thumb": thumb}


def _sub(picture: Picture, side: str) -> str:
    """What the lit difference is on this side, under the column's heading."""
    lit = picture.state.lit if picture.state.lit in CHANGES else "ln"
    numbers = published()[side] | {"n": compute.residual_additions(picture.loaded[side].n_layer)}
    shown = {name: f"{value:,}" for name, value in numbers.items() if isinstance(value, int)}
    return picture.words(f"sub.{lit}.{side}", **shown)


def _look(picture: Picture) -> str:
    """여기를 보세요: what is lit, in numbers of this text."""
    first, second = (picture.runs[side] for side in SIDES)
    block = picture.open_block(first)
    last = second.loaded.n_layer - 1
    inside = f"blocks.{block}."
    first_ln = LayerNorm(first, inside + "ln1.hook_normalized")
    final_ln = LayerNorm(second, "ln_final.hook_normalized")
    shown = {
        "hat1": f"{first_ln.normalised().std(correction=0):.2f}",
        "gain1": f"{first_ln.gain.mean():.2f}",
        "hat2": f"{final_ln.normalised().std(correction=0):.2f}",
        "gain2": f"{final_ln.gain.mean():.2f}",
        "count1": f"{count(first):,}",
        "count2": f"{count(second):,}",
        "paper1": f"{by_formula(paper('gpt1')).total:,}",
        "block": block,
        "last": last,
        "mid": picture.std(first, inside + "hook_resid_mid"),
        "ln1": picture.std(first, inside + "ln1.hook_normalized"),
        "start": picture.std(second, "blocks.0.hook_resid_pre"),
        "end": picture.std(second, f"blocks.{last}.hook_resid_post"),
        "final": picture.std(second, "ln_final.hook_normalized"),
        "end1": picture.std(first, f"blocks.{first.loaded.n_layer - 1}.ln2.hook_normalized"),
        "n": picture.additions(second),
        "layers1": first.loaded.n_layer,
        "layers": second.loaded.n_layer,
        "factor": f"{1 / math.sqrt(picture.additions(second)):.3f}",
        "rows1": f"{first.loaded.vocab_size:,}",
        "rows2": f"{second.loaded.vocab_size:,}",
        "context1": f"{first.loaded.n_ctx:,}",
        "context2": f"{second.loaded.n_ctx:,}",
        "tokens1": len(first.ids) + first.n_dropped,
        "tokens2": len(second.ids) + second.n_dropped,
        "width1": first.loaded.d_model,
        "width": second.loaded.d_model,
        "embed1": picture.std(first, "hook_embed"),
        "embed2": picture.std(second, "hook_embed"),
        "position1": picture.std(first, "hook_pos_embed"),
        "position2": picture.std(second, "hook_pos_embed"),
    }
    for number, run in (("1", first), ("2", second)):
        token_id, p = run.next_token()
        piece = run.loaded.tokenizer.candidates(list(run.ids), [token_id])[0]
        shown |= {
            f"next{number}": picture.label(run, token_id) or token_view(piece)["piece"],
            f"p{number}": percent(p),
        }
    words = f"look.{picture.state.lit}"
    same = shown["tokens1"] == shown["tokens2"] and f"{words}.same" in picture.context.words
    told = picture.words(words + ".same" * same, **shown)
    return " ".join(filter(None, [told, *(_dropped(picture, run) for run in (first, second))]))


def count(run: Run) -> int:
    """How many parameters the loaded model has."""
    return measured(run.loaded).total


def _dropped(picture: Picture, run: Run) -> str:
    """How many tokens have fallen out of that model's window, "" for none."""
    return picture.words("dropped", n=run.n_dropped) if run.n_dropped else ""


def _answer(picture: Picture, name: str) -> Answer:
    """What the models answer to a question, as it stands in its sentence."""
    answer = getattr(compute, name)(picture.runs["gpt1"], picture.runs["gpt2"])
    values = {
        key: f"{value:.2f}" if isinstance(value, float) else value for key, value in answer.values.items()
    }
    return Answer(answer.right, values, answer.options, answer.words)


def _code(picture: Picture) -> Snippet:
    """The text, the block and the two models of this screen."""
    specs = (picture.context.registry.spec(picture.loaded[side].name) for side in SIDES)
    names = ", ".join(f'"{loadable(spec)}"' for spec in specs)
    values = {
        "text, block = ": f"{picture.page.text!r}, {picture.state.block}",
        "for name in ": f"({names}):",
    }
    return Snippet("snippets/two_blocks.py", values)
