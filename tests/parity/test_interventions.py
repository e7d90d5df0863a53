"""Cutting and exchanging against plain `transformers`: its own modules, hooks on them, or changed copies."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch

from app.engine.interventions import (
    Cuts,
    carried,
    cut,
    exchange,
    heads_z,
    last_log_probabilities,
    open_scores,
    proceed,
    sweep,
    without_mask,
)
from app.engine.trace import trace
from app.models import LoadedModel, load
from app.models.registry import EMBEDDED

KOREAN, KOREAN_OTHER = "나는 오늘 그 곳에 간다. 나는 오늘 그", "나는 오늘 그 책을 간다. 나는 오늘 그"
TEXTS = {
    "korean": KOREAN,
    "english": "The dog went to the river. The dog went to the",
    "one token": "",
    "full window": f"{KOREAN}. " * 40,
}
CUTS = {
    "a head": Cuts(frozenset({(2, 3)})),
    "heads of several blocks": Cuts(frozenset({(0, 0), (0, 5), (3, 2)})),
    "a block's attention": Cuts(attention=frozenset({1})),
    "an MLP": Cuts(mlps=frozenset({0})),
    "everything at once": Cuts(frozenset({(1, 1)}), frozenset({2}), frozenset({1, 3})),
}


@pytest.fixture(scope="module", params=EMBEDDED)
def loaded(request) -> LoadedModel:
    return load(request.param, eager=True)


def ids_of(loaded: LoadedModel, text: str) -> list[int]:
    ids = loaded.tokenizer.encode(text) or [loaded.eot_id]
    return ids[: loaded.n_ctx]


def theirs(model: torch.nn.Module, ids: list[int]) -> torch.Tensor:
    """log P of the next token by `transformers` alone, (V,)."""
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0, -1].double().log_softmax(-1)


def with_hooks(
    loaded: LoadedModel, ids: list[int], before: dict[str, Callable], after: dict[str, Callable]
) -> torch.Tensor:
    """The same with hooks on modules of the blocks. before: of what enters one, after: of what leaves it."""
    body = loaded.model.transformer
    handles = [
        body.get_submodule(name).register_forward_pre_hook(lambda _, inputs, f=f: (f(inputs[0]),))
        for name, f in before.items()
    ]
    handles += [
        body.get_submodule(name).register_forward_hook(lambda _, inputs, output, f=f: f(output))
        for name, f in after.items()
    ]
    try:
        return theirs(loaded.model, ids)
    finally:
        for handle in handles:
            handle.remove()


def columns(loaded: LoadedModel, head: int) -> slice:
    """Where a head's z stands in what enters the output projection."""
    size = loaded.d_model // loaded.n_head
    return slice(head * size, (head + 1) * size)


def replaced(x: torch.Tensor, where: slice, mode: str) -> torch.Tensor:
    x = x.clone()
    x[:, :, where] = 0 if mode == "zero" else x[:, :, where].mean(1, keepdim=True)
    return x


def by_hooks(loaded: LoadedModel, ids: list[int], cuts: Cuts) -> torch.Tensor:
    """A cut as hooks on the output projections and the MLPs."""
    heads = {(layer, head) for layer in cuts.attention for head in range(loaded.n_head)} | cuts.heads

    def z(layer: int) -> Callable:
        def change(x: torch.Tensor) -> torch.Tensor:
            for _, head in (one for one in heads if one[0] == layer):
                x = replaced(x, columns(loaded, head), cuts.mode)
            return x

        return change

    before = {f"h.{layer}.attn.c_proj": z(layer) for layer in {layer for layer, _ in heads}}
    after = {f"h.{layer}.mlp": lambda x: replaced(x, slice(None), cuts.mode) for layer in cuts.mlps}
    return with_hooks(loaded, ids, before, after)


def z_by_hooks(loaded: LoadedModel, ids: list[int]) -> list[torch.Tensor]:
    """What enters every output projection, n_layer × (1, T, d)."""
    seen: list[torch.Tensor] = []

    def keep(x: torch.Tensor) -> torch.Tensor:
        seen.append(x)
        return x

    with_hooks(loaded, ids, {f"h.{layer}.attn.c_proj": keep for layer in range(loaded.n_layer)}, {})
    return seen


def exchanged_by_hooks(
    loaded: LoadedModel, ids: list[int], other_ids: list[int], heads: list, position: int | None
) -> torch.Tensor:
    other = z_by_hooks(loaded, other_ids)
    where = slice(None) if position is None else [position]

    def put(layer: int) -> Callable:
        def change(x: torch.Tensor) -> torch.Tensor:
            x = x.clone()
            for head in (head for at, head in heads if at == layer):
                x[0, where, columns(loaded, head)] = other[layer][0, where, columns(loaded, head)]
            return x

        return change

    return with_hooks(loaded, ids, {f"h.{layer}.attn.c_proj": put(layer) for layer, _ in heads}, {})


def close(ours: torch.Tensor, expected: torch.Tensor, atol: float = 2e-5) -> None:
    torch.testing.assert_close(ours.double(), expected.double(), atol=atol, rtol=1e-5)


@pytest.mark.parametrize("text", TEXTS)
def test_patterns_are_those_of_output_attentions(loaded, text: str):
    ids = ids_of(loaded, TEXTS[text])
    assert len(ids) == {"one token": 1, "full window": loaded.n_ctx}.get(text, len(ids))
    traced = trace(loaded, ids)
    with torch.no_grad():
        attentions = loaded.model(torch.tensor([ids]), output_attentions=True).attentions
    assert len(attentions) == loaded.n_layer
    for layer, pattern in enumerate(attentions):
        difference = traced[f"blocks.{layer}.attn.hook_pattern"] - pattern[0]
        assert difference.abs().max() <= 1e-6


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_cut_is_the_model_itself(loaded, text: str):
    ids = ids_of(loaded, TEXTS[text])
    expected = theirs(loaded.model, ids)
    close(last_log_probabilities(loaded, ids), expected)
    assert torch.equal(last_log_probabilities(loaded, ids, cut(Cuts())), last_log_probabilities(loaded, ids))
    same = dict(enumerate(heads_z(loaded, ids)))
    z = {(layer, head): same[layer][:, head] for layer in same for head in range(loaded.n_head)}
    close(last_log_probabilities(loaded, ids, exchange(z)), expected)


@pytest.mark.parametrize("text", TEXTS)
def test_a_zero_cut_is_a_model_without_those_rows_of_the_output_projection(loaded, text: str):
    ids = ids_of(loaded, TEXTS[text])
    cuts = CUTS["heads of several blocks"]
    changed = copy.deepcopy(loaded.model)
    with torch.no_grad():
        for layer, head in cuts.heads:
            changed.transformer.h[layer].attn.c_proj.weight[columns(loaded, head)] = 0
    ours = last_log_probabilities(loaded, ids, cut(cuts))
    close(ours, theirs(changed, ids))
    assert (ours - theirs(loaded.model, ids)).abs().max() > 1e-3


@pytest.mark.parametrize("mode", ["zero", "mean"])
@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_cut_is_what_hooks_on_the_modules_do(loaded, text: str, cuts: str, mode: str):
    ids = ids_of(loaded, TEXTS[text])
    asked = Cuts(CUTS[cuts].heads, CUTS[cuts].attention, CUTS[cuts].mlps, mode)
    ours = last_log_probabilities(loaded, ids, cut(asked))
    close(ours, by_hooks(loaded, ids, asked))
    changes = (ours - theirs(loaded.model, ids)).abs().max()
    if mode == "mean" and text == "one token":  # the mean over one position is what stands there
        assert changes < 2e-5
    else:
        assert changes > 1e-4


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("position", [None, 0, -1])
def test_an_exchange_is_what_hooks_that_swap_z_do(loaded, text: str, position: int | None):
    ids = ids_of(loaded, TEXTS[text])
    position = position if position is None else range(len(ids))[position]
    other = [ids[0], *reversed(ids[1:])] if len(ids) > 1 else [(ids[0] + 400)]
    heads = [(0, 1), (0, 4), (2, 3)]
    expected = exchanged_by_hooks(loaded, ids, other, heads, position)
    given = heads_z(loaded, other)
    z = {(layer, head): given[layer][:, head] for layer, head in heads}
    close(last_log_probabilities(loaded, ids, exchange(z, position)), expected)
    if position != 0 or len(ids) == 1:  # there both texts begin with the same token
        assert (expected - theirs(loaded.model, ids)).abs().max() > 1e-4


@pytest.mark.parametrize("mode", ["zero", "mean"])
@pytest.mark.parametrize("text", TEXTS)
def test_the_sweep_is_every_head_cut_alone(loaded, text: str, mode: str, monkeypatch):
    """The full window also in batches smaller than a layer."""
    ids = ids_of(loaded, TEXTS[text])
    monkeypatch.setattr("app.engine.sweeps.MOST_TOKENS", 4 * loaded.n_ctx)
    target = int(theirs(loaded.model, ids).argmax())
    found = list(sweep(loaded, ids, target, mode))
    assert [layer for layer, _ in found] == list(range(loaded.n_layer))
    before = theirs(loaded.model, ids)[target]
    heads = range(loaded.n_head) if len(ids) < loaded.n_ctx else (0, 3, 4)
    for layer, changes in found:
        assert changes.shape == (loaded.n_head,)
        for head in heads:
            alone = by_hooks(loaded, ids, Cuts(frozenset({(layer, head)}), mode=mode))[target]
            assert float(changes[head]) == pytest.approx(float(alone - before), abs=2e-5)


def test_the_sweep_on_top_of_other_cuts(loaded):
    ids = ids_of(loaded, KOREAN)
    others = Cuts(frozenset({(1, 2)}), frozenset({2}), frozenset({0}), "mean")
    before = by_hooks(loaded, ids, others)[50]
    found = dict(sweep(loaded, ids, 50, "mean", others))
    for layer, head in [(0, 0), (1, 4), (3, 5), (1, 2)]:
        both = Cuts(others.heads | {(layer, head)}, others.attention, others.mlps, "mean")
        expected = float(by_hooks(loaded, ids, both)[50] - before)
        assert float(found[layer][head]) == pytest.approx(expected, abs=2e-5)
    assert abs(float(found[1][2])) < 2e-5, "it is cut already"
    assert torch.stack(list(found.values())).abs().max() > 1e-2


@pytest.mark.parametrize("where", ["everywhere", "where the texts differ"])
def test_carried_is_the_share_of_the_difference_that_a_swap_makes(loaded, where: str):
    ids, other = ids_of(loaded, KOREAN), ids_of(loaded, KOREAN_OTHER)
    (difference_at,) = (i for i, pair in enumerate(zip(ids, other, strict=True)) if len({*pair}) == 2)
    position = None if where == "everywhere" else difference_at
    on_text, on_other = theirs(loaded.model, ids), theirs(loaded.model, other)
    answers = int((on_text - on_other).argmax()), int((on_other - on_text).argmax())

    def difference(log_p: torch.Tensor) -> float:
        return float(log_p[answers[0]] - log_p[answers[1]])

    found = list(carried(loaded, ids, other, answers, position))
    assert [layer for layer, _ in found] == list(range(loaded.n_layer))
    for layer, shares in found:
        for head in range(loaded.n_head):
            swapped = exchanged_by_hooks(loaded, ids, other, [(layer, head)], position)
            expected = (difference(swapped) - difference(on_text)) / (
                difference(on_other) - difference(on_text)
            )
            assert float(shares[head]) == pytest.approx(expected, abs=2e-4)
    assert max(shares.abs().max() for _, shares in found) > 0.005


@pytest.mark.parametrize("cuts", [Cuts(), Cuts(frozenset({(2, 3)}), mode="mean")], ids=["whole", "cut"])
def test_proceeding_is_greedy_and_runs_the_whole_text_each_time(loaded, cuts: Cuts):
    for ids in (ids_of(loaded, KOREAN), ids_of(loaded, TEXTS["full window"])):
        text, expected = list(ids), []
        while len(expected) < 8 and not (expected and expected[-1][0] == loaded.eot_id):
            log_p = by_hooks(loaded, text[-loaded.n_ctx :], cuts)
            best = int(log_p.argmax())
            expected.append((best, pytest.approx(float(log_p[best].exp()), rel=1e-4)))
            text.append(best)
        assert proceed(loaded, ids, cuts, n=8) == expected


def test_without_the_mask(loaded):
    """q·k/√d_head from what leaves `c_attn`; where the mask is open these are the scores of the trace."""
    ids = ids_of(loaded, TEXTS["english"])
    traced, T, h = trace(loaded, ids), len(ids), loaded.n_head
    left = {}
    with_hooks(loaded, ids, {}, {"h.2.attn.c_attn": lambda x: left.setdefault("qkv", x)})
    q, k, _ = left["qkv"][0].view(T, 3, h, -1).unbind(1)  # (T, h, d_head)
    expected = torch.einsum("qhd,khd->hqk", q, k) / q.shape[-1] ** 0.5
    scores = open_scores(loaded, traced, 2)
    close(scores, expected)
    future = torch.ones(T, T, dtype=torch.bool).triu(1)
    closed = scores.masked_fill(future, float("-inf"))
    close(closed.softmax(-1), traced["blocks.2.attn.hook_pattern"])
    close(without_mask(scores), expected.softmax(-1))
    assert without_mask(scores)[:, future].sum() > 0.1
