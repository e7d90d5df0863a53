"""The labelled sets as inputs of one model: what a run of fine-tuning trains on and is measured by.

`sets` reads them as text, `inputs` says how a row becomes sequences. The examples are kept in `memory`, since
many learners train on the same few sets. Pure torch, no page.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.engine import sets
from app.engine.inputs import FIRST_ORDINARY, Example, transform
from app.engine.memory import SHARED, number_of
from app.models import LoadedModel

LENGTH = 32  # tokens of a sequence in a run that a page leads; all sets fit into it without soft prompts
BYTES_OF_AN_EXAMPLE = 600  # of Python's tuples and whole numbers, for about 20 tokens
BEFORE_A_LABEL = "a "  # so that a label's word has a space before it, which is a part of GPT-2's tokens


def examples(
    loaded: LoadedModel,
    name: str,
    split: sets.Split,
    lang: str = "",
    n_soft_prompts: int = 0,
    length: int | None = None,
) -> tuple[Example, ...]:
    """A split of a set for a model, of one language where `lang` names one, in the order of its file.

    length: of the longest sequence, in tokens; the context where it is None or larger.
    Raises KeyError for a set or a split that is not there.
    """

    longest = min(length or loaded.n_ctx, loaded.n_ctx)

    def read() -> tuple[tuple[Example, ...], int]:
        kind, encode = sets.about(name).kind, loaded.tokenizer.encode
        found = tuple(
            transform(kind, row.fields, row.label, encode, longest, n_soft_prompts, row.group)
            for row in sets.rows(name, split, lang)
        )
        return found, BYTES_OF_AN_EXAMPLE * sum(len(example.sequences) for example in found)

    return SHARED.kept(("examples", number_of(loaded), name, split, lang, n_soft_prompts, longest), read)


def held_out(loaded: LoadedModel, lang: str, n: int) -> list[tuple[int, ...]]:
    """`n` sentences of the model's own world that it has not read, each after end-of-text, as in
    pre-training.
    """
    texts = sets.held_out(lang)[:n]
    return [(loaded.eot_id or 0, *loaded.tokenizer.encode(text))[: loaded.n_ctx] for text in texts]


def label_tokens(loaded: LoadedModel, words: Iterable[str]) -> tuple[int, ...]:
    """One token for each label, no two alike: the last of its word that no label before it has.

    With soft prompts their embeddings are W_y, so labels with one token could not be told apart.
    """
    found: list[int] = []
    for word in words:
        ids = [
            *loaded.tokenizer.encode(BEFORE_A_LABEL + word)[::-1],
            *range(FIRST_ORDINARY, loaded.vocab_size),
        ]
        found.append(next(id_ for id_ in ids if id_ not in found))
    return tuple(found)
