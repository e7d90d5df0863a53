"""Writes the labelled sets: python -m training.corpus.datasets [--out assets/datasets] [--seed 0].

Every input is at most 32 tokens long in either tokenizer, special tokens included. `--read FILES` also looks
for sentences of the test splits in training files of the corpus and ends with an error where one stands
there.
"""

import argparse
from pathlib import Path

from training.paths import MODELS

from .leaks import found_in_corpus
from .lengths import short_enough
from .make import write_datasets

DEFAULT_OUT = Path(__file__).parents[3] / "assets" / "datasets"


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
