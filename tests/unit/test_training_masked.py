"""Fill in the blank: what is hidden, that nothing is lost, and the way from nothing to a measured model."""

import json

import numpy as np
import pytest
import torch

from app.models import ModelSpec, load_masked
from tests.tiny_models import SENTENCES, byte_level_tokenizer
from training.evaluate.bert import blanks, from_both_sides, whole_words
from training.pretrain import bert as command
from training.pretrain.bert import export_bert, learning_rate, pretrain_bert
from training.pretrain.masked import (
    MASK_ID,
    N_CTX,
    PADDING_ID,
    MaskedRecipe,
    batches,
    begins_word,
    hide,
    masked_loss,
    new_model,
    rows_of,
)
from training.pretrain.model import IGNORED
from training.pretrain.tokenizers import END_OF_TEXT_ID, save_tokenizer
from training.pretrain.windows import Documents, encode_documents

RECIPE = MaskedRecipe(vocab_size=330, n_layer=2, d_model=24, n_head=2, tokens_per_batch=256)


@pytest.fixture(scope="module")
def tokenizer():
    return byte_level_tokenizer(330)


@pytest.fixture(scope="module")
def documents(tokenizer) -> Documents:
    return encode_documents([*SENTENCES, "나는 " * 60 + "간다."] * 8, tokenizer)


def test_every_row_is_read_once_an_epoch(documents):
    rows = rows_of(documents)
    assert max(map(len, rows)) == N_CTX
    assert sum(map(len, rows)) == len(documents.ids)
    read = [row[row != PADDING_ID].tolist() for ids in batches(rows, RECIPE, 0) for row in ids]
    assert sorted(read) == sorted(row.tolist() for row in rows)
    assert all(ids.size <= RECIPE.tokens_per_batch for ids in batches(rows, RECIPE, 0))
    again = [ids.tolist() for ids in batches(rows, RECIPE, 0)]
    assert again == [ids.tolist() for ids in batches(rows, RECIPE, 0)]
    assert again != [ids.tolist() for ids in batches(rows, RECIPE, 1)]


def test_whole_words_are_hidden(documents, tokenizer):
    begins = begins_word(tokenizer)
    rng = np.random.default_rng(0)
    n_asked = n_masked = n_ordinary = 0
    for epoch in range(40):
        for ids in batches(rows_of(documents), RECIPE, epoch):
            shown, targets = hide(ids, begins, rng, RECIPE.vocab_size)
            asked = targets != IGNORED
            assert asked.any(1).all()
            assert (targets[asked] == ids[asked]).all() and (shown[~asked] == ids[~asked]).all()
            assert not asked[(ids == PADDING_ID) | (ids == END_OF_TEXT_ID)].any()
            inside = ~begins[ids[:, 1:]] & (ids[:, 1:] != PADDING_ID) & (ids[:, 1:] != END_OF_TEXT_ID)
            assert (asked[:, 1:] == asked[:, :-1])[inside].all()  # a word as a whole or not at all
            n_asked += asked.sum()
            n_masked += (shown[asked] == MASK_ID).sum()
            n_ordinary += (ids != PADDING_ID).sum()
    assert 0.13 < n_asked / n_ordinary < 0.35
    assert n_masked / n_asked == pytest.approx(0.8, abs=0.03)


def test_the_loss_is_that_of_transformers(documents, tokenizer):
    model = new_model(RECIPE).eval()
    ids = next(batches(rows_of(documents), RECIPE, 0))
    shown, targets = map(
        torch.from_numpy, hide(ids, begins_word(tokenizer), np.random.default_rng(0), RECIPE.vocab_size)
    )
    with torch.no_grad():
        expected = model(shown, attention_mask=(shown != PADDING_ID).long(), labels=targets).loss
        assert masked_loss(model, shown, targets).item() == pytest.approx(expected.item(), abs=1e-5)


def test_words_that_are_one_token(tokenizer):
    begins = np.zeros(330, bool)
    begins[[301, 302, 303]] = True
    assert whole_words([301, 302, 303, 40, 301, 46], begins) == [1]
    assert whole_words([301], begins) == []
    (ids, place), *more = blanks([[301, 302, 303, 46]], begins, N_CTX, 5, seed=0)
    assert ids == [301, 302, 303, 46, END_OF_TEXT_ID] and place == 1 and not more


def test_the_rate_rises_and_falls():
    recipe = MaskedRecipe()
    rates = [learning_rate(recipe, share) for share in np.linspace(0, 1, 201)]
    assert 0 < rates[0] < max(rates) <= recipe.peak_learning_rate and rates[-1] == 0
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


@pytest.mark.slow
def test_from_nothing_to_an_answer(tmp_path, tokenizer, monkeypatch):
    """A stopped run goes on as if it had not been stopped; what it writes loads and fills a blank."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    lines = [
        json.dumps({"kind": "story", "lang": "ko", "text": f"{sentence} {number}"}) + "\n"
        for number in range(40)
        for sentence in SENTENCES
    ]
    (corpus / "train.jsonl").write_text("".join(lines), encoding="utf-8")
    save_tokenizer(tokenizer, tmp_path / "tokenizer", N_CTX)
    monkeypatch.setattr(command, "learning_rate", lambda recipe, share_done: 2e-3)
    places = corpus, tmp_path / "tokenizer"
    whole, progress = pretrain_bert(*places, tmp_path / "whole", 12_000, RECIPE)
    pretrain_bert(*places, tmp_path / "parts", 5_000, RECIPE)
    state = torch.load(tmp_path / "parts" / "tiny-bert" / "snapshot.pt", weights_only=True)
    assert 0 < state["progress"]["step_number"] < progress["step_number"]
    parts, _ = pretrain_bert(*places, tmp_path / "parts", 12_000, RECIPE)
    assert progress["tokens_seen"] >= 12_000
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, parts.state_dict()[name], atol=1e-5), name
    untrained = new_model(RECIPE).state_dict()
    assert not torch.allclose(whole.state_dict()["cls.predictions.bias"], untrained["cls.predictions.bias"])

    export_bert(whole, progress, 12_000, RECIPE, tmp_path / "tokenizer", tmp_path / "tiny-bert")
    loaded = load_masked(ModelSpec("local/bert", "local", str(tmp_path / "tiny-bert")))
    assert loaded.n_ctx == N_CTX and loaded.mask_id == MASK_ID
    ids = [*loaded.tokenizer.encode(SENTENCES[0]), END_OF_TEXT_ID]
    assert 0 <= from_both_sides(loaded, ids, 1) < RECIPE.vocab_size
    assert torch.equal(
        loaded.model.cls.predictions.decoder.weight, loaded.model.bert.embeddings.word_embeddings.weight
    )
