"""A filled blank against plain `transformers`: its own tokenizer, its own forward pass, its own patterns."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForMaskedLM, BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

from app.engine.blank import fill_blank, from_the_left
from app.models import ModelSpec, load, load_masked
from app.models.registry import MASKED
from tests.tiny_models import SENTENCES, byte_level_tokenizer

TEXTS = [
    *SENTENCES[:2],
    "비가 와서 나는 우산을 쓰고 학교에 갔다.",
    "It was raining, so I took an umbrella.",
    "곳",
]
WITHIN = {"rtol": 0, "atol": 1e-5}


def untrained(folder: Path) -> ModelSpec:
    """A masked model with random weights, 2 layers, 3 heads, a context of 64."""
    tokenizer = byte_level_tokenizer()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=24,
            num_hidden_layers=2,
            num_attention_heads=3,
            intermediate_size=96,
            max_position_embeddings=64,
            type_vocab_size=1,
            pad_token_id=1,
            initializer_range=0.5,
        )
        BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return ModelSpec("local/bert", "local", str(folder))


@pytest.fixture(scope="module", params=["embedded", "untrained"])
def spec(request, tmp_path_factory) -> ModelSpec:
    return MASKED if request.param == "embedded" else untrained(tmp_path_factory.mktemp("bert"))


@torch.no_grad()
def test_a_filled_blank_is_that_of_transformers(spec: ModelSpec):
    """In every place: mask token, one end-of-text after the text, nothing before it."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=f"{spec.location}/tokenizer.json")
    model = AutoModelForMaskedLM.from_pretrained(spec.location, dtype=torch.float32).eval()
    mask, end = tokenizer.convert_tokens_to_ids(["<|mask|>", "<|endoftext|>"])
    n_places = 0
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False)
        for position in range(len(ids)):
            given = torch.tensor([[*ids, end]])
            given[0, position] = mask
            expected = model(given).logits[0, position].softmax(-1)
            found = fill_blank(load_masked(spec), text, position)
            assert found.ids == tuple(ids) and found.hidden == ids[position]
            torch.testing.assert_close(found.probabilities, expected, **WITHIN)
            assert [id_ for id_, _ in found.likeliest(3)] == expected.topk(3).indices.tolist()
            n_places += 1
    assert n_places > 30


@torch.no_grad()
def test_the_patterns_are_those_of_transformers_and_see_both_sides(spec: ModelSpec):
    model = AutoModelForMaskedLM.from_pretrained(spec.location, attn_implementation="eager").float().eval()
    masked = load_masked(spec)
    for text in TEXTS[:3]:
        ids = masked.tokenizer.encode(text)
        given = torch.tensor([[*ids[:1], masked.mask_id, *ids[2:], masked.eot_id]])
        expected = torch.stack([layer[0] for layer in model(given, output_attentions=True).attentions])
        patterns = fill_blank(masked, text, 1, patterns=True).patterns
        assert patterns.shape == (
            model.config.num_hidden_layers,
            model.config.num_attention_heads,
            *given.shape[1:] * 2,
        )
        torch.testing.assert_close(patterns, expected, **WITHIN)
        assert (patterns.triu(1).sum(-1)[..., :-1] > 0).all(), (
            "no mask: every token looks to its right as well"
        )
    assert fill_blank(masked, TEXTS[0], 1).patterns is None


@torch.no_grad()
def test_from_the_left_is_the_next_token_of_transformers():
    loaded = load("tiny-gpt2")
    ids = load_masked().tokenizer.encode(TEXTS[2])
    assert ids == loaded.tokenizer.encode(TEXTS[2]), "both models have the same tokens"
    for position in range(len(ids)):
        before = ids[:position] or [loaded.eot_id]
        expected = loaded.model(torch.tensor([before])).logits[0, -1].softmax(-1)
        torch.testing.assert_close(from_the_left(loaded, ids, position), expected, **WITHIN)
