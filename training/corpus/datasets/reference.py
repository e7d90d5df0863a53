"""Reference: what does a word for a person, a place or a thing mean?

A group: a sentence that names all three and the same two answers, asked for one of them and for the other.
"""

import random

from ..data import rows
from ..page import Thing
from ..things import EnglishNoun, Name, Noun, Plain
from .activities import TIMES
from .example import Example, Writer, part

FRAMES = {
    "ko": (
        "{n:은} {t} {x}에서 {o:을} {찾다:past}.",
        "{t} {n:은} {x}에 들러 {o:을} {사다:past}.",
        "{t} {x}에 간 {n:은} {o:을} {보다:past}.",
        "{x}에서 {n:은} {t} {o:을} {줍다:past}.",
    ),
    "en": (
        "{n} found {o:a} {x:at} {t}.",
        "{t}, {x:at}, {n} saw {o:a}.",
        "{t} {n} lost {o:a} {x:at}.",
        "{x:at}, {n} drew {o:a} {t}.",
    ),
}
QUESTIONS = {
    "ko": {"who": ("그 사람은", "그 아이는"), "where": ("그곳은", "그 장소는"), "what": ("그것은", "그 물건은")},
    "en": {
        "who": ("the person is", "the child is"),
        "where": ("the place is", "the spot is"),
        "what": ("the thing is", "the object is"),
    },
}
_NO_PLACE = ("친구 집", "할머니 댁")


def group(rng: random.Random, lang: str, new_words: bool) -> list[Example]:
    writer = Writer(rng, lang)
    things = _things(rng, writer, new_words)
    sentence = writer.write(
        rng.choice(FRAMES[lang]),
        t=Plain(rng.choice(TIMES[lang])),
        n=things["who"],
        x=things["where"],
        o=things["what"],
    )
    asked = rng.sample(list(things), 2)
    answer = "{z:이다}." if lang == "ko" else "{z}."
    answers = [writer.write(answer, z=things[kind]) for kind in asked]
    which = rng.randrange(2)
    questions = [writer.write(QUESTIONS[lang][kind][which]) for kind in asked]
    return [Example((sentence, question, *answers), label) for label, question in enumerate(questions)]


def _things(rng: random.Random, writer: Writer, new_words: bool) -> dict[str, Thing]:
    """A person, a place and a thing."""
    name = rng.choice(part(rows(f"names_{writer.lang}"), new_words))["name"]
    places = [row for row in rows("places") if row["use"] in ("daily", "both") and row["ko"] not in _NO_PLACE]
    thing = rng.choice(part(rows("things"), new_words))
    return {
        "who": Name(name) if writer.lang == "ko" else EnglishNoun(name, article=""),
        "where": writer.cast.world.place_from(rng.choice(part(places, new_words))),
        "what": Noun(thing["ko"]) if writer.lang == "ko" else EnglishNoun(thing["en"]),
    }
