"""Which characters the atoms of some tokens make: bytes for GPT-2's tokens, letters for GPT-1's.

A tokenizer may cut inside a character: GPT-2's between the bytes of 「곳」 (EA B3 | B3), one over jamo
between its letters (고 | ㅅ). Here the atoms of neighbouring tokens are laid end to end and grouped into the
characters that a reader sees; `tokens.py` then tells which token holds a whole character and which only a
part.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# GPT-2 writes every byte as one printable character: printable ones as themselves, the others from U+0100 on.
_PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]
_BYTE_OF_SIGN = {chr(byte): byte for byte in _PRINTABLE} | {
    chr(256 + i): byte for i, byte in enumerate(_OTHERS)
}

_CONJOINING_JAMO = range(
    0x1100, 0x1200
)  # the letters Unicode builds syllables from; fonts rarely draw one alone


@dataclass(frozen=True)
class Character:
    """Atoms [start, end) make `text`. Not `complete`: a part of a character whose rest is missing, shown as a
    part.
    """

    start: int
    end: int
    text: str
    complete: bool = True


class ByteAtoms:
    """GPT-2: a token is some bytes of UTF-8."""

    def of(self, token: str) -> bytes:
        """Ġ곳 in GPT-2's spelling -> the bytes behind its signs."""
        return bytes(_BYTE_OF_SIGN[sign] for sign in token)

    def ends_word(self, atoms: bytes) -> bool:
        """Never: here a space belongs to the word that follows it."""
        return False

    def join(self, parts: Iterable[bytes]) -> bytes:
        return b"".join(parts)

    def utf8(self, atoms: bytes) -> bytes:
        return atoms

    def show_part(self, atoms: bytes) -> str:
        """The bytes of a part of a character as a reader sees them: ‹EA B3›."""
        return "‹" + " ".join(f"{byte:02X}" for byte in atoms) + "›"

    def characters(self, data: bytes) -> list[Character]:
        """Group UTF-8 bytes. A character cut off at either end, or invalid, becomes one incomplete group."""
        found = []
        start = 0
        while start < len(data):
            lead = data[start]
            end = start + (1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4)
            try:
                found.append(Character(start, end, data[start:end].decode("utf-8")))
            except UnicodeDecodeError:
                end = start + 1
                while end < len(data) and data[end] & 0xC0 == 0x80:  # continuation bytes look like 10xxxxxx
                    end += 1
                found.append(Character(start, end, self.show_part(data[start:end]), complete=False))
            start = end
        return found


class LetterAtoms:
    """GPT-1: a token is some letters, perhaps decomposed (NFD), and `suffix` (`</w>`) where it ends a word.

    The suffix becomes one space, so that letters never compose across it.
    """

    def __init__(self, suffix: str):
        self._suffix = suffix

    def of(self, token: str) -> str:
        """간다</w> -> "간다 "."""
        return token.removesuffix(self._suffix) + " " if token.endswith(self._suffix) else token

    def ends_word(self, atoms: str) -> bool:
        return atoms.endswith(" ")

    def join(self, parts: Iterable[str]) -> str:
        return "".join(parts)

    def utf8(self, atoms: str) -> bytes:
        return unicodedata.normalize("NFC", atoms).encode()

    def show_part(self, atoms: str) -> str:
        """The letters of a part of a character as a reader sees them: ‹고›, ‹ㅅ›."""
        return "‹" + "".join(map(_drawable, unicodedata.normalize("NFC", atoms))) + "›"

    def characters(self, letters: str) -> list[Character]:
        """Group code points that NFC composes into one: 고 + a final ㅅ -> 곳, e + acute -> é. A jamo alone
        is incomplete.
        """
        found = []
        start = 0
        while start < len(letters):
            end = start + 1
            text = unicodedata.normalize("NFC", letters[start])
            while end < len(letters):
                longer = unicodedata.normalize("NFC", text + letters[end])
                if len(longer) > 1:
                    break
                text, end = longer, end + 1
            found.append(Character(start, end, text, complete=ord(text[0]) not in _CONJOINING_JAMO))
            start = end
        return found


def _drawable(letter: str) -> str:
    """A conjoining jamo in the form that fonts draw alone: HANGUL JONGSEONG SIOS -> HANGUL LETTER SIOS."""
    if ord(letter) not in _CONJOINING_JAMO:
        return letter
    try:
        return unicodedata.lookup("HANGUL LETTER " + unicodedata.name(letter, "").split(" ", 2)[-1])
    except KeyError:  # old Hangul has letters without a stand-alone form
        return letter
