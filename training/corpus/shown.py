"""What lessons show and no model has read: python -m training.corpus.shown [--read PATH/train.jsonl …]

Writes into assets/datasets

    in_context.jsonl   lists of nine examples {"kind", "lang", "rule", "examples", "candidates"}: those that
                       the evaluation measures in-context learning on, of the first of its seeds
    relations.jsonl    what such lists are drawn from {"kind", "lang", "name", "rule", "pairs", "labels"}, so
                       that the page can draw fresh ones
    held_out.jsonl     sentences {"kind", "lang", "text"} that stand in none of the training files given;
                       without `--read` nobody could promise that, and the file is left as it is

The committed sentences were compared with the training files of all five stages of the embedded models (the
models' cards say how to write those again) and with what today's grammar writes with the seeds 0 and 1, which
`make models` uses.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from .data import rows
from .incontext import (
    EXAMPLES,
    HELD_OUT_LABELS,
    HELD_OUT_PAIRS,
    candidates,
    category_pairs,
    evaluation_lists,
    relations,
)
from .write import documents

DEFAULT_OUT = Path(__file__).parents[2] / "assets" / "datasets"
LISTS_OF_A_KIND, LISTS_SEED = 200, 0
HELD_OUT_SEED = 9  # as `make models-eval`: no corpus that a model reads is written with it
HELD_OUT_COUNTS = {"everyday": 80, "story": 60, "qa": 60}  # sentences of a kind, in each language
DRAWN = 3000  # documents of a kind and language to choose from
MOST_OF_A_PLOT = 10
LEAST_WORDS = {"ko": 5, "en": 7}
SENTENCE_END = re.compile(r"(?<=[.?!]) ")


def in_context_rows() -> Iterator[dict]:
    """The lists as JSON objects, kind a first; the last example is the one asked for."""
    for kind in ("a", "b"):
        for one in evaluation_lists(kind, LISTS_OF_A_KIND, EXAMPLES - 1, LISTS_SEED):
            examples = [example.split(" = ") for example in f"{one.prompt} {one.answer}".split(", ")]
            yield {
                "kind": kind,
                "lang": one.rule[:2],
                "rule": one.rule,
                "examples": examples,
                "candidates": list(candidates(kind, one)),
            }


def relation_rows() -> Iterator[dict]:
    """Kind a, every relation of every class of words: pairs of word and answer, no labels. Kind b, every
    two categories that no list of pre-training sorts: pairs of word and category, and the labels to sort by.
    """
    for word_class, of_class in relations().items():
        for rule, answers in of_class.items():
            name, pairs = f"{word_class} {rule}", list(answers.items())
            yield {
                "kind": "a",
                "lang": word_class[:2],
                "name": name,
                "rule": rule,
                "pairs": pairs,
                "labels": [],
            }
    for lang in ("ko", "en"):
        for pair in category_pairs():
            if frozenset(pair) in HELD_OUT_PAIRS:
                words = [row for row in rows("words") if row["category_ko"] in pair and " " not in row[lang]]
                pairs = [(row[lang], row[f"category_{lang}"]) for row in words]
                names = {row["category_ko"]: row[f"category_{lang}"] for row in words}
                rule = " ".join(names[category] for category in pair)
                labels = HELD_OUT_LABELS[lang]
                yield {
                    "kind": "b",
                    "lang": lang,
                    "name": f"{lang} {rule}",
                    "rule": rule,
                    "pairs": pairs,
                    "labels": labels,
                }


def first_sentences(kind: str, lang: str) -> dict[str, str]:
    """Sentence -> plot: how documents of the held-out seed begin, where that is long enough and not speech.

    First sentences, because they say who and what they are about.
    """
    found = {}
    for made in documents(kind, lang, DRAWN, HELD_OUT_SEED):
        sentence = SENTENCE_END.split(made["text"])[0]
        if len(sentence.split()) >= LEAST_WORDS[lang] and '"' not in sentence:
            found.setdefault(sentence, made["plot"])
    return found


def held_out_rows(read: Sequence[Path]) -> list[dict]:
    """Sentences of every kind and language as JSON objects, none of them in the training files `read`.

    Raises ValueError where too few are left.
    """
    drawn = {(kind, lang): first_sentences(kind, lang) for lang in ("ko", "en") for kind in HELD_OUT_COUNTS}
    known = standing_in(_texts(read), (sentence for found in drawn.values() for sentence in found))
    rows = []
    for (kind, lang), found in drawn.items():
        told: Counter[str] = Counter()
        chosen = []
        for sentence, plot in found.items():
            if sentence not in known and told[plot] < MOST_OF_A_PLOT and len(chosen) < HELD_OUT_COUNTS[kind]:
                told[plot] += 1
                chosen.append({"kind": kind, "lang": lang, "text": sentence})
        if len(chosen) < HELD_OUT_COUNTS[kind]:
            raise ValueError(f"only {len(chosen)} sentences of {kind} {lang} stand in no training file")
        rows += chosen
    return rows


def standing_in(texts: Iterable[str], sentences: Iterable[str]) -> set[str]:
    """Those of `sentences` that stand in one of the texts, as a sentence or inside of one.

    A closing mark is not asked for: every tenth training text has lost its own.
    """
    by_beginning: dict[tuple[str, ...], list[str]] = {}  # its first two words
    for sentence in sentences:
        by_beginning.setdefault(tuple(sentence.split()[:2]), []).append(sentence)
    found: set[str] = set()
    for text in texts:
        text = text.replace('"', "")
        for beginning in by_beginning.keys() & set(pairwise(text.split())):
            here = [one for one in by_beginning[beginning] if one.rstrip(".?!") in text]
            if here:  # found once is enough
                found.update(here)
                by_beginning[beginning] = [one for one in by_beginning[beginning] if one not in found]
    return found


def _texts(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line)["text"] for line in lines)


def _write(path: Path, rows: Iterable[dict]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    about = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m training.corpus.shown", description=about)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--read", type=Path, nargs="*", default=(), help="files that models have read")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    _write(options.out / "in_context.jsonl", in_context_rows())
    _write(options.out / "relations.jsonl", relation_rows())
    if options.read:
        _write(options.out / "held_out.jsonl", held_out_rows(options.read))


if __name__ == "__main__":
    main()
