"""「사전학습」: equation (1) on the learner's own sentence, one SGD step on it, and the road of a real model.

Lecture parts GPT1 배경, GPT1 학습 전략, step1 and GPT1 결론 1; GPT-1 sections 3.1 and 5 (figure 2, right).
"""

from pathlib import Path

from app.lesson import Lesson, Stage
from lessons.pretraining import preview
from lessons.pretraining.state import State

LESSON = Lesson(
    id="pretraining",
    order=3,
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(preview=preview.draw, live="lessons.pretraining.live"),
)
