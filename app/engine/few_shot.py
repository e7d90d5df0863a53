"""Fresh lists of examples, and how a model answers them with none, one or a few examples before the question.

`assets/datasets/relations.jsonl` holds the relations (written by `training.corpus.shown`) that the lists of
`in_context` are drawn from. Kind a: a relation the model knows, and the examples tell which one is meant
(사과 = 과일, 소 = 동물, …). Kind b: a rule it has never met, two categories under two labels (개 = 가, 소 =
가).
Source: zero-, one- and few-shot, Brown et al. 2020, section 2 and Figure 2.1.
"""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from app.engine.controls import check_number
from app.engine.decoding import finish
from app.engine.in_context import ExampleList, candidate_log_probabilities
from app.errors import InputError, shown

if TYPE_CHECKING:
    from app.models import LoadedModel

RELATIONS = Path(__file__).parents[2] / "assets" / "datasets" / "relations.jsonl"
MOST_SHOTS = 8
N_EXAMPLES = MOST_SHOTS + 1
N_PROMPTS = 20  # asked for one accuracy
N_NEAREST = 3


@dataclass(frozen=True)
class Relation:
    """What a list can be drawn from.

    name: in links and endpoints. lang: of the words asked about. rule: in kind a what the answer is to the
    word ("category", "past"), in kind b the two categories. pairs: of a word and its answer, in kind b of a
    word and its category. labels: those of kind b, two of which stand for the categories in a list.
    """

    name: str
    kind: Literal["a", "b"]
    lang: Literal["ko", "en"]
    rule: str
    pairs: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]

    @property
    def word_class(self) -> str:
        """Relations of kind a with one class ask about the same words."""
        return self.name.partition(" ")[0]


@cache
def relations() -> tuple[Relation, ...]:
    """All relations: kind a, then kind b, in each Korean and English words."""
    rows = [json.loads(line) for line in RELATIONS.read_text(encoding="utf-8").splitlines()]
    return tuple(
        Relation(
            row["name"],
            row["kind"],
            row["lang"],
            row["rule"],
            tuple((word, answer) for word, answer in row["pairs"]),
            tuple(row["labels"]),
        )
        for row in rows
    )


def relation_named(name: object) -> Relation:
    """Raises InputError("unknown_relation"), which tells the nearest names, for anything that is none."""
    known = {relation.name: relation for relation in relations()}
    name = unicodedata.normalize("NFC", name[:400]).strip() if isinstance(name, str) else name
    if not isinstance(name, str) or name not in known:
        asked = shown(name)
        nearest = get_close_matches(asked, known, n=N_NEAREST, cutoff=0)
        raise InputError("unknown_relation", name=asked, nearest=", ".join(nearest))
    return known[name]


def drawn(relation: Relation, shots: int, seed: int) -> ExampleList:
    """A fresh list: `shots` examples and the word that is asked for, as the evaluation draws them.

    One seed asks for one word whatever `shots` is, and what stands before it only grows; the candidates stay.
    They are in kind a what any relation of its words answers for the asked word, and the answers of eight
    examples; in kind b every label of either language.
    Raises InputError("not_a_number" or "out_of_range") for shots outside 0 … 8.
    """
    shots = check_number("shots", shots, 0, MOST_SHOTS, whole=True)
    rng = random.Random(f"{relation.name} {seed}")
    if relation.kind == "a":
        examples = rng.sample(relation.pairs, N_EXAMPLES)
        candidates = [
            *(answer for other in _beside(relation) if (answer := other.get(examples[-1][0])) is not None),
            *(answer for _, answer in examples),
        ]
    else:
        examples = _sorted_by_a_rule(rng, relation)
        candidates = [label for other in relations() for label in other.labels]
    shown_and_asked = tuple(examples[MOST_SHOTS - shots :])
    return ExampleList(
        relation.kind, relation.lang, relation.name, shown_and_asked, tuple(dict.fromkeys(candidates))
    )


@cache
def _beside(relation: Relation) -> tuple[dict[str, str], ...]:
    """Word -> answer of every relation of the same words."""
    return tuple(dict(other.pairs) for other in relations() if other.word_class == relation.word_class)


def _sorted_by_a_rule(rng: random.Random, relation: Relation) -> list[tuple[str, str]]:
    """Nine words of two categories, three to six of each, under two labels."""
    categories = list(dict.fromkeys(category for _, category in relation.pairs))
    n_first = rng.randint(N_EXAMPLES // 3, N_EXAMPLES - N_EXAMPLES // 3)
    examples = []
    for category, label, n in zip(
        rng.sample(categories, 2),
        rng.sample(relation.labels, 2),
        (n_first, N_EXAMPLES - n_first),
        strict=True,
    ):
        words = [word for word, of in relation.pairs if of == category]
        examples += [(word, label) for word in rng.sample(words, n)]
    rng.shuffle(examples)
    return examples


def answers(loaded: LoadedModel, one: ExampleList, shots: int) -> tuple[tuple[str, float], ...]:
    """(candidate, probability) of a list's candidates, the largest first, renormalised to sum to 1.

    Every candidate counts with all of its tokens and the comma that closes it.
    Raises ValueError for shots that the list does not have.
    """
    log_p = candidate_log_probabilities(loaded, one.prompt(shots), one.candidates)
    p = torch.tensor(log_p, dtype=torch.double).softmax(-1).tolist()  # (n,)
    return tuple(sorted(zip(one.candidates, p, strict=True), key=lambda pair: -pair[1]))


def accuracy(
    loaded: LoadedModel, relation: Relation, shots: int, seeds: Iterable[int] = range(N_PROMPTS)
) -> float:
    """The share of fresh lists, one for each seed, whose most probable candidate is right."""
    return finish(measuring(loaded, relation, shots, seeds))


def measuring(
    loaded: LoadedModel, relation: Relation, shots: int, seeds: Iterable[int] = range(N_PROMPTS)
) -> Generator[None, None, float]:
    """`accuracy`, which pauses after every list, so that others are answered meanwhile."""
    right = []
    for seed in seeds:
        one = drawn(relation, shots, seed)
        right.append(answers(loaded, one, shots)[0][0] == one.answer)
        yield
    return sum(right) / len(right)
