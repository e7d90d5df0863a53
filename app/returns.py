"""What the named endpoints give back, field by field, as gradio_client and the API page print it."""

# No `from __future__ import annotations`: NotRequired would not be seen.
from typing import Any, NotRequired, TypedDict


class Token(TypedDict):
    """bytes: UTF-8 after NFC. piece: the text they stand for. part_of: only where they are a part of it."""

    id: int
    piece: str
    bytes: list[int]
    part_of: NotRequired[str]


class Candidate(TypedDict):
    """p_before: the plain softmax. p_after: what is sampled from."""

    id: int
    piece: str
    p_before: float
    p_after: float


class Step(TypedDict):
    """p: plain softmax."""

    id: int
    piece: str
    p: float


class Models(TypedDict):
    """models: what the argument `model` of the others takes."""

    models: list[str]
    default: str


class Tokens(TypedDict):
    tokens: list[Token]


class NextToken(TypedDict):
    """entropy: in nats. top: ten, the likeliest first."""

    entropy: float
    top: list[Candidate]


class Generated(TypedDict):
    """text: prompt and continuation. ids: the new tokens."""

    text: str
    ids: list[int]
    steps: list[Step]


class Traced(TypedDict):
    """values: nested lists of the shape `shape`, null behind the causal mask."""

    name: str
    shape: list[int]
    mean: float
    std: float
    norm: float
    values: list[Any]


class Names(TypedDict):
    """What `trace` gives for an empty name."""

    names: list[str]


class InputToken(TypedDict):
    """piece: the text of the token, or the spelling of a special one."""

    id: int
    piece: str


class BuiltInput(TypedDict):
    """sequences: the tokens of each sequence that the model is given."""

    sequences: list[list[InputToken]]


class Losses(TypedDict):
    """In nats; L3 = L2 + lambda_ · L1."""

    L1: float
    L2: float
    L3: float


class Attention(TypedDict):
    """pieces: the text of each token. pattern: row i holds the weights of token i, 0 behind the mask."""

    pieces: list[str]
    pattern: list[list[float]]


class ScoredHead(TypedDict):
    """Layers and heads count from 0. All scores lie in [0, 1] but width, in tokens."""

    layer: int
    head: int
    previous: float
    first: float
    same: float
    induction: float
    entropy: float
    width: float


class ScoredHeads(TypedDict):
    heads: list[ScoredHead]


class Intervened(TypedDict):
    """The ten likeliest next tokens before and after, each list sorted by its own p."""

    before: list[Step]
    after: list[Step]


class LogProb(TypedDict):
    """log_p: ln P in nats; null for the first token, which has no condition."""

    id: int
    piece: str
    log_p: float | None


class LogProbs(TypedDict):
    """sum: of the log_p. perplexity: e to their mean, with the sign turned; null where there is none."""

    tokens: list[LogProb]
    sum: float
    perplexity: float | None


class FilledBlank(TypedDict):
    """The ten likeliest tokens of the hidden place. p: plain softmax."""

    top: list[Step]


class Answer(TypedDict):
    """p: among all candidates of the list."""

    piece: str
    p: float


class FewShot(TypedDict):
    """prompt: as the model reads it. answers: all candidates, the likeliest first. right: one of them."""

    prompt: str
    answers: list[Answer]
    right: str


class Relations(TypedDict):
    """What `few_shot` gives for an empty relation."""

    relations: list[str]
