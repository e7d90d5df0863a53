"""A step of SGD on one sentence against `torch.optim.SGD` on `transformers`' own model and loss."""

from __future__ import annotations

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from app.engine import sets
from app.engine.interventions import head_pattern
from app.engine.log_probs import log_probs
from app.engine.sentence_loss import held_out_losses
from app.engine.sgd import Copy
from app.errors import InputError
from app.models import LoadedModel, load
from app.models.registry import EMBEDDED
from tests.tiny_models import write_folder

TEXT = "나는 오늘 그 곳에 간다. 너도 오늘 그 곳에 갈래?"
RATE = 0.02


@pytest.fixture(scope="module", params=EMBEDDED)
def loaded(request) -> LoadedModel:
    return load(request.param)


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def small(request, tmp_path_factory) -> LoadedModel:
    return load(write_folder(tmp_path_factory.mktemp("models") / request.param, request.param))


def their_loss(model: torch.nn.Module, ids: list[int]) -> torch.Tensor:
    logits = model(torch.tensor([ids])).logits[0]
    return F.cross_entropy(logits[:-1], torch.tensor(ids[1:]))


def their_step(model: torch.nn.Module, ids: list[int], rate: float, decay: float = 0.0) -> None:
    """In place, by the optimizer of torch."""
    matrices = [weight for weight in model.parameters() if weight.dim() == 2]
    others = [weight for weight in model.parameters() if weight.dim() != 2]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=rate)
    optimizer.zero_grad()
    their_loss(model, ids).backward()
    optimizer.step()


def largest_difference(ours: torch.nn.Module, theirs: torch.nn.Module) -> float:
    pairs = zip(ours.named_parameters(), theirs.named_parameters(), strict=True)
    return max((a - b).abs().max().item() for (name, a), (other, b) in pairs if name == other)


@pytest.mark.parametrize("decay", [0.0, 0.01])
@pytest.mark.parametrize("text", [TEXT, sets.held_out("en")[0]])
def test_a_step(loaded: LoadedModel, text: str, decay: float):
    ids = loaded.tokenizer.encode(text)
    theirs = copy.deepcopy(loaded.model)
    before = their_loss(theirs, ids).item()
    their_step(theirs, ids, RATE, decay)
    ours = Copy(loaded)
    report = ours.step(ids, RATE, decay)
    assert all(weight.isfinite().all() for weight in ours.loaded.model.parameters())
    assert largest_difference(loaded.model, theirs) > 0
    assert largest_difference(ours.loaded.model, theirs) < 1e-5
    with torch.no_grad():
        expected = theirs(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    after = expected[range(len(ids) - 1), ids[1:]].tolist()
    assert report.after == pytest.approx(after, abs=1e-4)
    assert report.l1_before == pytest.approx(before, abs=1e-5)
    assert report.l1_after == pytest.approx(-sum(after) / len(after), abs=1e-4)


def test_the_lengths_of_the_gradient(loaded: LoadedModel):
    ids = loaded.tokenizer.encode(TEXT)
    theirs = copy.deepcopy(loaded.model)
    their_loss(theirs, ids).backward()
    squares: dict[str, float] = {}
    for name, weight in theirs.named_parameters():
        words = name.split(".")
        part = {"h": "", "ln_f": "final ln"}.get(words[1], "embeddings")
        if not part:
            kind = "attention" if "attn" in name else "mlp" if "mlp" in name else "ln"
            part = f"blocks.{words[2]}.{kind}"
        squares[part] = squares.get(part, 0) + weight.grad.double().square().sum().item()
    found = Copy(loaded).step(ids, RATE).gradient
    assert found.norms == pytest.approx({part: math.sqrt(value) for part, value in squares.items()}, rel=1e-4)
    assert ("final ln" in found.norms) == (loaded.architecture == "gpt2")
    assert len(found.norms) == 1 + 3 * loaded.n_layer + (loaded.architecture == "gpt2")
    assert found.norm == pytest.approx(math.sqrt(sum(squares.values())), rel=1e-4)


def test_the_prior_of_map(loaded: LoadedModel):
    """(w/2)‖Θ‖² over the matrices, and what its gradient is beside that of the likelihood."""
    ids = loaded.tokenizer.encode(TEXT)
    square = sum(w.double().square().sum().item() for w in loaded.model.parameters() if w.dim() == 2)
    likelihood, posterior = Copy(loaded).step(ids, RATE).gradient, Copy(loaded).step(ids, RATE, 0.1).gradient
    assert likelihood.weight_decay == 0.01 and posterior.weight_decay == 0.1
    assert likelihood.prior == pytest.approx(0.005 * square, rel=1e-5)
    assert posterior.prior == pytest.approx(0.05 * square, rel=1e-5)
    length = 0.1 * math.sqrt(square)
    assert posterior.prior_share == pytest.approx(length / (length + posterior.norm), rel=1e-5)


def test_many_steps_undo_and_replay(small: LoadedModel):
    ids = list(range(30, 42))
    rates = (0.05, 0.1, 0.02)
    theirs = copy.deepcopy(small.model)
    ours = Copy(small)
    untouched = copy.deepcopy(small.model)
    states = []
    for rate in rates:
        their_step(theirs, ids, rate)
        ours.step(ids, rate)
        states.append(copy.deepcopy(ours.loaded.model))
        assert largest_difference(ours.loaded.model, theirs) < 1e-5
    ours.undo()
    assert largest_difference(ours.loaded.model, states[1]) == 0, "to the last bit"
    ours.undo()
    ours.undo()
    assert largest_difference(ours.loaded.model, small.model) == 0
    ours.undo()
    ours.replay(ids, rates[:2])
    assert largest_difference(ours.loaded.model, states[1]) == 0
    ours.replay(ids, rates)
    assert largest_difference(ours.loaded.model, states[2]) == 0
    other = Copy(small)
    other.replay(list(range(50, 60)), (0.3,))
    other.replay(ids, rates[:1])
    assert largest_difference(other.loaded.model, states[0]) == 0
    assert largest_difference(small.model, untouched) == 0, "the model itself has not moved"


def test_what_a_copy_computes_is_never_of_earlier_weights(small: LoadedModel):
    """Results are kept by model: after every change the copy is another one."""
    ids = list(range(30, 42))
    ours = Copy(small)
    first = log_probs(ours.loaded, ids).log_p
    assert first == log_probs(small, ids).log_p
    report = ours.step(ids, 0.05)
    assert report.before == first != report.after == log_probs(ours.loaded, ids).log_p
    assert not torch.equal(head_pattern(ours.loaded, ids, 1, 0), head_pattern(small, ids, 1, 0))
    ours.undo()
    assert log_probs(ours.loaded, ids).log_p == first


def test_the_line_along_the_gradient(small: LoadedModel):
    ids = list(range(30, 42))
    ours = Copy(small)
    ours.step(ids, 0.05)
    rates = (0.0, 0.01, 0.1, 1.0)
    found = ours.look_ahead(ids, rates)[1]
    for rate, l1 in zip(rates, found, strict=True):
        theirs = copy.deepcopy(ours.loaded.model)
        their_step(theirs, ids, rate)
        assert l1 == pytest.approx(their_loss(theirs, ids).item(), rel=1e-4)
    assert len(ours.steps) == 1 and ours.look_ahead(ids, rates)[1] == found, "the weights have stayed"
    assert ours.step(ids, 0.01).l1_after == pytest.approx(found[1], rel=1e-4)


def test_a_step_too_far_is_told_and_not_made(small: LoadedModel):
    ids = list(range(30, 42))
    ours = Copy(small)
    ours.step(ids, 0.05)
    kept = copy.deepcopy(ours.loaded.model)
    near, far = ours.look_ahead(ids, (0.01, 1000.0))[1]
    assert near < 10 < 5000 < far, "it goes up again, and far"
    with pytest.raises(InputError) as raised:
        ours.step(ids, 1000.0)
    assert raised.value.code == "step_diverged" and len(ours.steps) == 1
    assert largest_difference(ours.loaded.model, kept) == 0


def test_weights_that_are_no_numbers_any_more_are_taken_back(small: LoadedModel, monkeypatch):
    ids = list(range(30, 42))
    ours = Copy(small)
    ours.step(ids, 0.05)
    kept = copy.deepcopy(ours.loaded.model)
    move = Copy._move

    def astray(copy_, gradient, rate, *more):
        move(copy_, [slope * (math.inf if rate == 0.5 else 1) for slope in gradient], rate, *more)

    monkeypatch.setattr(Copy, "_move", astray)
    assert ours.look_ahead(ids, (0.1, 0.5, 0.1))[1][1] is None
    for call in (lambda: ours.step(ids, 0.5), lambda: ours.replay(ids, (0.05, 0.5))):
        with pytest.raises(InputError) as raised:
            call()
        assert raised.value.code == "step_diverged" and len(ours.steps) == 1
        assert largest_difference(ours.loaded.model, kept) == 0


@pytest.mark.parametrize(
    ("ids", "rate", "decay", "code"),
    [
        ([], 0.1, 0.0, "too_few_tokens"),
        ([30], 0.1, 0.0, "too_few_tokens"),
        ([30] * 25, 0.1, 0.0, "too_many_tokens"),
        ([30, 10**6], 0.1, 0.0, "unknown_token"),
        ([30, 31], -0.1, 0.0, "out_of_range"),
        ([30, 31], math.inf, 0.0, "out_of_range"),
        ([30, 31], math.nan, 0.0, "not_a_number"),
        ([30, 31], "0.1", 0.0, "not_a_number"),
        ([30, 31], True, 0.0, "not_a_number"),
        ([30, 31], 0.1, -1.0, "out_of_range"),
    ],
)
def test_what_is_no_step(small: LoadedModel, ids, rate, decay, code):
    ours = Copy(small)
    for call in (
        ours.step,
        lambda *a: ours.replay(a[0], [a[1]], a[2]),
        lambda *a: ours.look_ahead(a[0], [a[1]], a[2]),
    ):
        with pytest.raises(InputError) as raised:
            call(ids, rate, decay)
        assert raised.value.code == code
    assert not ours.steps and largest_difference(ours.loaded.model, small.model) == 0


def test_fifty_steps_and_no_more(small: LoadedModel):
    ours = Copy(small)
    ours.replay([30, 31, 32], [0.001] * 50)
    with pytest.raises(InputError) as raised:
        ours.step([30, 31, 32], 0.001)
    assert raised.value.code == "too_many_steps" and len(ours.steps) == 50
    with pytest.raises(InputError):
        ours.replay([30, 31, 32], [0.001] * 51)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_rest_of_the_world(loaded: LoadedModel, lang: str):
    """Each held-out sentence alone, after end-of-text; and one learnt by heart makes them worse."""
    expected = []
    for text in sets.held_out(lang)[:10]:
        ids = [loaded.eot_id, *loaded.tokenizer.encode(text)]
        with torch.no_grad():
            expected.append(their_loss(loaded.model, ids).item())
    assert held_out_losses(loaded, lang) == pytest.approx(expected, abs=1e-4)
    ours = Copy(loaded)
    ours.replay(loaded.tokenizer.encode(TEXT), [0.02] * 5)
    assert sum(held_out_losses(ours.loaded, lang)) > sum(expected)
