"""The lessons that are built. A new lesson is one more line here (see CONTRIBUTING.md)."""

from importlib import import_module

from app.lesson import Lesson

FOLDERS = (
    "glossary",
    "next_token",
    "pretraining",
    "architecture",
    "attention",
    "fine_tuning",
)

LESSONS: tuple[Lesson, ...] = tuple(
    sorted(
        (import_module(f"lessons.{folder}.lesson").LESSON for folder in FOLDERS),
        key=lambda lesson: lesson.order,
    )
)
