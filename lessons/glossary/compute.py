"""The numbers of 「용어」: one blank filled by two models, and how many numbers each way changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from app.engine.blank import fill_blank, from_the_left, most_tokens
from app.engine.finetune import N_SOFT_PROMPTS
from app.engine.ways import costs
from app.guess import Answer
from app.models import LoadedModel, MaskedModel
from app.models.tokens import Piece, to_nfc
from app.views import few_shot

ROWS = 3  # of a distribution, the hidden word among them; all other tokens are one more
SPARE = 8  # tokens looked at beside those that fit: a word cut at its beginning may have other ones
SAME = 1.25  # times as much is more, less is about the same


@dataclass(frozen=True, eq=False)
class Blank:
    """One token hidden, asked of both models.

    text: what both read; n_dropped tokens before it did not fit. ids, pieces: its n tokens.
    gpt, bert: (V,) float32, each sums to 1. alone: what tiny-bert gives the hidden token where nothing stands
    at the right of the blank; None where the text cut there has other tokens.
    """

    text: str
    n_dropped: int
    ids: tuple[int, ...]
    pieces: tuple[Piece, ...]
    position: int
    gpt: Tensor
    bert: Tensor
    alone: float | None

    @property
    def hidden(self) -> int:
        return self.ids[self.position]

    @property
    def of_gpt(self) -> float:
        """P of the hidden token by the model that sees the left."""
        return float(self.gpt[self.hidden])

    @property
    def of_bert(self) -> float:
        """P of the hidden token by the model that sees both sides."""
        return float(self.bert[self.hidden])

    @property
    def n_right(self) -> int:
        return len(self.ids) - self.position - 1

    @property
    def who(self) -> str:
        """Who gives the hidden token more: "gpt", "bert" or "same"."""
        if self.of_bert >= SAME * self.of_gpt:
            return "bert"
        return "gpt" if self.of_gpt >= SAME * self.of_bert else "same"

    def rows(self, probabilities: Tensor) -> tuple[list[tuple[int, float]], float]:
        """The likeliest tokens, the hidden one in any case; and what is left for all others."""
        likeliest = probabilities.topk(ROWS).indices.tolist()
        if self.hidden not in likeliest:
            likeliest[-1] = self.hidden
        found = [(id_, float(probabilities[id_])) for id_ in likeliest]
        return found, max(0.0, 1 - sum(p for _, p in found))


def fitting(model: MaskedModel, text: str) -> tuple[str, int]:
    """The end of `text` that tiny-bert can read whole -> (text, how many tokens before it fell out).

    It begins with a word, or within the last one where that alone is too long. Only once is it encoded whole.
    """
    ids, most = model.tokenizer.encode(text), most_tokens(model)
    if len(ids) <= most:
        return text, 0
    text = to_nfc(text)
    kept = text[-len(model.tokenizer.decode(ids[-most - SPARE :])) :]
    if len(kept) < len(text) and not text[-len(kept) - 1].isspace():  # it begins within a word
        kept = _next_word(kept) or kept
    n = len(model.tokenizer.encode(kept))
    while n > most:
        kept = _next_word(kept) or kept[len(kept) // 16 + 1 :]
        n = len(model.tokenizer.encode(kept))
    return kept, max(0, len(ids) - n)


def _next_word(text: str) -> str:
    """What stands behind the first space, "" where nothing does."""
    return text.partition(" ")[2].lstrip()


def blank(gpt: LoadedModel, bert: MaskedModel, text: str, position: int) -> Blank:
    """Hide the token at `position`, or the last one where the text has fewer.

    Raises InputError as `fill_blank`.
    """
    text, n_dropped = fitting(bert, text)
    ids = bert.tokenizer.encode(text)
    filled = fill_blank(bert, text, max(0, min(position, len(ids) - 1)))
    return Blank(
        text,
        n_dropped,
        filled.ids,
        filled.pieces,
        filled.position,
        from_the_left(gpt, filled.ids, filled.position),
        filled.probabilities,
        _alone(bert, filled.ids, filled.position),
    )


def _alone(bert: MaskedModel, ids: tuple[int, ...], position: int) -> float | None:
    """P of the hidden token by tiny-bert on the text that ends with the blank."""
    left = bert.tokenizer.decode(ids[: position + 1])
    if tuple(bert.tokenizer.encode(left)) != ids[: position + 1]:
        return None
    return float(fill_blank(bert, left, position).probabilities[ids[position]])


def prompt_changes(found: Blank, loaded: LoadedModel, lang: str) -> Answer:
    """How many numbers does prompt tuning change?"""
    full, prompt, _ = costs(loaded, ())
    n = prompt.n_changed
    values = {"n": f"{n:,}", "d": loaded.d_model, "vectors": N_SOFT_PROMPTS, "all": f"{full.n_changed:,}"}
    return Answer(n, values)


def who_guesses(found: Blank, loaded: LoadedModel, lang: str) -> Answer:
    """Which of the two gives the hidden token more?"""
    right = ("gpt", "bert", "same").index(found.who)
    return Answer(right, {}, words="" if found.who == "bert" else f".{found.who}")


def new_rule(found: Blank, loaded: LoadedModel, lang: str) -> Answer:
    """How many of a hundred lists of a new rule are answered right after eight examples? Recorded."""
    new, known = (few_shot.of_kind(loaded.name, kind, lang)[-1]["mean"] for kind in "ba")
    return Answer(round(100 * new), {"new": round(100 * new), "known": round(100 * known)})
