"""The downstream part of a model card: from the record `fine_tuning` and from checkpoints.json."""

import json
from pathlib import Path
from statistics import mean

from training.evaluate.tables import table
from training.paths import read_record

NAMES = {-1: "nothing", 0: "embeddings", 1: "and the first layer"}
NOT_MEASURED = "Not measured yet on these weights."
GAIN = """\
`{command}` on {date}: {steps} steps of {batch_size} examples, peak learning rate {learning_rate}, the same
for all tasks and both GPTs; λ 0 where no other is named. Accuracy in percent, the mean of the seeds ± their
standard deviation, Korean and English together; `test_new_words` asks with words that no training sentence
holds. Chance is 50, for `binding` 33. The sets are in `assets/datasets`, each with its card."""
LAYERS = "By what is transferred, after {steps} steps, on `test`, each seed in brackets:"
LAMBDAS = """\
λ by number of labels, everything transferred: accuracy on `test`, L1 on the task's text and on held-out text
of the corpus, both in nats per token (before the first step {before}; held out {held_out:.2f}):"""
WHAT_LAMBDA_DOES = """\
With λ above 0 the task's text is learned as language at once, and the label later: after 300 steps some runs
have not got there, after 600 they have (docs/models-log.md). It does not keep what pre-training taught: the
loss on held-out text ends higher than with λ 0 in {more} of {all} settings{less}."""
LATE = """All {n} layers at once come late: {told}. With the whole {steps} steps they are there (above)."""
PARTS = "By what may change, everything transferred:"
LEFT_OUT = """\
Runs of the plan (`training.evaluate.plan`) that were not made for want of time: {counted}. The same command
makes them."""
ZERO_SHOT = """\
`{command}` on {date}, on {examples} examples of each `dev`
split and language, accuracy in percent, chance 50. Nothing is trained: which text is more probable? For
choice the answer; for reference the rest of the sentence after each referent. Acceptability compares, in each
contrast group, the two sentences that fit with the two that do not; one threshold for all, as GPT-1 has it,
is given beside. For sentiment the label words are compared: the model follows the judgement that is quoted,
be it confirmed or denied."""


def fine_tuning(name: str, weights_sha256: str) -> str:
    """All points of the record that are about this model; what was not run is named."""
    record = read_record("fine_tuning")
    if not record or record["weights"].get(name) != weights_sha256:
        return NOT_MEASURED
    data = record["data"]
    gain, layers, lambdas, parts = (
        [row for row in data[point] if row["model"] == name]
        for point in ("gain", "layers", "lambdas", "parts")
    )
    facts = record["settings"]["recipe"] | {"command": record["command"], "date": record["date"]}
    texts = [GAIN.format(**facts), gain_table(gain)]
    if layers:
        texts += [LAYERS.format(steps=layers[0]["steps"]), layers_table(layers)]
        texts += layers_late(layers, facts["steps"])
    if lambdas:
        start = data["before"][name]
        before = ", ".join(f"{task} {loss:.2f}" for task, loss in start["l1_task"].items())
        texts += [LAMBDAS.format(before=before, held_out=start["l1_held_out"]), lambda_table(lambdas)]
        texts.append(what_lambda_does(lambdas))
    if parts:
        texts += [PARTS, parts_table(gain, parts)]
    points = [one["point"] for one in data["left_out"] if one["model"] == name]
    if points:
        counted = ", ".join(f"{points.count(point)} of point {point}" for point in sorted({*points}))
        texts.append(LEFT_OUT.format(counted=counted))
    return "\n\n".join(texts)


def gain_table(rows: list[dict]) -> str:
    """Everything against nothing on both test splits."""
    by_task: dict[str, dict[bool, dict]] = {}
    for row in rows:
        by_task.setdefault(row["task"], {})[row["n_layers_transferred"] >= 0] = row
    lines = []
    for task, found in by_task.items():
        for split in ("test", "test_new_words"):
            if all(split in row["mean"] for row in found.values()) and len(found) == 2:
                gain = found[True]["mean"][split] - found[False]["mean"][split]
                cells = [_accuracy(found[everything], split) for everything in (True, False)]
                lines.append([task, split, *cells, f"{gain:+.1f}", len(found[True]["by_seed"])])
    return table(["task", "split", "everything transferred", "nothing", "gain", "seeds"], lines)


def layers_table(rows: list[dict]) -> str:
    lines = []
    for row in rows:
        seeds = ", ".join(f"{mean(one['test'].values()):.1f}" for one in row["by_seed"].values())
        k = row["n_layers_transferred"]
        lines.append(
            [row["task"], NAMES.get(k, f"and the first {k} layers"), f"{_accuracy(row, 'test')} ({seeds})"]
        )
    return table(["task", "transferred", "accuracy"], lines)


def layers_late(rows: list[dict], steps: int) -> list[str]:
    """Where everything transferred is behind fewer layers, and by how much; [] where it is not."""
    told = []
    for task in dict.fromkeys(row["task"] for row in rows):
        means = {row["n_layers_transferred"]: row["mean"]["test"] for row in rows if row["task"] == task}
        n, best = max(means), max(means, key=means.__getitem__)
        if means[n] < means[best]:
            told.append(f"{task} {means[n]} against {means[best]} with {best}")
    return [LATE.format(n=n, told=", ".join(told), steps=steps)] if told else []


def what_lambda_does(rows: list[dict]) -> str:
    """The sentence under λ's table, counted from its last column."""
    without = {(row["task"], row["n_labels"]): held_out(row) for row in rows if row["lambda_"] == 0}
    pairs = [(held_out(row), without.get((row["task"], row["n_labels"]))) for row in rows if row["lambda_"]]
    changes = [round(with_it - alone, 2) for with_it, alone in pairs if alone is not None]
    fewer = [change for change in changes if change <= 0]
    less = f", in the others at most {-min(fewer):.2f} nats lower" if fewer else ""
    return WHAT_LAMBDA_DOES.format(more=len(changes) - len(fewer), all=len(changes), less=less)


def held_out(row: dict) -> float:
    """L1 on held-out text, the mean of the seeds, in nats per token."""
    return mean(one["l1_held_out"] for one in row["by_seed"].values())


def lambda_table(rows: list[dict]) -> str:
    lines = []
    for row in rows:
        losses = [
            f"{mean(one[name] for one in row['by_seed'].values()):.2f}" for name in ("l1_task", "l1_held_out")
        ]
        lines.append([row["task"], f"{row['n_labels']:,}", row["lambda_"], _accuracy(row, "test"), *losses])
    return table(["task", "labels", "λ", "accuracy", "L1, task", "L1, held out"], lines)


def parts_table(gain: list[dict], rows: list[dict]) -> str:
    """What is trained, how many numbers that are, and the accuracy."""
    tasks = {row["task"] for row in rows}
    everything = [row for row in gain if row["task"] in tasks and row["n_layers_transferred"] >= 0]
    lines = []
    for row in sorted([*rows, *everything], key=lambda row: (row["task"], row["n_changed"])):
        trained = {"full": "everything", "head": "the head W_y"}.get(row["trained"], row["trained"])
        if row["trained"] == "last layers":
            k = row["n_last_layers"]
            trained = "the head and the last " + ("layer" if k == 1 else f"{k} layers")
        lines.append([row["task"], trained, f"{row['n_changed']:,}", _accuracy(row, "test")])
    return table(["task", "trained", "numbers changed", "accuracy"], lines)


def zero_shot(folder: Path, weights_sha256: str) -> str:
    """GPT-1's heuristics along the checkpoints and with the finished weights, by language."""
    path = folder / "checkpoints.json"
    facts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if facts.get("weights_sha256") != weights_sha256:
        return NOT_MEASURED
    columns = [(task, lang) for task, found in facts["final"].items() for lang in found]
    steps = [(one["step"], one["zero_shot"]) for one in facts["checkpoints"]]
    lines = [
        [step, *(found[task][lang] for task, lang in columns)]
        for step, found in [*steps, ("finished", facts["final"])]
    ]
    if facts["rises"]:
        lines.append(["rank correlation", *(facts["rises"][task][lang] for task, lang in columns)])
    header = ["step", *(f"{task} {lang}" for task, lang in columns)]
    return ZERO_SHOT.format(**facts) + "\n\n" + table(header, lines)


def _accuracy(row: dict, split: str) -> str:
    return f"{row['mean'][split]} ± {row['spread'][split]}"
