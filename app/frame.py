"""What the frame draws for every lesson, so that a lesson's picture holds only what is its own.

A drawing may leave these out: `ready`, `architecture`, `lead`, `look`, `questions`, `code`. Where it has
questions or code, it names them (`guess.Questions`, `snippet.Snippet`) and the frame draws them.
"""

from __future__ import annotations

from typing import Any

from app import guess, models
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
    drawn = {
        "ready": ready,
        "lead": context.words.get("intro", ""),
        "look": "",
        "questions": [],
        "code": "",
        **drawing,
    }
    if "architecture" not in drawn:
        drawn["architecture"] = _architecture(context, page)
    for place, value in drawn.items():
        if isinstance(value, guess.Questions):
            drawn[place] = value.part(context, answers)
        elif isinstance(value, Snippet):
            drawn[place] = _code(context, value)
    return drawn


def _architecture(context: Context, page: Page) -> str:
    """ "gpt1" or "gpt2" of the page's model, as far as that is known without loading it."""
    spec = context.registry.spec(page.model)
    if models.is_loaded(spec):
        return models.load(spec).architecture
    return "gpt1" if page.model in ("tiny-gpt1", "openai-community/openai-gpt") else "gpt2"


def _code(context: Context, snippet: Snippet) -> Part:
    file = context.lesson.folder / snippet.file
    changed = file.stat().st_mtime_ns
    return Part((str(file), changed, *snippet.values.items()), lambda: snippet.filled(context.lesson.folder))
