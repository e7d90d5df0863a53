"""Reference: of whom or what is it said? A sentence has lost its subject, which the sentence before it names.

A group: a sentence with a person, a place and a thing, two of them as answers, and two sentences without
their subject, each said of one of the two.
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
# said of a person, a place or a thing alone, in words whose subject the corpus has taught
SAID = {
    "ko": {
        "who": (
            "사진을 많이 {찍다:past}.", "노래를 {부르다:past}.", "{i}에게 손을 {흔들다:past}.",
            "집으로 {돌아가다:past}.",
        ),
        "where": (
            "조용하고 {아름답다:past}.", "넓고 {좋다:past}.", "깨끗하고 {편하다:past}.",
            "생각보다 {멀다:past}.",
        ),
        "what": (
            "작년에 잃어버린 {것:이다past}.", "침대 밑에 {있다:past}.", "가방 안에 {있다:past}.",
            "지금 책상 위에 {있다:pres}.",
        ),
    },
    "en": {
        "who": ("took a lot of pictures.", "thought so, too.", "helped me.", "said it was all right."),
        "where": ("was full of people.", "was far away.", "was quiet and beautiful.", "was open until late."),
        "what": ("was under the bed.", "was in the bag.", "is on the desk now.", "is in my room now."),
    },
}  # fmt: skip
_NO_PLACE = ("친구 집", "할머니 댁")
_TOO_LARGE = ("자전거", "의자")  # for a bag or the place under a bed


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
    meant = rng.sample(list(things), 2)
    answers = [writer.write("{z:은}" if lang == "ko" else "{z}", z=things[kind]) for kind in meant]
    # an English page begins each text with a capital letter; here a sentence goes on
    said = [rng.choice(SAID[lang][kind]) for kind in meant]
    rests = [text if lang == "en" else writer.write(text) for text in said]
    return [Example((sentence, rest, *answers), label) for label, rest in enumerate(rests)]


def _things(rng: random.Random, writer: Writer, new_words: bool) -> dict[str, Thing]:
    """A person, a place and a thing."""
    name = rng.choice(part(rows(f"names_{writer.lang}"), new_words))["name"]
    places = [row for row in rows("places") if row["use"] in ("daily", "both") and row["ko"] not in _NO_PLACE]
    things = [row for row in rows("things") if row["ko"] not in _TOO_LARGE]
    thing = rng.choice(part(things, new_words))
    return {
        "who": Name(name) if writer.lang == "ko" else EnglishNoun(name, article=""),
        "where": writer.cast.world.place_from(rng.choice(part(places, new_words))),
        "what": Noun(thing["ko"]) if writer.lang == "ko" else EnglishNoun(thing["en"]),
    }
