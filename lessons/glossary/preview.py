"""The first picture of 「용어」, before torch is there: the map, and no numbers of the models."""

from __future__ import annotations

from typing import Any

from app import world
from app.lesson import Context, Page
from app.models.registry import MODELS_FOLDER
from lessons.glossary.state import SHOTS, State, demo

NUMBERS_OF_A_CELL = 10_000
MODEL = "tiny-gpt2"  # of the map and the three ways; its tokens are those of tiny-bert


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    n = world.n_parameters(str(MODELS_FOLDER / MODEL))
    return {
        **chosen(state),
        "counts": {"model": MODEL, "n": n, "cells": n / NUMBERS_OF_A_CELL, "full": None, "prompt": None},
        "blank": None,
        "few": None,
        "ways": None,
        "tasks": None,
        "look": context.text("look.preview"),
    }


def chosen(state: State) -> dict[str, Any]:
    """What the learner has chosen."""
    return {
        "term": state.term,
        "demo": demo(state.term),
        "table": state.table,
        "shots": state.shots,
        "stops": list(SHOTS),
    }
