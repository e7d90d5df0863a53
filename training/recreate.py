"""Make the embedded models again, from nothing: python -m training.recreate

Corpus, tokenizers, pre-training of both GPTs (on the whole mix, then on the last one) and of tiny-bert, one
after the other, for hours; export, evaluation. `--smoke` does all of it with a small corpus and a few steps,
in under two minutes on one core, into `--out` only: it shows that every stage fits the next.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from training.paths import BUILD, MODELS
from training.pretrain.trainer import RECIPES

DOCUMENTS, LAST_DOCUMENTS, BERT_TOKENS = 1_400_000, 450_000, 38_000_000  # what is read
SMOKE_CORPUS, SMOKE_DOCUMENTS, SMOKE_LAST, SMOKE_BERT_TOKENS = 6000, 600, 200, 20_000


def commands(out: Path, models: Path, n_documents: int, smoke: bool, reviews: Path | None) -> list[list[str]]:
    """The stages as command lines of this package, in order."""
    corpus, last, runs = out / "corpus", out / "corpus_last", out / "pretrain"
    datasets = models.with_name("datasets")
    make_corpus = ["corpus", "--out", corpus, "--seed", 0]
    make_corpus += ["--documents", SMOKE_CORPUS] if smoke else []
    make_corpus += ["--reviews", reviews] if reviews else []
    n_last = SMOKE_LAST if smoke else LAST_DOCUMENTS
    make_last = ["corpus", "--out", last, "--seed", 1, "--mix", "last", "--documents", n_last]
    stages = [make_corpus, make_last, ["pretrain.train_tokenizers", "--corpus", corpus, "--out", models]]
    stages.append(["corpus.shown", "--read", corpus / "train.jsonl", last / "train.jsonl", "--out", datasets])
    for name in RECIPES:
        places = ["--tokenizers", models, "--out", runs]
        first = SMOKE_DOCUMENTS if smoke else n_documents
        stages.append(["pretrain.gpt", name, "--documents", first, "--corpus", corpus, *places])
        then = ["--documents", first + n_last, "--corpus", last, "--new-corpus"]
        stages.append(["pretrain.gpt", name, *then, *places])
        stages.append(["pretrain.export", name, "--runs", runs, "--out", models])
    bert_tokens = SMOKE_BERT_TOKENS if smoke else BERT_TOKENS
    places = ["--corpus", corpus, "--models", models]
    stages.append(["pretrain.bert", "--tokens", bert_tokens, *places, "--out", runs])
    read = ["--read", last / "train.jsonl"]
    stages.append(["evaluate.bert", *places, *read])
    for name in RECIPES:
        quick = ["--quick"] if smoke else []
        stages.append(["evaluate.gpt", name, "--corpus", corpus, "--models", models, *read, *quick])
    return [[sys.executable, "-m", f"training.{stage[0]}", *map(str, stage[1:])] for stage in stages]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--documents", type=int, default=DOCUMENTS, help="documents each GPT reads before the last mix"
    )
    parser.add_argument("--reviews", type=Path, help="film reviews, as the corpus command takes them")
    parser.add_argument(
        "--smoke", action="store_true", help="a small model, end to end, in under two minutes"
    )
    parser.add_argument("--out", type=Path, default=BUILD)
    options = parser.parse_args()
    models = options.out / "models" if options.smoke else MODELS
    for command in commands(options.out, models, options.documents, options.smoke, options.reviews):
        print("$", " ".join(["python", *command[1:]]), flush=True)
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
