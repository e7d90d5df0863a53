"""How many tokens an example's inputs take in the tokenizers of the embedded GPTs, special ones included."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from training.paths import MODELS

from .example import Example

GPTS = ("tiny-gpt1", "tiny-gpt2")
MOST_TOKENS = 32


def short_enough(models: Path = MODELS) -> Callable[[str, Example], bool]:
    """(kind of input, example) -> whether no sequence has more than `MOST_TOKENS` tokens in any tokenizer."""
    tokenizers = [Tokenizer.from_file(str(models / name / "tokenizer.json")) for name in GPTS]

    def fits(kind: str, example: Example) -> bool:
        return all(longest(kind, example.fields, tokenizer) <= MOST_TOKENS for tokenizer in tokenizers)

    return fits


def longest(kind: str, fields: Sequence[str], tokenizer: Tokenizer) -> int:
    """Tokens of the longest sequence: Start, the fields, Delim before the last of several, Extract."""
    n = [len(tokenizer.encode(field).ids) for field in fields]
    if kind == "choice":
        return 3 + n[0] + n[1] + max(n[2:])
    return 1 + sum(n) + len(n)
