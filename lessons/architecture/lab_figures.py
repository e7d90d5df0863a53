"""The labs and the table of parameters as plain data for the browser. Only what is open is computed."""

from __future__ import annotations

from dataclasses import asdict, astuple, fields
from typing import Any

from app import records
from app.engine.init_lab import N_STARTS, predicted_walk
from app.engine.untrained import Recipe
from app.views.numbers import percent
from app.views.tokens import visible
from lessons.architecture import lab_words, labs, parameters, starts
from lessons.architecture.picture import Picture
from lessons.architecture.state import SIDES

LENS_TOKENS = 3  # candidates of each layer


def draw(picture: Picture) -> dict[str, Any]:
    """{"depth", "scaled", "init", "open", and one entry for every lab that is open}."""
    state = picture.state
    made = {"gradients": _gradients, "walk": _walk, "lens": _lens, "parameters": _parameters}
    shown = {name: made[name](picture) for name in state.labs}
    chosen = {"depth": state.depth, "scaled": state.scaled, "init": state.init}
    return chosen | {"open": list(state.labs)} | shown


def _gradients(picture: Picture) -> dict[str, Any]:
    """Lab 1: gradient norms by block, and the recorded training of the nearest depth."""
    state = picture.state
    post, pre = starts.spreads(state.gradients) if state.gradients else (None, None)
    said = lab_words.gradients(picture, post.mean, pre.mean) if post else {"say": "", "why": "", "whose": ""}
    return said | {
        "n_done": len(state.gradients),
        "n_starts": N_STARTS,
        "progress": picture.words("lab.progress", n=len(state.gradients), all=N_STARTS),
        "curves": [asdict(spread) for spread in (post, pre) if spread],
        "training": _training(picture) if labs.TRAINING_RECORD in records.names() else None,
    }


def _training(picture: Picture) -> dict[str, Any]:
    """The recorded runs, those of the larger learning rate first: there warm-up makes the difference."""
    record = labs.recorded_training(picture.state.depth, picture.state.scaled)
    groups = []
    for rate in sorted({run.learning_rate for run in record.runs}, reverse=True):
        runs = [run for run in record.runs if run.learning_rate == rate]
        groups.append(
            {
                "title": picture.words("lab.training.rate", rate=f"{rate:g}"),
                "runs": [asdict(run) for run in runs],
                "say": lab_words.training(picture, record, runs),
            }
        )
    return {
        "steps": record.steps,
        "groups": groups,
        "best": record.best_loss,
        "say": picture.words(
            "lab.training.say",
            depth=record.depth,
            depths=", ".join(map(str, record.depths)),
            n=len(record.seeds),
            init=picture.words(f"lab.training.{'scaled' if picture.state.scaled else 'plain'}"),
        ),
        "source": f"{record.source} · {record.command} · {record.date}",
    }


def _walk(picture: Picture) -> dict[str, Any]:
    """Lab 2: std of the residual stream after every addition, beside the random walk."""
    state = picture.state
    plain, scaled = starts.spreads(state.walks) if state.walks else (None, None)
    say = ""
    if plain:
        ends = {"plain": plain.mean[-1], "scaled": scaled.mean[-1], "start": plain.mean[0]}
        shown = {name: f"{value:.3f}" for name, value in ends.items()}
        say = picture.words("lab.walk.say", **shown, n=2 * state.depth)
    return {
        "n_done": len(state.walks),
        "n_starts": N_STARTS,
        "progress": picture.words("lab.progress", n=len(state.walks), all=N_STARTS),
        "curves": [asdict(spread) for spread in (plain, scaled) if spread],
        "predicted": [predicted_walk(Recipe("pre_ln", state.depth, scaled)) for scaled in (False, True)],
        "say": say,
    }


def _lens(picture: Picture) -> dict[str, Any]:
    """Lab 3: what each layer would already predict after the last token, and how long its vectors are."""
    columns, gpt1 = [], picture.runs["gpt1"]
    for run in (picture.runs[side] for side in SIDES):
        rows = labs.logit_lens(run.loaded, run.ids, run.tensors)
        norms = labs.residual_norms(run.loaded, run.tensors)
        columns.append(
            {
                "side": run.architecture,
                "norms": norms.mean,
                "rows": [
                    {
                        "n_blocks": row.n_blocks,
                        "p_final": row.p_final,
                        "top": [
                            {"piece": picture.label(run, one.id) or visible(one.piece), "p": one.p}
                            for one in row.top[:LENS_TOKENS]
                        ],
                    }
                    for row in rows
                ],
            }
        )
    first, second = (_settled(column["rows"]) for column in columns)
    return {
        "columns": columns,
        "say": picture.words("lab.lens.say", first=first, second=second),
        "why": lab_words.lens(picture, *labs.ranks_before_the_last_block(gpt1.loaded, gpt1.tensors)),
        "source": picture.words("lab.lens.source"),
    }


def _settled(rows: list[dict[str, Any]]) -> int:
    """The number of blocks from which on the first candidate is that of the whole model."""
    last = rows[-1]["top"][0]["piece"]
    settled = len(rows) - 1
    while settled > 0 and rows[settled - 1]["top"][0]["piece"] == last:
        settled -= 1
    return settled


def _parameters(picture: Picture) -> dict[str, Any]:
    """Parameters by part: the papers' models by the formula, the ones on this screen counted."""
    counts = {side: [parameters.by_formula(parameters.paper(side))] for side in SIDES}
    for side in SIDES:
        counts[side].append(parameters.measured(picture.runs[side].loaded))
    names = [field.name for field in fields(parameters.Counts)]
    flat = [count for side in SIDES for count in counts[side]]
    rows = [
        [picture.words(f"lab.parameters.{name}"), *(f"{astuple(count)[index]:,}" for count in flat)]
        for index, name in enumerate(names)
    ]
    rows.append([picture.words("lab.parameters.total"), *(f"{count.total:,}" for count in flat)])
    shares = [count.token_embedding / count.total for count in flat]
    return {
        "head": [
            name
            for side in SIDES
            for name in (picture.words("panel.paper"), picture.runs[side].loaded.name.split("/")[-1])
        ],
        "rows": rows,
        "say": picture.words("lab.parameters.say", paper=percent(shares[2], 0), here=percent(shares[3], 0)),
    }
