"""How large the grammar is: the figures that belong beside any score on its text."""

import re

from .data import FOLDER, rows
from .page import CHOICE
from .story import KINDS, plots

LANGS = ("ko", "en")
# the columns of each table that hold words or phrases of a document
_WORD_COLUMNS = (
    "ko",
    "en",
    "name",
    "phrase",
    "thing",
    "verb",
    "adnominal",
    "noun",
    "opposite_ko",
    "opposite_en",
)


def wordings(template: str) -> int:
    """The number of texts that the choices of a template allow, before any thing is put in."""
    while match := CHOICE.search(template):
        # an inner choice is replaced by its number of wordings, written #n#
        here = sum(_product(option) for option in match.group(1).split("|"))
        template = f"{template[: match.start()]}#{here}#{template[match.end() :]}"
    return _product(template)


def _product(text: str) -> int:
    total = 1
    for number in re.findall(r"#(\d+)#", text):
        total *= int(number)
    return total


def grammar_size() -> dict[str, int]:
    """plots, templates (lines of plots), wordings of these, and words and phrases of the lexicon."""
    lines, n_plots = [], 0
    for kind in KINDS:
        for lang in LANGS:
            parts, told = plots(kind, lang)
            n_plots += len(told)
            lines += [line for group in (parts, told) for body in group.values() for line in body]
    templates = [line for line in lines if line != "-" and "> " not in line[:4]]
    words = {
        row[column]
        for path in (FOLDER / "lexicon").glob("*.tsv")
        if path.stem not in ("review_filter", "predicates", "irregular")
        for row in rows(path.stem)
        for column in _WORD_COLUMNS
        if row.get(column)
    }
    return {
        "plots": n_plots,
        "templates": len(templates),
        "wordings": sum(map(wordings, templates)),
        "words": len(words),
    }
