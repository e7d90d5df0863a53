"""「Skeleton」: the learner's text as its tokens, the first few of them lit.

CONTRIBUTING.md says what a lesson is made of; this one has a part of each kind, as small as can be.
"""

from pathlib import Path

from app.lesson import Lesson, Stage
from lessons.skeleton import preview
from lessons.skeleton.state import State

LESSON = Lesson(
    id="skeleton",
    order=99,  # among the tabs
    State=State,
    folder=Path(__file__).parent,
    stage=Stage(preview=preview.draw, live="lessons.skeleton.live"),
)
