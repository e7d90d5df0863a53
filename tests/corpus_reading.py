"""Reading the sentences of the labelled sets and of the corpus's claims back, independently of how they were
written: a frame of a table as a pattern, and what follows from what."""

import re

from training.corpus.conjugation import conjugate
from training.corpus.data import rows

LEVELS = ("합니다", "해요", "한다")  # in this order: 입니다 also ends in 다
COPULA = {"한다": "(?:이)?다", "해요": "(?:이에요|예요)", "합니다": "입니다"}
PARTICLES = {"은": "(?:은|는)", "이": "(?:이|가)", "을": "(?:을|를)", "의": "의", "": ""}
YES, NO, OPEN = range(3)


def as_pattern(template: str, level: str) -> re.Pattern[str]:
    """A frame such as '{s}의 꿈은 {v:이다}.' as a pattern for s and v."""
    pattern = re.escape(template).replace(r"\{", "{").replace(r"\}", "}").replace(r"\ ", " ")

    def field(match: re.Match[str]) -> str:
        name, _, spec = match.group(1).partition(":")
        ending = {"이다": COPULA[level], "이다q@합니다": "입니까"} | PARTICLES
        if name == "인형":
            return "인형" + COPULA[level]
        if name in ("s", "v"):
            return f"(?P<{name}>.+?)" + ending[spec]
        return conjugate(name, spec, level)

    return re.compile(re.sub(r"\{(.*?)\}", field, pattern) + "$")


def read_state(sentence: str, table: str) -> tuple[str, str, str, bool] | None:
    """(frame, subject, value, negated) of a sentence written by a row of `table`.

    A last 이 is taken off: 「호랑이다」 and 「유나입니다」 do not tell whether it is the word's own.
    """
    for frame in sorted(rows(table), key=lambda frame: -len(frame["positive"])):
        for column, negated in (("negative", True), ("positive", False), ("question", False)):
            for level in LEVELS:
                if match := as_pattern(frame.get(column, "^"), level).match(sentence):
                    subject, value = (match[group].removesuffix("이") for group in "sv")
                    return frame["positive"], subject, value, negated
    return None


def opposites(table: str) -> dict[str, str]:
    """Each relation of `table` -> the relation the other way round."""
    return {row[a]: row[b] for row in rows(table) for a, b in (("more", "less"), ("less", "more"))}


def read_comparison(sentence: str, table: str) -> tuple[str, str, str]:
    """(a, b, relation) of '… 은 … 보다 …' at any speech level, or asked."""
    stated = {conjugate(word, "pres", level) + ".": word for word in opposites(table) for level in LEVELS}
    asked = {
        row[f"{word}_question"] + "?": row[word]
        for row in rows(table)
        for word in ("more", "less")
        if f"{word}_question" in row
    }
    a, b, relation = re.match(r"(.+?)(?:은|는) (.+?)보다 (.+)$", sentence).groups()
    return a, b, (stated | asked)[relation]


def follows(told: tuple[str, str, str], claimed: tuple[str, str, str], table: str) -> int:
    """YES, NO or OPEN: whether one comparison follows from another."""
    a, b, relation = told
    if {a, b} != {*claimed[:2]}:
        return OPEN
    return YES if claimed in (told, (b, a, opposites(table)[relation])) else NO
