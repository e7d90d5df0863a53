"""Endpoints called as functions: what arrives at a client, and the one sentence that a call may end in."""

from __future__ import annotations

import json
from typing import Any

from app.errors import UserError
from app.i18n import sentence


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """As it arrives at a client: JSON without NaN and Infinity, valid UTF-8."""
    return json.loads(json.dumps(answer, allow_nan=False, ensure_ascii=False).encode())


def code_of(call, *arguments, **more) -> str | None:
    """The code of the one sentence that a call ends in, or None where it gives a result."""
    try:
        plain(call(*arguments, **more))
    except UserError as error:
        for lang in ("ko", "en"):
            told = sentence(error, lang)
            assert told and "\n" not in told and "{" not in told and len(told) < 250
        return error.code
    return None
