"""The three ways to a downstream task side by side: what each changes, stores, takes, and gets right."""

from __future__ import annotations

import time
from typing import Any

from app import records
from app.engine import sets, ways
from app.engine.decoding import finish
from app.engine.recipe import RECIPE
from app.engine.tasks import label_tokens
from app.engine.ways import HELD_BACK, MOST_SHOTS, TASK
from app.lesson import Context
from app.models import load
from lessons.glossary.preview import MODEL

RECORD = "three_ways"
WAYS = {"fine-tuning": "fine-tuning", "prompt-tuning": "prompt tuning", "in-context": "in-context"}
TASKS = (1, 3, 10)  # so many tasks to keep
AT_ONCE = 5  # sentences that one question of the page answers, so that others have their turn
NEAR_CHANCE = 0.1  # of accuracy above a half
MOST_DRAWS = 100


def draw(context: Context) -> dict[str, Any]:
    """The table's recorded half, and what a run of the page's own needs."""
    loaded, lang = load(MODEL), context.lang
    labels = sets.about(TASK).labels[lang]
    cost = of_each_way(lang)
    return {
        "lang": lang,
        "shots": MOST_SHOTS,
        "at_once": AT_ONCE,
        "tasks": list(TASKS),
        "rows": [
            {
                "id": way,
                "changed": cost[way].n_changed,
                "stored": [size(cost[way].stored(n)) for n in TASKS],
                "recorded": {str(row["shots"] or 0): _recorded(row) for row in recorded(lang, way)},
            }
            for way in WAYS
        ],
        "sentences": [
            {"text": row.fields[0], "label": row.label, "ids": list(loaded.tokenizer.encode(row.fields[0]))}
            for row in HELD_BACK[lang]
        ],
        "training": {
            "model": MODEL,
            "set": TASK,
            "labels": list(labels),
            "label_tokens": list(label_tokens(loaded, labels)),
            "steps": RECIPE.steps,
            "lambda": {"fine-tuning": RECIPE.lambda_, "prompt-tuning": 0.0},
            "rates": {"fine-tuning": RECIPE.learning_rate, "prompt-tuning": RECIPE.prompt_learning_rate},
        },
        "say": say(context),
        "source": _source(context),
    }


def of_each_way(lang: str) -> dict[str, ways.Cost]:
    """What each way changes and stores, in-context learning with the most examples."""
    return dict(zip(WAYS, ways.costs(load(MODEL), ways.examples(lang, MOST_SHOTS, 0)), strict=True))


def stored(lang: str, n_tasks: int) -> dict[str, str]:
    """{way: how much so many tasks take} as a person reads it."""
    return {way: size(cost.stored(n_tasks)) for way, cost in of_each_way(lang).items()}


def size(n_bytes: int) -> str:
    """Bytes as a person reads them, in steps of 1,000."""
    if n_bytes >= 1_000_000:
        return f"{n_bytes / 1e6:.2f} MB"
    return f"{n_bytes / 1e3:.1f} KB" if n_bytes >= 1_000 else f"{n_bytes} B"


def recorded(lang: str, way: str) -> list[dict[str, Any]]:
    """The record's rows of one way, fewest examples first."""
    rows = records.read(RECORD)["data"]["rows"]
    found = [row for row in rows if (row["way"], row["lang"]) == (WAYS[way], lang)]
    return sorted(found, key=lambda row: row["shots"] or 0)


def _recorded(row: dict[str, Any]) -> dict[str, Any]:
    n = len(HELD_BACK[row["lang"]])
    return {
        "right": round(n * row["mean"], 1),
        "points": [round(n * point) for point in row["points"]],
        "seconds": row["seconds"] or row["answer_seconds"],
    }


def say(context: Context) -> str:
    """How many of the sentences each way gets right, and which way is no better than guessing."""
    n = len(HELD_BACK[context.lang])
    last = {way: recorded(context.lang, way)[-1] for way in WAYS}
    values = {way.replace("-", "_"): f"{n * row['mean']:.1f}".removesuffix(".0") for way, row in last.items()}
    told = context.text("ways.say", n=n, shots=MOST_SHOTS, **values)
    bad = [context.text(f"ui.node.{way}") for way, row in last.items() if only_guesses(row)]
    if bad:
        told += " " + context.text("ways.bad", ways=", ".join(bad), half=n // 2)
    return told


def only_guesses(row: dict[str, Any]) -> bool:
    """Judged by the whole test split, of which the 20 sentences are a part too small to tell."""
    return row["test_mean"] < 0.5 + NEAR_CHANCE


def answered(lang: str, shots: int, seed: int, first: int) -> dict[str, Any]:
    """Some of the sentences after the same examples: {"right": [true, …], "seconds"}. Nothing is trained."""
    began = time.perf_counter()
    rows = HELD_BACK[lang][first : first + AT_ONCE]
    found = finish(ways.answering(load(MODEL), rows, shots, seed)) if rows else ()
    return {"right": [one.right for one in found], "seconds": time.perf_counter() - began}


def _source(context: Context) -> str:
    record = records.read(RECORD)
    return context.text("ways.source", command=record["command"], date=record["date"], n=len(record["seeds"]))
