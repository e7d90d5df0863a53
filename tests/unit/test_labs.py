"""Labs of the lesson `architecture`: logit lens and residual norms against `transformers`, and the doors."""

import json
from dataclasses import asdict

import pytest
import torch
import torch.nn.functional as F

from app import records
from app.engine.trace import trace
from app.errors import InputError
from app.models import load
from lessons.architecture import compute, labs
from tests.tiny_models import write_folder

TEXT = "나는 오늘 그 곳에 간다"


@pytest.fixture(scope="module", params=["gpt1", "gpt2"])
def loaded(request, tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp("models") / request.param, request.param, n_layer=3))


@pytest.fixture(scope="module")
def ids(loaded):
    return loaded.tokenizer.encode(TEXT)


@pytest.fixture(scope="module")
def theirs(loaded, ids):
    """Logits (T, V), and the residual stream after 0, 1 and 2 of the 3 blocks, (3, T, d)."""
    with torch.no_grad():
        output = loaded.model(torch.tensor([ids]), output_hidden_states=True)
    return output.logits[0].double(), torch.cat(output.hidden_states[:-1]).double()


@pytest.mark.parametrize("position", [-1, 0, 3])
def test_the_lens_reads_each_layer_through_the_end_of_the_model(loaded, ids, theirs, position):
    logits, stream = theirs
    rows = labs.logit_lens(loaded, ids, trace(loaded, ids), position)
    assert [row.n_blocks for row in rows] == [0, 1, 2, 3]
    x = stream[:, position]  # (3, d)
    table = loaded.model.get_input_embeddings().weight.detach().double()
    if loaded.architecture == "gpt2":
        norm = loaded.model.transformer.ln_f
        centred = x - x.mean(-1, keepdim=True)
        scale = (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
        x = centred / scale * norm.weight.detach() + norm.bias.detach()
    expected = torch.cat([x @ table.T, logits[None, position]]).softmax(-1)  # (4, V)
    best = int(logits[position].argmax())
    assert rows[-1].top[0].id == best
    for row, p in zip(rows, expected, strict=True):
        top = p.topk(5)
        assert [candidate.id for candidate in row.top] == top.indices.tolist()
        assert [candidate.p for candidate in row.top] == pytest.approx(top.values.tolist(), rel=1e-4)
        assert row.p_final == pytest.approx(p[best].item(), rel=1e-4)
        assert row.entropy == pytest.approx(-(p * p.log()).sum().item(), rel=1e-4)


def test_candidates_are_written_as_they_would_follow(loaded, ids):
    row = labs.logit_lens(loaded, ids, trace(loaded, ids), 2)[-1]
    expected = loaded.tokenizer.candidates(ids[:3], [candidate.id for candidate in row.top])
    assert [candidate.piece for candidate in row.top] == [piece.piece for piece in expected]


@pytest.mark.parametrize("position", [40, -40])
def test_the_lens_looks_at_a_token_of_the_text(loaded, ids, position):
    with pytest.raises(InputError) as raised:
        labs.logit_lens(loaded, ids, trace(loaded, ids), position)
    assert raised.value.code == "out_of_range"


@pytest.mark.parametrize("text", ["나는 오늘 그 곳에 간다", "Today I went to the river"])
def test_the_last_ln_is_what_the_lens_misses_in_gpt_1(text):
    """On the landed weights: the winner's rank if the last block is skipped, and if its LN is not."""
    loaded = load("tiny-gpt1")
    run = compute.run(loaded, text)
    with torch.no_grad():
        states = loaded.model(torch.tensor([run.ids]), output_hidden_states=True).hidden_states
        before, after = states[-2][0, -1], states[-1][0, -1]
        table = loaded.model.get_input_embeddings().weight
        winner = (table @ after).argmax()
        norm = loaded.model.transformer.h[-1].ln_2
        through = F.layer_norm(before, before.shape, norm.weight, norm.bias, norm.eps)
        ranks = tuple(
            (table @ vector).argsort(descending=True).tolist().index(winner) + 1
            for vector in (before, through)
        )
    assert labs.ranks_before_the_last_block(loaded, run.tensors) == ranks
    assert ranks[0] > 100 > ranks[1]


def test_residual_norms(loaded, ids, theirs):
    found = labs.residual_norms(loaded, trace(loaded, ids))
    expected = theirs[1].pow(2).sum(-1).sqrt()  # (3, T)
    assert len(found.by_token) == len(found.mean) == 4
    torch.testing.assert_close(torch.tensor(found.by_token[:3]).double(), expected, atol=1e-4, rtol=1e-4)
    assert found.mean[:3] == pytest.approx(expected.mean(-1).tolist(), rel=1e-4)
    if loaded.architecture == "gpt2":
        assert found.before_ln is None
    else:  # a gain of about 1 and a bias of about 0.1 a number after the LN; before it, another length
        assert [len(row) for row in found.before_ln] == [len(ids)] * 3
        assert found.before_ln[0] != pytest.approx(found.by_token[1], rel=0.05)


@pytest.mark.parametrize("lab", [labs.gradient_norms, labs.residual_walk, labs.recorded_training])
@pytest.mark.parametrize(
    ("depth", "code"),
    [
        (1, "out_of_range"),
        (49, "out_of_range"),
        (2.5, "not_a_number"),
        ("12", "not_a_number"),
        (None, "not_a_number"),
    ],
)
def test_depths_outside_the_slider_are_refused_at_the_call(lab, depth, code):
    with pytest.raises(InputError) as raised:
        lab(depth)
    assert raised.value.code == code


@pytest.mark.parametrize("lab", [labs.gradient_norms, labs.residual_walk])
def test_what_a_lab_gives_is_plain(lab):
    result = next(lab(4.0))  # a slider gives 4 as 4.0
    assert result.depth == 4
    assert json.loads(json.dumps(asdict(result), allow_nan=False)) == asdict(result)


@pytest.mark.parametrize(("depth", "shown"), [(2, 2), (3, 2), (5, 6), (9, 12), (13, 12), (24, 24), (48, 24)])
@pytest.mark.parametrize("scaled", [False, True])
def test_the_recorded_depth_nearest_by_ratio_is_shown(depth, shown, scaled):
    found = labs.recorded_training(depth, scaled)
    assert found.depth == shown
    assert found.depths == [2, 6, 12, 24]
    recorded = [
        run
        for run in records.read("ln_training")["data"]["runs"]
        if run["depth"] == shown and run["scaled"] == scaled
    ]
    assert [asdict(run) | {"depth": shown} for run in found.runs] == recorded
    assert {(run.placement, run.learning_rate, run.warm_up) for run in found.runs} == {
        (placement, rate, warm_up)
        for placement in ("post_ln", "pre_ln")
        for rate in (0.003, 0.01)
        for warm_up in (0, 25)
    }
    assert found.steps == list(range(3, 99, 5))
    assert all(len(run.mean) == len(found.steps) for run in found.runs)
