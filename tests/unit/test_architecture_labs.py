"""The sentences of the labs of 「GPT-1 vs GPT-2」 against numbers that are computed another way here."""

from __future__ import annotations

import itertools
import math
import re
from functools import cache
from statistics import fmean
from types import SimpleNamespace

import pytest
import torch

from app import records
from app.engine.init_lab import N_STARTS
from app.engine.untrained import Recipe, random_texts, untrained
from app.models import load
from lessons.architecture import lab_figures, lab_words
from lessons.architecture.labs import RecordedRun, RecordedTraining
from lessons.architecture.lesson import LESSON
from tests.mounted import Mounted, Visitor, tiny_registry
from tests.reference import values_in

torch.set_num_threads(1)
WORDS = {
    "ko": {"grows": "커지고|커져요", "falls": "작아지고|작아져요", "level": "거의 같고|거의 같아요"},
    "en": {"grows": "grows from", "falls": "falls from", "level": "is about the same at"},
}
OUTLIER = {"ko": "블록 0만 블록 1의", "en": "has block 0 at"}
VERDICTS = {
    "ko": {"either": "비슷하게", "warm": "내려갔어요", "cold": "더 잘", "neither": "거의 배우지"},
    "en": {
        "either": "learnt alike",
        "warm": "came down to",
        "cold": "learnt better without",
        "neither": "hardly learnt",
    },
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with tiny_registry(tmp_path_factory.mktemp("labs"), n_ctx=24) as registry:
        yield registry


@pytest.fixture(scope="module", params=["ko", "en"])
def visitor(request, registry) -> Visitor:
    visitor = Visitor(Mounted(LESSON, LESSON.stage, registry, request.param))
    visitor.enter()
    visitor.lang = request.param
    return visitor


@cache  # both languages say the same numbers
def plain_norms(placement: str, depth: int, scaled: bool, init: str, seed: int) -> list[float]:
    """Norm of L1's gradient by all parameters of each block, in float64 and written out."""
    recipe = Recipe(placement, depth, scaled, init=init)
    state = untrained(recipe, seed).model.state_dict()
    w = {name: tensor.double().requires_grad_() for name, tensor in state.items()}
    ids = random_texts(recipe, 16, 33, seed)
    tokens, positions = ("wte", "wpe") if placement == "pre_ln" else ("tokens_embed", "positions_embed")
    x = w[f"transformer.{tokens}.weight"][ids[:, :-1]] + w[f"transformer.{positions}.weight"]  # (B, T, d)
    future = torch.full((32, 32), -math.inf, dtype=torch.float64).triu(1)

    def norm(x, name):
        centred = x - x.mean(-1, keepdim=True)
        std = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        return centred / std * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def attention(x, name):
        heads = [
            part.view(16, 32, 4, 16).transpose(1, 2) for part in linear(x, f"{name}.c_attn").split(64, -1)
        ]
        q, k, v = heads
        pattern = (q @ k.transpose(2, 3) / 4 + future).softmax(-1)
        return linear((pattern @ v).transpose(1, 2).reshape(16, 32, 64), f"{name}.c_proj")

    def mlp(x, name):
        z = linear(x, f"{name}.c_fc")
        if init == "xavier":
            h = z.clamp_min(0)
        else:
            h = 0.5 * z * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
        return linear(h, f"{name}.c_proj")

    for block in (f"transformer.h.{layer}" for layer in range(depth)):
        if placement == "pre_ln":
            x = x + attention(norm(x, f"{block}.ln_1"), f"{block}.attn")
            x = x + mlp(norm(x, f"{block}.ln_2"), f"{block}.mlp")
        else:
            x = norm(x + attention(x, f"{block}.attn"), f"{block}.ln_1")
            x = norm(x + mlp(x, f"{block}.mlp"), f"{block}.ln_2")
    if placement == "pre_ln":
        x = norm(x, "transformer.ln_f")
    logits = x @ w["lm_head.weight"].T
    (-logits.log_softmax(-1).gather(-1, ids[:, 1:, None])).mean().backward()
    return [
        math.sqrt(
            sum(
                tensor.grad.square().sum().item()
                for name, tensor in w.items()
                if name.startswith(f"transformer.h.{layer}.")
            )
        )
        for layer in range(depth)
    ]


def bold(text: str) -> list[str]:
    """The numbers in bold; what follows them in there is a particle or a unit."""
    return [re.match(r"[\d.,]+", piece)[0] for piece in re.findall(r"\*\*(.+?)\*\*", text)]


def measured(visitor: Visitor, depth: int, scaled: bool, init: str) -> dict:
    """Lab 1 with all its starts."""
    visitor.act("lab", lab="gradients", on=True)
    visitor.act("depth", depth=depth, scaled=scaled, init=init)
    for _ in range(N_STARTS - 1):
        visitor.act("start")
    found = visitor.picture["labs"]["gradients"]
    assert found["n_done"] == N_STARTS
    return found


SETTINGS = [
    (2, False, "gpt"),
    (4, False, "gpt"),
    (4, True, "gpt"),
    (4, False, "xavier"),
    (6, False, "xavier"),
    (3, True, "xavier"),
]


@pytest.mark.parametrize(("depth", "scaled", "init"), SETTINGS)
def test_lab_1_says_what_its_numbers_show(visitor, depth, scaled, init):
    found = measured(visitor, depth, scaled, init)
    words = WORDS[visitor.lang]
    halves = re.split(r"(?=pre-LN)", found["say"], maxsplit=1)
    for placement, curve, half in zip(("post_ln", "pre_ln"), found["curves"], halves, strict=True):
        starts = [plain_norms(placement, depth, scaled, init, seed) for seed in range(N_STARTS)]
        norms = [fmean(values) for values in zip(*starts, strict=True)]
        assert curve["mean"] == pytest.approx(norms, rel=2e-3)
        outlier = depth > 2 and norms[0] / norms[1] > 3
        first, last = norms[int(outlier)], norms[-1]
        ratio = last / first
        trend = "grows" if ratio > 1.15 else "falls" if ratio < 1 / 1.15 else "level"
        assert [name for name in words if re.search(words[name], half)] == [trend], half
        assert (OUTLIER[visitor.lang] in half) == outlier
        numbers = [float(number) for number in bold(half)]
        expected = [norms[0] / norms[1]] * outlier + [first, last]
        assert numbers == pytest.approx(expected, rel=0.06, abs=0.006)
        blocks = [int(number) for number in re.findall(r"(?:블록|block) (\d+)", half)]
        assert blocks == [0, 1] * outlier + [int(outlier), depth - 1]
    outlier = init == "gpt" and depth > 2
    assert bool(found["why"]) == outlier
    if outlier:
        assert "0.028" in found["why"] and "35" in found["why"]  # √2 · 0.02, and 1 / that
    owner = "Xiong" if init == "xavier" else "GPT-1"
    assert owner in found["whose"] and "16" in found["whose"]


@pytest.mark.parametrize(
    ("norm", "text"),
    [
        (12.346, "12.35"),
        (1.916, "1.92"),
        (0.7, "0.70"),
        (0.1, "0.10"),
        (0.0644, "0.064"),
        (0.00731, "0.0073"),
    ],
)
def test_a_norm_keeps_two_digits(norm, text):
    assert lab_words.shown(norm) == text


@pytest.mark.parametrize(
    ("first", "last", "word"),
    [(1, 1.16, "grows"), (1, 1.14, "level"), (1, 1, "level"), (1.14, 1, "level"), (1.16, 1, "falls")],
)
def test_norms_within_15_percent_are_called_alike(first, last, word):
    assert lab_words.trend(first, last) == word


@pytest.mark.parametrize(
    ("norms", "outlier"),
    [([3.1, 1, 1], True), ([2.9, 1, 1], False), ([3.1, 1], False), ([1, 3.1, 1], False), ([9, 4, 1], False)],
)
def test_block_0_stands_out_of_the_next_one_only_where_more_follow(norms, outlier):
    assert lab_words.stands_out(norms) == outlier


def test_how_far_block_0_stands_out_is_told_against_the_next_one():
    said = {}
    picture = SimpleNamespace(
        state=SimpleNamespace(depth=3, scaled=False, init="gpt"),
        words=lambda key, **values: said.setdefault((key, values.get("times"), values.get("end")), key),
    )
    lab_words.gradients(picture, [8, 2, 1], [1, 1, 1])
    assert ("lab.gradients.outlier", "4", None) in said
    assert {end for _, _, end in said if end is not None} == {2}, "the last block counts from 0"


@pytest.mark.parametrize(
    ("post", "pre", "scaled", "key"),
    [
        ([1, 1.3], [1, 1.0], False, "both"),
        ([1, 1.3], [1, 0.5], False, "post"),
        ([1, 1.3], [1, 1.5], False, "post"),
        ([1, 1.0], [1, 1.0], False, "none"),
        ([1, 0.5], [1, 1.0], False, "none"),
        ([1, 1.3], [1, 1.0], True, "scaled"),
    ],
)
def test_agreement_with_the_paper_is_told_as_it_comes_out(post, pre, scaled, key):
    said = {}
    state = SimpleNamespace(depth=2, scaled=scaled, init="xavier")
    picture = SimpleNamespace(state=state, words=lambda key, **values: said.setdefault(key, key))
    lab_words.gradients(picture, post, pre)
    assert [name for name in said if ".paper." in name] == [f"lab.gradients.paper.{key}"]


def test_the_choice_of_start_values_is_in_the_link_and_leaves_lab_2_alone(visitor):
    visitor.act("lab", lab="walk", on=True)
    visitor.act("depth", depth=3, scaled=False, init="gpt")
    visitor.act("start")
    walks = visitor.picture["labs"]["walk"]["n_done"]
    changed = visitor.act("depth", depth=3, scaled=False, init="xavier")["labs"]
    assert changed["init"] == "xavier" and changed["gradients"]["n_done"] == 1
    assert changed["walk"]["n_done"] > walks
    assert "init=xavier" in visitor.address()
    other = Visitor(visitor.mounted)
    other.enter(visitor.address())
    assert other.picture["labs"]["init"] == "xavier"
    assert visitor.act("depth", depth=3, scaled=False, init="he")["notice"]
    assert visitor.picture["labs"]["init"] == "xavier"
    visitor.act("lab", lab="walk", on=False)


def test_lab_2_says_its_numbers_and_how_n_is_read(visitor):
    visitor.act("lab", lab="walk", on=True)
    visitor.act("depth", depth=5, scaled=False, init="gpt")
    for _ in range(N_STARTS - 1):
        visitor.act("start")
    found = visitor.picture["labs"]["walk"]
    plain, scaled = (curve["mean"] for curve in found["curves"])
    assert [float(number) for number in bold(found["say"])] == [
        round(value, 3) for value in (plain[0], plain[-1], scaled[-1])
    ]
    assert len(re.findall(r"(?<!\d)10(?!\d)", found["say"])) == 2, "additions of 5 blocks, and N"
    assert "residual layers" in found["say"]
    assert [len(values) for values in found["predicted"]] == [11, 11]
    assert found["predicted"][0][-1] > found["predicted"][1][-1]
    visitor.act("lab", lab="walk", on=False)


@pytest.mark.parametrize("lab", ["gradients", "walk"])
def test_a_lab_tells_how_far_it_is(visitor, lab):
    visitor.act("lab", lab=lab, on=True)
    visitor.act("depth", depth=2, scaled=False, init="gpt")
    visitor.act("depth", depth=3, scaled=False, init="gpt")
    for done in (1, 2):
        found = visitor.picture["labs"][lab]
        assert (found["n_done"], found["n_starts"]) == (done, N_STARTS)
        assert sorted(re.findall(r"\d+", found["progress"])) == sorted(f"{n}" for n in (done, N_STARTS))
        visitor.act("start")
    visitor.act("lab", lab=lab, on=False)


def test_the_share_of_the_token_embedding(visitor, registry):
    """Of the paper's GPT-2, 50,257 · 768 of 124,439,808 parameters; of the model on the page, as counted."""
    found = visitor.act("lab", lab="parameters", on=True)["labs"]["parameters"]
    weights = load(registry.spec("tiny-gpt2")).model.transformer.state_dict()
    ours = weights["wte.weight"].numel() / sum(tensor.numel() for tensor in weights.values())
    shares = re.findall(r"(\d+)%", found["say"])
    assert shares == [f"{100 * 50257 * 768 / 124_439_808:.0f}", f"{100 * ours:.0f}"]
    assert found["head"][1::2] == ["tiny-gpt1", "tiny-gpt2"]
    visitor.act("lab", lab="parameters", on=False)


def recorded(depth: int, scaled: bool, rate: float, placement: str) -> tuple[float, float]:
    """Where the recorded runs ended, without and with warm-up."""
    runs = records.read("ln_training")["data"]["runs"]
    ends = {
        run["warm_up"] > 0: run["mean"][-1]
        for run in runs
        if (run["depth"], run["scaled"], run["learning_rate"], run["placement"])
        == (depth, scaled, rate, placement)
    }
    return ends[False], ends[True]


@pytest.mark.parametrize(("depth", "scaled"), [*itertools.product((2, 12, 24), (False, True))])
def test_the_record_s_conclusion_is_of_its_numbers(visitor, depth, scaled):
    visitor.act("lab", lab="gradients", on=True)
    training = visitor.act("depth", depth=depth, scaled=scaled, init="gpt")["labs"]["gradients"]["training"]
    words = visitor.mounted.context.words
    assert values_in(words["lab.training.say"], training["say"]) == {
        "depth": str(depth),
        "depths": "2, 6, 12, 24",
        "n": str(len(records.read("ln_training")["seeds"])),
        "init": words[f"lab.training.{'scaled' if scaled else 'plain'}"],
    }
    best = -sum(p * math.log(p) for p in (0.5, 0.25, 0.15, 0.1))
    assert training["best"] == pytest.approx(best, abs=5e-4) and training["steps"][:2] == [3, 8]
    record = records.read("ln_training")
    assert training["source"] == f"assets/records/ln_training.json · {record['command']} · {record['date']}"
    assert re.search({"ko": "없이", "en": "without"}[visitor.lang], training["say"]) is None or not scaled
    middle = (-sum(p * math.log(p) for p in (0.5, 0.25, 0.15, 0.1)) + math.log(64)) / 2
    rates = [float(re.search(r"0\.\d+", group["title"])[0]) for group in training["groups"]]
    assert rates == [0.01, 0.003], "what needs warm-up comes first"
    for rate, group in zip(rates, training["groups"], strict=True):
        assert len(group["runs"]) == 4 and {run["scaled"] for run in group["runs"]} == {scaled}
        halves = re.split(r"(?=pre-LN)", group["say"], maxsplit=1)
        for placement, half in zip(("post_ln", "pre_ln"), halves, strict=True):
            ends = recorded(depth, scaled, rate, placement)
            assert bold(half) == [f"{loss:.2f}" for loss in ends]
            cold, warm = ends
            failed = cold > middle and warm > middle
            verdict = "neither" if failed else "warm" if cold > warm + 0.3 else "either"
            assert [name for name, words in VERDICTS[visitor.lang].items() if words in half] == [verdict]


def test_the_record_shows_that_post_ln_needs_warm_up_at_12_blocks():
    """With both orders started alike, so that the order is the only difference."""
    for scaled in (False, True):
        cold, warm = recorded(12, scaled, 0.01, "post_ln")
        assert cold > 3.5 and warm < 2
        assert max(recorded(12, scaled, 0.003, "post_ln")) < 2


@pytest.mark.parametrize(
    ("cold", "warm", "verdict"),
    [
        (1.4, 1.5, "either"),
        (1.5, 1.4, "either"),
        (3.9, 1.5, "warm"),
        (2.2, 1.6, "warm"),
        (1.5, 3.9, "cold"),
        (3.9, 3.8, "neither"),
        (2.69, 2.8, "either"),
        (2.71, 2.8, "neither"),
    ],
)
def test_every_outcome_of_a_training_has_its_words(cold, warm, verdict):
    runs = [
        RecordedRun(placement, False, 0.01, warm_up, [4.0, loss], [], [])
        for placement in ("post_ln", "pre_ln")
        for warm_up, loss in ((25, warm), (0, cold))
    ]
    record = RecordedTraining(2, [2], [3, 8], 1.2, 4.2, runs, "", "", "", [0])
    said = []
    picture = SimpleNamespace(words=lambda key, **values: said.append((key, values)) or key)
    lab_words.training(picture, record, runs)
    told = [(key, values) for key, values in said if key.startswith("lab.training.")]
    assert [key for key, _ in told] == [f"lab.training.{verdict}"] * 2
    for _, values in told:
        assert (values["cold"], values["warm"]) == (f"{cold:.2f}", f"{warm:.2f}")
    assert [values["name"] for _, values in told] == ["lab.post_ln", "lab.pre_ln"]


@pytest.mark.parametrize(
    ("leaders", "since"), [("ABB", 1), ("AB", 1), ("AAB", 2), ("BAB", 2), ("BB", 0), ("ABBB", 1)]
)
def test_from_which_block_on_the_winner_leads(leaders, since):
    rows = [{"top": [{"piece": piece}, {"piece": "C"}]} for piece in leaders]
    assert lab_figures._settled(rows) == since


def test_the_reason_is_given_only_where_the_ranks_bear_it_out(visitor):
    found = visitor.act("lab", lab="lens", on=True)["labs"]["lens"]
    leaders = [[row["top"][0]["piece"] for row in column["rows"]] for column in found["columns"]]
    since = [max(n for n in range(len(row)) if n == 0 or row[n - 1] != row[-1]) for row in leaders]
    told = {
        "ko": r"GPT-1은 (\d+)블록 뒤부터, GPT-2는 (\d+)블록 뒤부터",
        "en": r"from (\d+) blocks on in GPT-1, from (\d+) in GPT-2",
    }
    assert [int(n) for n in re.search(told[visitor.lang], found["say"]).groups()] == since
    assert not found["why"] or "LN" in found["why"]
    assert "nostalgebraist 2020" in found["source"] and "Belrose" in found["source"]
    run = SimpleNamespace(loaded=SimpleNamespace(n_layer=4))
    picture = SimpleNamespace(runs={"gpt1": run}, words=lambda key, **values: (key, values))
    assert lab_words.lens(picture, 7, 7) == lab_words.lens(picture, 7, 8) == ""
    key, values = lab_words.lens(picture, 4048, 2)
    assert (key, values) == ("lab.lens.why", {"n": 3, "plain": "4,048", "through": "2"})


def test_other_start_values_are_sent_though_as_many_starts_are_measured(registry):
    """The browser holds the labs of one setting; those of the other must not be taken for them."""
    visitor = Visitor(Mounted(LESSON, LESSON.stage, registry))
    visitor.act("lab", lab="gradients", on=True)
    visitor.act("depth", depth=2, scaled=False, init="gpt")
    for _ in range(N_STARTS - 1):  # all of lab 2, which no start value changes
        visitor.act("start")
    first = visitor.act("depth", depth=2, scaled=False, init="xavier")
    second = visitor.act("depth", depth=2, scaled=False, init="gpt", held=first["parts"])
    assert "labs" in second and second["labs"]["init"] == "gpt"
