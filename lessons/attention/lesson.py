"""「어텐션」: every head at once, one of them large, and what becomes of the next token when it is cut.

Lecture part GPT1 구조 (멀티헤드어텐션, each head learns something else).
"""

from pathlib import Path

from app.lesson import Lesson, Stage
from lessons.attention import preview
from lessons.attention.state import State

LESSON = Lesson(
    id="attention",
    order=5,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(preview=preview.draw, live="lessons.attention.live"),
)
