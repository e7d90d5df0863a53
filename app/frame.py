"""What the frame draws for every lesson, so that a lesson's picture holds only what is its own.

A drawing may leave these out: `ready`, `architecture`, `lead`, `look`, `pieces`, `outside`, `questions`,
`code`. Where it has questions or code, it names them (`guess.Questions`, `snippet.Snippet`) and the frame
draws them.
"""

from __future__ import annotations

from typing import Any

from app import guess, world
from app.lesson import Context, Page
from app.parts import Part
from app.views.snippet import Snippet


def whole(
    context: Context, page: Page, answers: tuple[tuple[str, Any], ...], drawing: dict[str, Any], ready: bool
) -> dict[str, Any]:
    """What a lesson drew, with what the frame draws of it and beside it.

    Args:
        answers: (question id, answer) that the learner has given.
        ready: the model's numbers are in it.
    """
    known = context.model(page).architecture if ready else _by_name(page.model)
    beside = dict(
        ready=ready,
        architecture=known,
        lead=context.words.get("intro", ""),
        look="",
        outside="",
        pieces="",
        about=world.about(context, page),
        questions=[],
        code="" if (context.lesson.folder / "snippets").is_dir() else None,  # not yet, or never
    )
    drawn = beside | drawing
    for place, value in drawn.items():
        if isinstance(value, guess.Questions):
            drawn[place] = value.part(context, answers)
        elif isinstance(value, Snippet):
            drawn[place] = _code(context, value)
    return drawn


def _by_name(model: str) -> str:
    """What is known of a model's architecture before it is loaded."""
    return "gpt1" if model == "tiny-gpt1" else "gpt2"


def _code(context: Context, snippet: Snippet) -> Part:
    file = context.lesson.folder / snippet.file
    changed = file.stat().st_mtime_ns
    return Part((str(file), changed, *snippet.values.items()), lambda: snippet.filled(context.lesson.folder))
