"""Writes the labelled sets: python -m training.corpus.datasets [--out assets/datasets] [--seed 0].

Every input is at most 32 tokens long in either tokenizer, special tokens included. `--read FILES` also looks for
the sets' sentences in training files of the corpus and ends with an error where one stands there.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from app.engine.inputs import transform
from training.paths import MODELS
from training.pretrain.tokenizers import read_tokenizer

from .example import Example
from .leaks import found_in_corpus
from .make import write_datasets

DEFAULT_OUT = Path(__file__).parents[3] / "assets" / "datasets"
TOKENIZERS = ("tiny-gpt1", "tiny-gpt2")
MOST_TOKENS = 32


def short_enough(models: Path = MODELS) -> Callable[[str, Example], bool]:
    """(kind, example) -> whether each of its sequences has at most `MOST_TOKENS` tokens in both tokenizers."""
    tokenizers = [read_tokenizer(models / name) for name in TOKENIZERS]

    def fits(kind: str, example: Example) -> bool:
        for tokenizer in tokenizers:
            encode = lambda text, tokenizer=tokenizer: tokenizer.encode(text).ids  # noqa: E731
            made = transform(kind, example.fields, example.label, encode, MOST_TOKENS)
            if made.n_cut:
                return False
        return True

    return fits


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.corpus.datasets", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", type=Path, default=MODELS, help="whose tokenizers count")
    parser.add_argument("--read", type=Path, nargs="+", default=(), help="training files of the corpus")
    options = parser.parse_args()
    write_datasets(options.out, options.seed, short_enough(options.models))
    found = found_in_corpus(options.out, options.read)
    for sentence in found:
        print("in the corpus:", sentence)
    if found:
        raise SystemExit(f"{len(found)} sentences of the test splits stand in the corpus")


if __name__ == "__main__":
    main()
