"""A pre-training run: its schedule, and that interruptions leave no trace."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from training.pretrain import gpt as command
from training.pretrain.export import export, exported_state
from training.pretrain.model import Shape
from training.pretrain.tokenizers import save_tokenizer, train
from training.pretrain.trainer import RECIPES, Recipe, Trainer, learning_rate
from training.pretrain.windows import Documents

RECIPE = Recipe(
    Shape("gpt2", vocab_size=350, n_ctx=16, n_layer=2, d_model=24, n_head=2),
    windows_per_step=4,
    peak_learning_rate=1e-2,
    warmup_steps=3,
)


@pytest.fixture(scope="module")
def documents():
    rng = np.random.default_rng(0)
    lengths = rng.integers(4, 20, 60)
    # something to learn: 301 302 301 …
    ids = np.where(np.arange(lengths.sum()) % 2, 301, 302).astype(np.int16)
    starts = np.cumsum([0, *lengths])
    ids[starts[1:] - 1] = 0
    return Documents(ids, starts)


def equal(one, other):
    return all(torch.equal(one.parameters[name], other.parameters[name]) for name in one.parameters)


def test_interrupted_run_equals_uninterrupted_one(documents, tmp_path):
    """Over the end of an epoch, too: 60 documents are 9 steps or so."""
    whole, first = Trainer(RECIPE, documents), Trainer(RECIPE, documents)
    for k in range(30):
        whole.step(k / 30)
    for k in range(13):
        first.step(k / 30)
    command.save(first.state(), tmp_path / "snapshot.pt")
    second = Trainer(replace(RECIPE, seed=0), documents)
    second.restore(torch.load(tmp_path / "snapshot.pt", weights_only=True))
    for k in range(13, 30):
        second.step(k / 30)
    assert whole.epoch >= 2 and equal(whole, second) and not equal(whole, first)
    assert (whole.step_number, whole.tokens_seen, whole.documents_read) == (
        second.step_number,
        second.tokens_seen,
        second.documents_read,
    )


def test_another_corpus_is_read_from_its_start(documents):
    first = Trainer(RECIPE, documents)
    for k in range(12):
        first.step(k / 30)
    read = first.documents_read
    shorter = Documents(documents.ids[: documents.starts[40]], documents.starts[:41])
    second = Trainer(RECIPE, shorter)
    second.restore(first.state(), new_corpus=True)
    assert (second.epoch, second.window, second.documents_read) == (0, 0, read)
    second.step(0.5)
    assert second.documents_read > read and second.step_number == 13
    third = Trainer(RECIPE, shorter)
    third.restore(second.state())
    assert third.documents_read == second.documents_read


def test_it_learns(documents):
    trainer = Trainer(RECIPE, documents)
    losses = [trainer.step(k / 60) for k in range(60)]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_without_its_moments_a_run_warms_up_again(documents):
    trainer = Trainer(RECIPE, documents)
    for _ in range(8):
        trainer.step(0.1)
    state = trainer.state()
    del state["optimizer"]
    again = Trainer(RECIPE, documents)
    again.restore(state)
    again.step(0.1)
    assert again.step_number == 9
    assert again.optimizer.param_groups[0]["lr"] == pytest.approx(
        RECIPE.peak_learning_rate / RECIPE.warmup_steps
    )


def test_a_run_goes_on_from_an_exported_model(documents, tmp_path, monkeypatch):
    """Nothing but the float16 rounding and AdamW's moments is lost."""
    monkeypatch.setitem(RECIPES, "tiny", RECIPE)
    trainer = Trainer(RECIPE, documents)
    for _ in range(12):
        trainer.step(0.1)
    command.save(trainer.state(), tmp_path / "snapshot.pt")
    export("tiny", tmp_path / "snapshot.pt", tmp_path / "tiny")
    again = Trainer(RECIPE, documents)
    again.restore(exported_state(tmp_path / "tiny"))
    for name, value in trainer.parameters.items():
        torch.testing.assert_close(again.parameters[name], value, atol=1e-3, rtol=1e-3)
    assert (again.step_number, again.documents_read) == (12, trainer.documents_read)
    again.step(0.1)
    assert again.optimizer.param_groups[0]["lr"] == pytest.approx(
        RECIPE.peak_learning_rate / RECIPE.warmup_steps
    )


def test_schedule_rises_stays_and_falls_to_zero():
    rates = [learning_rate(RECIPE, 1000, share) for share in (0.0, 0.5, 0.7, 0.85, 1.0, 1.2)]
    assert rates == pytest.approx([1e-2, 1e-2, 1e-2, 5e-3, 0, 0])
    assert learning_rate(RECIPE, 0, 0.0) == pytest.approx(1e-2 / 3)


def test_only_matrices_decay(documents):
    trainer = Trainer(RECIPE, documents)
    decayed = {
        id(p) for group in trainer.optimizer.param_groups if group["weight_decay"] for p in group["params"]
    }
    for name, value in trainer.parameters.items():
        assert (id(value) in decayed) == (value.dim() == 2), name


def test_the_command_stops_at_its_documents_and_goes_on_from_there(tmp_path, monkeypatch):
    """Documents are counted to the end of a step; log, checkpoints and snapshot lie where the docs say; no
    pid file stays."""
    texts = [f"토끼가 {n}번 숲에 갔습니다. 토끼는 웃었습니다." for n in range(400)]
    lines = [json.dumps({"kind": "story", "lang": "ko", "text": text}) for text in texts]
    (tmp_path / "corpus").mkdir()
    for part in ("train", "heldout"):
        (tmp_path / "corpus" / f"{part}.jsonl").write_text("\n".join(lines))
    save_tokenizer(train("tiny-gpt1", texts, []), tmp_path / "models" / "tiny-gpt1", n_ctx=64)
    small = replace(command.RECIPES["tiny-gpt1"].shape, n_layer=1, d_model=12, n_head=2)
    monkeypatch.setitem(
        command.RECIPES, "tiny-gpt1", replace(command.RECIPES["tiny-gpt1"], shape=small, windows_per_step=4)
    )
    monkeypatch.setattr(command, "FIRST_CHECKPOINT", 2)
    monkeypatch.setattr(command, "REPORT_STEPS", 2)

    def run(n_documents):
        places = (tmp_path / "corpus", tmp_path / "models", tmp_path / "build" / "runs")
        return command.pretrain("tiny-gpt1", *places, n_documents)

    folder = tmp_path / "build" / "runs" / "tiny-gpt1"
    first = run(100)
    assert 100 <= first.documents_read < 150
    second = run(200)
    assert 200 <= second.documents_read < 250 and second.step_number > first.step_number
    steps = [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines()]
    assert steps == list(range(2, second.step_number + 1, 2))
    assert (folder / "step-000004.pt").exists()
    assert not list((tmp_path / "build").glob("*.pid"))
