"""Which cases of a matrix `make test` takes; the others come with `make test-all`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def quick(cases: Iterable[Any], *kept: Any, when: Callable[[Any], bool] | None = None) -> list[Any]:
    """All cases for `parametrize`, those marked slow that are none of `kept` or for which `when` is false.

    Without either, the first one is kept. A tuple is one value for each of several arguments.
    """
    cases = list(cases)
    keeps = when or (lambda case: case in (kept or cases[:1]))
    values = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [
        case if keeps(case) else pytest.param(*value, marks=pytest.mark.slow)
        for case, value in zip(cases, values, strict=True)
    ]
