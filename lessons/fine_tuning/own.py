"""A learner's own labelled lines: read and split in her browser, tokenised here, kept nowhere."""

from __future__ import annotations

from typing import Any

from app.engine.tasks import LENGTH
from app.errors import InputError
from app.lesson import Context, Page
from app.models import load
from app.payload import Payload
from lessons.fine_tuning import figures
from lessons.fine_tuning.state import LONGEST_FIELD, State

MOST_LINES = 500
ROOM = LENGTH - 2  # tokens between Start and Extract


def tokenise(context: Context, page: Page, state: State, payload: Payload) -> dict[str, Any]:
    """{"lines": [[text], …]} -> {"rows": [[id, …], …], "cut": how many lines were too long}.

    Raises:
        InputError: not_understood; no line, or more than MOST_LINES; a line without a token.
    """
    loaded = load(figures.trained_spec(context, page))
    rows, cut = [], 0
    for number, line in enumerate(payload.rows("lines", MOST_LINES + 1, 1), start=1):
        text = line.string("0", LONGEST_FIELD)
        if number > MOST_LINES:
            raise InputError("too_many_lines", most=MOST_LINES)
        ids = loaded.tokenizer.encode(text)
        if not ids:
            raise InputError("empty_line", n=number)
        rows.append(list(ids[:ROOM]))
        cut += len(ids) > ROOM
    if not rows:
        raise InputError("not_understood")
    return {"rows": rows, "cut": cut}
