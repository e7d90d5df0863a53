"""Train both tokenizers on the corpus: python -m training.pretrain.train_tokenizers

With `--compare` it also measures the choice made for tiny-gpt1, jamo against whole syllables, and writes
nothing. It must run before pre-training, and never again for weights that exist: a model knows its tokens
by their ids.
"""

import argparse
import json
import math
import unicodedata
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer

from training.corpus.labels import LABEL_WORDS
from training.paths import BUILD, MODELS, read_corpus, training_texts
from training.pretrain.tokenizers import (
    END_OF_WORD,
    UNKNOWN,
    VOCAB_SIZES,
    save_tokenizer,
    train,
    train_word_level,
)
from training.pretrain.trainer import RECIPES

# Lists count rare words as often as frequent ones; with them the words of sentences would fall apart.
LISTS = ("word_list", "incontext_a", "incontext_b")
MAX_DOCUMENTS = 200_000
# The sentence on the lecture's slides and its neighbours: one chip for each word, as drawn there.
LECTURE_WORDS = ("나는", "오늘", "그", "곳에", "간다", "친구를", "만났다", "학교에", "집에", "갔다")


def figures(tokenizer: Tokenizer, texts: list[str]) -> dict[str, float]:
    """How a tokenizer cuts `texts`: pieces per word, share of unknown pieces, share of texts with one,
    entries that are single characters, and the bits per byte of a model that knows only how frequent each
    piece is (lower is better).
    """
    encoded = [tokenizer.encode(text).ids for text in texts]
    counts = Counter(id_ for ids in encoded for id_ in ids)
    n = counts.total()
    unknown = tokenizer.token_to_id(UNKNOWN)
    bits = -sum(count * math.log2(count / n) for count in counts.values())
    n_bytes = sum(len(unicodedata.normalize("NFC", text).lower().encode()) for text in texts)
    return {
        "pieces_per_word": round(n / sum(len(text.split()) for text in texts), 3),
        "unknown_pieces": round(counts[unknown] / n, 6) if unknown else 0.0,
        "texts_with_unknown": round(sum(unknown in ids for ids in encoded) / len(texts), 5)
        if unknown
        else 0.0,
        "single_characters": sum(
            len(piece.removesuffix(END_OF_WORD)) == 1 for piece in tokenizer.get_vocab()
        ),
        "unigram_bits_per_byte": round(bits / n_bytes, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=BUILD / "corpus")
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--compare", action="store_true", help="measure jamo against syllables instead")
    options = parser.parse_args()
    texts = training_texts(options.corpus / "train.jsonl", LISTS)[:MAX_DOCUMENTS]
    wanted = [*LABEL_WORDS, *LECTURE_WORDS]
    heldout = [document["text"] for document in read_corpus(options.corpus / "heldout.jsonl")]
    if options.compare:
        for jamo in (True, False):
            tokenizer = train_word_level(texts, wanted, VOCAB_SIZES["tiny-gpt1"], jamo)
            print("jamo" if jamo else "syllables", json.dumps(figures(tokenizer, heldout)))
        return
    for name, vocab_size in VOCAB_SIZES.items():
        tokenizer = train(name, texts, wanted)
        if tokenizer.get_vocab_size() != vocab_size:
            raise SystemExit(
                f"{name}: the corpus gives {tokenizer.get_vocab_size()} entries, {vocab_size} are wanted"
            )
        save_tokenizer(tokenizer, options.out / name, RECIPES[name].shape.n_ctx)
        print(name, json.dumps(figures(tokenizer, heldout)))


if __name__ == "__main__":
    main()
