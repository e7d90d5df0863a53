"""The recipe of a run: what the records were made with, and its learning rate from step to step."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from app import records
from app.engine.recipe import RECIPE


def test_the_recipe_is_the_one_that_was_recorded_and_looked_for():
    """300 steps of 8 at 1e-3, soft prompts at 3e-2: docs/models-log.md."""
    assert asdict(RECIPE) == records.read("fine_tuning")["settings"]["recipe"]
    assert asdict(RECIPE) == {
        "steps": 300,
        "batch_size": 8,
        "learning_rate": 1e-3,
        "prompt_learning_rate": 3e-2,
        "warm_up": 0.1,
        "lambda_": 0.5,
    }


@pytest.mark.parametrize(("n_steps", "n_warm_up"), [(300, 30), (40, 4), (7, 1), (3, 1), (1, 1)])
def test_the_rate_rises_in_a_line_and_falls_in_a_line_to_just_above_zero(n_steps, n_warm_up):
    """GPT-1, section 4.1: as the straight lines through (−1, 0), (n_warm_up − 1, peak) and (n_steps, 0)."""
    rates = [RECIPE.learning_rate_at(step, n_steps, peak=2.0) for step in range(n_steps)]
    up = [2.0 * (step + 1) / n_warm_up for step in range(n_warm_up)]
    fall = 2.0 / (n_steps - (n_warm_up - 1))
    down = [2.0 - fall * (step - (n_warm_up - 1)) for step in range(n_warm_up, n_steps)]
    assert rates == pytest.approx(up + down)
    assert max(rates) == rates[n_warm_up - 1] == 2.0 and min(rates) > 0
    assert RECIPE.learning_rate_at(n_warm_up - 1, n_steps) == pytest.approx(1e-3)
