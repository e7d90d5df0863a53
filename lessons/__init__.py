"""The lessons that are built. A new lesson is one more line here (see CONTRIBUTING.md)."""

from app.lesson import Lesson
from lessons.architecture.lesson import LESSON as ARCHITECTURE
from lessons.next_token.lesson import LESSON as NEXT_TOKEN

LESSONS: tuple[Lesson, ...] = tuple(sorted((NEXT_TOKEN, ARCHITECTURE), key=lambda lesson: lesson.order))
