"""The two tokenizers: byte-level BPE as in GPT-2, and BPE with `</w>` over lower-cased jamo in the manner
of GPT-1.

Both are plain `tokenizers` JSON files that `AutoTokenizer` reads with no code of ours. Ids 0 to 21 are the
special tokens, the same in both and counted inside the vocabulary; then come the characters (256 bytes; or
jamo, letters and signs, each with and without `</w>`), then the merges.

`tiny-gpt1` spells Hangul in jamo (NFD): over whole syllables two thirds of 4,048 entries would be single
syllables, and rare ones unknown (`tokenizer_report.py` measures it). Its word is what stands between two
spaces, so `</w>` is exactly a space and punctuation keeps its place; plain `decode` gives NFD text, which
`app.models.tokens` composes.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from training.pretrain.bpe import Pair, learn_merges, reads_well

END_OF_TEXT, PADDING, MASK, START, DELIM, EXTRACT = (
    "<|endoftext|>",
    "<|pad|>",
    "<|mask|>",
    "<|start|>",
    "<|delim|>",
    "<|extract|>",
)
SOFT_PROMPTS = [f"<|soft{i}|>" for i in range(16)]
SPECIAL_TOKENS = [END_OF_TEXT, PADDING, MASK, START, DELIM, EXTRACT, *SOFT_PROMPTS]  # position = id
END_OF_TEXT_ID = 0
FIRST_ORDINARY_ID = 300  # tests and random lists draw from here on: behind special tokens and single bytes
UNKNOWN = "<unk>"  # tiny-gpt1 only: a character that is in none of its entries
END_OF_WORD = "</w>"
VOCAB_SIZES = {"tiny-gpt1": 4048, "tiny-gpt2": 5026}
SHOWN_AT_LEAST = 20  # a character of the corpus gets its own entry in tiny-gpt1 from this many occurrences on

JAMO = [chr(c) for c in (*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3))]
SINGLE_JAMO = [chr(c) for c in range(0x3131, 0x3164)]  # ㅋㅋ, ㅠㅠ
ASCII = [chr(c) for c in range(0x21, 0x7F) if not chr(c).isupper()]


def train(name: str, texts: Iterable[str], whole_words: Iterable[str]) -> Tokenizer:
    """The tokenizer of model `name`, from `texts`; each of `whole_words` becomes one token."""
    if name == "tiny-gpt2":
        return _train_byte_level(texts, whole_words, VOCAB_SIZES[name])
    return train_word_level(texts, whole_words, VOCAB_SIZES[name])


def _train_byte_level(texts: Iterable[str], whole_words: Iterable[str], vocab_size: int) -> Tokenizer:
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words = Counter(word for text in texts for word, _ in split.pre_tokenize_str(text))
    wanted = [split.pre_tokenize_str(space + word)[0][0] for word in whole_words for space in ("", " ")]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    room = vocab_size - len(SPECIAL_TOKENS) - len(alphabet)
    merges = learn_merges(words, room, wanted)
    tokenizer = Tokenizer(models.BPE(vocab=_vocabulary(SPECIAL_TOKENS + alphabet, merges), merges=merges))
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    return _with_special_tokens(tokenizer, SPECIAL_TOKENS)


def train_word_level(
    texts: Iterable[str], whole_words: Iterable[str], vocab_size: int, jamo: bool = True
) -> Tokenizer:
    """BPE with `</w>`; `jamo=False` spells with whole syllables instead, for the comparison."""
    form = normalizers.NFD() if jamo else normalizers.NFC()
    normalizer = normalizers.Sequence([form, normalizers.Lowercase()])
    words = Counter(word for text in texts for word in normalizer.normalize_str(text).split())
    wanted = [normalizer.normalize_str(word) for word in whole_words]
    characters: Counter[str] = Counter()
    for word, count in words.items():
        for char in set(word):
            characters[char] += count
    frequent = {char for char, count in characters.items() if count >= SHOWN_AT_LEAST}
    alphabet = sorted(frequent.union(ASCII, SINGLE_JAMO, JAMO if jamo else (), *wanted))
    known = set(alphabet)
    words = Counter({word: count for word, count in words.items() if known.issuperset(word)})
    base = [*SPECIAL_TOKENS, UNKNOWN, *alphabet, *(char + END_OF_WORD for char in alphabet)]
    merges = learn_merges(words, vocab_size - len(base), wanted, END_OF_WORD, reads_well)
    model = models.BPE(
        vocab=_vocabulary(base, merges), merges=merges, unk_token=UNKNOWN, end_of_word_suffix=END_OF_WORD
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.BPEDecoder(suffix=END_OF_WORD)
    return _with_special_tokens(tokenizer, [*SPECIAL_TOKENS, UNKNOWN])


def _vocabulary(base: list[str], merges: list[Pair]) -> dict[str, int]:
    """Different merges may write the same piece (a + bc, ab + c): it gets one id."""
    pieces = dict.fromkeys(base) | dict.fromkeys(left + right for left, right in merges)
    return {piece: index for index, piece in enumerate(pieces)}


def _with_special_tokens(tokenizer: Tokenizer, tokens: list[str]) -> Tokenizer:
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in tokens])
    tokenizer.encode_special_tokens = True
    return tokenizer


def read_tokenizer(folder: Path) -> Tokenizer:
    """The saved tokenizer, with which a special token's spelling in a text is ordinary text."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path, n_ctx: int) -> None:
    """tokenizer.json and the few facts `AutoTokenizer` wants beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    facts = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": n_ctx,
        "bos_token": END_OF_TEXT,
        "eos_token": END_OF_TEXT,
        "pad_token": PADDING,
        "mask_token": MASK,
        "split_special_tokens": True,
        "clean_up_tokenization_spaces": False,
    }
    if tokenizer.token_to_id(UNKNOWN) is not None:
        facts["unk_token"] = UNKNOWN
    (folder / "tokenizer_config.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def expected_text(name: str, text: str) -> str:
    """What decoding the encoded `text` gives for known characters, after NFC: tiny-gpt1 loses case and runs
    of white space."""
    if name == "tiny-gpt1":
        text = " ".join(unicodedata.normalize("NFD", text).lower().split())
    return unicodedata.normalize("NFC", text)
