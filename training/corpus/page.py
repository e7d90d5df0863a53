"""One document while it is being written: templates are filled with things, later mentions are noted.

Template language (both languages):
    {a:은}            the thing bound to ``a`` with the fitting particle; English: {a:his}, {p:at}, {o:a}
    {가다:past}        a name that is not bound is a Korean predicate in dictionary form
    {가다:past@해}     the same at a fixed speech level (inside quotation marks)
    [어느 날|하루는]   one of several wordings, may be nested or empty
"""

import random
import re
from collections.abc import Mapping
from functools import lru_cache
from string import Formatter
from typing import Protocol

from .conjugation import conjugate

CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SENTENCE_START = re.compile(r"""^"?[a-z]|[.?!] "?[a-z]|\." [a-z]|[.?!]" "[a-z]|, "[a-z]|: "?[a-z]""")


class Thing(Protocol):
    """Something a template can mention; by its ``head`` a reader recognises it on a later mention."""

    head: str

    def form(self, spec: str, level: str) -> str: ...


@lru_cache(maxsize=50_000)
def _parsed(template: str) -> tuple[tuple[str, str | None, str], ...]:
    return tuple((text, field, spec or "") for text, field, spec, _ in Formatter().parse(template))


def choose(template: str, rng: random.Random) -> str:
    """Replaces every [a|b|c] by one of its wordings, innermost first."""
    while match := CHOICE.search(template):
        picked = rng.choice(match.group(1).split("|"))
        template = template[: match.start()] + picked + template[match.end() :]
    return template


class Page:
    """Collects sentences in ``text``; ``mentions`` are the [start, end) of second and later mentions."""

    def __init__(self, rng: random.Random, lang: str, level: str, things: Mapping[str, Thing]) -> None:
        self.rng, self.lang, self.level, self.things = rng, lang, level, things
        self.text = ""
        self.mentions: list[list[int]] = []
        self.plot = ""  # the name of the plot it tells, if any
        self._seen: set[str] = set()

    def say(self, template: str) -> "Page":
        """Adds one or more sentences. Raises KeyError for an unknown ending."""
        template = " ".join(choose(template, self.rng).split())
        start = len(self.text) + 1 if self.text else 0
        parts, spans, length = [], [], 0
        for text, field, spec in _parsed(template):
            parts.append(text)
            length += len(text)
            if field is None:
                continue
            word, head = self._word(field, spec)
            if head and (at := word.find(head)) >= 0:
                if head in self._seen:
                    spans.append([start + length + at, start + length + at + len(head)])
                self._seen.add(head)
            parts.append(word)
            length += len(word)
        sentence = "".join(parts)
        if self.lang == "en":
            sentence = _capitalised(sentence)
        self.text += (" " if self.text else "") + sentence
        self.mentions += spans
        return self

    def _word(self, field: str, spec: str) -> tuple[str, str]:
        """(the word as it is written here, the part that a later mention would repeat or '')."""
        if field in self.things:
            thing = self.things[field]
            return thing.form(spec, self.level), thing.head
        ending, _, level = spec.partition("@")
        return conjugate(field, ending, level or self.level), ""


def _capitalised(text: str) -> str:
    """Capital letters at the start of sentences and of direct speech."""
    return _SENTENCE_START.sub(lambda m: m.group(0)[:-1] + m.group(0)[-1].upper(), text)
