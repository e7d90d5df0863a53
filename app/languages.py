"""The languages of the page. One more is one more row here and its text files, and nothing else.

Its text files are `*.<code>.md` in assets/ and in the lessons' folders; `make lint` names what is missing.
"""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    """One row of the table.

    Args:
        code: in addresses (`?lang=`), in names of files, on the command line; small letters and hyphens.
        name: the language in its own words.
        sign: what stands for it in the top bar.
        locale: what a browser in this language says of itself; `<html lang>` is its first part.
    """

    code: str
    name: str
    sign: str
    locale: str

    @property
    def html(self) -> str:
        """For `<html lang>`, and what an Accept-Language header asks for, regions aside."""
        return self.locale.partition("-")[0].lower()

    @property
    def path(self) -> str:
        """Of its page: the first language is at home in `/`."""
        return "/" if self == LANGUAGES[0] else f"/{self.code}"


LANGUAGES = (
    Language("ko", "한국어", "한", "ko-KR"),
    Language("en", "English", "EN", "en-US"),
)
CODES = tuple(language.code for language in LANGUAGES)
DEFAULT = CODES[0]


def spoken(tag: str) -> str | None:
    """The code of ours for `en-US`, `en_US.UTF-8` or the like, None where we do not speak it."""
    first = tag.lower().replace("_", "-").partition("-")[0].partition(".")[0]
    return next((language.code for language in LANGUAGES if language.html == first), None)
