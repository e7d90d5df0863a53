"""「미세조정」: L3 = L2 + λ·L1, trained in the student's own browser.

Lecture parts GPT1 학습 전략 step2, GPT1 구조 and GPT1 결론; GPT-1 equations (3) to (5) and sections 3.2,
3.3 and 5.
"""

from pathlib import Path

from app.lesson import Lesson, Stage
from lessons.fine_tuning import preview
from lessons.fine_tuning.state import State

LESSON = Lesson(
    id="fine-tuning",
    order=6,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(preview=preview.draw, live="lessons.fine_tuning.live"),
)
