"""Mixes the kinds of documents and writes train.jsonl and heldout.jsonl."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from . import film_reviews
from .claims import claim
from .facts import facts
from .incontext import kind_a, kind_b
from .lists import word_list
from .size import grammar_size
from .story import KINDS, document

DOCUMENTS = 560_000
HELD_OUT_SHARE = 0.01
MAX_REPEATS = 20  # a kind that yields only known documents this often in a row is exhausted

# (kind, lang) -> share of the documents; by tokens about three quarters are grammar
SHARES: dict[tuple[str, str], float] = {
    ("story", "ko"): 0.070, ("story", "en"): 0.045,
    ("diary", "ko"): 0.050, ("diary", "en"): 0.035,
    ("everyday", "ko"): 0.280, ("everyday", "en"): 0.200,
    ("dialogue", "ko"): 0.040, ("dialogue", "en"): 0.030,
    ("qa", "ko"): 0.045, ("qa", "en"): 0.030,
    ("review", "ko"): 0.040, ("review", "en"): 0.025,
    ("claims", "ko"): 0.030,
    ("facts", "ko"): 0.030, ("facts", "en"): 0.020,
    ("incontext_a", "mixed"): 0.070, ("incontext_b", "ko"): 0.020, ("incontext_b", "en"): 0.010,
    ("word_list", "ko"): 0.012, ("word_list", "en"): 0.008,
}  # fmt: skip
# for the end of a long run: above all what a learner's text is likely to begin with
LAST_SHARES: dict[tuple[str, str], float] = {
    ("story", "ko"): 0.060, ("story", "en"): 0.040,
    ("diary", "ko"): 0.050, ("diary", "en"): 0.040,
    ("everyday", "ko"): 0.360, ("everyday", "en"): 0.260,
    ("dialogue", "ko"): 0.020, ("dialogue", "en"): 0.015,
    ("qa", "ko"): 0.020, ("qa", "en"): 0.010,
    ("review", "ko"): 0.030, ("review", "en"): 0.020,
    ("claims", "ko"): 0.005,
    ("facts", "ko"): 0.010, ("facts", "en"): 0.005,
    ("incontext_a", "mixed"): 0.030, ("incontext_b", "ko"): 0.010, ("incontext_b", "en"): 0.005,
    ("word_list", "ko"): 0.006, ("word_list", "en"): 0.004,
}  # fmt: skip
MIXES = {"whole": SHARES, "last": LAST_SHARES}


def make(kind: str, lang: str, rng: random.Random) -> dict:
    """One document as a JSON object: kind, lang, text and, for the grammar, second_mentions and label."""
    if kind in KINDS:
        page = document(rng, kind, lang)
        made = {"kind": "review_grammar" if kind == "review" else kind, "lang": lang, "text": page.text}
        if kind == "review":
            made["label"] = page.plot.split("_")[0]
        return {**made, "plot": page.plot, "second_mentions": page.mentions}
    makers: dict[str, Callable[[], str]] = {
        "claims": lambda: claim(rng),
        "facts": lambda: facts(rng, lang),
        "incontext_a": lambda: kind_a(rng),
        "incontext_b": lambda: kind_b(rng, lang),
        "word_list": lambda: word_list(rng, lang),
    }
    return {"kind": kind, "lang": lang, "text": makers[kind]()}


def documents(kind: str, lang: str, n: int, seed: int) -> Iterator[dict]:
    """Up to n different documents of a kind; fewer when the grammar has no more."""
    rng = random.Random(f"{seed} {kind} {lang}")
    seen: set[str] = set()
    repeats = 0
    while len(seen) < n and repeats < MAX_REPEATS:
        made = make(kind, lang, rng)
        key = made["text"]
        if key in seen:
            repeats += 1
            continue
        repeats = 0
        seen.add(key)
        yield made


def write_corpus(
    out: Path, seed: int, n_documents: int, reviews: Path | None = None, mix: str = "whole"
) -> str:
    """Writes train.jsonl, heldout.jsonl and summary.json (seed, mix, grammar, counts).

    mix: one of `MIXES`. Documents of the first two files are different texts. Returns the counts as a
    table to print.
    """
    everything = [
        made
        for (kind, lang), share in MIXES[mix].items()
        for made in documents(kind, lang, round(share * n_documents * (1 + HELD_OUT_SHARE)), seed)
    ]
    if reviews:
        everything += [
            {"kind": "film_review", "lang": "ko", "text": text, "rating": rating}
            for rating, text in film_reviews.selected(film_reviews.read(reviews))
        ]
    random.Random(f"{seed} order").shuffle(everything)
    n_held_out = round(len(everything) * HELD_OUT_SHARE)
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "heldout.jsonl", everything[:n_held_out])
    _write(out / "train.jsonl", everything[n_held_out:])
    counts: dict[str, dict[str, int]] = {}
    for made in everything:
        count = counts.setdefault(f"{made['kind']} {made['lang']}", {"documents": 0, "characters": 0})
        count["documents"] += 1
        count["characters"] += len(made["text"])
    summary = {"seed": seed, "mix": mix, "grammar": grammar_size(), "counts": counts}
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return "\n".join(
        f"{name:20} {count['documents']:8,} documents {count['characters']:12,} characters"
        for name, count in counts.items()
    )


def _write(path: Path, lines: list[dict]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
