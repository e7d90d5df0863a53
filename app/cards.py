"""The cards of the terms, from assets/terms.<lang>.md.

## attention                              the id, as in [[attention]]
어텐션                                    the name
What every reader understands.            one or more plain lines
precise: what a lecturer would sign
formula: \\frac{q \\cdot k}{\\sqrt{d_k}}     KaTeX; \\tint{l1}{L_1} gives a part the colour --l1
lecture: the lecture's line, where it is looser than the field
exactly: the sentence that follows it, 「더 정확히는」
source: where it stands
scenes: attention#row, architecture#mask  where it is live
also: other names, for the search

What stands above the labels comes with the page, for a [[term]] opens it anywhere; the rest is a file of its
own, words/<lang>/terms.json, which the tab of the terms asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app import i18n
from app.languages import CODES
from app.lesson import Lesson

NEEDED = ("precise", "source")
FIELDS = ("precise", "formula", "lecture", "exactly", "source", "scenes", "also")
WORDS = ("find", "label", "list", "example", "none", "lecture", "exactly", "source", "scenes", "scene")
Cards = dict[str, dict[str, str]]
_LABEL = re.compile(r"([a-z]+): *(.*)")
_NAMED = re.compile(r"\[\[([^\]|]+)")


def terms(lang: str) -> Cards:
    """All that the file says: {id: {"title", "text", and those of FIELDS that it has}}.

    Raises:
        ValueError: a label that is none of FIELDS, or one twice, or no plain line.
    """
    entries = i18n.load_text(i18n.ASSETS / f"terms.{lang}.md")
    return {term: _card(term, text.splitlines()) for term, text in entries.items()}


def _card(term: str, lines: Sequence[str]) -> dict[str, str]:
    title, *rest = lines
    plain, fields = [], {}
    for line in rest:
        label = _LABEL.match(line)
        if not label and not fields:
            plain.append(line)
        elif not label or label[1] not in FIELDS or label[1] in fields:
            raise ValueError(f"terms: {term}: «{line}» is no field, or stands twice")
        else:
            fields[label[1]] = label[2].strip()
    if not plain:
        raise ValueError(f"terms: {term} has no plain sentence")
    return {"title": title, "text": "\n".join(plain), **fields}


def named_in(texts: Iterable[str], lang: str) -> Cards:
    """{id: {"title", "twin", "text"}} of those that `[[term]]` or `[[term|words]]` in `texts` open.

    `twin` is the name in another language, "" where it is the same.
    """
    named = {term for text in texts for term in _NAMED.findall(text)}
    mine, *others = _in_all(lang)
    return {
        term: {"title": card["title"], "twin": _twin(term, card, others), "text": card["text"]}
        for term, card in mine.items()
        if term in named
    }


def whole(lessons: Sequence[Lesson], lang: str) -> dict[str, Any]:
    """What the tab of the terms asks for.

    {"words": of the search and the card, "list": [{"id", "title", "twin", "text", "names", "scenes", …}]}:
    `twin` is the name in another language ("" where it is the same), `names` are all names to search by,
    `scenes` are those of `lessons` as `links_to` gives them.
    """
    texts = i18n.shared_text(lang)
    mine, *others = _in_all(lang)
    return {
        "words": {word: texts[f"cards.{word}"] for word in WORDS},
        "list": [
            {
                **card,
                "id": term,
                "twin": _twin(term, card, others),
                "names": _names([card, *(other[term] for other in others if term in other)]),
                "scenes": links_to(lessons, listed(card, "scenes"), lang),
            }
            for term, card in mine.items()
        ],
    }


def listed(card: Mapping[str, str], field: str) -> list[str]:
    """The parts of a field whose parts stand between commas."""
    return [part.strip() for part in card.get(field, "").split(",") if part.strip()]


def _in_all(lang: str) -> list[Cards]:
    """The cards in `lang`, then in each other language."""
    return [terms(code) for code in (lang, *(code for code in CODES if code != lang))]


def _twin(term: str, card: Mapping[str, str], others: Sequence[Cards]) -> str:
    titles = [other[term]["title"] for other in others if term in other]
    return next((title for title in titles if title.casefold() != card["title"].casefold()), "")


def _names(cards: Sequence[Mapping[str, str]]) -> list[str]:
    """Titles first: the search gives them the better places."""
    titles = [card["title"] for card in cards]
    return list(dict.fromkeys([*titles, *(name for card in cards for name in listed(card, "also"))]))


def links_to(lessons: Sequence[Lesson], places: Sequence[str], lang: str) -> list[dict[str, Any]]:
    """`lesson#scene` -> {"lesson", "scene", "tab": the lesson's title, "number": from 1, "title"}.

    A place that is in none of `lessons` is left out.
    """
    known = {
        f"{lesson.id}#{scene.id}": (lesson, scene.id, number)
        for lesson in lessons
        for number, scene in enumerate(lesson.scenes, 1)
    }
    words = {lesson.id: lesson.words(lang) for lesson in lessons}
    return [
        {
            "lesson": lesson.id,
            "scene": scene,
            "number": number,
            "tab": words[lesson.id]["title"],
            "title": words[lesson.id][f"scene.{scene}.title"],
        }
        for lesson, scene, number in (known[place] for place in places if place in known)
    ]
