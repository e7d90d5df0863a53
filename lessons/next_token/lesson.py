"""「GPT란?」: the learner draws one token at a time and sees where each came from.

Lecture part GPT란?; GPT-1 eq. (1) and (2).
"""

from pathlib import Path

from app.lesson import Lesson, Stage
from lessons.next_token import preview
from lessons.next_token.state import State

LESSON = Lesson(
    id="next-token",
    order=2,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(preview=preview.draw, live="lessons.next_token.live"),
    first=True,
)
