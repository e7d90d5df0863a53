"""Pre-training checkpoints and what is measured on them, with a tiny model trained for a few steps."""

import json
from dataclasses import replace

import pytest
import torch

from app.engine.zero_shot import mean_log_probability
from app.models import load
from tests.tiny_models import write_folder
from training.evaluate import checkpoints
from training.evaluate.zero_shot import zero_shot_scores
from training.paths import weights_sha256
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


def write_split(folder, task, rows):
    """Rows as (fields, label), each in both languages, in groups of two."""
    lines = [
        {"fields": fields, "label": label, "lang": lang, "group": i // 2}
        for lang in ("ko", "en")
        for i, (fields, label) in enumerate(rows)
    ]
    write_lines(folder / task / "dev.jsonl", lines)


def test_zero_shot_takes_what_the_model_finds_more_likely(loaded, tmp_path):
    """Labels are the model's own preference, computed here, so all are right; turned round, none is."""

    def ln_p(context, answer):
        return mean_log_probability(loaded, context, answer)

    pairs = [("간다.", "dog river."), ("책을", "the cat"), ("곳에", "학교에"), ("the", "오늘")]
    answers = [(["나는 오늘", "", a, b], int(ln_p("나는 오늘", b) > ln_p("나는 오늘", a))) for a, b in pairs]
    rests = [
        (["나는", "간다.", a, b], int(ln_p(f"나는 {a}", "간다.") > ln_p(f"나는 {b}", "간다.")))
        for a, b in pairs
    ]
    write_split(tmp_path, "choice", answers)
    write_split(tmp_path, "reference", rests)
    texts = ["나는 간다.", "dog the to", "오늘 책을 그", "the dog"]
    scores = [ln_p("", text) for text in texts]
    fits = scores[0] + scores[3] > scores[1] + scores[2]
    labelled = [([text], int((i in (0, 3)) != fits)) for i, text in enumerate(texts)]
    write_split(tmp_path, "acceptability", labelled)
    words = {"ko": ("긍정", "부정"), "en": ("positive", "negative")}
    guess = {lang: int(ln_p("나는 간다. =", b) > ln_p("나는 간다. =", a)) for lang, (a, b) in words.items()}
    write_split(tmp_path, "sentiment", [(["나는 간다."], 0), (["나는 간다."], 1)])

    found = zero_shot_scores(loaded, datasets=tmp_path)
    for lang in words:
        assert found["choice"][lang] == 100
        assert found["reference"][lang] == 0  # the labels are the other referents
        assert found["acceptability"][lang] == 100
        assert found["sentiment"][lang] == 50
        assert found["sentiment"][f"{lang} confirmed"] == 100 * (guess[lang] == 0)
        assert found["sentiment"][f"{lang} denied"] == 100 * (guess[lang] == 1)
    middle = sum(sorted(scores)[1:3]) / 2
    right = [int(score < middle) == label for score, (_, label) in zip(scores, labelled, strict=True)]
    assert found["acceptability"]["ko one threshold"] == 25 * sum(right)


def test_how_surely_a_heuristic_rises_is_a_rank_correlation():
    """Against scipy, which shares the ranks of equal values in the same way; a flat line has none."""
    spearmanr = pytest.importorskip("scipy.stats").spearmanr
    values, steps = [50.0, 52.0, 51.0, 58.0, 58.0, 71.0], [200, 400, 800, 1600, 3200, 6400]
    measured = [
        {"step": step, "zero_shot": {"choice": {"ko": value, "en": 50.0}}}
        for step, value in zip(steps, values, strict=True)
    ]
    found = checkpoints.rises(measured)
    assert found["choice"]["ko"] == pytest.approx(spearmanr(steps, values).statistic, abs=1e-3)
    assert found["choice"]["en"] == 0


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
    gpt.pretrain("tiny-gpt1", tmp_path / "corpus", models, runs, n_documents=150)
    export("tiny-gpt1", runs / "tiny-gpt1" / "snapshot.pt", models / "tiny-gpt1")

    found = checkpoints.write_checkpoints("tiny-gpt1", runs, tmp_path / "corpus", models)
    assert [one["step"] for one in found] == [2, 4, 8][: len(found)] and len(found) >= 2
    for one in found:
        saved = torch.load(runs / "tiny-gpt1" / f"step-{one['step']:06d}.pt", weights_only=True)
        assert one["tokens_seen"] == saved["tokens_seen"] == one["step"] * 4 * 64
        file = models / "tiny-gpt1" / "checkpoints" / f"step-{one['step']:06d}.safetensors"
        assert file.stat().st_size < (runs / "tiny-gpt1" / f"step-{one['step']:06d}.pt").stat().st_size


def test_fine_tuned_figures_are_those_of_the_same_weights(monkeypatch):
    """Of everything transferred, the mean of the seeds, for the tasks that have a heuristic."""
    gain = [
        {
            "model": model,
            "task": task,
            "n_layers_transferred": k,
            "by_seed": {str(seed): {"test": {"ko": 60.0 + k + seed, "en": 90.0}} for seed in (0, 2)},
        }
        for model in ("tiny-gpt1", "tiny-gpt2")
        for task in ("choice", "entailment")
        for k in (-1, 4)
    ]
    record = {"data": {"gain": gain}, "weights": {"tiny-gpt2": weights_sha256("tiny-gpt2")}}
    monkeypatch.setattr(checkpoints, "read_record", lambda name: record)
    assert checkpoints.fine_tuned("tiny-gpt2") == {"choice": {"ko": 65.0, "en": 90.0}}
    record["weights"] = {"tiny-gpt2": "others"}
    assert checkpoints.fine_tuned("tiny-gpt2") == {}
    monkeypatch.setattr(checkpoints, "read_record", lambda name: None)
    assert checkpoints.fine_tuned("tiny-gpt2") == {}
