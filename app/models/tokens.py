"""Tokens a person can read, of both kinds in the lecture: GPT-1's BPE with `</w>`, GPT-2's byte-level BPE.

The first page shows real tokens before torch and transformers are imported, so this module needs `tokenizers`
only. Text becomes NFC at the door (GPT-2's tokenizer itself does not normalise) and comes back as NFC.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby, takewhile
from pathlib import Path

from tokenizers import AddedToken, Tokenizer

from app.errors import InputError, ModelError
from app.models.atoms import ByteAtoms, Character, LetterAtoms

END_OF_TEXT = "<|endoftext|>"
# Of a learner's text: far over any context, and still tokenized in well under a second.
MAX_CHARACTERS = 20_000
FEW_MARKS = 200  # on letters: up to here sorting them by insertion takes no time
_STARTERS_OF_MARKS = "\u0f73\u0f75\u0f81"  # counted as letters, but they fall into two marks
# Tokens. A character has at most four bytes or a few jamo, so its other parts lie within these.
CONTEXT_OF_A_PIECE = 8
MOST_REMEMBERED = 16_384  # tokens read before, of one tokenizer; they are the same for every learner


@dataclass(frozen=True)
class Piece:
    """One token as a reader sees it.

    piece: its text; a leading space of GPT-2's is kept as a plain space, GPT-1's `</w>` is dropped. What is
        only a part of a character stands as ‹EA B3› or ‹ㅅ›. A special token has its spelling.
    bytes: its text in UTF-8 (composed, NFC); empty for a special token.
    part_of: the character or characters it holds only a part of; None when there are none, or when the rest
        of the character has not come yet.
    leading_space: whether a space stands before it, as its first byte (GPT-2) or as a `</w>` before it.
    ends_word: whether it carries GPT-1's `</w>`; 「오늘」 with and without it are different tokens.
    """

    id: int
    piece: str
    bytes: bytes
    part_of: str | None
    leading_space: bool
    ends_word: bool = False


def to_nfc(text: str) -> str:
    """NFC of `text`. Two surrogates that make a pair are joined into their character.

    Raises:
        InputError("half_character"): a surrogate alone is half a character (half an emoji, mostly). It has no
            UTF-8, so no token; dropping it silently would show tokens of another text than the one typed.
    """
    try:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        half = int.from_bytes(error.object[error.start : error.start + 2], "little")
        raise InputError("half_character", character=f"U+{half:04X}") from None
    return unicodedata.normalize("NFC", _in_order(text))


def _in_order(text: str) -> str:
    """`text` with every long run of marks on one letter sorted, as Unicode's canonical order wants it.

    `unicodedata.normalize` sorts by insertion: 20,000 marks on one letter would take it two seconds.
    """
    if text.isascii() or sum(map(_is_mark, text)) <= FEW_MARKS:
        return text
    letters = "".join(unicodedata.normalize("NFD", character) for character in text)
    runs = groupby(letters, key=lambda letter: unicodedata.combining(letter) > 0)
    return "".join("".join(sorted(run, key=unicodedata.combining) if marks else run) for marks, run in runs)


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) > 0 or character in _STARTERS_OF_MARKS


def learner_text(text: object) -> str:
    """Check what came in at a door (page, link, endpoint) and return it as NFC.

    Raises:
        InputError: "not_text", "text_too_long" (over MAX_CHARACTERS) or "half_character".
    """
    if not isinstance(text, str):
        raise InputError("not_text", type=type(text).__name__)
    if len(text) > MAX_CHARACTERS:
        raise InputError("text_too_long", length=len(text), limit=MAX_CHARACTERS)
    return to_nfc(text)


class ReadableTokenizer:
    """A `tokenizers.Tokenizer` whose tokens can be shown. Typed text never becomes a special token.

    eot_id: the end-of-text token, None where the vocabulary has none (openai-gpt).
    """

    def __init__(self, tokenizer: Tokenizer, name: str):
        suffix = getattr(tokenizer.model, "end_of_word_suffix", None)
        if "ByteLevel" in repr(tokenizer.decoder):
            self._atoms = ByteAtoms()
        elif suffix:
            self._atoms = LetterAtoms(suffix)
        else:
            raise ModelError("unsupported_tokenizer", name=name)
        self._tokenizer = tokenizer
        # A special token's spelling, when typed, stays ordinary text; every added token counts as special.
        added = tokenizer.get_added_tokens_decoder()
        ordinary = [token.content for token in added.values() if not token.special]
        tokenizer.add_special_tokens([AddedToken(content, special=True) for content in ordinary])
        tokenizer.encode_special_tokens = True
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._special = {id_: token.content for id_, token in added.items()}
        unknown = getattr(tokenizer.model, "unk_token", None)
        self._unknown_id = tokenizer.token_to_id(unknown) if unknown else None
        if self._unknown_id is not None:
            self._special[self._unknown_id] = unknown
        self.vocab_size = tokenizer.get_vocab_size(with_added_tokens=True)
        eot_id = tokenizer.token_to_id(END_OF_TEXT)
        self.eot_id = eot_id if eot_id in self._special else None
        self._atoms_of = lru_cache(MOST_REMEMBERED)(self._read_atoms)
        self._seam = lru_cache(MOST_REMEMBERED)(self._read_seam)
        self._candidate = lru_cache(MOST_REMEMBERED)(self._read_candidate)

    @classmethod
    def from_folder(cls, folder: str | Path, name: str | None = None) -> ReadableTokenizer:
        """Read `tokenizer.json` of a model's folder. `name` is what an error calls it, else the folder's.

        Raises:
            ModelError: "missing_tokenizer", "broken_tokenizer" or "unsupported_tokenizer".
        """
        path = Path(folder) / "tokenizer.json"
        name = name or path.parent.name
        if not path.is_file():
            raise ModelError("missing_tokenizer", name=name)
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the Rust side raises a plain Exception for any malformed file
            raise ModelError("broken_tokenizer", name=name) from error
        return cls(tokenizer, name)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text` after NFC, with no special token added. Raises InputError("half_character")."""
        return self._tokenizer.encode(to_nfc(text), add_special_tokens=False).ids

    def pieces(self, ids: Sequence[int]) -> list[Piece]:
        """One piece per token, each told by its neighbours: a part of a character names the character."""
        pieces: list[Piece] = []
        for special, run in groupby(ids, self._special_spelling):
            if special is None:
                pieces += self._pieces_of_run(list(run))
            else:
                pieces += [Piece(id_, special, b"", None, leading_space=False) for id_ in run]
        return pieces

    def candidates(self, context: Sequence[int], ids: Iterable[int]) -> list[Piece]:
        """The piece of each of `ids` as if it followed `context`."""
        before = self._seam(tuple(context[-CONTEXT_OF_A_PIECE:]))
        return [self._candidate(before, id_) for id_ in ids]

    def _read_seam(self, tail: tuple[int, ...]) -> tuple[int, ...]:
        """The end of `tail` that decides how a token after it reads: from its last token that begins with a
        new character on.
        """
        for special, run in groupby(reversed(tail), self._special_spelling):
            if special is not None:
                return tail[-1:]
            ids = list(run)[::-1]
            atoms_of = [self._atoms_of(id_) for id_ in ids]
            characters = self._atoms.characters(self._atoms.join(atoms_of))
            if isinstance(self._atoms, ByteAtoms) and characters and characters[-1].complete:
                return ()  # bytes after a whole character begin the next one
            begins = {character.start for character in characters}
            starts = [0, *accumulate(map(len, atoms_of))][:-1]
            last = max(place for place, start in enumerate(starts) if start in begins or not start)
            return tuple(ids[last:])
        return ()

    def _read_candidate(self, before: tuple[int, ...], id_: int) -> Piece:
        return self.pieces([*before, id_])[-1]

    def decode(self, ids: Sequence[int]) -> str:
        """NFC text of the tokens, without special ones; <unk> is shown, and cut-off bytes as ‹EA B3›."""
        text = ""
        for special, run in groupby(ids, self._special_spelling):
            if special is None:
                atoms = self._atoms.join(map(self._atoms_of, run))
                text += "".join(character.text for character in self._atoms.characters(atoms))
            else:
                text += "".join(special for id_ in run if id_ == self._unknown_id)
        # A `</w>` at the very end only ends the word; no space has been written after it.
        return text.removesuffix(" ") if isinstance(self._atoms, LetterAtoms) else text

    def _special_spelling(self, id_: int) -> str | None:
        """The spelling of a special token or of an id outside the vocabulary; None for ordinary tokens."""
        return self._special.get(id_) if 0 <= id_ < self.vocab_size else f"<{id_}>"

    def _read_atoms(self, id_: int) -> bytes | str:
        return self._atoms.of(self._tokenizer.id_to_token(id_))

    def _pieces_of_run(self, ids: list[int]) -> list[Piece]:
        """Pieces of tokens that follow each other with no special token between."""
        atoms_of = [self._atoms_of(id_) for id_ in ids]
        atoms = self._atoms.join(atoms_of)
        characters = self._atoms.characters(atoms)
        pieces: list[Piece] = []
        start = 0
        for id_, own in zip(ids, atoms_of, strict=True):
            ends_word = self._atoms.ends_word(own)
            stop = start + len(own) - ends_word  # the space that stands for `</w>` is not shown
            piece, part_of = self._read(atoms, characters, start, stop)
            after_word = bool(pieces) and pieces[-1].ends_word
            leading_space = after_word or piece.startswith(" ")
            pieces.append(
                Piece(id_, piece, self._atoms.utf8(atoms[start:stop]), part_of, leading_space, ends_word)
            )
            start += len(own)
        return pieces

    def _read(
        self, atoms: bytes | str, characters: list[Character], start: int, stop: int
    ) -> tuple[str, str | None]:
        """A token over atoms [start, stop) -> (the text it shows, the characters it holds only a part of)."""
        piece, part_of = "", ""
        first = bisect_right(characters, start, key=lambda character: character.end)
        for character in takewhile(
            lambda character: character.start < stop, characters[first : first + stop - start]
        ):
            whole = start <= character.start and character.end <= stop
            if whole and character.complete:
                piece += character.text
                continue
            piece += self._atoms.show_part(atoms[max(start, character.start) : min(stop, character.end)])
            if character.complete:
                part_of += character.text
        return piece, part_of or None
