"""What stands in the two drawings: which tensor a box is, where it comes from, its formula and its code.

Plain data, no torch. A name is that of a trace (app/engine/trace.py). A formula is nested lists for
`lab.formula`: the name of an element of MathML, then its children. A line of code is one of `transformers`,
models/openai/modeling_openai.py and models/gpt2/modeling_gpt2.py; a test looks for each in its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Tree = list[Any]


@dataclass(frozen=True)
class Kind:
    """One kind of place.

    Args:
        words: its strings are node.<words>.title and node.<words>.say.
        code: one line for each architecture, "" where it has none.
        source: the tensor that comes in, by architecture; "" where nothing does. Within a block it is named
            without the block.
        where: what the symbols of the formula are, as (symbol, place) pairs; a place is a tensor, or the
            shape of a weight in the letters T (tokens), d (width), V (vocabulary), C (context).
    """

    words: str
    formula: Tree
    code: dict[str, str]
    source: dict[str, str]
    where: tuple[tuple[str, str], ...] = ()


def _both(name: str) -> dict[str, str]:
    return {"gpt1": name, "gpt2": name}


_SUM = ["mrow", "y", "=", "x", "+", "f", "(", "x", ")"]
_H0 = ["mrow", ["msub", "h", "0"], "=", "U", ["msub", "W", "e"], "+", ["msub", "W", "p"]]
_HAT = ["mover", "x", "^"]
_LN = [
    "mrow",
    *(_HAT, "="),
    ["mfrac", ["mrow", "x", "−", "μ"], ["msqrt", ["mrow", ["msup", "σ", "2"], "+", "ε"]]],
    *(",", "y", "=", "γ", "⊙", _HAT, "+", "β"),
]
_QK = ["mfrac", ["mrow", "Q", ["msup", "K", "T"]], ["msqrt", ["msub", "d", "h"]]]
_ATTENTION = ["mrow", "A", "=", "softmax", "(", _QK, ")"]
_ATTENTION_OUT = ["mrow", "y", "=", "A", "V", ["msub", "W", "O"]]
_LN_WHERE = (("x", "source"), ("γ, β", "[d]"))

_LN1 = Kind(
    "ln1",
    _LN,
    {"gpt1": "n = self.ln_1(x + a)", "gpt2": "hidden_states = self.ln_1(hidden_states)"},
    {"gpt1": "hook_resid_mid", "gpt2": "hook_resid_pre"},
    _LN_WHERE,
)
_LN2 = Kind(
    "ln2",
    _LN,
    {"gpt1": "h = self.ln_2(n + m)", "gpt2": "hidden_states = self.ln_2(hidden_states)"},
    {"gpt1": "hook_resid_post", "gpt2": "hook_resid_mid"},
    _LN_WHERE,
)

OUTSIDE = {
    "hook_embed": Kind(
        "embed",
        _H0,
        {
            "gpt1": "inputs_embeds = self.tokens_embed(input_ids)",
            "gpt2": "inputs_embeds = self.wte(input_ids)",
        },
        _both(""),
        (("U", "[T, V]"), ("Wₑ", "[V, d]"), ("UWₑ", "self")),
    ),
    "hook_pos_embed": Kind(
        "position",
        _H0,
        {
            "gpt1": "position_embeds = self.positions_embed(position_ids)",
            "gpt2": "position_embeds = self.wpe(position_ids)",
        },
        _both("hook_embed"),
        (("Wₚ", "[C, d]"), ("x", "source"), ("y", "self")),
    ),
    "ln_final.hook_normalized": Kind(
        "ln_final",
        _LN,
        {"gpt1": "", "gpt2": "hidden_states = self.ln_f(hidden_states)"},
        {"gpt1": "", "gpt2": "last"},
        _LN_WHERE,
    ),
    "logits": Kind(
        "logits",
        [
            "mrow",
            "P",
            "(",
            "u",
            ")",
            "=",
            "softmax",
            "(",
            ["msub", "h", "n"],
            ["msubsup", "W", "e", "T"],
            ")",
        ],
        _both("lm_logits = self.lm_head(hidden_states)"),
        {"gpt1": "last", "gpt2": "ln_final.hook_normalized"},
        (("hₙ", "source"), ("Wₑ", "[V, d]"), ("hₙWₑᵀ", "self")),
    ),
}

INSIDE = {
    "hook_resid_pre": Kind(
        "resid_pre",
        ["mrow", ["msub", "h", ["mrow", "l", "−", "1"]]],
        {"gpt1": "", "gpt2": "residual = hidden_states"},
        _both(""),
        (("h", "self"),),
    ),
    "attn.hook_pattern": Kind(
        "pattern",
        _ATTENTION,
        _both("w = nn.functional.softmax(w, dim=-1)")
        | {"gpt2": "attn_weights = nn.functional.softmax(attn_weights, dim=-1)"},
        _both(""),
        (("Q, K", "attn.hook_q"), ("A", "self")),
    ),
    "hook_attn_out": Kind(
        "attn_out",
        _ATTENTION_OUT,
        {"gpt1": "attn_outputs = self.attn(", "gpt2": "attn_output, _ = self.attn("},
        {"gpt1": "hook_resid_pre", "gpt2": "ln1.hook_normalized"},
        (("A", "attn.hook_pattern"), ("V", "attn.hook_v"), ("W_O", "[d, d]"), ("y", "self")),
    ),
    "hook_resid_mid": Kind(
        "resid_mid",
        _SUM,
        {"gpt1": "n = self.ln_1(x + a)", "gpt2": "hidden_states = attn_output + residual"},
        _both("hook_resid_pre"),
        (("x", "source"), ("f(x)", "hook_attn_out")),
    ),
    "ln1.hook_normalized": _LN1,
    "mlp.hook_post": Kind(
        "hidden",
        ["mrow", "y", "=", "GELU", "(", "x", ["msub", "W", "1"], "+", ["msub", "b", "1"], ")"],
        {"gpt1": "h = self.act(self.c_fc(x))", "gpt2": "hidden_states = self.act(hidden_states)"},
        {"gpt1": "ln1.hook_normalized", "gpt2": "ln2.hook_normalized"},
        (("x", "source"), ("W₁", "[d, 4d]"), ("y", "self")),
    ),
    "hook_mlp_out": Kind(
        "mlp_out",
        ["mrow", "y", "=", "GELU", "(", "x", ["msub", "W", "1"], ")", ["msub", "W", "2"]],
        {"gpt1": "m = self.mlp(n)", "gpt2": "feed_forward_hidden_states = self.mlp(hidden_states)"},
        {"gpt1": "ln1.hook_normalized", "gpt2": "ln2.hook_normalized"},
        (("x", "source"), ("W₁", "[d, 4d]"), ("W₂", "[4d, d]"), ("y", "self")),
    ),
    "hook_resid_post": Kind(
        "resid_post",
        _SUM,
        {"gpt1": "h = self.ln_2(n + m)", "gpt2": "hidden_states = residual + feed_forward_hidden_states"},
        {"gpt1": "ln1.hook_normalized", "gpt2": "hook_resid_mid"},
        (("x", "source"), ("f(x)", "hook_mlp_out")),
    ),
    "ln2.hook_normalized": _LN2,
}

# What comes out of a block and runs on to the next one.
OUT_OF_BLOCK = {"gpt1": "ln2.hook_normalized", "gpt2": "hook_resid_post"}
# What enters a block's two sums beside what is added to it.
INTO_MLP_SUM = {"gpt1": "ln1.hook_normalized", "gpt2": "hook_resid_mid"}


def block_of(name: str) -> int | None:
    """The block that a tensor belongs to, None for one outside."""
    parts = name.split(".")
    return int(parts[1]) if parts[0] == "blocks" and len(parts) > 2 and parts[1].isdigit() else None


def kind_of(name: str, architecture: str) -> Kind | None:
    """What stands at `name` in the drawing of that architecture, None where nothing does."""
    block = block_of(name)
    if block is None:
        return None if name == "ln_final.hook_normalized" and architecture == "gpt1" else OUTSIDE.get(name)
    return INSIDE.get(name.split(".", 2)[2])


def resolve(place: str, name: str, architecture: str, n_layer: int) -> str:
    """The whole name of `place`, which a Kind gives as seen from the tensor `name`."""
    block = block_of(name)
    if place == "self":
        return name
    if place == "last":
        return f"blocks.{n_layer - 1}.{OUT_OF_BLOCK[architecture]}"
    return place if block is None or not place else f"blocks.{block}.{place}"
