"""Writes the corpus: python -m training.corpus --out build/corpus [--seed 0] [--reviews PATH]."""

import argparse
from pathlib import Path

from .write import DOCUMENTS, MIXES, write_corpus


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.corpus", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for train.jsonl and heldout.jsonl")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="how many, without film reviews")
    parser.add_argument("--reviews", type=Path, help="gzipped lines [rating, text] of Korean film reviews")
    parser.add_argument(
        "--mix", choices=MIXES, default="whole", help="last: more everyday texts, for the end of a run"
    )
    options = parser.parse_args()
    summary = write_corpus(options.out, options.seed, options.documents, options.reviews, options.mix)
    print(summary)


if __name__ == "__main__":
    main()
