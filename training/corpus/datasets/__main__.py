"""Writes the labelled sets: python -m training.corpus.datasets [--out assets/datasets] [--seed 0]."""

import argparse
from pathlib import Path

from .make import write_datasets

DEFAULT_OUT = Path(__file__).parents[3] / "assets" / "datasets"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.corpus.datasets", description=__doc__)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write_datasets(options.out, options.seed)


if __name__ == "__main__":
    main()
