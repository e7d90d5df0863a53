"""What a model of `transformers` computes, taken from its own modules: for tests of what we show of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch

from app.models import LoadedModel


def modules_output(loaded: LoadedModel, ids: list[int]) -> dict[str, torch.Tensor]:
    """The tensors of a trace by their names, from what enters and leaves the modules of `transformers`.

    loaded: with `eager` attention, for the patterns. Tensors are (T, …) float32, a pattern is (h, T, T).
    """
    entered, left, patterns, logits = listen(loaded, ids)
    pre = loaded.architecture == "gpt2"
    found = {
        "hook_embed": left["wte" if pre else "tokens_embed"],
        "hook_pos_embed": left["wpe" if pre else "positions_embed"],
        "logits": logits,
    }
    for layer in range(loaded.n_layer):
        module, block = f"h.{layer}.", f"blocks.{layer}."
        last = "ln_f" if layer + 1 == loaded.n_layer else f"h.{layer + 1}.ln_1"
        found |= {
            block + "hook_resid_pre": entered[module + ("ln_1" if pre else "attn.c_attn")],
            block + "attn.hook_pattern": patterns[layer],
            block + "hook_attn_out": left[module + "attn.c_proj"],
            block + "hook_resid_mid": entered[module + ("ln_2" if pre else "ln_1")],
            block + "ln1.hook_normalized": left[module + "ln_1"],
            block + "mlp.hook_post": entered[module + "mlp.c_proj"],
            block + "hook_mlp_out": left[module + "mlp.c_proj"],
            block + "hook_resid_post": entered[last if pre else module + "ln_2"],
            block + "ln2.hook_normalized": left[module + "ln_2"],
        }
    return found | ({"ln_final.hook_normalized": left["ln_f"]} if pre else {})


def listen(
    loaded: LoadedModel, ids: list[int]
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], list[torch.Tensor], torch.Tensor]:
    """Run the model of `transformers` -> what entered and what left each module, without the batch axis,
    the attention patterns [h, T, T] of all layers, and the logits [T, V]."""
    entered: dict[str, torch.Tensor] = {}
    left: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_: torch.nn.Module, inputs: tuple, output: object) -> None:
            if inputs and isinstance(output, torch.Tensor):
                entered[name], left[name] = inputs[0][0], output[0]

        return hook

    handles = [
        module.register_forward_hook(keep(name)) for name, module in loaded.model.transformer.named_modules()
    ]
    try:
        with torch.no_grad():
            output = loaded.model(torch.tensor([ids]), output_attentions=True)
    finally:
        for handle in handles:
            handle.remove()
    return entered, left, [attention[0] for attention in output.attentions], output.logits[0]


def values_in(template: str, sentence: str) -> dict[str, str]:
    """What has been put into `template` ("{n} tokens") to make `sentence`, at its beginning: {"n": "3"}.

    A Korean value loses the particle that follows it, and a learner's letters the marks around them.
    """
    pattern, named = "", set()
    for text, name, spec in re.findall(r"([^{]*)(?:\{(\w+):?([^}]*)\})?", template):
        pattern += re.escape(text)
        if name:
            pattern += f"(?P={name})" if name in named else f"(?P<{name}>.+?)"
            named.add(name)
        if "/" in spec:
            first, second = spec.split("/")
            closing = first[: len(first) - len(first.lstrip("’”)"))]
            first = first.removeprefix(closing)
            pattern += f"{closing}(?:{first}\\({second}\\)|{first}|{second}|로)"
    shown = re.sub("[\u2068\u2069]", "", sentence)
    found = re.match(pattern + r"(?: |$)", shown)
    assert found, f"{shown!r} is not made of {template!r}"
    return found.groupdict()


def after_filters(
    probabilities: torch.Tensor, temperature: float, top_k: int, top_p: float
) -> dict[int, float]:
    """The three filters in plain Python -> {id: probability} of what is left, likeliest first."""
    weights = (probabilities.log() / temperature).softmax(-1).tolist()
    left = sorted(range(len(weights)), key=lambda i: -weights[i])
    if top_k:
        smallest = weights[left[min(top_k, len(left)) - 1]]
        left = [i for i in left if weights[i] >= smallest]
    total, kept = sum(weights[i] for i in left), []
    for i in left:  # the fewest of the likeliest that hold top_p together
        kept.append(i)
        if top_p < 1 and sum(weights[j] for j in kept) / total >= top_p:
            break
    whole = sum(weights[i] for i in kept)
    return {i: weights[i] / whole for i in kept}
