"""A token as every lesson shows it: readable, its invisible characters named."""

from __future__ import annotations

import unicodedata
from typing import Any

from app.models.tokens import Piece

_SIGNS = {"\n": "⏎", "\t": "⇥", "\r": "␍", " ": "␣"}
_INVISIBLE = {"Cc", "Cf", "Zl", "Zp", "Zs", "Cn", "Co"}
_COMBINING = {"Mn", "Me", "Mc"}


def visible(text: str) -> str:
    """`text` with a sign for what has no shape: ⏎, ⇥, ␣, ‹U+200B›; a lone combining mark stands on ◌."""
    shown = ""
    for character in text:
        if character == " " and text.strip(" "):
            shown += character  # a space between shapes is seen without help
        elif character in _SIGNS:
            shown += _SIGNS[character]
        elif unicodedata.category(character) in _INVISIBLE:
            shown += f"‹U+{ord(character):04X}›"
        elif not shown and unicodedata.category(character) in _COMBINING:
            shown += "◌" + character
        else:
            shown += character
    return shown


def token_view(piece: Piece, label: str = "") -> dict[str, Any]:
    """What the browser needs of a token.

    Args:
        piece: the token, read in its place.
        label: what a special token is called instead of its spelling.

    Returns:
        id · piece, readable, without the space before it · space, whether `·` is drawn before it · part_of,
        the character that it is only a part of, or None · hex, its bytes · label.
    """
    text = piece.piece
    if piece.leading_space and len(text) > 1 and text.startswith(" "):
        text = text[1:]
    return {
        "id": piece.id,
        "piece": visible(text),
        "space": piece.leading_space and text != " ",
        "part_of": piece.part_of,
        "hex": piece.bytes.hex(" ").upper(),
        "label": label,
    }
