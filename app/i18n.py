"""Texts in the languages of app/languages.py: data files in, finished sentences out.

A text file holds one `## key` heading per string, followed by the string. Templates are filled with `{name}`;
in Korean a particle follows the word it stands on: `{piece:이/가}` gives 「곳에가」 and 「책이」.
`‘{piece:’이/가}` closes the quote before the particle: ‘책’이.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from app.errors import UserError

ASSETS = Path(__file__).parent.parent / "assets"

# The final consonant of the Korean name of a digit or a letter: "ㄹ", another one, or none.
_FINAL_OF_DIGIT = dict(zip("0123456789", ("o", "ㄹ", "", "o", "", "", "o", "ㄹ", "ㄹ", ""), strict=True))
_FINAL_OF_LETTER = {"l": "ㄹ", "m": "o", "n": "o"}
_CLOSING = "’”)"
_QUOTED = ("’", "”")
_OPEN, _CLOSE = "\u2068", "\u2069"  # Unicode's first strong isolate and its end: they have no shape
_RIGHT_TO_LEFT = "\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc"
# Letters of our markup, and what would turn the sentence around it.
_MARKUP = re.compile(f"[*|\\[\\]{_OPEN}{_CLOSE}{_RIGHT_TO_LEFT}]")
_HANGUL_FIRST, _HANGUL_LAST = 0xAC00, 0xD7A3


def load_text(path: Path) -> dict[str, str]:
    """Read a text file -> {key: string}. Lines before the first heading are a note to the translator.

    Raises:
        ValueError: a key stands twice.
    """
    texts: dict[str, str] = {}
    key = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            key = line[3:].strip()
            if key in texts:
                raise ValueError(f"{path}: «{key}» stands twice")
            texts[key] = ""
        elif key is not None:
            texts[key] += line + "\n"
    return {key: text.strip() for key, text in texts.items()}


class Words(Mapping[str, str]):
    """The strings of several text files as one table, a later file before an earlier one.

    The files are read once; after `read_anew` once more.
    """

    def __init__(self, *paths: Path):
        self.paths = paths

    def __getitem__(self, key: str) -> str:
        try:
            return _merged(self.paths)[key]
        except KeyError:
            raise KeyError(f"{self.paths[-1]}: {key} is missing") from None

    def __iter__(self) -> Iterator[str]:
        return iter(_merged(self.paths))

    def __len__(self) -> int:
        return len(_merged(self.paths))


@cache
def _merged(paths: tuple[Path, ...]) -> dict[str, str]:
    return {key: text for path in paths for key, text in load_text(path).items()}


def read_anew() -> None:
    """Forget all texts, so that the files are read again."""
    for read in (_merged, shared_text):
        read.cache_clear()


@cache
def shared_text(lang: str) -> dict[str, str]:
    """The strings of the shell and of errors, used by every lesson."""
    return load_text(ASSETS / f"text.{lang}.md")


def for_browser(texts: Mapping[str, str]) -> dict[str, str]:
    """The strings whose keys start with `ui.`, without that."""
    return {key.removeprefix("ui."): text for key, text in texts.items() if key.startswith("ui.")}


def final_consonant(word: str) -> str | None:
    """How the spoken Korean form of `word` ends.

    "" for a vowel, "ㄹ", "o" for any other consonant, None if unknown.

    Closing quotes and brackets are looked through; % is read 퍼센트.
    """
    if word.rstrip("'’”\")").lower().endswith("ng"):  # embedding is 임베딩
        return "o"
    for character in reversed(word):
        if _HANGUL_FIRST <= ord(character) <= _HANGUL_LAST:
            final = (ord(character) - _HANGUL_FIRST) % 28
            return "" if final == 0 else "ㄹ" if final == 8 else "o"
        if character in _FINAL_OF_DIGIT:
            return _FINAL_OF_DIGIT[character]
        if character.isascii() and character.isalpha():
            return _FINAL_OF_LETTER.get(character.lower(), "")
        if character == "%":
            return ""
        if character.isalnum():  # of another script
            return None
    return None


def with_particle(word: str, pair: str) -> str:
    """`word` and the right one of `pair` ("은/는", "이/가", "을/를", "과/와", "으로/로", "이에요/예요").

    The first form follows a consonant. 으로 becomes 로 after ㄹ. A word without a sound gets both: ☆은(는).
    A closing quote or bracket at the start of `pair` stands between the two. What is quoted is a learner's or
    the model's: its Latin letters may be read in any way, so it gets both as well: ‘book’은(는).
    """
    closing = pair[: len(pair) - len(pair.lstrip(_CLOSING))]
    theirs = closing.startswith(_QUOTED) and _ends_in_latin(word)
    word, (after_consonant, after_vowel) = word + closing, pair.removeprefix(closing).split("/")
    final = None if theirs else final_consonant(word)
    if final is None:
        return f"{word}{after_consonant}({after_vowel})"
    if final == "ㄹ" and after_consonant == "으로":
        return word + "로"
    return word + (after_consonant if final else after_vowel)


def _ends_in_latin(word: str) -> bool:
    last = next((character for character in reversed(word) if character.isalnum()), "")
    return last.isascii() and last.isalpha()


def _as_text(word: str) -> str:
    """`word` so that no part of it is read as **bold** or a [[term]] where it will stand.

    It comes between two marks without a shape, which the browser looks for and takes away (term.js).
    """
    return _OPEN + plain(word) + _CLOSE if _MARKUP.search(word) else word


def plain(text: str) -> str:
    """`text` without those marks, for what is no page."""
    return text.replace(_OPEN, "").replace(_CLOSE, "")


class _Filler(string.Formatter):
    def format_field(self, value, format_spec: str) -> str:
        if "/" in format_spec:
            word = str(value)
            return _as_text(word) + with_particle(word, format_spec)[len(word) :]
        return _as_text(super().format_field(value, format_spec))


def fill(template: str, **values) -> str:
    """Put `values` into `template`. The values are never read as templates, and never as markup."""
    return _Filler().vformat(template, (), values)


def sentence(error: UserError, lang: str) -> str:
    """The one sentence that tells the user what `error` means, from `error.<code>` of the shared text.

    A name that came from outside may hold half a surrogate pair, which has no UTF-8; it becomes a question
    mark.
    """
    told = fill(shared_text(lang)[f"error.{error.code}"], **error.details)
    return told.encode("utf-8", "replace").decode()
