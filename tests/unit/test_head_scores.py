"""Head scores against patterns written by hand and against a model that does induction by construction."""

import math

import pytest
import torch

from app.engine.head_scores import (
    HeadScores,
    head_scores,
    label_of,
    measuring,
    repeated_sequences,
    score_patterns,
)
from app.errors import InputError
from app.models import LoadedModel
from tests.random_models import random_model

N = 5
T = 2 * N


def pattern(rule) -> torch.Tensor:
    """(T, T) whose row t puts all its weight on rule(t)."""
    weights = torch.zeros(T, T)
    for t in range(T):
        weights[t, rule(t)] = 1.0
    return weights


HEADS = {
    "previous": pattern(lambda t: max(t - 1, 0)),
    "first": pattern(lambda t: 0),
    "same": pattern(lambda t: t if t < N else t - N),
    "induction": pattern(lambda t: t if t < N else t - N + 1),
    "uniform": torch.tril(torch.ones(T, T)) / torch.arange(1, T + 1).unsqueeze(1),
}
SCORES = {
    name: dict(zip(HEADS, score.tolist(), strict=True))
    for name, score in score_patterns(torch.stack(list(HEADS.values()))).items()
}


@pytest.mark.parametrize("name", ["previous", "first", "same", "induction"])
def test_a_pure_head_has_the_score_one(name: str):
    assert SCORES[name][name] == pytest.approx(1.0)


def test_scores_count_only_the_positions_of_their_definition():
    """Counted by hand with n = 5: which rows of one pattern also satisfy another one's definition."""
    assert SCORES["first"]["previous"] == pytest.approx(1 / 9)  # t = 1 only
    assert SCORES["previous"]["first"] == pytest.approx(1 / 9)
    assert SCORES["first"]["same"] == pytest.approx(1 / 9)  # t = 5
    assert SCORES["same"]["first"] == pytest.approx(1 / 5)  # i = 0
    assert SCORES["induction"]["first"] == 0
    assert SCORES["induction"]["same"] == 0
    assert SCORES["same"]["induction"] == 0
    assert SCORES["previous"]["induction"] == 0
    assert SCORES["same"]["uniform"] == pytest.approx(sum(1 / (t + 1) for t in range(5, 10)) / 5)


def test_entropy_is_0_for_one_place_and_1_for_all_places_alike():
    assert SCORES["entropy"]["uniform"] == pytest.approx(1.0)
    assert SCORES["entropy"]["previous"] == pytest.approx(0.0)
    half = torch.tensor([[[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 0, 1.0]]])
    expected = (1 + math.log(2) / math.log(3) + 0) / 3
    assert score_patterns(half)["entropy"].item() == pytest.approx(expected)


def test_width_is_the_mean_distance_looked_back():
    assert SCORES["width"]["previous"] == pytest.approx(9 / 10)
    assert SCORES["width"]["first"] == pytest.approx(sum(range(10)) / 10)
    assert SCORES["width"]["uniform"] == pytest.approx(sum(t / 2 for t in range(10)) / 10)
    assert SCORES["width"]["induction"] == pytest.approx(4 / 2)


@pytest.mark.parametrize(
    ("previous", "first", "same", "induction", "label"),
    [
        (0.9, 0.0, 0.0, 0.0, "previous"),
        (0.1, 0.5, 0.2, 0.0, "first"),
        (0.0, 0.0, 0.4, 0.2, "same"),
        (0.3, 0.0, 0.0, 0.46, "induction"),
        (0.39, 0.0, 0.0, 0.0, "no clear pattern"),
        (0.5, 0.4, 0.0, 0.0, "no clear pattern"),
    ],
)
def test_label_wants_a_score_of_0_4_and_a_lead_of_0_15(previous, first, same, induction, label):
    assert HeadScores(0, 0, previous, first, same, induction, entropy=0.5, width=3.0).label == label


def test_sequences_are_repeated_ordinary_tokens_and_always_the_same():
    ids = repeated_sequences(vocab_size=400, n_ctx=64)
    assert ids.shape == (32, 60)
    assert torch.equal(ids[:, :30], ids[:, 30:])
    assert ids.min() >= 300 and ids.max() < 400
    expected = torch.randint(300, 400, (32, 30), generator=torch.Generator().manual_seed(0))
    assert torch.equal(ids[:, :30], expected)


@pytest.mark.parametrize(("vocab_size", "n_ctx"), [(110, 24), (301, 24), (2, 8), (340, 2), (340, 5)])
def test_odd_models_are_measured_too(vocab_size: int, n_ctx: int):
    """A vocabulary below the first ordinary id, and a context that hardly holds anything twice."""
    for scores in head_scores(random_model("gpt2", vocab_size=vocab_size, n_ctx=n_ctx)):
        numbers = [getattr(scores, name) for name in SCORES]
        assert all(math.isfinite(number) and number >= 0 for number in numbers)


def test_a_context_of_one_token_is_one_sentence():
    with pytest.raises(InputError) as raised:
        head_scores(random_model("gpt2", n_ctx=1))
    assert raised.value.code == "too_many_tokens"


def induction_model() -> LoadedModel:
    """Two layers of GPT-2 that do induction by construction.

    The residual stream of 88 numbers: token (0-39, one-hot), position (40-63, one-hot), room for the token
    before (64-103). Block 0 head 0 looks at the previous position by the position's code and copies its
    token; block 1 head 0 looks for positions whose previous token is the current token.
    """
    n_ctx, n_tokens = 24, 40
    loaded = random_model("gpt2", vocab_size=300 + n_tokens, n_ctx=n_ctx, d_model=312)
    d, head_size = 312, 104
    token, position, before = (slice(s, s + n) for s, n in ((0, n_tokens), (40, n_ctx), (64, n_tokens)))
    model, sharp = loaded.model.transformer, 200.0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(1.0 if "ln_" in name and name.endswith("weight") else 0.0)
        model.wte.weight[300:, token] = torch.eye(n_tokens)
        model.wpe.weight[:, position] = torch.eye(n_ctx)
        first, second = model.h[0].attn, model.h[1].attn
        query, key, value = (slice(i * d, i * d + head_size) for i in range(3))
        # Block 0, head 0: the query of position t is the key of position t - 1.
        first.c_attn.weight[position, query][1:, : n_ctx - 1] = sharp * torch.eye(n_ctx - 1)
        first.c_attn.weight[position, key][:, :n_ctx] = torch.eye(n_ctx)
        first.c_attn.weight[token, value][:, :n_tokens] = torch.eye(n_tokens)
        first.c_proj.weight[:n_tokens, before] = torch.eye(n_tokens)
        # Block 1, head 0: the query is the token, the key is the token before.
        second.c_attn.weight[token, query][:, :n_tokens] = sharp * torch.eye(n_tokens)
        second.c_attn.weight[before, key][:, :n_tokens] = torch.eye(n_tokens)
    return loaded


def test_a_hand_built_induction_model_is_found_out():
    scores = {(s.layer, s.head): s for s in head_scores(induction_model())}
    assert len(scores) == 2 * 3
    assert scores[0, 0].label == "previous" and scores[0, 0].previous > 0.95
    assert scores[1, 0].label == "induction" and scores[1, 0].induction > 0.8
    assert scores[0, 1].label == scores[1, 2].label == "no clear pattern"


@pytest.mark.parametrize("architecture", ["gpt1", "gpt2"])
def test_scores_are_means_over_the_sequences(architecture: str):
    """All 32 sequences in one batch, and the definitions with plain loops."""
    loaded = random_model(architecture, n_ctx=12)
    n = 4
    with torch.no_grad():
        layers = loaded.model(repeated_sequences(340, 12), output_attentions=True).attentions
    for scores in head_scores(loaded):
        p = layers[scores.layer][:, scores.head].double()  # (32, 8, 8)
        back = [p[:, t, t - 1].mean() for t in range(1, 2 * n)]
        induction = [p[:, n + i, i + 1].mean() for i in range(n)]
        nats = [-(p[:, t, : t + 1] * p[:, t, : t + 1].log()).sum(-1).mean() for t in range(1, 2 * n)]
        entropy = [nats[t - 1] / math.log(t + 1) for t in range(1, 2 * n)]
        assert scores.previous == pytest.approx(float(sum(back) / len(back)), abs=1e-5)
        assert scores.induction == pytest.approx(float(sum(induction) / n), abs=1e-5)
        assert scores.entropy == pytest.approx(float(sum(entropy) / len(entropy)), abs=1e-5)


def test_measuring_tells_how_far_it_is_and_can_be_stopped_and_taken_up(monkeypatch):
    """Sequence by sequence: what is done stays done, and what comes out is the same."""
    loaded = random_model("gpt2", n_ctx=12)
    whole = head_scores(random_model("gpt2", n_ctx=12))
    steps = measuring(loaded)
    shares = [next(steps) for _ in range(2 * loaded.n_layer + 1)]  # two sequences, and a block of the third
    assert shares == pytest.approx([i / (32 * loaded.n_layer) for i in range(1, len(shares) + 1)])
    steps.close()
    left = list(measuring(loaded))
    assert len(left) == 30 * loaded.n_layer and left[-1] == 1
    assert head_scores(loaded) == whole
    monkeypatch.setattr("app.engine.head_scores.run_block", None)
    assert head_scores(loaded) == whole, "nothing is computed twice"
    with pytest.raises(TypeError):
        head_scores(random_model("gpt2", n_ctx=12))


def test_a_pause_leaves_gradients_on():
    next(measuring(random_model("gpt2", n_ctx=12)))
    assert torch.is_grad_enabled()


def test_a_label_takes_no_notice_of_what_could_not_be_measured():
    unmeasured = {"same": None, "induction": None}
    assert label_of({"previous": 0.6, "first": 0.2, **unmeasured}) == "previous"
    assert label_of({"previous": 0.6, "first": 0.5, **unmeasured}) == "no clear pattern"
    assert label_of({"previous": None, "first": None, **unmeasured}) == "no clear pattern"
