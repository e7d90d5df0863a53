"""「GPT-1 vs GPT-2」: one text through both architectures, every tensor on its arrow.

Lecture parts GPT1 구조 and GPT2; GPT-1 equation (2), GPT-2 section 2.3.
"""

from pathlib import Path

from app.lesson import Lesson, Stage
from lessons.architecture import preview
from lessons.architecture.state import State

LESSON = Lesson(
    id="architecture",
    order=4,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(preview=preview.draw, live="lessons.architecture.live"),
)
