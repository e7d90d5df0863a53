"""What the program says in a terminal: in its language, where it has letters for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import NoReturn, TextIO

from app import i18n
from app.languages import CODES, DEFAULT, spoken

BAD_VALUE = 2  # exit code, as argparse and most command line tools have it


def can_write(stream: TextIO, text: str) -> bool:
    """The terminal, or what reads this output in its place, has letters for `text`."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def terminal_language(environ: Mapping[str, str]) -> str:
    """That of the terminal's locale, or our first."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return spoken(locale) or DEFAULT


def words(lang: str) -> Mapping[str, str]:
    return i18n.load_text(i18n.ASSETS / f"settings.{lang}.md")


def said(lang: str, key: str, **values: str) -> str:
    return i18n.plain(i18n.fill(words(lang)[key], **values))


def bad_value(lang: str, kind: str, source: str, got: str) -> str:
    wanted = said(lang, f"{kind}.wanted", languages=", ".join(CODES))
    return said(lang, "bad_value", source=source, wanted=wanted, got=got)


def stop_with(lang: str, key: str, **values: str) -> NoReturn:
    stop(lang, {code: said(code, key, **values) for code in CODES})


def stop(lang: str, sentences: Mapping[str, str]) -> NoReturn:
    """Say the sentence of `lang`, or of the first language that the terminal has letters for, and end the
    program. sentences: {code: the same in each language}.
    """
    told = [sentences[code] for code in (lang, *CODES)]
    print(next((one for one in told if can_write(sys.stderr, one)), told[-1]), file=sys.stderr)
    raise SystemExit(BAD_VALUE)
