"""One document while it is being written: templates are filled with things, later mentions are noted.

Template language (both languages):
    {a:은}            the thing bound to ``a`` with the fitting particle; English: {a:his}, {p:at}, {o:a}
    {가다:past}        a name that is not bound is a Korean predicate in dictionary form
    {가다:past@해}     the same at a fixed speech level (inside quotation marks)
    [어느 날|하루는]   one of several wordings, may be nested or empty
"""

import random
import re
from functools import lru_cache
from string import Formatter
from typing import Protocol

from .conjugation import conjugate

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
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
    while match := _CHOICE.search(template):
        picked = rng.choice(match.group(1).split("|"))
        template = template[: match.start()] + picked + template[match.end() :]
    return template


class Page:
    """Collects sentences in ``text``; ``mentions`` are the [start, end) spans of second and later mentions."""

    def __init__(self, rng: random.Random, lang: str, level: str = "한다", **things: Thing) -> None:
        self.rng, self.lang, self.level = rng, lang, level
        self.things: dict[str, Thing] = things
        self.text = ""
        self.mentions: list[list[int]] = []
        self.plot = ""
        self._seen: set[str] = set()

    def bind(self, **things: Thing) -> "Page":
        self.things.update(things)
        return self

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
            word = self._word(field, spec)
            thing = self.things[field] if field in self.things else None
            if thing is not None and thing.head and (at := word.find(thing.head)) >= 0:
                if thing.head in self._seen:
                    spans.append([start + length + at, start + length + at + len(thing.head)])
                self._seen.add(thing.head)
            parts.append(word)
            length += len(word)
        sentence = "".join(parts)
        if self.lang == "en":
            sentence = _capitalised(sentence)
        self.text += (" " if self.text else "") + sentence
        self.mentions += spans
        return self

    def _word(self, field: str, spec: str) -> str:
        if field in self.things:
            return self.things[field].form(spec, self.level)
        ending, _, level = spec.partition("@")
        return conjugate(field, ending, level or self.level)


def _capitalised(text: str) -> str:
    """Capital letters at the start of sentences and of direct speech."""
    return _SENTENCE_START.sub(lambda m: m.group(0)[:-1] + m.group(0)[-1].upper(), text)
