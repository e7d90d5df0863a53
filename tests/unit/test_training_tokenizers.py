"""The tokenizer rules: fixed special ids, label words whole, text out as it came in, loadable by anyone."""

import json
import unicodedata
from collections import Counter

import pytest
from transformers import AutoTokenizer

from app.engine import inputs
from training.pretrain import tokenizers
from training.pretrain.bpe import learn_merges, reads_well
from training.pretrain.tokenizers import SPECIAL_TOKENS, UNKNOWN, read_tokenizer, save_tokenizer

TEXTS = [
    "나는 오늘 그 곳에 간다. 친구와 학교에 간다.",
    "반전이 좋았다. 반전은 언제나 좋다. ㅋㅋ ㅠㅠ",
    "I like the small dog. The dog likes me, too.",
    '"안녕? 같이 놀자!" 토끼가 말했습니다.',
] * 30
LABEL_WORDS = ["긍정", "부정", "positive", "뒤죽박죽"]
TRICKY = [
    "나는 오늘 그 곳에 간다.",
    "  Hello,   World!  (정말?)\n탭\t뒤 ",
    "값, 닭을 읽었다… 뷁",
    "ㅋㅋㅋ ㅏㅏ ㄱ나",
    "정말 좋아 🙂👩‍👩‍👧 é",
    unicodedata.normalize("NFD", "한글도 자모로"),
    "",
]


@pytest.fixture(scope="module", params=["tiny-gpt1", "tiny-gpt2"])
def trained(request, tmp_path_factory):
    """(name, tokenizer read back from its folder, folder)."""
    folder = tmp_path_factory.mktemp(request.param)
    save_tokenizer(tokenizers.train(request.param, TEXTS, LABEL_WORDS), folder, n_ctx=64)
    model_type = {"tiny-gpt1": "openai-gpt", "tiny-gpt2": "gpt2"}[request.param]
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    return request.param, read_tokenizer(folder), folder


def test_special_tokens_have_the_agreed_ids(trained):
    _, tokenizer, _ = trained
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(22))
    named = (tokenizers.PADDING, tokenizers.START, tokenizers.DELIM, tokenizers.EXTRACT)
    assert [SPECIAL_TOKENS.index(token) for token in named] == [
        inputs.PAD,
        inputs.START,
        inputs.DELIM,
        inputs.EXTRACT,
    ]
    assert [SPECIAL_TOKENS.index(token) for token in tokenizers.SOFT_PROMPTS] == list(inputs.SOFT_PROMPTS)
    assert inputs.FIRST_ORDINARY == tokenizers.FIRST_ORDINARY_ID


def test_label_words_are_one_token_wherever_they_stand(trained):
    _, tokenizer, _ = trained
    for word in LABEL_WORDS:
        assert len(tokenizer.encode(word).ids) == 1
        assert len(tokenizer.encode("나는 " + word).ids) == len(tokenizer.encode("나는").ids) + 1


@pytest.mark.parametrize("text", TRICKY)
def test_text_comes_out_as_it_came_in(trained, text):
    name, tokenizer, _ = trained
    ids = tokenizer.encode(text).ids
    decoded = tokenizer.decode(ids, skip_special_tokens=False)
    if name == "tiny-gpt2":
        assert decoded == text
        return
    expected = " ".join(unicodedata.normalize("NFD", text).lower().split())
    known = tokenizer.get_vocab()
    shown = "".join(char if char in known or char == " " else UNKNOWN for char in expected)
    # An unknown character at the end of a word takes the word's space with it.
    assert unicodedata.normalize("NFC", decoded).replace(" ", "") == unicodedata.normalize(
        "NFC", shown
    ).replace(" ", "")
    if UNKNOWN not in shown:
        assert unicodedata.normalize("NFC", decoded) == unicodedata.normalize("NFC", shown)


def test_a_special_spelling_that_is_typed_stays_text(trained):
    _, tokenizer, folder = trained
    text = "가 <|endoftext|> 나 <|soft3|> <|pad|><unk>"
    for encode in (
        lambda t: tokenizer.encode(t).ids,
        lambda t: AutoTokenizer.from_pretrained(folder)(t)["input_ids"],
    ):
        assert min(encode(text)) > tokenizer.token_to_id(SPECIAL_TOKENS[-1]) + 1


def test_auto_tokenizer_gives_the_same_ids_and_names(trained):
    _, tokenizer, folder = trained
    theirs = AutoTokenizer.from_pretrained(folder)
    for text in [*TEXTS, *TRICKY]:
        assert theirs(text)["input_ids"] == tokenizer.encode(text).ids
    assert (theirs.eos_token_id, theirs.pad_token_id, theirs.mask_token_id) == (0, 1, 2)
    assert len(theirs) == tokenizer.get_vocab_size()


def test_pieces_of_the_word_level_tokenizer_read_well():
    tokenizer = tokenizers.train("tiny-gpt1", TEXTS, LABEL_WORDS)
    pieces = [
        unicodedata.normalize("NFC", tokenizer.decode([i])) for i in tokenizer.encode("반전이 좋았다.").ids
    ]
    assert pieces == ["반전이", "좋았다", "."]
    for piece in tokenizer.get_vocab():
        text = piece.removesuffix("</w>")
        if piece not in SPECIAL_TOKENS and len(text) > 1 and piece != UNKNOWN:
            assert text.isalpha() or not any(char.isalpha() for char in text), piece


def test_merges_are_the_most_frequent_pairs_in_order():
    """Worked by hand: 5 x abc, 3 x bcd. bc 8 times; then a+bc 5; then bc+d 3."""
    words = Counter({"abc": 5, "bcd": 3})
    assert learn_merges(words, 10) == [("b", "c"), ("a", "bc"), ("bc", "d")]
    assert learn_merges(words, 1) == [("b", "c")]
    assert learn_merges(words, 10, end_of_word="$")[:2] == [("a", "b"), ("ab", "c$")]


def test_wanted_words_come_first_and_rules_forbid():
    words = Counter({"zz": 1000, "ab": 1})
    assert learn_merges(words, 1, wanted=["ab"]) == [("a", "b")]
    assert learn_merges(Counter({"a.": 9, "ab": 2}), 9, may_merge=reads_well) == [("a", "b")]
    assert not reads_well("\u11ab", "\u110b\u1175") and reads_well("\u110c\u1165", "\u11ab")


def test_overlapping_pairs_are_merged_from_the_left():
    assert learn_merges(Counter({"aaaa": 2}), 2) == [("a", "a"), ("aa", "aa")]
