"""The picture of 「미세조정」 as plain data: what does not change while a run goes on in the page."""

from __future__ import annotations

from typing import Any

from app.engine import sets
from app.engine.inputs import DELIM, EXTRACT, SOFT_PROMPTS, START
from app.engine.memory import number_of
from app.engine.parameters import Shape
from app.engine.tasks import label_tokens
from app.guess import Questions
from app.lesson import Context, Page
from app.models import ModelSpec, load
from app.models.loading import LoadedModel
from app.parts import Part
from app.views.snippet import Snippet, loadable
from app.views.tokens import token_view
from lessons.fine_tuning import compute, recorded
from lessons.fine_tuning.preview import settings, task_list
from lessons.fine_tuning.state import RATES, STEPS, State

SPECIAL = {START: "Start", DELIM: "Delim", EXTRACT: "Extract"}
SHOWN = 4  # dev sentences on screen
MEASURED = 40  # rows of `dev` that a run is measured on


def trained_spec(context: Context, page: Page) -> ModelSpec:
    """The embedded model that a run trains: the picked one, or the one of its architecture."""
    spec = context.registry.spec(page.model)
    if spec.source == "embedded":
        return spec
    return context.registry.spec(f"tiny-{context.model(page).architecture}")


def draw(context: Context, page: Page, state: State) -> dict[str, Any]:
    """Everything but the run: the input as tokens, the counts, the recorded runs."""
    spec = trained_spec(context, page)
    loaded = load(spec)
    labels = label_words(context, state)
    plan = compute.plan(loaded, state, len(labels), labels)
    shape = Shape.of(loaded, plan.n_out)
    of = fields(context, page, state)
    example = compute.example(loaded, state.task, of, plan.n_soft_prompts)
    of_record = (context, spec.name, state.task)
    shown = (context.lang, *of_record[1:])
    changed, new = compute.n_changed(shape, plan), compute.n_new(shape)
    return {
        **settings(state),
        "tasks": task_list(context),
        "kind": compute.kind_of(state.task),
        "labels": list(labels),
        "fields": _fields(context, state, of),
        "field_ids": [list(loaded.tokenizer.encode(field)) for field in of],
        "sequences": [_sequence(loaded, ids) for ids in example.sequences],
        "cut": context.text("cut", n=example.n_cut) if example.n_cut else "",
        "trains": spec.name,
        "other_model": "" if spec.name == page.model else context.text("other_model", model=spec.name),
        "n_layer": loaded.n_layer,
        "d": loaded.d_model,
        "n_out": plan.n_out,
        "n_soft_prompts": plan.n_soft_prompts,
        "label_tokens": list(label_tokens(loaded, labels)),
        "counts": {
            "new": new,
            "w_y": shape.d_model * shape.n_out,
            "rows": compute.n_new_rows(),
            "changed": changed,
        },
        "say_changed": context.text("counts.changed", n=f"{changed:,}"),
        "say_new": context.text(
            "counts.new",
            n=f"{new:,}",
            w_y=f"{shape.d_model * shape.n_out:,}",
            d=shape.d_model,
            columns=shape.n_out,
            rows=compute.n_new_rows(),
            row_numbers=f"{shape.d_model * compute.n_new_rows():,}",
        ),
        **_dev(context, state),
        "half": compute.set_language(state.task, context.lang),
        "beginning": {
            "text": context.text("beginning"),
            "ids": [loaded.eot_id, *loaded.tokenizer.encode(context.text("beginning"))],
        },
        "rates": list(RATES),
        "step_stops": list(STEPS),
        "layers": Part(shown, lambda: recorded.layers(*of_record)),
        "parts_table": Part(shown, lambda: recorded.parts(*of_record)),
        "lambdas": Part(shown, lambda: recorded.lambdas(*of_record)),
        "paper": Part((context.lang,), lambda: recorded.table_5(context)),
        "questions": Questions(
            (number_of(loaded), state.task), lambda name: getattr(compute, name)(loaded, state.task)
        ),
        "code": Snippet("snippets/objective.py", {"name, text, label, lambda_ = ": _values(spec, of, state)}),
    }


def fields(context: Context, page: Page, state: State) -> tuple[str, ...]:
    """The fields of the input on show."""
    example = context.words[f"example.{'sentiment' if state.task == 'own' else state.task}"]
    return compute.fields(page.text or "", tuple(example.split("\n")), state)


def label_words(context: Context, state: State) -> tuple[str, ...]:
    """The names of the labels in the page's language; those of own data are known to the page alone."""
    if state.task == "own":
        return tuple(context.text("own.label", n=n) for n in range(compute.OWN_LABELS))
    labels = sets.about(state.task).labels
    return labels[compute.set_language(state.task, context.lang)]


def vocabulary(loaded: LoadedModel) -> list[list[Any]]:
    """[piece, whether `·` stands before it] of every id: so that the page can show what it has generated."""
    views = [token_view(loaded.tokenizer.pieces([id_])[0]) for id_ in range(loaded.vocab_size)]
    return [[view["piece"], view["space"]] for view in views]


def _fields(context: Context, state: State, of: tuple[str, ...]) -> list[dict[str, str]]:
    """The fields that the learner can write: names and values; an empty question is none."""
    names = {
        "classification": ("text",),
        "entailment": ("premise", "hypothesis"),
        "similarity": ("a", "b"),
        "choice": ("document", "question", "answer0", "answer1"),
    }[compute.kind_of(state.task)]
    return [
        {"name": context.text(f"field.{name}"), "value": value}
        for name, value in zip(names, of, strict=True)
        if value or name == names[0]
    ]


def _sequence(loaded: LoadedModel, ids: tuple[int, ...]) -> dict[str, Any]:
    """One row of the input: its ids, and its tokens as chips."""
    labels = SPECIAL | {id_: f"P{n}" for n, id_ in enumerate(SOFT_PROMPTS)}
    pieces = loaded.tokenizer.pieces(list(ids))
    tokens = [
        token_view(piece, labels.get(piece.id, "")) | {"special": piece.id in labels} for piece in pieces
    ]
    return {"ids": list(ids), "tokens": tokens}


def _dev(context: Context, state: State) -> dict[str, Any]:
    """The sentences that a run is measured on, in the order of the set's file, and which of them are shown:

    {"dev": [{"text", "label"}], "dev_shown": their places}, those of the shortest contrast group.
    """
    if state.task == "own":
        return {"dev": [], "dev_shown": []}
    rows = sets.rows(state.task, "dev", compute.set_language(state.task, context.lang))[:MEASURED]
    texts = [" / ".join(filter(None, row.fields)) for row in rows]
    groups = {row.group: [n for n, other in enumerate(rows) if other.group == row.group] for row in rows}
    whole = [places for places in groups.values() if len(places) > 1] or list(groups.values())
    shortest = min(whole, key=lambda places: max(len(texts[n]) for n in places))
    shown = (shortest + [n for n in range(len(rows)) if n not in shortest])[:SHOWN]
    return {
        "dev": [{"text": text, "label": row.label} for text, row in zip(texts, rows, strict=True)],
        "dev_shown": shown,
    }


def _values(spec: ModelSpec, of: tuple[str, ...], state: State) -> str:
    return f"{loadable(spec)!r}, {of[0]!r}, 0, {state.lambda_}"
