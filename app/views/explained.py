"""One line about tokens that nobody can read without help: parts of a character, spaces, <unk>."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

MOST = 4  # sentences of one line
_BYTES = re.compile(r"‹([0-9A-F]{2}(?: [0-9A-F]{2})*)›")
_SPELLED = re.compile(r"<\w+>")


def explained(tokens: Iterable[dict[str, Any]], words: Callable[..., str]) -> str:
    """tokens: as `token_view` gives them, in their order -> "" where all can be read.

    words: (key, **values) -> the string of that key.
    """
    told: dict[str, None] = {}
    for whole, run in groupby(tokens, lambda token: token["part_of"] or ""):
        told |= dict.fromkeys(_about(whole, list(run), words))
    return " · ".join(list(told)[:MOST])


def _about(whole: str, run: list[dict[str, Any]], words: Callable[..., str]) -> list[str]:
    """What is to be said of tokens that hold a part of `whole`, or ("") of others."""
    if len(whole) == 1 and "".join(token["hex"] for token in run).replace(" ", "") == _hex(whole):
        return [words("piece.all", pieces=" ".join(token["piece"] for token in run), whole=whole)]
    found = []
    for token in run:
        part, piece = _BYTES.search(token["piece"]), token["piece"]
        if part and len(whole) == 1:
            found.append(
                words(f"piece.{_place(part[1].replace(' ', ''), _hex(whole))}", hex=part[1], whole=whole)
            )
        elif part and not whole:
            found.append(words("piece.open", hex=part[1]))
        elif whole:
            found.append(words("piece.part", piece=piece, whole=whole))
        elif piece == "␣":
            found.append(words("piece.space"))
        elif not token["hex"] and not token["label"] and _SPELLED.fullmatch(piece):
            found.append(words("piece.special", piece=piece))
    return found


def _hex(character: str) -> str:
    return character.encode("utf-8").hex().upper()


def _place(part: str, whole: str) -> str:
    return "first" if whole.startswith(part) else "last" if whole.endswith(part) else "middle"
