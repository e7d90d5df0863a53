"""Multiple choice: what somebody did, and two answers how it was; one fits.

A group: two activities with the same two answers. Moods that fit the activities of each other never stand
together: what is amazing may be moving, and what is difficult is tiring.
"""

import random

from ..data import rows
from .activities import AT_A_PLACE, TIMES, draw, of_mood, told_at_its_place
from .example import Example, Writer, part

MOODS = ("yum", "tired", "wow", "moved", "hard")
BOTH_FIT = ({"wow", "moved"}, {"tired", "hard"})
ANSWERS = {
    "ko": ("정말 {j:past}.", "참 {j:past}.", "아주 {j:past}.", "무척 {j:past}."),
    "en": ("it was really {j}.", "it was very {j}.", "it was so {j}.", "it was quite {j}."),
}


def group(rng: random.Random, lang: str, new_words: bool) -> list[Example]:
    writer = Writer(rng, lang)
    moods = rng.sample(MOODS, 2)
    while set(moods) in BOTH_FIT:
        moods = rng.sample(MOODS, 2)
    hero = writer.cast.world.child()
    how = draw(rng, AT_A_PLACE, TIMES)
    documents = [
        told_at_its_place(writer, rng.choice(part(of_mood(mood), new_words)), *how, n=hero) for mood in moods
    ]
    frame = rng.choice(ANSWERS[lang])
    answers = [writer.write(frame, j=writer.cast.world.phrase(_first(mood))) for mood in moods]
    order = rng.sample((0, 1), 2)
    return [
        Example((document, "", *(answers[i] for i in order)), order.index(right))
        for right, document in enumerate(documents)
    ]


def _first(mood: str) -> dict[str, str]:
    """The plainest word for a mood."""
    return next(row for row in rows("moods") if row["mood"] == mood)
