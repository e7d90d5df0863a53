"""Entailment: somebody did something; does it follow that it was this kind of activity (0), or not (1)?

A group: two activities of different kinds, each with the hypothesis of either kind.
"""

import random

from .activities import KINDS, TIMES, TOLD, draw, told
from .example import Example, Writer, crossed, part

HYPOTHESES = {
    "ko": {
        "sport": ("{n:은} 운동으로 시간을 {보내다:past}.", "{n:은} 운동을 {하다:past}."),
        "food": ("{n:은} 음식으로 시간을 {보내다:past}.", "{n:은} 음식을 {맛보다:past}."),
        "view": ("{n:은} 구경으로 시간을 {보내다:past}.", "{n:은} 구경을 {하다:past}."),
        "study": ("{n:은} 공부로 시간을 {보내다:past}.", "{n:은} 공부를 {하다:past}."),
    },
    "en": {
        "sport": ("{n} did some sport.", "{n} was busy with a sport."),
        "food": ("{n} had some food.", "{n} was busy with some food."),
        "view": ("{n} had a good look.", "{n} was busy with looking."),
        "study": ("{n} did school work.", "{n} was busy with school work."),
    },
}


def group(rng: random.Random, lang: str, new_words: bool) -> list[Example]:
    writer = Writer(rng, lang)
    kinds = rng.sample(list(KINDS), 2)
    hero = writer.cast.world.child()
    how = draw(rng, TOLD, TIMES)
    premises = [told(writer, rng.choice(part(KINDS[kind], new_words)), *how, n=hero) for kind in kinds]
    which = rng.randrange(2)
    return crossed(premises, [writer.write(HYPOTHESES[lang][kind][which], n=hero) for kind in kinds])
