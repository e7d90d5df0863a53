"""Pre-training checkpoints and what is measured on them, with a tiny model trained for a few steps."""

import hashlib
import json
from dataclasses import replace

import pytest
import torch

from app.engine.zero_shot import mean_log_probability
from app.models import load
from tests.tiny_models import write_folder
from training.evaluate import checkpoints
from training.evaluate.zero_shot import zero_shot_scores
from training.pretrain import gpt
from training.pretrain.export import export
from training.pretrain.tokenizers import save_tokenizer, train


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    return load(write_folder(tmp_path_factory.mktemp("zero_shot"), "gpt2", n_ctx=64))


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")


def test_mean_log_probability_counts_the_answer_alone(loaded):
    """Against one forward pass for each token of the answer."""
    given, whole = (loaded.tokenizer.encode(text) for text in ("나는 오늘", "나는 오늘 그 곳에"))
    total = 0.0
    for position in range(len(given), len(whole)):
        logits = loaded.model(torch.tensor([whole[:position]])).logits[0, -1]
        total += torch.log_softmax(logits, -1)[whole[position]].item()
    expected = total / (len(whole) - len(given))
    assert mean_log_probability(loaded, "나는 오늘", "그 곳에") == pytest.approx(expected, abs=1e-4)


def test_choice_takes_the_answer_the_model_finds_more_likely(loaded, tmp_path):
    """Labels are the model's own preference, computed here, so all are right; turned round, none is."""
    questions = [
        ["나는 오늘", "어디에", a, b]
        for a, b in (("간다.", "dog river."), ("책을", "the cat"), ("곳에", "학교에"))
    ]

    def preferred(fields):
        scores = [mean_log_probability(loaded, " ".join(fields[:2]), answer) for answer in fields[2:]]
        return int(scores[1] > scores[0])

    rows = [{"fields": fields, "label": preferred(fields)} for fields in questions]
    turned = [{"fields": row["fields"], "label": 1 - row["label"]} for row in rows]
    sentences = [{"fields": [text], "label": 0} for text in ("나는 간다.", "dog the to", "책을 오늘")]
    for split in ("dev", "test"):
        for task in ("sentiment", "acceptability"):
            write_lines(tmp_path / task / f"{split}.jsonl", sentences)
        write_lines(tmp_path / "choice" / f"{split}.jsonl", rows)
        write_lines(tmp_path / "reference" / f"{split}.jsonl", turned)
    scores = zero_shot_scores(loaded, datasets=tmp_path)
    assert (scores["choice"], scores["reference"]) == (100, 0)
    # The two sentences at or above the median of the three count as acceptable.
    assert scores["acceptability"] == pytest.approx(66.7)


def test_saved_steps_become_checkpoints_that_load(tmp_path, monkeypatch):
    texts = [f"토끼가 {n}번 숲에 갔습니다. 토끼는 웃었습니다." for n in range(300)]
    for part in ("train", "heldout"):
        write_lines(
            tmp_path / "corpus" / f"{part}.jsonl", [{"kind": "story", "lang": "ko", "text": t} for t in texts]
        )
    models, runs = tmp_path / "models", tmp_path / "build" / "pretrain"
    save_tokenizer(train("tiny-gpt1", texts, []), models / "tiny-gpt1", n_ctx=64)
    small = replace(gpt.RECIPES["tiny-gpt1"].shape, n_layer=1, d_model=12, n_head=2)
    recipe = replace(gpt.RECIPES["tiny-gpt1"], shape=small, windows_per_step=4)
    monkeypatch.setitem(gpt.RECIPES, "tiny-gpt1", recipe)
    monkeypatch.setattr(gpt, "FIRST_CHECKPOINT", 2)
    monkeypatch.setattr(checkpoints, "zero_shot_scores", lambda loaded, n: {})
    gpt.pretrain("tiny-gpt1", tmp_path / "corpus", models, runs, n_documents=150)
    export("tiny-gpt1", runs / "tiny-gpt1" / "snapshot.pt", models / "tiny-gpt1")

    found = checkpoints.write_checkpoints("tiny-gpt1", runs, tmp_path / "corpus", models, n_examples=3)
    assert [one["step"] for one in found] == [2, 4, 8][: len(found)] and len(found) >= 2
    for one in found:
        saved = torch.load(runs / "tiny-gpt1" / f"step-{one['step']:06d}.pt", weights_only=True)
        assert one["tokens_seen"] == saved["tokens_seen"] == one["step"] * 4 * 64
        file = models / "tiny-gpt1" / "checkpoints" / f"step-{one['step']:06d}.safetensors"
        assert file.stat().st_size < (runs / "tiny-gpt1" / f"step-{one['step']:06d}.pt").stat().st_size


def test_fine_tuned_figures_are_those_of_the_same_weights(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "config.json").write_text('{"n_layer": 2}', encoding="utf-8")
    assert checkpoints.fine_tuned(tmp_path) == {}
    settings = [
        {"n_layers_transferred": layers, "lambda": lambda_, "accuracy": 10 * layers + lambda_}
        for layers in (2, -1, 0)
        for lambda_ in (0.5, 0.0)
    ]
    measured = {
        "weights_sha256": hashlib.sha256(b"weights").hexdigest(),
        "tasks": {"choice": {"settings": settings}, "entailment": {"settings": settings}},
    }
    (tmp_path / "fine_tuning.json").write_text(json.dumps(measured), encoding="utf-8")
    assert checkpoints.fine_tuned(tmp_path) == {"choice": 20.0}
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    assert checkpoints.fine_tuned(tmp_path) == {}
