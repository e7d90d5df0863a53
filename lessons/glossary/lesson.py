"""「용어」: the words of the field on one map, each of which can be touched.

Lecture part 용어: upstream and downstream, fine-tuning, prompt tuning, in-context learning.
"""

from pathlib import Path

from app.lesson import Lesson, Stage
from lessons.glossary import preview
from lessons.glossary.state import State

LESSON = Lesson(
    id="glossary",
    order=1,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(preview=preview.draw, live="lessons.glossary.live"),
    terms=True,
)
