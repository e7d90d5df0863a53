"""Zero, one or a few examples before a question: the prompt, the answers, and how accuracy grows.

Data for assets/js/views/few_shot.js. The lesson that shows it has the words `few.*` and `ui.few.*`. The dots
are recorded (`make records ARGS=in_context`): each is one batch of 20 fresh prompts of the same kind of list.
Source of zero-, one- and few-shot: Brown et al. 2020, section 2.
"""

from __future__ import annotations

import time
from typing import Any

from app import records
from app.engine import few_shot
from app.engine.few_shot import N_PROMPTS, Relation
from app.lesson import Context
from app.models import LoadedModel
from app.views.numbers import percent

RECORD = "in_context"
SHOTS = (0, 1, 2, 4, 8)
N_ANSWERS = 3  # shown; the right one among them
MOST_BATCHES = 1000
FEW = 0.095  # below it a percentage has one digit
AT_ONCE = 5
FIRST = {"ko": "ko_noun category", "en": "en_noun category"}
FRESH = 100_000  # seeds of live batches begin here, where no recorded batch has any


def relation(name: str, lang: str) -> Relation:
    """The relation of that name, or the first one of a language."""
    known = {one.name: one for one in few_shot.relations()}
    return known.get(name) or known[FIRST[lang]]


def draw(context: Context, loaded: LoadedModel, of: Relation, shots: int, seed: int) -> dict[str, Any]:
    """The prompt as the model reads it, its answers, the recorded dots. Plain data."""
    one = few_shot.drawn(of, shots, seed)
    found = few_shot.answers(loaded, one, shots)
    shown = list(found[:N_ANSWERS])
    if one.answer not in dict(shown):
        shown[-1] = (one.answer, dict(found)[one.answer])
    rest = max(0.0, 1 - sum(p for _, p in shown))
    return {
        "model": loaded.name,
        "kind": of.kind,
        "relation": of.name,
        "relations": _choices(context),
        "shots": shots,
        "stops": list(SHOTS),
        "seed": seed,
        "examples": [list(pair) for pair in one.shown(shots)],
        "asked": one.examples[-1][0],
        "prompt": one.prompt(shots),
        "right": one.answer,
        "answers": [
            {"piece": piece, "p": round(p, 6), "told": percent(p, int(p < FEW)), "right": piece == one.answer}
            for piece, p in shown
        ],
        "rest": {"p": round(rest, 6), "told": percent(rest, int(rest < FEW))},
        "n_prompts": N_PROMPTS,
        "at_once": AT_ONCE,
        "n_candidates": len(one.candidates),
        "recorded": recorded(loaded.name, of),
        "about": _about(context, loaded, of, seed),
        "source": source(context),
    }


def _about(context: Context, loaded: LoadedModel, of: Relation, seed: int) -> str:
    """Of a known relation that the model has met it, of a new rule which one this seed follows."""
    if of.kind == "a":
        return context.text("few.about.a", model=loaded.name)
    category = dict(of.pairs)
    whole = few_shot.drawn(of, few_shot.MOST_SHOTS, seed)
    (first, label), (second, other) = {category[word]: label for word, label in whole.examples}.items()
    return context.text("few.about.b", first=first, first_label=label, second=second, second_label=other)


def recorded(model: str, of: Relation) -> list[dict[str, Any]]:
    """[{"shots", "mean", "points", "copied"}], accuracies from 0 to 1: of this relation where it was
    measured alone, else of all lists of its kind and language.
    """
    data = records.read(RECORD)["data"]
    alone = [row for row in data["by_relation"] if (row["model"], row["relation"]) == (model, of.name)]
    return _by_shots(alone) or of_kind(model, of.kind, of.lang)


def of_kind(model: str, kind: str, lang: str) -> list[dict[str, Any]]:
    """The same of all lists of a kind and a language."""
    rows = records.read(RECORD)["data"]["accuracy"]
    return _by_shots([row for row in rows if (row["model"], row["kind"], row["lang"]) == (model, kind, lang)])


def _by_shots(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ordered = sorted(rows, key=lambda row: row["shots"])
    return [{name: row[name] for name in ("shots", "mean", "points", "copied")} for row in ordered]


def measured(loaded: LoadedModel, of: Relation, shots: int, batch: int, first: int) -> dict[str, Any]:
    """Some of a batch of 20 fresh prompts: {"right": [true, …], "seconds"}.

    A learner asks for AT_ONCE at a time, so that others have their turn meanwhile.
    """
    began = time.perf_counter()
    start = FRESH + batch * N_PROMPTS
    seeds = range(start + first, start + min(first + AT_ONCE, N_PROMPTS))
    right = [few_shot.accuracy(loaded, of, shots, [seed]) == 1 for seed in seeds]
    return {"right": right, "seconds": time.perf_counter() - began}


def told(context: Context, loaded: LoadedModel, of: Relation, shots: int) -> str:
    """What the recorded dots say of this number of examples; of a new rule, what copying would get."""
    rows = {row["shots"]: row for row in recorded(loaded.name, of)}
    row = rows.get(shots) or rows[min(rows, key=lambda one: abs(one - shots))]
    low, high, none = min(row["points"]), max(row["points"]), rows[0]["mean"]
    return context.text(
        f"few.look.{of.kind}.{'none' if row['shots'] == 0 else 'some'}",
        shots=row["shots"],
        mean=percent(row["mean"], 0),
        low=percent(low, 0),
        high=percent(high, 0),
        none=percent(none, 0),
        copied=percent(row["copied"], 0),
    )


def source(context: Context) -> str:
    """Where the dots come from."""
    record = records.read(RECORD)
    return context.text("few.source", command=record["command"], date=record["date"])


def _choices(context: Context) -> list[dict[str, str]]:
    """What can be chosen, the page's language first: {"name", "label", "kind"}; each with an example."""
    ordered = sorted(few_shot.relations(), key=lambda one: (one.kind, one.lang != context.lang))
    return [{"name": one.name, "label": _label(context, one), "kind": one.kind} for one in ordered]


def _label(context: Context, one: Relation) -> str:
    word, answer = one.pairs[0]
    if one.kind == "b":
        categories = list(dict.fromkeys(category for _, category in one.pairs))
        return context.text("few.rule", first=categories[0], second=categories[1])
    return context.text("few.relation", name=context.text(f"few.name.{one.rule}"), word=word, answer=answer)
