"""Measure tiny-bert: python -m training.evaluate.bert

One word of each held-out text of the grammar is hidden. tiny-bert sees what stands on both sides of it,
tiny-gpt2 only what stands to the left; both name their most probable token. The words are whole words that
are one token, never the first of a text. Writes scores.json beside the weights.
"""

import argparse
import json
import random
import shlex
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import torch

from app.models import LoadedModel, MaskedModel, ModelSpec, load, load_masked
from training.cpu import be_gentle
from training.evaluate.gpt import unread
from training.paths import BUILD, MODELS, weights_sha256
from training.pretrain.bert import NAME, TOKENIZER_OF
from training.pretrain.masked import begins_word
from training.pretrain.tokenizers import END_OF_TEXT_ID, read_tokenizer
from training.pretrain.train_tokenizers import LISTS

SEEDS = (0, 1, 2)
N_TEXTS = 500  # of each language and seed


def whole_words(ids: list[int], begins: np.ndarray) -> list[int]:
    """Places in `ids` of words that are one token: it stands after a space and so does the next one.

    begins (V,): from `begins_word`. The first word of a text has nothing to its left and does not count, nor
    does the last one, which ends in a full stop of its own.
    """
    return [place for place in range(1, len(ids) - 1) if begins[ids[place]] and begins[ids[place + 1]]]


def blanks(
    texts: list[list[int]], begins: np.ndarray, n_ctx: int, n: int, seed: int
) -> Iterator[tuple[list[int], int]]:
    """(ids of a text with end-of-text, place of the hidden word), `n` of them drawn with `seed`."""
    rng = random.Random(seed)
    found = 0
    for ids in rng.sample(texts, len(texts)):
        places = whole_words(ids, begins)
        if len(ids) < n_ctx and places and found < n:
            found += 1
            yield [*ids, END_OF_TEXT_ID], rng.choice(places)


@torch.no_grad()
def from_both_sides(bert: MaskedModel, ids: list[int], place: int) -> int:
    """The most probable token for one hidden place."""
    shown = torch.tensor([[*ids[:place], bert.mask_id, *ids[place + 1 :]]])  # (1, T)
    return bert.model(shown).logits[0, place].argmax().item()


@torch.no_grad()
def from_the_left(gpt: LoadedModel, ids: list[int], place: int) -> int:
    return gpt.model(torch.tensor([ids[:place]])).logits[0, -1].argmax().item()


def blank_scores(bert: MaskedModel, gpt: LoadedModel, models: Path, heldout: list[dict]) -> dict:
    """Language -> texts per seed; for both models top-1 accuracy in percent and its spread over seeds."""
    tokenizer = read_tokenizer(models / TOKENIZER_OF)
    begins = begins_word(tokenizer)
    scores = {}
    for lang in ("ko", "en"):
        prose = (d["text"] for d in heldout if d["lang"] == lang and d["kind"] not in LISTS)
        texts = [tokenizer.encode(text).ids for text in prose]
        right: dict[str, list[float]] = {NAME: [], TOKENIZER_OF: []}
        for seed in SEEDS:
            asked = list(blanks(texts, begins, bert.n_ctx, N_TEXTS, seed))
            for name, answer in ((NAME, lambda *a: from_both_sides(bert, *a)),
                                 (TOKENIZER_OF, lambda *a: from_the_left(gpt, *a))):  # fmt: skip
                right[name].append(100 * mean(answer(ids, place) == ids[place] for ids, place in asked))
        scores[lang] = {"texts": len(asked)} | {
            name: {"accuracy": round(mean(by_seed), 1), "spread": round(stdev(by_seed), 1)}
            for name, by_seed in right.items()
        }
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=BUILD / "corpus")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument(
        "--read", type=Path, nargs="*", default=(), help="training files that either model has read before"
    )
    options = parser.parse_args()
    be_gentle()
    heldout = unread(options.corpus / "heldout.jsonl", options.read)
    folder = options.models / NAME
    bert = load_masked(ModelSpec(NAME, "local", str(folder)))
    gpt = load(ModelSpec(TOKENIZER_OF, "local", str(options.models / TOKENIZER_OF)))
    scores = {
        "model": NAME,
        "command": shlex.join(["python", "-m", "training.evaluate.bert", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "weights_sha256": weights_sha256(NAME, options.models),
        "seeds": list(SEEDS),
        "blanks": blank_scores(bert, gpt, options.models, heldout),
    }
    (folder / "scores.json").write_text(
        json.dumps(scores, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    print(json.dumps(scores["blanks"], indent=1))


if __name__ == "__main__":
    main()
