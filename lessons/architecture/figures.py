"""The picture of 「GPT-1 vs GPT-2」 as plain data: two columns of tensors with their statistics."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import guess
from app.lesson import Context, Page
from app.views.tokens import token_view
from lessons.architecture import panels
from lessons.architecture.nodes import OUT_OF_BLOCK
from lessons.architecture.state import CHANGES, NO_NODE, SIDES, State

if TYPE_CHECKING:
    from torch import Tensor

    from lessons.architecture.compute import Run

SNIPPET = "snippets/two_blocks.py"
# Tensors drawn once, and those of the open block.
OUTSIDE = ("hook_embed", "hook_pos_embed", "blocks.0.hook_resid_pre", "ln_final.hook_normalized", "logits")
INSIDE = (
    *("hook_resid_pre", "hook_attn_out", "hook_resid_mid", "ln1.hook_normalized"),
    *("mlp.hook_post", "hook_mlp_out", "hook_resid_post", "ln2.hook_normalized"),
)


@cache
def paper() -> dict[str, dict[str, int]]:
    """{"gpt1": {"vocabulary", "context", "layers", "width"}, "gpt2": …} of the papers' models."""
    return tomllib.loads((Path(__file__).parent / "paper.toml").read_text(encoding="utf-8"))


def preview(context: Context, page: Page, state: State) -> dict[str, Any]:
    """The picture before the models are there: the boxes, and no numbers."""
    return {
        "ready": False,
        "architecture": "gpt1" if page.model == "tiny-gpt1" else "gpt2",
        "columns": [],
        "open": state.block,
        "blocks": 4,
        "lit": state.lit,
        "side": state.side,
        "node": state.node,
        "row": state.row,
        "panel": None,
        "lead": context.text("intro"),
        "look": context.text("look.preview"),
        "questions": [],
        "code": "",
        "labs": {"depth": state.depth, "scaled": state.scaled, "open": []},
    }


class Picture:
    """One picture of one state. Words come from `context`, numbers from the two runs."""

    def __init__(self, context: Context, page: Page, state: State, runs: dict[str, Run]):
        from app.engine.trace import stats
        from app.views import heatmap
        from lessons.architecture import compute, lab_figures

        self.context, self.page, self.state, self.runs = context, page, state, runs
        self.words, self.stats, self.heatmap, self.compute = context.text, stats, heatmap, compute
        self.labs = lab_figures

    def data(self) -> dict[str, Any]:
        state = self.state
        return {
            "ready": True,
            "architecture": next(a for a, run in self.runs.items() if run.loaded.name == self.page.model),
            "columns": [self._column(self.runs[side]) for side in SIDES],
            "open": state.block,
            "blocks": max(run.loaded.n_layer for run in self.runs.values()),
            "lit": state.lit,
            "side": state.side,
            "node": "" if state.node == NO_NODE else state.node,
            "row": state.row,
            "panel": panels.draw(self),
            "lead": self.words("intro"),
            "look": self._look(),
            "questions": self._questions(),
            "code": self._code(),
            "labs": self.labs.draw(self),
        }

    def open_block(self, run: Run) -> int:
        """The block that is open in that column; a model with fewer blocks opens its last one."""
        return min(self.state.block, run.loaded.n_layer - 1)

    def tokens(self, run: Run, ids: list[int] | None = None) -> list[dict[str, Any]]:
        """The tokens as chips; `word` numbers the words they belong to, which both tokenizers share."""
        shown, word = [], -1
        for piece in run.loaded.tokenizer.pieces(list(run.ids) if ids is None else ids):
            word += piece.leading_space or not shown
            shown.append(token_view(piece) | {"word": word})
        return shown

    def _column(self, run: Run) -> dict[str, Any]:
        loaded, block = run.loaded, self.open_block(run)
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
            "vocabulary": loaded.vocab_size,
            "open": block,
            "tokens": self.tokens(run),
            "n_dropped": run.n_dropped,
            "dropped": self.words("dropped", n=run.n_dropped) if run.n_dropped else "",
            "tensors": {name: self._tensor(run.tensors[name]) for name in dict.fromkeys(names)},
            "heads": self.heatmap.attention_thumbnails(run.tensors[f"blocks.{block}.attn.hook_pattern"]),
            "next": token_view(piece, self.label(run, next_id)) | {"p": p},
            "sub": self._sub(run),
            "alt": self.words("alt.column", model=loaded.name, blocks=loaded.n_layer, block=block),
        }

    def label(self, run: Run, token_id: int) -> str:
        return self.words("special.end") if token_id == run.loaded.eot_id else ""

    def _tensor(self, tensor: Tensor) -> dict[str, Any]:
        numbers = self.stats(tensor)
        return numbers | {"thumb": self.heatmap.signed_thumbnail(tensor, numbers["std"])}

    def _sub(self, run: Run) -> str:
        """What the lit difference is on this side, under the column's heading."""
        lit = self.state.lit if self.state.lit in CHANGES else "ln"
        numbers = paper()[run.architecture] | {"n": self.additions(run)}
        shown = {name: f"{value:,}" for name, value in numbers.items()}
        return self.words(f"sub.{lit}.{run.architecture}", **shown)

    def additions(self, run: Run) -> int:
        """N of 1/√N of that model."""
        return self.compute.residual_additions(run.loaded.n_layer)

    def std(self, run: Run, name: str) -> str:
        """The standard deviation of a tensor as it stands in a sentence."""
        return f"{self.stats(run.tensors[name])['std']:.2f}"

    def _look(self) -> str:
        """여기를 보세요: what is lit, in numbers of this text."""
        first, second = (self.runs[side] for side in SIDES)
        block = self.open_block(first)
        last = second.loaded.n_layer - 1
        inside = f"blocks.{block}."
        shown = {
            "block": block,
            "last": last,
            "mid": self.std(first, inside + "hook_resid_mid"),
            "ln1": self.std(first, inside + "ln1.hook_normalized"),
            "post": self.std(first, inside + "hook_resid_post"),
            "ln2": self.std(first, inside + "ln2.hook_normalized"),
            "start": self.std(second, "blocks.0.hook_resid_pre"),
            "end": self.std(second, f"blocks.{last}.hook_resid_post"),
            "final": self.std(second, "ln_final.hook_normalized"),
            "end1": self.std(first, f"blocks.{first.loaded.n_layer - 1}.ln2.hook_normalized"),
            "n": self.additions(second),
            "layers": second.loaded.n_layer,
            "factor": f"{1 / math.sqrt(self.additions(second)):.3f}",
            "rows1": f"{first.loaded.vocab_size:,}",
            "rows2": f"{second.loaded.vocab_size:,}",
            "context1": f"{first.loaded.n_ctx:,}",
            "context2": f"{second.loaded.n_ctx:,}",
            "tokens1": len(first.ids) + first.n_dropped,
            "tokens2": len(second.ids) + second.n_dropped,
            "width": second.loaded.d_model,
            "embed1": self.std(first, "hook_embed"),
            "embed2": self.std(second, "hook_embed"),
            "position1": self.std(first, "hook_pos_embed"),
            "position2": self.std(second, "hook_pos_embed"),
        }
        for number, run in (("1", first), ("2", second)):
            token_id, p = run.next_token()
            piece = run.loaded.tokenizer.candidates(list(run.ids), [token_id])[0]
            shown |= {
                f"next{number}": self.label(run, token_id) or token_view(piece)["piece"],
                f"p{number}": f"{p:.2f}",
            }
        return self.words(f"look.{self.state.lit}", **shown)

    def _questions(self) -> list[dict[str, Any]]:
        def ask(name: str) -> guess.Answer:
            answer = getattr(self.compute, name)(self.runs["gpt1"], self.runs["gpt2"])
            values = {
                key: f"{value:.2f}" if isinstance(value, float) else value
                for key, value in answer.values.items()
            }
            blocks = {f"last{side[-1]}": run.loaded.n_layer - 1 for side, run in self.runs.items()}
            return guess.Answer(answer.right, values | blocks, answer.options)

        return guess.draw(self.context, self.state.answers, ask)

    def _code(self) -> str:
        """The snippet as it stands in its file, with the text and the block of this screen."""
        code = (self.context.lesson.folder / SNIPPET).read_text(encoding="utf-8")
        start = "text, block = "
        return "\n".join(
            f"{start}{self.page.text!r}, {self.state.block}" if line.startswith(start) else line
            for line in code.splitlines()
        )
