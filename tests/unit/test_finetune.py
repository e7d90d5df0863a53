"""Fine-tuning runs: what may change, what stays bit-identical, where a run starts, changes between steps."""

from dataclasses import replace

import pytest
import torch

from app.engine.finetune import FineTuning, Plan, n_new_parameters
from app.engine.inputs import collate, transform
from app.engine.objective import EPS, make_step
from app.engine.parameters import flatten, unflatten
from tests.random_models import our_name, random_examples, random_model

ARCHITECTURES = ("gpt1", "gpt2")


def plan(trained: str = "full", **changes) -> Plan:
    fields = {"kind": "entailment", "n_labels": 2, "n_layers_transferred": 2, "trained": trained}
    return Plan(**fields | changes)


def trained_run(architecture: str, chosen: Plan) -> tuple[dict, dict, FineTuning]:
    """Three steps -> the parts before, the parts after, and the run."""
    run = FineTuning(random_model(architecture), chosen, learning_rate=1e-2)
    before = {name: part.clone() for name, part in unflatten(run.shape, run.flat).items()}
    batch = collate(random_examples(chosen.kind, 4, n_soft_prompts=chosen.n_soft_prompts))
    assert len(list(run.steps([batch] * 3))) == 3
    return before, unflatten(run.shape, run.flat), run


def changed(before: dict, after: dict) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_full_changes_every_part(architecture: str):
    before, after, _ = trained_run(architecture, plan("full"))
    assert changed(before, after) == set(before)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_head_only_leaves_the_model_bit_identical(architecture: str):
    """Matrices too, which weight decay would shrink if only their gradient were masked."""
    before, after, run = trained_run(architecture, plan("head"))
    assert changed(before, after) == {"w_y"}
    moments = unflatten(run.shape, run.second_moment)
    assert all((moments[name] == 0).all() for name in moments if name != "w_y")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_last_layers_leave_the_embeddings_and_earlier_layers_bit_identical(architecture: str):
    before, after, _ = trained_run(architecture, plan("last layers", n_last_layers=1))
    expected = {name for name in before if name.startswith(("h.1.", "ln_f.")) or name == "w_y"}
    assert len(expected) == (15 if architecture == "gpt2" else 13)
    assert changed(before, after) == expected


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_soft_prompts_change_only_their_eight_rows(architecture: str):
    before, after, run = trained_run(architecture, plan("soft prompts", label_tokens=(310, 320)))
    assert changed(before, after) == {"wte.weight"}
    rows = (before["wte.weight"] != after["wte.weight"]).any(-1).nonzero().flatten().tolist()
    assert rows == list(range(6, 14))
    assert torch.equal(after["w_y"], before["wte.weight"][[310, 320]].T)
    assert run.trained.sum() == 8 * 24


def test_old_momentum_does_not_move_what_is_frozen_later():
    """Freeze after some full steps: weights and moments of the frozen part stay as they were."""
    run = FineTuning(random_model("gpt2"), plan("full"), learning_rate=1e-2)
    batch = collate(random_examples("entailment", 4))
    list(run.steps([batch] * 2))
    before = [vector.clone() for vector in (run.flat, run.first_moment, run.second_moment)]
    run.trained = FineTuning(random_model("gpt2"), plan("head")).trained
    list(run.steps([batch] * 2))
    for old, new in zip(before, (run.flat, run.first_moment, run.second_moment), strict=True):
        assert torch.equal(old[~run.trained], new[~run.trained])
        assert not torch.equal(old[run.trained], new[run.trained])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("k", [-1, 0, 1, 2])
def test_only_the_chosen_layers_are_transferred(architecture: str, k: int):
    model = random_model(architecture)
    run = FineTuning(model, plan(n_layers_transferred=k))
    pretrained = {our_name(name): p.detach() for name, p in model.model.named_parameters()}
    parts = unflatten(run.shape, run.flat)
    parts["wte.weight"] = parts["wte.weight"].clone()
    parts["wte.weight"][3:6] = pretrained["wte.weight"][3:6]  # the next test is about these
    same = {name for name in pretrained if torch.equal(parts[name], pretrained[name])}
    wanted = ("wte.", "wpe.") * (k >= 0) + ("h.0.",) * (k >= 1) + ("h.1.", "ln_f.") * (k >= 2)
    assert same == {name for name in pretrained if name.startswith(wanted)}
    assert same or k == -1


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("k", [-1, 0, 2])
@pytest.mark.parametrize("trained", ["full", "head"])
def test_start_delim_and_extract_begin_anew(architecture: str, k: int, trained: str):
    """As in the paper, where they and W_y are the only new parameters, and whatever else is transferred."""
    run = FineTuning(random_model(architecture), plan(trained, n_layers_transferred=k, seed=5))
    wte = unflatten(run.shape, run.flat)["wte.weight"]
    expected = torch.randn(3, 24, generator=torch.Generator().manual_seed(1005)) * 0.02
    assert torch.equal(wte[3:6], expected)


def test_w_y_and_three_embeddings_are_the_only_new_parameters():
    """The other numbers of a run are as many as those of the `transformers` model."""
    loaded = random_model("gpt2")
    run = FineTuning(loaded, plan())
    n_pretrained = sum(parameter.numel() for parameter in loaded.model.parameters())
    n_head = unflatten(run.shape, run.flat)["w_y"].numel()
    assert run.flat.numel() == n_pretrained + n_head
    assert n_new_parameters(run.shape) == n_head + 3 * 24


def test_soft_prompts_start_as_words_and_go_on_from_there():
    """Rows of ordinary tokens, drawn by the seed after those of the new special tokens."""
    run = FineTuning(random_model("gpt2"), plan("soft prompts", label_tokens=(310, 320), seed=5))
    wte = unflatten(run.shape, run.flat)["wte.weight"]
    generator = torch.Generator().manual_seed(1005)
    torch.randn(3, 24, generator=generator)
    words = torch.randint(300, 340, (8,), generator=generator)
    assert torch.equal(wte[6:14], wte[words])


def test_a_run_starts_with_the_same_head_whatever_is_transferred():
    """Otherwise the comparison of starting points would also compare draws of W_y."""
    heads = [
        unflatten(run.shape, run.flat)["w_y"]
        for run in (
            FineTuning(random_model("gpt2"), plan(n_layers_transferred=k, seed=5)) for k in (-1, 0, 2)
        )
    ]
    expected = torch.randn(24, 2, generator=torch.Generator().manual_seed(5)) * 0.02
    for head in heads:
        assert torch.equal(head, expected)


def test_lambda_and_learning_rate_change_between_steps():
    """The report tells what each step used, and a run that had both from the start ends elsewhere."""
    batches = [collate(random_examples("entailment", 4, seed=seed)) for seed in range(3)]
    run = FineTuning(random_model("gpt2"), plan(), lambda_=0.5, learning_rate=1e-3)
    steps = run.steps(batches)
    first = next(steps)
    run.lambda_ = 2.0
    second = next(steps)
    weights_before = run.flat
    run.learning_rate = 0.0
    third = next(steps)
    assert [(r.step, r.lambda_, r.learning_rate) for r in (first, second, third)] == [
        (1, 0.5, 1e-3),
        (2, 2.0, 1e-3),
        (3, 2.0, 0.0),
    ]
    assert second.l3 == pytest.approx(second.l2 + 2.0 * second.l1)
    assert torch.equal(run.flat, weights_before)


def test_going_on_later_equals_one_go():
    batches = [collate(random_examples("entailment", 4, seed=seed)) for seed in range(4)]
    whole, halves = (FineTuning(random_model("gpt1"), plan()) for _ in range(2))
    reports = list(whole.steps(batches))
    assert list(halves.steps(batches[:2])) + list(halves.steps(batches[2:])) == reports
    assert torch.equal(whole.flat, halves.flat)


def test_the_loaded_model_is_never_changed():
    loaded = random_model("gpt2")
    before = [parameter.clone() for parameter in loaded.model.parameters()]
    run = FineTuning(loaded, plan(), learning_rate=1e-2)
    list(run.steps([collate(random_examples("entailment", 4))] * 2))
    assert all(map(torch.equal, before, loaded.model.parameters()))


@pytest.mark.parametrize("kind", ["classification", "similarity", "choice"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_probabilities_come_from_the_extract_token(architecture: str, kind: str):
    """Against `transformers`, one sequence at a time and without padding."""
    loaded = random_model(architecture)
    run = FineTuning(loaded, plan(kind=kind, n_labels=3))
    parts = unflatten(run.shape, run.flat)
    w_y = parts["w_y"]
    with torch.no_grad():  # Start, Delim and Extract are new
        loaded.model.get_input_embeddings().weight[3:6] = parts["wte.weight"][3:6]
    examples = random_examples(kind, 5)
    expected = []
    with torch.no_grad():
        for example in examples:
            h = [
                loaded.model.transformer(torch.tensor([s])).last_hidden_state[0, -1]
                for s in example.sequences
            ]
            logits = torch.cat([one @ w_y for one in h]) if kind == "choice" else sum(h) @ w_y
            expected.append(torch.softmax(logits, 0))
    torch.testing.assert_close(run.probabilities(examples, batch_size=2), torch.stack(expected))


def test_a_run_learns_what_can_be_learned():
    """Two words decide the label. The head alone has a frozen, random model to read them through."""
    examples = [
        transform("classification", [word], label, lambda token: [int(token), 302], n_ctx=24)
        for label, word in enumerate(("300", "301"))
    ]
    for trained in ("full", "head"):
        run = FineTuning(random_model("gpt2"), plan(trained, kind="classification"), learning_rate=1e-2)
        reports = list(run.steps([collate(examples)] * 60))
        assert reports[-1].l2 < reports[0].l2 - 0.1
        assert run.probabilities(examples).argmax(-1).tolist() == [0, 1]


@pytest.mark.parametrize("k", [-2, 3])
def test_transferring_layers_that_do_not_exist_is_refused(k: int):
    with pytest.raises(ValueError, match="of 2 layers"):
        FineTuning(random_model("gpt1"), plan(n_layers_transferred=k))


def test_soft_prompts_need_a_token_for_every_label():
    with pytest.raises(ValueError, match="2 label tokens wanted, 1 given"):
        FineTuning(random_model("gpt1"), plan("soft prompts", label_tokens=(310,)))


@pytest.mark.parametrize("kind", ["entailment", "similarity", "choice"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_columns_out_of_use_count_nothing(architecture: str, kind: str):
    """A W_y of eight columns of which `n_out` are used trains like one of `n_out`, whatever stands beside."""
    loaded = random_model(architecture)
    narrow = FineTuning(loaded, plan(kind=kind), learning_rate=1e-2)
    wide = replace(narrow.shape, n_out=8)
    parts = unflatten(narrow.shape, narrow.flat)
    beside = torch.full((24, 8 - narrow.shape.n_out), 9.0)  # would win every softmax
    flat = flatten(wide, parts | {"w_y": torch.cat([parts["w_y"], beside], 1)})
    used = torch.arange(8) < narrow.shape.n_out
    trained = flatten(
        wide,
        {
            name: used.expand(size) if name == "w_y" else torch.ones(size, dtype=torch.bool)
            for name, size in wide.parts().items()
        },
    )
    step = make_step(wide, kind == "choice")
    first, second = torch.zeros_like(flat), torch.zeros_like(flat)
    for n in range(3):
        batch = collate(random_examples(kind, 4, seed=n))
        (report,) = narrow.steps([batch])
        settings = (torch.tensor(value) for value in (narrow.lambda_, narrow.learning_rate, EPS))
        flat, first, second, *losses = step(
            flat, first, second, trained, torch.tensor(n + 1.0), *batch, used, *settings
        )
        for ours, expected in zip(losses, (report.l1, report.l2, report.accuracy), strict=True):
            assert ours.item() == pytest.approx(expected, rel=1e-5)
    after = unflatten(wide, flat)
    assert torch.equal(after["w_y"][:, ~used], beside)
    for name, expected in unflatten(narrow.shape, narrow.flat).items():
        got = after[name][:, used] if name == "w_y" else after[name]
        if not name.endswith("c_attn.bias"):  # the keys' gradient is rounding alone, which AdamW blows up
            torch.testing.assert_close(got, expected, rtol=0, atol=1e-5, msg=name)
